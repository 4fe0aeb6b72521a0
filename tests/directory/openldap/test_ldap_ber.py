"""The modify that goes past libldap: written as libldap writes it, and no answer to it that libldap would not take."""

from __future__ import annotations

import socket

import ldap
import pytest
from hypothesis import given
from hypothesis import strategies as some
from ldap.controls import RequestControl
from ldap.controls.libldap import AssertionControl

from directory import ldap_ber as ber
from directory.ldap_modify import POST_READ, answer, control, only_if, request

DNS = some.text(some.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=300)
WORDS = some.text("abcdefghijklmnop-", min_size=1, max_size=20)
VALUES = some.dictionaries(WORDS, some.none() | some.binary(max_size=300), min_size=1, max_size=3)
CONTROLS = some.lists(some.tuples(WORDS, some.booleans(), some.none() | some.binary(max_size=200)), max_size=2)
NAMED = some.dictionaries(WORDS, some.lists(some.binary(max_size=200), max_size=3), max_size=3)
CODES = some.sampled_from([0, 1, 7, 10, 14, 16, 19, 32, 49, 50, 52, 53, 80, 113, 122, 127])
EDITS = some.lists(
    some.tuples(some.sampled_from(["change", "insert", "delete"]), some.integers(0, 500), some.integers(0, 255)),
    min_size=1,
    max_size=3,
)
# python-ldap's word on a control that it does not know, which it says of an answer that libldap has taken
TAKEN = (ldap.UNAVAILABLE_CRITICAL_EXTENSION,)


class Libldap:
    """python-ldap, with the server's end of its connection in our hand."""

    def __init__(self):
        self._server, client = socket.socketpair()
        self._server.settimeout(5)
        self._library = ldap.initialize("ldapi://%2Fdev%2Fnull", fileno=client.detach())
        self._library.set_option(ldap.OPT_PROTOCOL_VERSION, ldap.VERSION3)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.close()

    def writes(self, dn, values, *controls):
        """Return what it sends for a modify, without the message's head."""
        changes = [(ldap.MOD_REPLACE, name, None if value is None else [value]) for name, value in values.items()]
        self._library.modify_ext(dn, changes, serverctrls=list(controls))
        [message] = ber.parts(self._server.recv(1 << 20))
        _, *rest = ber.inside(message, ber.SEQUENCE)
        return b"".join(ber.element(*part) for part in rest)

    def reads(self, message):
        """Return the error that it makes of an answer; None: the modify was done."""
        self.writes("", {"x": None})
        self._server.sendall(message)
        self._server.shutdown(socket.SHUT_WR)
        try:
            kind, *_ = self._library.result4(1, timeout=0, resp_ctrl_classes={})
        except TAKEN:
            return None
        except (ldap.LDAPError, ValueError, MemoryError) as error:
            return error
        return None if kind == ldap.RES_MODIFY else ValueError("nothing")


def reads(message):
    """Return what we read of an answer to message 1, or the error that it is."""
    try:
        [whole] = ber.parts(message)
        to, *rest = ber.inside(whole, ber.SEQUENCE)
        return answer(rest) if ber.element(*to) == ber.number(1) else ValueError("to another")
    except (ValueError, ldap.LDAPError) as error:
        return error


def answered(code, text="", entry=None):
    """Write an answer to message 1, with the post-read control if there is an entry."""
    result = ber.element(0x67, ber.number(code, ber.ENUMERATED), ber.octets(""), ber.octets(text))
    after = b"" if entry is None else ber.element(0xA0, control(POST_READ, seen(entry)))
    return ber.element(ber.SEQUENCE, ber.number(1), result, after)


def seen(entry):
    listed = [
        ber.element(ber.SEQUENCE, ber.octets(name), ber.element(ber.SET, *map(ber.octets, values)))
        for name, values in entry.items()
    ]
    return ber.element(0x64, ber.octets("uid=x"), ber.element(ber.SEQUENCE, *listed))


def edited(message, edits):
    """Change, insert and delete single bytes."""
    data = bytearray(message)
    for how, where, byte in edits:
        at = where % len(data)
        data[at : at + (how != "insert")] = b"" if how == "delete" else bytes([byte])
    return bytes(data)


# -- writing -----------------------------------------------------------------------------------------------


@given(DNS, VALUES, CONTROLS)
def test_a_modify_is_written_as_libldap_writes_it(dn, values, controls) -> None:
    """Byte for byte, for any DN, values and controls, and for those of a filter."""
    condition = "(&(entryUUID=0d9b8a9e-0000-4000-8000-000000000001)(!(pwdAccountLockedTime=000001010000Z)))"
    ours = [only_if(condition), *(control(kind, value, critical=critical) for kind, critical, value in controls)]
    theirs = [AssertionControl(True, condition), *(RequestControl(*each) for each in controls)]
    with Libldap() as libldap:
        assert request(dn, values, *ours) == libldap.writes(dn, values, *theirs)


@given(some.integers(0, 2**31 - 1) | some.sampled_from([0, 127, 128, 255, 256, 32767, 32768, 1 << 30]))
def test_a_number_is_read_as_it_was_written(value) -> None:
    """A number is positive whatever its first bit, in as few bytes as can be."""
    [(tag, written)] = ber.parts(ber.number(value))
    assert (tag, int.from_bytes(written, signed=True)) == (ber.INTEGER, value)
    assert len(written) == max(1, (value.bit_length() + 8) // 8)


@pytest.mark.parametrize("length", [0, 1, 127, 128, 255, 256, 65_535, 65_536])
def test_an_element_of_any_length_is_cut_where_it_ends(length) -> None:
    """What was written is read, and one byte less is half an element."""
    written = ber.element(ber.OCTETS, b"x" * length)
    assert ber.parts(written * 2) == [(ber.OCTETS, b"x" * length)] * 2
    assert ber.end_of(written[:-1]) in {None, len(written)}
    with pytest.raises(ValueError, match="half"):
        ber.parts(written[:-1])


@pytest.mark.parametrize("head", [b"\x30\x80", b"\x30\xff", b"\x30\x85\0\0\0\0\1"])
def test_a_length_that_ldap_does_not_have_is_none(head) -> None:
    """RFC 4511, 5.1: only the definite form; and no message of ours has a length of more than four bytes."""
    with pytest.raises(ValueError, match="length"):
        ber.end_of(head + b"x" * 200)


# -- reading -----------------------------------------------------------------------------------------------


@given(NAMED)
def test_an_entry_after_the_write_is_read(entry) -> None:
    """Names in lower case, each with all of its values."""
    expected = {name: tuple(values) for name, values in entry.items()}
    assert reads(answered(0, entry=entry)) == expected


@given(CODES, WORDS)
def test_a_no_is_python_ldaps_own_error(code, text) -> None:
    """The same kind of error with the same text, for any result code."""
    with Libldap() as libldap:
        theirs = libldap.reads(answered(code, text))
    ours = reads(answered(code, text))
    if theirs is None:
        assert ours == {}
    else:
        assert type(ours) is type(theirs)
        assert ours.args[0]["info"] == text


@given(CODES, some.none() | NAMED, EDITS)
def test_no_answer_is_taken_that_libldap_would_not_take(code, entry, edits) -> None:
    """Of any bytes: where we say that the modify was done, libldap says so too."""
    message = edited(answered(code, "text", entry), edits)
    if isinstance(reads(message), dict):
        with Libldap() as libldap:
            assert libldap.reads(message) is None
