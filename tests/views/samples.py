"""Facts for the views: one believable person, and builders that put any text into every place a person writes in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from directory.base import GroupKind
from directory.secret import Secret
from resets.actor import Actor, SlackPerson
from resets.evidence import How
from resets.facts import (
    AccountCard,
    AlarmFacts,
    AskPickup,
    AskReset,
    AskWho,
    Choice,
    Excluded,
    HomeFacts,
    HomeRow,
    MailFacts,
    MatchFacts,
    Offer,
    Queued,
    ShowFacts,
    Shown,
    StatusFacts,
    VouchFacts,
)
from resets.freeze import Freeze
from resets.number import MatchState, NumberMatch
from resets.outcome import Step, StepRecord, StepState
from resets.reasons import Reason, Refused
from resets.request import Channel, RequestState, TargetState, Tier, Why
from resets.scope import Grant, Place
from resets.vouch import Vouch, VouchState

NOW = datetime(2026, 3, 14, 9, 26, tzinfo=UTC)
REQUESTER, TARGET = SlackPerson("T0123", "U0ADMIN"), SlackPerson("T0123", "U0ANNA")
OTHER = SlackPerson("T0123", "U0MONA")
HOSTILE = (
    "<!channel> & <@U0ADMIN> <https://evil.example|click>",
    "\u202egnp.exe\u202c Anna\u200b\u2066",
    '=1+1;cmd|" /C calc"!A0',
    "A" * 300,
    "😀" * 300,
    "*bold* _it_ ~no~ `code` ```pre``` :boom: > quote",
    "line\none\r\ttab\x00\x1b[31m",
    "\u0430nna \u0440\u0430ypal",  # Cyrillic letters that look Latin
    "Z" + "\u0351" * 60,
    "",
    "\u200b\u2800\u3164",
    "{login} {0.__class__} %s $name ${directory}",
)
PASSWORD = "Speech-annually-nephew-dispense-strut-3"


def card(text="Anna Bell", **changes):
    known = {
        "directory": "corp" if text == "Anna Bell" else text,
        "account_id": "id-1",
        "login": "anna.bell" if text == "Anna Bell" else text,
        "name": text,
        "mail": "anna.bell@example.com" if text == "Anna Bell" else text,
        "department": "Sales" if text == "Anna Bell" else text,
        "tier": Tier.STANDARD,
        "locked": True,
        "must_change": False,
        "domain": "example.com",
        "password_changed_at": NOW - timedelta(days=90),
        "last_sign_in": NOW - timedelta(days=1),
        "allowed": ("helpdesk", Grant(frozenset({Tier.STANDARD})))
        if text == "Anna Bell"
        else (text, Grant(frozenset(Tier), "corp", Place("corp", GroupKind.GROUP, text))),
    }
    return AccountCard(**(known | changes))


def offer(text="b…@example.com", **changes):
    known = {
        "channels": (Channel.DM, Channel.MAIL, Channel.RECOVERY),
        "no_dm": None,
        "no_mail": None,
        "mail_hint": text,
        "recovery_hint": text,
        "can_must_change": True,
        "can_sessions": True,
        "can_tokens": False,
        "can_unlock": True,
        "pickup": True,
        "expires_in_hours": 24,
    }
    return Offer(**(known | changes))


def choice(text="Anna Bell", number=1):
    login = "anna.bell" if text == "Anna Bell" else text
    return Choice("corp", f"id-{number}", login, text, text, text)


def ask_reset(text="Anna Bell", hows=(), approvals=0, *, denied=False, no_manager=None, before=None, **changes):
    hint = "a…@example.com" if text == "Anna Bell" else text
    kept = "Corp" if text == "Anna Bell" else text
    return AskReset(
        *("F0RM", card(text), offer(hint, **changes), kept, hows, How.NUMBER in hows, approvals, denied),
        manager=("Mona Boss" if text == "Anna Bell" else text) if How.MANAGER in hows else "",
        no_manager=no_manager,
        before=before,
    )


def no_manager(text="Anna Bell", reason=Reason.MANAGER_UNABLE):
    """Return why a form has no manager to ask."""
    return Refused(reason, login="anna.bell", directory="Corp", user="Mona Boss" if text == "Anna Bell" else text)


def excluded(text="Anna Bell", reason=Reason.UNVERIFIED_DOMAIN):
    facts = {"login": "anna.bell", "directory": "Corp", "directory_key": "corp", "domain": "example.org"}
    if text != "Anna Bell":
        facts = dict.fromkeys(facts, text)
    return Excluded("F0RM", card(text), reason, facts)


def queued(text="Anna Bell", **changes):
    known = {"request_id": "R1", "name": text, "login": text, "channels": (Channel.DM,), "pickup": "K7QM-2XBD"}
    return Queued(**(known | changes))


def steps(**states):
    """Return all six steps: SET and MUST_CHANGE done, the rest as named."""
    known = dict.fromkeys(Step, StepState.DONE) | {Step(name): state for name, state in states.items()}
    return tuple(
        StepRecord(
            step,
            state,
            {StepState.FAILED: Reason.DIRECTORY_DOWN, StepState.UNKNOWN: Reason.DIRECTORY_SILENT}.get(state),
            3 if step is Step.SESSIONS and state is StepState.DONE else None,
        )
        for step, state in known.items()
    )


def status(text="Anna Bell", **changes):
    known = {
        "request_id": "R1",
        "target_id": "T1",
        "requester": REQUESTER,
        "directory": "Corp" if text == "Anna Bell" else text,
        "login": "anna.bell" if text == "Anna Bell" else text,
        "name": text,
        "why": Why.FORGOT,
        "ticket": "INC-7" if text == "Anna Bell" else text,
        "state": RequestState.DONE,
        "target_state": TargetState.DELIVERED,
        "reason": None,
        "facts": {},
        "steps": steps(tokens=StepState.CANNOT, unlock=StepState.SKIPPED),
        "channels": (Channel.DM,),
        "retry": (),
        "asked_at": NOW,
        "set_at": NOW,
        "expires_at": NOW + timedelta(days=1),
        "collected_at": None,
    }
    return StatusFacts(**(known | changes))


def show(text="Anna Bell", **changes):
    known = {
        "request_id": "R1",
        "target_id": "T1",
        "target": TARGET,
        "requester": REQUESTER,
        "requester_name": "Ada Admin" if text == "Anna Bell" else text,
        "directory": "Corp" if text == "Anna Bell" else text,
        "login": "anna.bell" if text == "Anna Bell" else text,
        "state": TargetState.DELIVERED,
        "must_change": True,
        "pickup": True,
        "expires_at": NOW + timedelta(days=1),
        "collected_at": None,
    }
    return ShowFacts(**(known | changes))


def match(text="Anna Bell", **changes):
    actor = Actor("A1", REQUESTER, "corp", "id-ada", "ada", "Ada Admin" if text == "Anna Bell" else text, "helpdesk")
    known = {
        "id": "M1",
        "form_id": "F0RM",
        "requester": actor,
        "person": TARGET,
        "directory": "corp",
        "account_id": "id-1",
        "login": "anna.bell" if text == "Anna Bell" else text,
        "name": text,
        "numbers": (17, 42, 83),
        "right": 42,
        "state": MatchState.WAITING,
        "asked_at": NOW,
        "expires_at": NOW + timedelta(minutes=5),
    }
    return NumberMatch(**(known | changes))


def match_facts(text="Anna Bell", **changes):
    known = {
        "id": "M1",
        "person": TARGET,
        "requester": REQUESTER,
        "requester_name": "Ada Admin" if text == "Anna Bell" else text,
        "directory": "Corp" if text == "Anna Bell" else text,
        "login": "anna.bell" if text == "Anna Bell" else text,
        "numbers": (17, 42, 83),
        "state": MatchState.WAITING,
        "expires_at": NOW + timedelta(minutes=5),
    }
    return MatchFacts(**(known | changes))


def manager(text="Anna Bell"):
    return Actor("A2", OTHER, "corp", "id-mona", "mona", "Mona Boss" if text == "Anna Bell" else text, "manager")


def vouch(text="Anna Bell", **changes):
    known = {
        "id": "V1",
        "form_id": "F0RM",
        "requester": match(text).requester,
        "manager": manager(text),
        "directory": "corp",
        "account_id": "id-1",
        "login": "anna.bell" if text == "Anna Bell" else text,
        "name": text,
        "why": Why.LOCKED_OUT,
        "state": VouchState.WAITING,
        "asked_at": NOW,
        "expires_at": NOW + timedelta(minutes=10),
    }
    return Vouch(**(known | changes))


def vouch_facts(text="Anna Bell", **changes):
    known = {
        "id": "V1",
        "requester": REQUESTER,
        "requester_name": "Ada Admin" if text == "Anna Bell" else text,
        "directory": "Corp" if text == "Anna Bell" else text,
        "login": "anna.bell" if text == "Anna Bell" else text,
        "name": text,
        "why": Why.LOCKED_OUT,
        "state": VouchState.WAITING,
        "expires_at": NOW + timedelta(minutes=10),
    }
    return VouchFacts(**(known | changes))


def alarm(text="Anna Bell", what="not_me", ended=(), why=""):
    about = "anna.bell (corp)" if text == "Anna Bell" else text
    return AlarmFacts(what, TARGET, text, about, "R1", NOW, ended, why)


def pickup(text="anna.bell", *, asked=True):
    return AskPickup("F0RM", "T1", text, "Corp", asked)


def shown(text="anna.bell", *, password=PASSWORD, must_change=True):
    return Shown(Secret(password), text, "Corp", must_change)


def row(text="Anna Bell", **changes):
    known = {
        "request_id": "R1",
        "login": "anna.bell" if text == "Anna Bell" else text,
        "name": text,
        "directory": "Corp" if text == "Anna Bell" else text,
        "state": RequestState.DONE,
        "target_state": TargetState.DELIVERED,
        "reason": None,
        "asked_at": NOW,
    }
    return HomeRow(**(known | changes))


def home(text="Anna Bell", **changes):
    known = {
        "person": REQUESTER,
        "role": "helpdesk" if text == "Anna Bell" else text,
        "name": text,
        "rows": (row(text),) * 10,
        "unclaimed": 2,
        "failed": 1,
        "directories": ("Corp" if text == "Anna Bell" else text,),
    }
    return HomeFacts(**(known | changes))


def freeze(text="Anna Bell", **changes):
    known = {
        "actor_id": "A1",
        "slack_user": REQUESTER.user,
        "name": text,
        "why": "somebody rings our people" if text == "Anna Bell" else text,
        "at": NOW,
        "until": NOW + timedelta(minutes=30),
        "proved": False,
    }
    return Freeze(**(known | changes))


def mail(text="Anna Bell", **changes):
    known = {
        "to": "anna.bell@example.com",
        "name": text,
        "login": "anna.bell" if text == "Anna Bell" else text,
        "directory": "Corp" if text == "Anna Bell" else text,
        "requester_name": "Ada Admin" if text == "Anna Bell" else text,
        "asked_at": NOW,
        "must_change": True,
        "sessions_cleared": True,
        "by_dm": True,
        "expires_at": NOW + timedelta(days=1),
        "with_password": False,
    }
    return MailFacts(**(known | changes))


def ask_who(text="Anna Bell", reason=Reason.AMBIGUOUS, count=2):
    return AskWho("F0RM", text, reason, tuple(choice(text, number) for number in range(count)))
