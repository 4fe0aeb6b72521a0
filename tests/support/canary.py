"""The search for leaked canaries: a password, or a part of it, in any place and in many encodings."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from urllib.parse import quote

from views.text import spell


def fragments(password):
    """Cut a password of words into runs of three: a part that leaks is a leak."""
    words = password.split("-")
    return ["-".join(words[at : at + 3]) for at in range(len(words) - 2)] if len(words) >= 5 else [password]


def encodings(text):
    """Return the ways in which a text may stand somewhere, by their names."""
    raw = text.encode()
    spelled = {"utf-8": raw, "utf-16le": text.encode("utf-16le"), "utf-16be": text.encode("utf-16be")}
    for offset in range(3):
        # Only those letters that the neighbours of the text have no part in.
        whole = base64.b64encode(bytes(offset) + raw)
        first = -(-offset * 8 // 6)
        inner = whole[first : (offset + len(raw)) * 8 // 6]
        spelled[f"base64+{offset}"] = inner
        spelled[f"base64url+{offset}"] = inner.translate(bytes.maketrans(b"+/", b"-_"))
    spelled["hex"] = raw.hex().encode()
    spelled["HEX"] = raw.hex().upper().encode()
    spelled["url"] = quote(text, safe="").encode()
    spelled["url, every byte"] = "".join(f"%{byte:02X}" for byte in raw).encode()
    spelled["url, every byte, small"] = "".join(f"%{byte:02x}" for byte in raw).encode()
    spelled["json"] = json.dumps(text)[1:-1].encode()
    spelled["json, every letter"] = "".join(f"\\u{ord(letter):04x}" for letter in text).encode()
    spelled["quoted-printable"] = "".join(f"={byte:02X}" for byte in raw).encode()
    spelled["backwards"] = raw[::-1]
    return spelled


def search(places, passwords):
    """Return (place, encoding) for every password that stands in one of the places."""
    needles = [(name, needle) for p in passwords for f in fragments(p) for name, needle in encodings(f).items()]
    needles += [("spelled out", spell(p).encode()) for p in passwords]
    lowered = {name: content.lower() for name, content in places.items()}
    return sorted({(place, name) for place, content in lowered.items() for name, n in needles if n.lower() in content})


def files(folder):
    """Read every file of a folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        with suppress(FileNotFoundError):  # a journal that SQLite has just folded away
            if path.is_file():
                found[str(path.relative_to(folder))] = path.read_bytes()
    return found
