"""What the practice workspace keeps over a restart: JSON documents by kind and key, in one SQLite file."""

from __future__ import annotations

import json
import os
import sqlite3
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

Json = dict[str, Any]
FILE = "practice.sqlite3"


class Shelf:
    """Documents on a shelf; each `put` is on disk when it returns, so that a killed demo goes on where it was.

    Plain sqlite3 in the event loop: a write takes well under a millisecond, and only the demo and tests wait for it.
    """

    def __init__(self, folder: Path | None) -> None:
        """Open the shelf in `folder`, or one that lives in memory only."""
        self.folder = folder
        if folder is None:
            self._base = sqlite3.connect(":memory:")
        else:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = folder / FILE
            # The practice workspace's tokens lie here: nobody else on the machine may read them.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._base = sqlite3.connect(path)
            self._base.execute("PRAGMA journal_mode=WAL")
            self._base.execute("PRAGMA synchronous=NORMAL")
        self._base.execute(
            "CREATE TABLE IF NOT EXISTS documents (kind TEXT, key TEXT, body TEXT NOT NULL, PRIMARY KEY (kind, key))"
        )
        self._base.commit()

    def put(self, kind: str, key: str, body: Json) -> None:
        """Keep a document, in place of one with the same key."""
        with self._base:
            self._base.execute(
                "INSERT OR REPLACE INTO documents (kind, key, body) VALUES (?, ?, ?)", (kind, key, json.dumps(body))
            )

    def drop(self, kind: str, key: str) -> None:
        """Forget a document; no matter if there is none."""
        with self._base:
            self._base.execute("DELETE FROM documents WHERE kind = ? AND key = ?", (kind, key))

    def get(self, kind: str, key: str) -> Json | None:
        """Answer one document."""
        row = self._base.execute("SELECT body FROM documents WHERE kind = ? AND key = ?", (kind, key)).fetchone()
        return None if row is None else dict(json.loads(row[0]))

    def all(self, kind: str) -> list[Json]:
        """Answer all documents of a kind, by key."""
        rows = self._base.execute("SELECT body FROM documents WHERE kind = ? ORDER BY key", (kind,))
        return [dict(json.loads(row[0])) for row in rows]

    def close(self) -> None:
        """Let go of the file."""
        self._base.close()
