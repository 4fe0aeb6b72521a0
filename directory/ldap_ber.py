"""BER as LDAP has it: one-byte tags and definite lengths (RFC 4511, 5.1). No more of it than a write needs."""

from __future__ import annotations

Part = tuple[int, bytes]
BOOLEAN, INTEGER, OCTETS, ENUMERATED, SEQUENCE, SET = 0x01, 0x02, 0x04, 0x0A, 0x30, 0x31
TRUE = b"\x01\x01\xff"
SHORT = 0x80  # below it, a length is a byte by itself: X.690, 8.1.3.4
LONGEST = 4  # bytes of a length


def element(tag: int, *contents: bytes) -> bytes:
    """Write one element, its length in as few bytes as can be."""
    content = b"".join(contents)
    length = len(content)
    if length < SHORT:
        return bytes((tag, length)) + content
    size = (length.bit_length() + 7) // 8
    return bytes((tag, SHORT | size)) + length.to_bytes(size) + content


def octets(text: str | bytes) -> bytes:
    """Write an OCTET STRING, texts in UTF-8."""
    return element(OCTETS, text.encode() if isinstance(text, str) else text)


def number(value: int, tag: int = INTEGER) -> bytes:
    """Write an INTEGER or an ENUMERATED, 0 or more."""
    return element(tag, value.to_bytes(value.bit_length() // 8 + 1))


def parts(data: bytes) -> list[Part]:
    """Cut elements that follow each other into tags and contents.

    Raises:
        ValueError: one ends too early, or has no length that LDAP allows.
    """
    found, at = [], 0
    while at < len(data):
        end = end_of(data, at)
        if end is None or end > len(data):
            raise ValueError("half an element")
        size = data[at + 1] & ~SHORT if data[at + 1] & SHORT else 0
        found.append((data[at], data[at + 2 + size : end]))
        at = end
    return found


def inside(part: Part, tag: int) -> list[Part]:
    """Cut what is in an element; a ValueError where it has another tag, or as for `parts`."""
    if part[0] != tag:
        raise ValueError("another element")
    return parts(part[1])


def text(part: Part) -> str:
    """Read an OCTET STRING that is a text.

    Raises:
        ValueError: it is none, or has a NUL in it, which libldap takes for nonsense too.
    """
    tag, value = part
    if tag != OCTETS or b"\0" in value:
        raise ValueError("no text")
    return value.decode()


def end_of(data: bytes | bytearray, at: int = 0) -> int | None:
    """Say where the element that begins at `at` ends, whether or not all of it is there; None: that is not known yet.

    Raises:
        ValueError: it has no length that LDAP allows.
    """
    if len(data) < at + 2:
        return None
    length, at = data[at + 1], at + 2
    if length & SHORT:
        size = length & ~SHORT
        if not 0 < size <= LONGEST:
            raise ValueError("a length of no definite form, or of too many bytes")
        if len(data) < at + size:
            return None
        length, at = int.from_bytes(data[at : at + size]), at + size
    return at + length
