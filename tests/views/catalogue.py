"""Every view and every message that the house can show, for one text of a person's."""

from __future__ import annotations

from resets.evidence import Evidence, How
from resets.facts import AskVouch
from resets.late import Meanwhile
from resets.number import MatchState
from resets.outcome import Step, StepState
from resets.reasons import Reason
from resets.request import Channel, RequestState, TargetState, Why
from resets.vouch import VouchState
from tests.views import asked, crowd, samples
from tests.views.samples import NOW
from views import cards, forms, freeze, home, labels, number, vouch
from views.status import status
from views.words import sentence

ANNA = "Anna Bell"
WORST_ENDED = samples.steps(sessions=StepState.FAILED, tokens=StepState.CANNOT)[3:5]
WORST = {step.value: StepState.FAILED for step in Step}


def views(text=ANNA):
    """Return {name: view}; for Anna with an exclusion for each reason, for anybody else with one."""
    reasons = tuple(Reason) if text == ANNA else (Reason.UNVERIFIED_DOMAIN,)
    bare = {"can_must_change": False, "can_sessions": False, "can_tokens": False, "can_unlock": False}
    by_mail = {"channels": (Channel.MAIL,), "no_dm": Reason.GUEST, "pickup": False}
    by_dm = {"channels": (Channel.DM,), "no_mail": Reason.CANNOT}
    return {
        "skeleton": forms.skeleton("F0RM"),
        "who_at_first": forms.who(samples.ask_who("", None, 0)),
        "who_ambiguous": forms.who(samples.ask_who(text, count=20)),
        "who_near": forms.who(samples.ask_who(text, Reason.NOT_FOUND)),
        "reset": forms.reset(samples.ask_reset(text)),
        "reset_verified": forms.reset(samples.ask_reset(text, tuple(How))),
        "reset_denied": forms.reset(samples.ask_reset(text, tuple(How), denied=True)),
        "reset_without_manager": forms.reset(
            samples.ask_reset(text, (How.CALL_BACK,), no_manager=samples.no_manager(text))
        ),
        "reset_bare": forms.reset(samples.ask_reset(text, **bare, **by_mail)),
        "reset_by_dm": forms.reset(samples.ask_reset(text, can_tokens=True, **by_dm)),
        **{f"excluded_{r.value}": forms.excluded(samples.excluded(text, r)) for r in reasons},
        "queued": forms.queued(samples.queued(text, channels=tuple(Channel))),
        "queued_without_code": forms.queued(samples.queued(text, pickup=None)),
        **{f"number_{state.value}": number.asked(samples.match(text, state=state)) for state in MatchState},
        **{f"vouch_{state.value}": vouch.asked(samples.vouch(text, state=state)) for state in VouchState},
        "number_late": number.asked(samples.match(text, state=MatchState.MATCHED, denied_at=NOW)),
        "vouch_late": vouch.asked(samples.vouch(text, state=VouchState.VOUCHED, denied_at=NOW)),
        "vouch_ask": vouch.ask(AskVouch("F0RM", samples.vouch_facts(text))),
        "vouch_given": vouch.given(samples.vouch(text)),
        "sentence": forms.sentence(labels.title(Reason.NOT_FOUND), sentence(Reason.NOT_FOUND, {"typed": text})),
        "pickup": forms.pickup(samples.pickup(text)),
        "pickup_without_code": forms.pickup(samples.pickup(text, asked=False)),
        "shown": forms.shown(samples.shown(text)),
        "home_admin": home.view(samples.home(text), NOW),
        "home_admin_new": home.view(samples.home(text, rows=(), unclaimed=0, failed=0), NOW),
        "home_resets_nobody": home.view(samples.home(text, rows=(), unclaimed=0, failed=0, resets=False), NOW),
        "home_admin_with_runs": home.view(samples.home(text), NOW, [crowd.row(text, state) for state in RequestState]),
        "home_admin_frozen": home.view(
            samples.home(text, freeze=samples.freeze(text), stopped=True),
            NOW,
            [crowd.row(text, state) for state in RequestState],
        ),
        "freeze_ask": freeze.ask("F0RM", samples.freeze(text)),
        "freeze_ask_unlimited": freeze.ask("F0RM", samples.freeze(text, until=None)),
        "freeze_resumed": freeze.resumed(),
        "home_user": home.view(samples.home(text, role=None), NOW),
        "home_user_new": home.view(samples.home(text, role=None, rows=()), NOW),
        **crowd.views(text),
        **asked.views(text),
    }


