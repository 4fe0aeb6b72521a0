"""The tables, one block each. Ids are text, times aware UTC; the one secret is `seals.blob`, and that is sealed.

Those of the local index and of the questions about callers are in `tables_index.py` and `tables_asked.py`.
The durable engine keeps tables of its own in the same database; none of ours may have one of their names.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, text

from store import tables_asked, tables_index  # noqa: F401
from store.columns import BYTEWISE, Json, Moment, Prose
from store.columns import metadata as metadata  # noqa: PLC0414  # given on: with it go the tables of all three files

admins = Table(
    "admins",
    metadata,
    Column("id", Text, primary_key=True),
    Column("team", Text, nullable=False),
    Column("slack_user", Text, nullable=False),
    Column("directory", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("login", Prose, nullable=False),
    Column("name", Prose, nullable=False),
    Column("role", Text, nullable=False),
    Column("enrolled_at", Moment, nullable=False),
    Column("revoked_at", Moment),
    Column("misses", Integer, nullable=False),
    Column("locked_at", Moment),
    Column("next_try_at", Moment),
    Column("last_step", BigInteger, nullable=False),  # the newest TOTP step that was used; 0 for none
    Column("frozen_at", Moment),  # since then they begin nothing; lifted at the host
    Column("unfrozen_at", Moment),  # when that was last lifted: what was before is not held against them again
    Column("froze_at", Moment),  # when they last froze everything without a code
)
# One living enrolment for one Slack person.
Index(
    "ux_admins_slack",
    admins.c.team,
    admins.c.slack_user,
    unique=True,
    sqlite_where=text("revoked_at IS NULL"),
    postgresql_where=text("revoked_at IS NULL"),
)

# One row. Whoever begins to set a password asks it in the same transaction.
freezes = Table(
    "freezes",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # always 1
    Column("actor_id", Text, nullable=False),
    Column("slack_user", Text, nullable=False),
    Column("name", Prose, nullable=False),
    Column("why", Prose, nullable=False),
    Column("at", Moment),  # NULL: nothing is frozen
    Column("until", Moment),  # NULL: until somebody ends it
    Column("proved", Integer, nullable=False),  # 1: by a code, at the host
    Column("looked_at", Moment),  # when somebody last ended one with a code
)

# One row, or none before there is a code.
break_glass = Table(
    "break_glass",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # always 1
    Column("mac", LargeBinary, nullable=False),  # of the sealed code
    Column("made_at", Moment, nullable=False),
    Column("misses", Integer, nullable=False),
    Column("locked_at", Moment),
    Column("next_try_at", Moment),
)

break_glass_uses = Table(
    "break_glass_uses",
    metadata,
    Column("request_id", Text, primary_key=True),
    Column("host", Prose, nullable=False),  # who sat there
    Column("why", Prose, nullable=False),
    Column("at", Moment, nullable=False),
    Column("reviewed_at", Moment),
    Column("reviewed_by", Text),  # an enrolment
)

requests = Table(
    "requests",
    metadata,
    Column("id", Text, primary_key=True),
    Column("actor_id", Text, nullable=False),
    Column("requester", Json, nullable=False),  # the Actor as it was
    Column("plan", Json, nullable=False),
    Column("digest", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("asked_at", Moment, nullable=False),
    # Of a bulk alone:
    Column("total", Integer),  # targets of the plan; NULL for a single reset
    Column("begins_at", Moment),  # the end of the hold, or the time that was asked for
    Column("begun_at", Moment),
    Column("judged_from", Moment),  # failures from before are forgiven: somebody has looked, and resumed
    Column("ended_at", Moment),
    Column("stopped", Text),  # why it is paused: a Reason
    Column("told", Text),  # what the live message was last made of
    # Of one that others have to agree to alone:
    Column("decide_by", Moment, index=True),  # then it is over
    Column("moved_at", Moment, index=True),  # when somebody last spoke, or it ended
    Column("reminded_at", Moment),
    Index(None, "actor_id", "asked_at"),
    Index(None, "state", "total"),
    Index(None, "asked_at"),
)

# One word of each person on a request. Who they are is their directory identity: two Slack accounts are one voice.
approvals = Table(
    "approvals",
    metadata,
    Column("request_id", ForeignKey("requests.id"), primary_key=True),
    Column("account", Text, primary_key=True),  # "directory/immutable id"
    Column("slack_user", Text, nullable=False),
    Column("name", Prose, nullable=False),
    Column("yes", Integer, nullable=False),
    Column("security", Integer, nullable=False),  # 1: they held a security role
    Column("why", Prose, nullable=False),  # of a no
    Column("at", Moment, nullable=False),
)

targets = Table(
    "targets",
    metadata,
    Column("id", Text, primary_key=True),
    Column("request_id", ForeignKey("requests.id"), nullable=False, index=True),
    Column("position", Integer, nullable=False),  # in the plan, from 0
    Column("directory", BYTEWISE, nullable=False),  # in the order of the digest, by the index below
    Column("account_id", BYTEWISE, nullable=False),
    Column("slack_user", Text, index=True),  # whom a DM would reach
    Column("asked_at", Moment, nullable=False),  # the request's
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("attempts", Integer, nullable=False),
    Column("marker", Text),
    Column("sealed_at", Moment),
    Column("started_at", Moment),
    Column("set_at", Moment),
    Column("expires_at", Moment),
    Column("collected_at", Moment),
    Column("signed_in_at", Moment),
    # Of a bulk alone: the row is the plan, signed.
    Column("login", Prose),
    Column("name", Prose),
    Column("tier", Text),
    Column("address", Prose),
    Column("recovery_address", Prose),
    Column("channels", Text),  # by blanks
    Column("source", Prose),  # as it was named: a row of a file, a group
    Column("facts", Json),  # of an exclusion's sentence
    Column("chunk_id", Text),
    Column("mac", Text),
    Column("ended_at", Moment),  # when the directory's part was over, well or ill
    Index(None, "directory", "account_id", "asked_at"),
    Index(None, "state", "expires_at"),
    Index(None, "request_id", "state", "reason"),
    Index(None, "request_id", "ended_at"),
    Index(None, "chunk_id", "state"),
    Index("ux_targets_account", "request_id", "directory", "account_id", unique=True),
)
# Nobody's password is written by two at once. The second waits for the first.
Index(
    "ux_targets_started",
    targets.c.directory,
    targets.c.account_id,
    unique=True,
    sqlite_where=text("state = 'started'"),
    postgresql_where=text("state = 'started'"),
)

chunks = Table(
    "chunks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("request_id", ForeignKey("requests.id"), nullable=False),
    Column("number", Integer, nullable=False),  # in the plan, from 0
    Column("directory", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("canary", Integer, nullable=False),  # 1: the first wave
    Column("round", Integer, nullable=False),  # how often it was put on its way; 0 for never, below 0: opened again
    Column("finished_at", Moment),  # all its targets have an outcome
    Column("told_at", Moment),  # all its notices are said or given up
    Index("ux_chunks_number", "request_id", "number", unique=True),
    Index(None, "finished_at"),
)

workers = Table(
    "workers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("beat_at", Moment, nullable=False),
)

steps = Table(
    "steps",
    metadata,
    Column("target_id", ForeignKey("targets.id"), primary_key=True),
    Column("step", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("number", Integer),
    Column("changed_at", Moment, nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("request_id", Text),
    Column("target_id", Text),
    Column("facts", Json, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("finished_at", Moment, index=True),
)

pickups = Table(
    "pickups",
    metadata,
    Column("target_id", Text, primary_key=True),
    Column("mac", LargeBinary),  # of the code; NULL where none is asked for, or once it is burned
    Column("tries_left", Integer, nullable=False),
    Column("changed_at", Moment, nullable=False),
)

seals = Table(
    "seals",
    metadata,
    Column("purpose", Text, primary_key=True),
    Column("row_id", Text, primary_key=True),
    Column("blob", LargeBinary),  # NULL once wiped
    Column("sealed_at", Moment, nullable=False),
    Column("wiped_at", Moment),
)

forms = Table(
    "forms",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("slack_user", Text, nullable=False),
    Column("actor_id", Text),
    Column("state", Json, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
    Column("used_at", Moment),
)

lookups = Table(
    "lookups",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("actor_id", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Index(None, "actor_id", "at"),
)

notices = Table(
    "notices",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("request_id", Text, index=True),
    Column("target_id", Text, index=True),
    Column("chunk_id", Text),  # whose works says it; NULL: a work of its own
    Column("facts", Json, nullable=False),
    Column("state", Text, nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
    Column("trying_at", Moment),  # when the try that is under way began; NULL: none is
    Column("created_at", Moment, nullable=False),
    Column("said_at", Moment),
    Column("place", Text),
    Column("stamp", Text),
    Index(None, "chunk_id", "state"),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("request_id", Text, nullable=False),  # out of the body, to find it by
    Column("deed", Text, nullable=False),  # the same
    Column("body", Text, nullable=False),  # RFC 8785 JSON, byte for byte what was signed
    Column("key_id", Text, nullable=False),
    Column("mac", Text, nullable=False),
    Index(None, "request_id", "deed"),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # always 1
    Column("seq", BigInteger, nullable=False),
    Column("mac", Text, nullable=False),
)
