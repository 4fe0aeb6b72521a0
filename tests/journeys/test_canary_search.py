"""The search for leaked passwords finds what was planted: in every encoding, in part, and spelled out."""

from __future__ import annotations

import base64

import pytest

from tests.support.canary import encodings, files, search
from views.text import spell

CANARY = "Parrot-finch-siskin-linnet-serin-7"


@pytest.mark.parametrize("encoding", encodings(CANARY))
def test_the_search_finds_a_planted_canary(encoding, tmp_path):
    """A canary in a file, in each encoding, between other bytes, is found; the same file without it is clean."""
    planted = encodings(CANARY)[encoding]
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "engine.db").write_bytes(b"\x00SQLite \xff" + planted + b"\x00 more")
    assert ("deep/engine.db", encoding) in search(files(tmp_path), [CANARY])
    assert search({"clean": b"SQLite \xff more"}, [CANARY]) == []


@pytest.mark.parametrize("before", [b"", b"x", b"xy", b"xyz"])
def test_the_search_finds_it_within_base64_of_more(before):
    """Base64 of a longer text hides the letters' borders; the canary is found at each of the three offsets."""
    body = base64.b64encode(before + CANARY.encode() + b" and so on")
    assert search({"mail": body}, [CANARY])


def test_the_search_finds_a_part_and_the_spelling():
    """Three of the words are a leak, and so is the password spelled out."""
    assert search({"log": b"it begins finch-siskin-linnet, says the error"}, [CANARY])
    assert search({"log": spell(CANARY).encode()}, [CANARY]) == [("log", "spelled out")]