def messages(text=ANNA):
    """Return {name: message}."""
    failing = samples.status(text, steps=samples.steps(**WORST), retry=tuple(Step), target_state=TargetState.COLLECTED)
    return {
        **{f"status_{state.value}": status(samples.status(text, target_state=state)) for state in TargetState},
        **{
            f"status_{state.value}_{reason.value}": status(samples.status(text, target_state=state, reason=reason))
            for state in (TargetState.EXPIRED, TargetState.SPOILED)
            for reason in (Reason.PICKUP_BURNED, Reason.SUPERSEDED, Reason.DIRECTORY_DOWN, Reason.PASSWORD_CHANGED)
        },
        "status_failing": status(failing),
        "status_frozen": status(
            samples.status(text, target_state=TargetState.NEW, set_at=None, freeze=samples.freeze(text))
        ),
        "status_unknown": status(
            samples.status(
                text,
                steps=samples.steps(set=StepState.UNKNOWN, deliver=StepState.TODO),
                target_state=TargetState.FAILED,
                reason=Reason.DIRECTORY_SILENT,
                why=Why.COMPROMISE,
                retry=(Step.SET,),
            )
        ),
        "status_untold": status(
            samples.status(
                text,
                steps=samples.steps(deliver=StepState.FAILED),
                target_state=TargetState.SET,
                retry=(Step.DELIVER,),
            )
        ),
        "status_cancelled": status(samples.status(text, state=RequestState.CANCELLED)),
        "status_verified": status(samples.status(text, evidence=tuple(map(Evidence, How)))),
        "status_vouched": status(samples.status(text, evidence=(Evidence(How.MANAGER, "V1", samples.manager(text)),))),
        "status_by_mail": status(samples.status(text, channels=(Channel.MAIL, Channel.RECOVERY))),
        **{
            f"show_{state.value}": cards.show(samples.show(text, state=state, collected_at=NOW))
            for state in TargetState
        },
        "show_password_changed": cards.show(
            samples.show(text, state=TargetState.SPOILED, reason=Reason.PASSWORD_CHANGED, ended=samples.steps()[3:5])
        ),
        "alarm_ended": cards.alarm(samples.alarm(text, Reason.PASSWORD_CHANGED, ended=WORST_ENDED)),
        **{f"alarm_{what}": cards.alarm(samples.alarm(text, what)) for what in (*cards.ALARM, text)},
        "alarm_why": cards.alarm(samples.alarm(text, "glass_used", why=text)),
        "alarm_reason": cards.alarm(samples.alarm(text, Reason.PICKUP_BURNED)),
        **crowd.messages(text),
        **{f"number_{state.value}": number.message(samples.match_facts(text, state=state)) for state in MatchState},
        **{f"vouch_{state.value}": vouch.message(samples.vouch_facts(text, state=state)) for state in VouchState},
        **{f"number_late_{each.value}": number.message(samples.match_facts(text, late=each)) for each in Meanwhile},
        **{f"vouch_late_{each.value}": vouch.message(samples.vouch_facts(text, late=each)) for each in Meanwhile},
        **asked.messages(text),
        "frozen": freeze.frozen(samples.freeze(text)),
        "frozen_unlimited": freeze.frozen(samples.freeze(text, until=None, why="")),
        "help": cards.help_blocks(),
        "sentence": cards.sentence(text or "."),
    }


def walk(value):
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from walk(inner)
    if isinstance(value, list):
        for inner in value:
            yield from walk(inner)


def block(view, block_id):
    return next((b for b in view["blocks"] if b.get("block_id") == block_id), None)


def read(view):
    return "\n".join(part["text"] for part in walk(view) if part.get("type") in ("mrkdwn", "plain_text"))
