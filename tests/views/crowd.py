"""Facts of a bulk for the views: a believable run, previews of any size, and any text in every place of a person's."""

from __future__ import annotations

from datetime import timedelta

from directory.base import GroupKind
from resets.bulk import (
    BulkFacts,
    BulkRow,
    ExcludedPage,
    GroupChoice,
    GroupChoices,
    HeldBulk,
    Preview,
    Progress,
)
from resets.reasons import Reason, Refused
from resets.request import Channel, Options, RequestState, Why
from resets.roster import Roster
from tests.views.samples import NOW, REQUESTER, freeze
from views import bulk, live, preview
from views.bulk import Entered, Picked

ANNA = "Anna Bell"
SIZES = (0, 1, 25, 26, 100_000)


def options(text=ANNA, **changes):
    known = {
        "why": Why.COMPROMISE,
        "ticket": "INC-7" if text == ANNA else text[:200],
        "must_change": True,
        "clear_sessions": True,
        "unlock": False,
        "channels": (Channel.DM,),
    }
    return Options(**(known | changes))


def plan(text=ANNA, included=150, **changes):
    name = "Corp" if text == ANNA else text
    known = {
        "form_id": "F0RM",
        "request_id": "R1",
        "included": included,
        "excluded": ((Reason.UNVERIFIED_DOMAIN, 8), (Reason.DISABLED, 3), (Reason.NOT_FOUND, 1)),
        "duplicates": 3,
        "directories": ((name, included - included // 3), (name, included // 3)) if included else (),
        "by_channel": ((Channel.DM, included),) if included else (),
        "options": options(text),
        "start": None,
        "digest": "0123456789abcdef" * 4 if included else "",
        "cannot": (),
        "file": "people.csv" if text == ANNA else text,
    }
    return Preview(**(known | changes))


def roster(text=ANNA, **changes):
    known = {
        "names": (),
        "rows": 162,
        "duplicates": 3,
        "encoding": "latin-1",
        "flagged": True,
        "column": "E-Mail" if text == ANNA else text,
        "ignored": ("Department", "Phone") if text == ANNA else (text,) * 20,
        "bad_rows": tuple(range(2, 22)),
        "bad": 25,
    }
    return Roster(**(known | changes))


def page(text=ANNA, reason=Reason.UNREACHABLE_PERSON, number=1):
    login = "anna.bell" if text == ANNA else text
    facts = {"domain": login, "near": login, "no_dm": "not_found", "no_mail": "cannot"}
    return ExcludedPage("F0RM", reason, 60, number, 3, ((login, text, facts),) * 20)


def progress(total=150, **changes):
    known = dict.fromkeys(
        ("waiting", "under_way", "done", "failed", "dropped", "cancelled", "unknown", "told", "collected"), 0
    )
    return Progress(**({"total": total, "failures": ()} | known | {"waiting": total} | changes))


HALF = {
    "waiting": 70,
    "under_way": 10,
    "done": 65,
    "failed": 4,
    "dropped": 1,
    "told": 40,
    "collected": 12,
    "unknown": 1,
}
OVER = {"waiting": 0, "done": 145, "failed": 4, "dropped": 1, "told": 140, "collected": 80}
WHY_NOT = ((Reason.DIRECTORY_REFUSED, 4), (Reason.CHANGED_SINCE, 1))


def run(text=ANNA, state=RequestState.RUNNING, **changes):
    name = "Corp" if text == ANNA else text
    known = {
        "request_id": "R1",
        "requester": REQUESTER,
        "requester_name": "Ada Admin" if text == ANNA else text,
        "directories": (name,),
        "options": options(text),
        "state": state,
        "progress": progress(**HALF, failures=WHY_NOT),
        "begins_at": NOW + timedelta(seconds=60),
        "begun_at": None,
        "ended_at": None,
        "stopped": None,
        "rate": 340.0,
        "left": 130,
        "canary": False,
        "retryable": 0,
    }
    return BulkFacts(**(known | changes))


def row(text=ANNA, state=RequestState.RUNNING):
    return BulkRow(f"R-{state}", "Ada Admin" if text == ANNA else text, state, progress(**HALF), NOW)


def groups(text=ANNA):
    name = "Sales" if text == ANNA else text
    kinds = (GroupKind.GROUP, GroupKind.OU)
    return GroupChoices(tuple(GroupChoice("corp", f"g{kind}", name, kind, name) for kind in kinds), (name,))


def entered(text=ANNA):
    picked = Picked("corp/id-1", text, text)
    return Entered((picked,), (picked,), text, Why.ONBOARDING.value, text, ("unlock",), ("dm", "mail"), 1_800_000_000)


def views(text=ANNA):
    everything = tuple((reason, 1000) for reason in Reason)
    refused = Refused(Reason.PASSWORD_COLUMN, column=text)
    return {
        "bulk_form": bulk.form("F0RM", mail=True),
        "bulk_form_without_mail": bulk.form("F0RM", mail=False, template=bulk.Template.SENT),
        "bulk_form_again": bulk.form("F0RM", mail=True, entered=entered(text), refused=refused),
        "bulk_looking": bulk.looking("F0RM"),
        **{f"bulk_preview_{size}": preview.preview(plan(text, size)) for size in SIZES},
        "bulk_preview_told": preview.preview(
            plan(text, start=NOW, cannot=(Reason.CANNOT,), no_tokens=True), (roster(text), roster(text, column=None))
        ),
        "bulk_preview_every_reason": preview.preview(plan(text, 100_000, excluded=everything), (roster(text),) * 2),
        "bulk_preview_nobody_left_out": preview.preview(plan(text, excluded=(), duplicates=0)),
        "bulk_excluded": preview.excluded(page(text)),
        "bulk_excluded_last": preview.excluded(page(text, number=2)),
        "bulk_held": bulk.held(HeldBulk("R1", 150, NOW)),
    }


def messages(text=ANNA):
    everything = tuple((reason, 1000) for reason in Reason)
    over = progress(**OVER, failures=WHY_NOT)
    cases = {
        "held": run(text, RequestState.HELD, progress=progress()),
        "canary": run(text, canary=True, progress=progress(waiting=145, under_way=3, done=2)),
        "running": run(text),
        "running_at_first": run(text, rate=0.0, left=None),
        "frozen": run(text, freeze=freeze(text)),
        "frozen_in_its_hold": run(text, RequestState.HELD, progress=progress(), freeze=freeze(text, until=None)),
        "paused_by_hand": run(text, RequestState.PAUSED),
        "paused_by_itself": run(text, RequestState.PAUSED, stopped=Reason.TOO_MANY_FAILED),
        "cancelled": run(
            text, RequestState.CANCELLED, ended_at=NOW, progress=progress(waiting=0, done=65, cancelled=85, told=65)
        ),
        "done": run(text, RequestState.DONE, ended_at=NOW, progress=progress(waiting=0, done=150, told=150)),
        "done_with_failures": run(text, RequestState.DONE, ended_at=NOW, progress=over, retryable=4),
        "every_reason": run(text, RequestState.DONE, progress=progress(**OVER, failures=everything), retryable=4),
        "everybody": run(text, progress=progress(100_000, waiting=99_999, done=1)),
        "one": run(text, RequestState.DONE, progress=progress(1, waiting=0, done=1, told=1)),
    }
    return {f"bulk_{name}": live.live(facts) for name, facts in cases.items()}


def notes(text=ANNA):
    return {
        "preview": preview.file_note(plan(text)),
        "report": live.report_note(run(text, RequestState.DONE, progress=progress(**OVER, failures=WHY_NOT))),
        "report_cancelled": live.report_note(run(text, RequestState.CANCELLED, progress=progress(unknown=1, done=3))),
    }
