"""A run's one message: the bar, the words, and only buttons that can act."""

from __future__ import annotations

from datetime import timedelta

import pytest

from resets.bulk import ExcludedPage
from resets.reasons import Reason
from resets.request import Channel, RequestState
from tests.views import crowd, samples
from tests.views.catalogue import read, walk
from tests.views.crowd import HALF, OVER, progress, run
from tests.views.samples import NOW
from views import home, labels, live, preview, words


def buttons(message):
    return {part["action_id"]: part for part in walk(message["blocks"]) if part.get("type") == "button"}


@pytest.mark.parametrize(
    ("facts", "pressed"),
    [
        (run(state=RequestState.HELD, progress=progress()), {"bulk_cancel"}),
        (run(), {"bulk_pause", "bulk_cancel"}),
        (run(canary=True), {"bulk_pause", "bulk_cancel"}),
        (run(progress=progress(waiting=0, under_way=5, done=145)), set()),
        (run(state=RequestState.PAUSED), {"bulk_resume", "bulk_cancel"}),
        (run(state=RequestState.PAUSED, progress=progress(waiting=0, under_way=5, done=145)), {"bulk_resume"}),
        (run(state=RequestState.DONE, progress=progress(**OVER)), set()),
        (run(state=RequestState.DONE, progress=progress(**OVER), retryable=4), {"bulk_retry"}),
        (run(state=RequestState.CANCELLED, progress=progress(**OVER)), set()),
        (run(state=RequestState.CANCELLED, progress=progress(**OVER), retryable=2), {"bulk_retry"}),
    ],
)
def test_only_what_can_act_can_be_pressed(facts, pressed):
    """Each button names the run, says to a screen reader which, and is gone once it can do nothing."""
    found = buttons(live.live(facts))
    assert set(found) == pressed
    assert all(one["value"] == "R1" and "150 people" in one["accessibility_label"] for one in found.values())


def test_a_question_stands_before_cancel_alone():
    """What cannot be undone is asked about; it says how many are spared."""
    found = buttons(live.live(run()))
    assert "confirm" not in found["bulk_pause"]
    assert "70 whose turn" in found["bulk_cancel"]["confirm"]["text"]["text"]
    assert (
        "Nobody has been reset"
        in buttons(live.live(run(state=RequestState.HELD)))["bulk_cancel"]["confirm"]["text"]["text"]
    )


@pytest.mark.parametrize(
    ("parts", "bar"),
    [
        ({}, "░" * 20 + "  0 of 150 (0 %)"),
        ({"waiting": 0, "done": 150}, "█" * 20 + "  150 of 150 (100 %)"),
        ({"waiting": 0, "failed": 150}, "▒" * 20 + "  150 of 150 (100 %)"),
        (HALF, "█" * 8 + "▒" + "░" * 11 + "  70 of 150 (46 %)"),
        ({"total": 0, "waiting": 0}, "░" * 20 + "  0 of 0 (0 %)"),
        ({"total": 100_000, "waiting": 1, "done": 99_999}, "█" * 19 + "░  99,999 of 100,000 (99 %)"),
    ],
)
def test_the_bar_says_the_same_in_words(parts, bar):
    """Twenty characters, never full before everybody is through, and the numbers beside them."""
    assert live.bar(progress(**parts)) == bar


def test_what_is_read_aloud_says_how_it_stands():
    """The plain text has state and numbers: it is what a notification and a screen reader give."""
    assert live.live(run())["text"].startswith("▶️ Resetting 150 people. 70 of 150 dealt with.")
    assert "Paused" in live.live(run(state=RequestState.PAUSED))["text"]


def test_a_hold_says_until_when():
    """With the seconds, in the reader's own zone, and that nothing has changed."""
    said = read(live.live(run(state=RequestState.HELD, progress=progress())))
    assert "{time_secs}" in said
    assert "Nothing has changed yet" in said
    assert "░" not in said


@pytest.mark.parametrize("reason", [Reason.TOO_MANY_FAILED, Reason.CANARY_FAILED, Reason.STOPPED_BY_HAND, None])
def test_a_pause_says_why(reason):
    """By itself or by hand; and that nobody else is reset."""
    said = read(live.live(run(state=RequestState.PAUSED, stopped=reason)))
    noted = live.report_note(run(state=RequestState.PAUSED, stopped=reason))
    assert reason is None or words.sentence(reason) in noted
    assert "Nobody else is reset" in said


def test_home_lists_runs_with_their_bars():
    """Five at most, each with what can still be done to it; to nobody without a role."""
    rows = [crowd.row(state=state) for state in RequestState if state not in labels.ASKED_FIRST]
    view = home.view(samples.home(), NOW, [row for row in rows if row.state is not RequestState.APPROVED])
    assert read(view).count("░") == 5 * 11
    pressed = [part["value"] for part in walk(view["blocks"]) if part.get("action_id") == "bulk_cancel"]
    assert pressed == ["R-held", "R-running", "R-paused"]
    assert "░" not in read(home.view(samples.home(role=None), NOW, rows))


