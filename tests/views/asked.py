"""Views and messages about requests that others have to agree to, for one text of a person's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from resets.actor import SlackPerson
from resets.approval import AskDecision, Awaited, CardFacts, Need, Reminder, Voice
from resets.audit import AuditEntry, Deed
from resets.bulk import HeldBulk
from resets.evidence import Evidence, How
from resets.history import Line
from resets.reasons import Reason
from resets.request import Channel, Plan, RequestState, ResetRequest, TargetState, Tier
from tests.views import crowd, samples
from tests.views.samples import NOW, REQUESTER
from views import approval, bulk, forms, history, home, live, preview
from views.status import status

ANNA = "Anna Bell"
CALLER = (Evidence(How.CALL_BACK), Evidence(How.NUMBER, "M1"))
UNTIL = NOW + timedelta(hours=4)


def voice(text=ANNA, *, yes=True):
    name = "Eve Evans" if text == ANNA else text
    why = "" if yes else ("they did not ask" if text == ANNA else text)
    return Voice("corp/e", "U0ANNA", name, yes=yes, security=False, why=why, at=NOW)


def awaited(text=ANNA, **changes):
    names = ("Eve Evans", "Zoe Zander") if text == ANNA else (text,) * 9
    known = {"approvals": 2, "of_security": 1, "until": UNTIL, "able": names, "missing": 1, "voices": (voice(text),)}
    return Awaited(**(known | changes))


def facts(text=ANNA, state=RequestState.PROVED, **changes):
    who = ("Anna Bell", "anna.bell", "Corp") if text == ANNA else (text,) * 3
    known = {
        "request_id": "R1",
        "digest": "0123456789abcdef" * 4,
        "requester": REQUESTER,
        "requester_name": "Ada Admin" if text == ANNA else text,
        "count": 150,
        "people": (who,) * 20,
        "tiers": ((Tier.STANDARD, 149), (Tier.SENSITIVE, 1)),
        "excluded": ((Reason.DISABLED, 12), (Reason.UNVERIFIED_DOMAIN, 1)),
        "options": crowd.options(text),
        "start": None,
        "state": state,
        "need": Need(2, 1, NOW, UNTIL),
        "missing": 1,
        "voices": (voice(text),),
        "able": (SlackPerson("T0123", "U0ANNA"),),
        "moved_at": NOW,
    }
    return CardFacts(**(known | changes))


def late(text=ANNA):
    return ("managers", "security") if text == ANNA else (text,) * 3


def before(text=ANNA):
    """Return the request that is being changed."""
    asked = crowd.options(text)
    plan = Plan("T0123", "a", "corp", (), replace(asked, unlock=True, channels=(Channel.MAIL,)), "1")
    return ResetRequest("R1", None, plan, "", RequestState.PROVED, NOW)


LINES = {
    "asked": (Deed.STEPPED_UP, {"approvals": 2, "of_security": 1, "until": UNTIL.isoformat()}),
    "asked_instead": (
        Deed.STEPPED_UP,
        {"approvals": 1, "of_security": 0, "until": UNTIL.isoformat(), "replaces": "R0"},
    ),
    "approved": (Deed.APPROVED, {"missing": 1}),
    "approved_last": (Deed.APPROVED, {"missing": 0}),
    "denied": (Deed.DENIED, {"why": "they did not ask"}),
    "withdrawn": (Deed.WITHDRAWN, {}),
    "changed": (Deed.WITHDRAWN, {"replaced_by": "R2"}),
    "lapsed": (Deed.LAPSED, {}),
    "started": (Deed.STARTED, {"count": 1500}),
    "paused": (Deed.PAUSED, {"reason": Reason.STOPPED_BY_HAND.value}),
    "stopped": (Deed.PAUSED, {"reason": Reason.TOO_MANY_FAILED.value}),
    "resumed": (Deed.RESUMED, {}),
    "retried": (Deed.RETRIED, {"chunks": 1}),
    "cancelled": (Deed.CANCELLED, {"spared": 12}),
    "cancelled_late": (Deed.CANCELLED, {"reason": Reason.TOO_LATE.value}),
    "done": (Deed.DONE, {}),
    "ended": (Deed.DONE, {"reset": 1490, "failed": 0, "left_out": 0}),
    "ended_badly": (Deed.DONE, {"reset": 1490, "failed": 9, "left_out": 1}),
    "failed": (Deed.FAILED, {"reason": Reason.APPROVER_LOST.value}),
    "excluded": (Deed.EXCLUDED, {"reason": Reason.CHANGED_SINCE.value}),
    "unknown": (Deed.STEP_FAILED, {"reason": Reason.DIRECTORY_SILENT.value}),
}


def lines(text=ANNA):
    """Return every line of the history, by name."""
    who = "Eve Evans" if text == ANNA else text
    said = {} if text == ANNA else {"why": text, "replaces": text, "replaced_by": text}

    def line(deed, known):
        worst = {key: said.get(key, value) for key, value in known.items()}
        entry = AuditEntry(NOW, deed, "slack:T0123/U0ANNA", request_id="R1", facts={"name": who, **worst})
        return Line(entry, "Ada Admin" if text == ANNA else text, 1500)

    return {name: line(deed, known) for name, (deed, known) in LINES.items()}


def one(text=ANNA, state=RequestState.PROVED, **changes):
    who = ("Anna Bell", "anna.bell", "Corp") if text == ANNA else (text,) * 3
    known = {"count": 1, "people": (who,), "tiers": ((Tier.STANDARD, 1),), "excluded": (), "voices": ()}
    return facts(text, state, **(known | {"need": Need(1, 0, NOW, UNTIL)} | changes))


def views(text=ANNA):
    everything = tuple((reason, 1000) for reason in Reason)
    return {
        "approval_details": approval.details(facts(text)),
        "approval_details_every_reason": approval.details(facts(text, excluded=everything, start=NOW)),
        "approval_ask": approval.ask(AskDecision("F0RM", one(text))),
        "approval_deny": approval.deny(AskDecision("F0RM", facts(text))),
        "approval_agreed": approval.agreed(0),
        "approval_agreed_first": approval.agreed(1),
        "approval_denied": approval.denied(),
        "reset_to_be_asked": forms.reset(samples.ask_reset(text, approvals=1)),
        "reset_to_be_changed": forms.reset(samples.ask_reset(text, approvals=1, before=before(text))),
        "queued_asked": forms.queued(samples.queued(text, awaited=awaited(text))),
        "bulk_preview_to_be_asked": preview.preview(crowd.plan(text, approvals=2)),
        "bulk_asked": bulk.held(HeldBulk("R1", 150, NOW, awaited(text))),
        "home_admin_with_approvals": home.view(
            samples.home(text, waits=(facts(text), one(text, request_id="R2"))), NOW
        ),
        "home_admin_with_nothing_else": home.view(samples.home(text, unclaimed=0, failed=0, waits=(one(text),)), NOW),
    }


def messages(text=ANNA):
    ends = {
        RequestState.DENIED: (voice(text), voice(text, yes=False)),
        RequestState.WITHDRAWN: (),
        RequestState.EXPIRED: (voice(text),),
        RequestState.HELD: (voice(text), voice(text)),
    }
    everything = tuple((reason, 1000) for reason in Reason)
    return {
        "card": approval.card(facts(text)),
        "card_reminder": approval.reminder(Reminder(facts(text))),
        "card_reminder_escalated": approval.reminder(Reminder(facts(text), late(text))),
        "card_of_one": approval.card(one(text, alone=True)),
        "card_changed": approval.card(one(text, RequestState.WITHDRAWN, alone=True, replaced_by="R2")),
        "card_of_a_change": approval.card(one(text, alone=True, replaces="R0")),
        **{f"line_{name}": history.line(line) for name, line in lines(text).items()},
        "card_of_a_caller": approval.card(one(text, options=replace(facts(text).options, evidence=CALLER))),
        "card_every_reason": approval.card(facts(text, excluded=everything, voices=(voice(text),) * 12, able=())),
        **{f"card_{state.value}": approval.card(facts(text, state, voices=said)) for state, said in ends.items()},
        "status_asked": status(samples.status(text, state=RequestState.PROVED, awaited=awaited(text))),
        **{
            f"status_{state.value}": status(
                samples.status(
                    text,
                    state=state,
                    target_state=TargetState.CANCELLED,
                    reason=reason,
                    awaited=awaited(text, able=(), voices=ends[state]),
                )
            )
            for state, reason in (
                (RequestState.DENIED, Reason.DENIED),
                (RequestState.WITHDRAWN, Reason.WITHDRAWN),
                (RequestState.EXPIRED, Reason.NOT_APPROVED),
            )
        },
        "bulk_asked": live.live(crowd.run(text, RequestState.PROVED, progress=crowd.progress(), awaited=awaited(text))),
        "bulk_denied": live.live(
            crowd.run(
                text,
                RequestState.DENIED,
                progress=crowd.progress(waiting=0, cancelled=150),
                awaited=awaited(text, voices=ends[RequestState.DENIED]),
            )
        ),
    }