def test_what_nobody_knows_is_said():
    """Of those whose directory has not answered, the message does not say that they keep the old password."""
    assert "Of 1 it is not known" in read(live.live(run()))
    assert "not known" not in read(live.live(run(state=RequestState.DONE, progress=progress(**OVER))))


def test_pace_is_said_only_where_it_is_known():
    """No rate, no time left."""
    assert "340 a minute · about 3 minutes left" in read(live.live(run()))
    assert "a minute" not in read(live.live(run(rate=0.0, left=None)))
    assert "less than 1 a minute" in read(live.live(run(rate=0.4)))


@pytest.mark.parametrize("size", crowd.SIZES)
def test_the_preview_says_its_number_first(size):
    """In the headline, in the table and on the button; and asks for it from 26 on."""
    view = preview.preview(crowd.plan(included=size))
    ids = {block.get("block_id") for block in view["blocks"]}
    assert ("number" in ids) == (size >= 26)
    assert ("code" in ids) == (size > 0)
    assert f"*Will be reset*\n{size:,}" in read(view)
    if size:
        assert view["submit"]["text"] == f"Reset {'1 person' if size == 1 else f'{size:,} people'}"
        assert len(view["submit"]["text"]) <= 24
    else:
        assert "submit" not in view
        assert "callback_id" not in view
        assert "Nobody will be reset" in read(view)


def test_the_preview_says_what_happens_and_what_does_not():
    """The options in words, when it begins, what these directories cannot, and what is left alone."""
    options = crowd.options(must_change=False, unlock=True, channels=(Channel.RECOVERY,))
    said = read(preview.preview(crowd.plan(options=options, start=NOW, no_tokens=True)))
    assert "is *not* asked for a new one" in said
    assert "a locked account is unlocked" in said
    assert "to nobody without one" in said
    assert "stays signed in" in said
    assert "Begins *<!date" in said
    assert "Not touched" in said
    assert "60 seconds" in read(preview.preview(crowd.plan()))
    assert "3 minutes after" in read(preview.preview(crowd.plan(hold=timedelta(minutes=3))))
    assert "01234567" in read(preview.preview(crowd.plan()))
    assert "012345678" not in read(preview.preview(crowd.plan()))


def test_every_reason_has_its_list():
    """One line and one button a reason, forty at most; the rest is counted."""
    excluded = tuple((reason, 2) for reason in Reason)
    view = preview.preview(crowd.plan(excluded=excluded))
    shown = [part["value"] for part in walk(view["blocks"]) if part.get("action_id") == "bulk_excluded"]
    assert shown == [f"{reason.value}:0" for reason in list(Reason)[:40]]
    assert f"{2 * (len(Reason) - 40)} more" in read(view)


@pytest.mark.parametrize(
    ("number", "turns"), [(0, {"bulk_page_next"}), (1, {"bulk_page_back", "bulk_page_next"}), (2, {"bulk_page_back"})]
)
def test_a_page_turns_only_where_there_is_another(number, turns):
    """And says whom the reason fits, what the name may have meant, and what would mend it."""
    view = preview.excluded(crowd.page(number=number))
    assert {part["action_id"] for part in walk(view["blocks"]) if part.get("type") == "button"} == turns
    said = read(view)
    assert said.count("Anna Bell") == 20
    assert "did you mean anna.bell?" in said
    assert "Mend that" in said


def test_a_domain_is_named_where_it_is_the_reason():
    """Elsewhere it says nothing; why there is no way to somebody is said as far as it is known."""
    row = ("anna.bell", "Anna Bell", {"domain": "example.org", "no_dm": "cannot"})
    for reason, said in ((Reason.UNVERIFIED_DOMAIN, True), (Reason.DISABLED, False)):
        page = read(preview.excluded(ExcludedPage("F0RM", reason, 1, 0, 1, (row,))))
        assert ("example.org" in page) == said
        assert "Slack: the rules here allow no message" in page
        assert "mail:" not in page


def test_what_was_found_in_the_file_is_said():
    """Its column, a guessed encoding, rows that nobody could read, and how often somebody was named again."""
    said = read(preview.preview(crowd.plan(duplicates=2), (crowd.roster(), crowd.roster(flagged=False, bad=0))))
    assert "read the column “E-Mail”, and not “Department”, “Phone”" in said
    assert "Latin-1" in said
    assert "25 rows could not be read (2, 3, 4, 5, 6 and 20 more)" in said
    assert "8 times" in said  # 2 + 3 + 3


def test_the_words_beside_a_file_have_no_names():
    """Counts and reasons; whom they concern stands in the file."""
    for text in crowd.notes("<!channel> Anna").values():
        assert "Anna" not in text
        assert "<" not in text
        assert len(text) < 3000
