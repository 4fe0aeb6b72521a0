"""The frozen parts of a request as JSON and back: the actor as it was, and the plan that the digest signs."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from resets.actor import Actor, SlackPerson
from resets.evidence import Evidence, How
from resets.request import Channel, Options, Plan, PlannedTarget, Tier, Why

if TYPE_CHECKING:
    from sqlalchemy import Row

_ROW = ("directory", "account_id", "login", "name", "slack_user", "address", "recovery_address")


def actor_to_json(actor: Actor) -> dict[str, str]:
    """Write an actor."""
    return {
        "id": actor.id,
        "team": actor.slack.team,
        "user": actor.slack.user,
        "directory": actor.directory,
        "account_id": actor.account_id,
        "login": actor.login,
        "name": actor.name,
        "role": actor.role,
    }


def actor_from_json(kept: dict[str, str]) -> Actor:
    """Read an actor."""
    return Actor(
        id=kept["id"],
        slack=SlackPerson(kept["team"], kept["user"]),
        directory=kept["directory"],
        account_id=kept["account_id"],
        login=kept["login"],
        name=kept["name"],
        role=kept["role"],
    )


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """Write a plan; read back, it has the same digest."""
    options = plan.options
    return {
        "team": plan.team,
        "requester_account_id": plan.requester_account_id,
        "requester_directory": plan.requester_directory,
        "targets": [_target_to_json(target) for target in plan.targets],
        "options": {
            "why": options.why.value,
            "ticket": options.ticket,
            "must_change": options.must_change,
            "clear_sessions": options.clear_sessions,
            "unlock": options.unlock,
            "channels": [channel.value for channel in options.channels],
            "evidence": [_evidence_to_json(each) for each in options.evidence],
        },
        "policy_version": plan.policy_version,
        "start": plan.start.isoformat() if plan.start else None,
    }


def plan_from_json(kept: dict[str, Any]) -> Plan:
    """Read a plan."""
    options = kept["options"]
    return Plan(
        team=kept["team"],
        requester_account_id=kept["requester_account_id"],
        requester_directory=kept["requester_directory"],
        targets=tuple(_target_from_json(target) for target in kept["targets"]),
        options=Options(
            why=Why(options["why"]),
            ticket=options["ticket"],
            must_change=options["must_change"],
            clear_sessions=options["clear_sessions"],
            unlock=options["unlock"],
            channels=tuple(Channel(channel) for channel in options["channels"]),
            evidence=tuple(_evidence_from_json(each) for each in options.get("evidence", ())),
        ),
        policy_version=kept["policy_version"],
        start=datetime.fromisoformat(kept["start"]) if kept["start"] else None,
    )


def _evidence_to_json(evidence: Evidence) -> dict[str, Any]:
    by = {"by": actor_to_json(evidence.by)} if evidence.by is not None else {}
    return {"how": evidence.how.value, "ref": evidence.ref, **by}


def _evidence_from_json(kept: dict[str, Any]) -> Evidence:
    by = kept.get("by")
    return Evidence(How(kept["how"]), kept.get("ref", ""), actor_from_json(by) if by is not None else None)


def _target_to_json(target: PlannedTarget) -> dict[str, str | None]:
    return {
        "directory": target.directory,
        "account_id": target.account_id,
        "login": target.login,
        "name": target.name,
        "tier": target.tier.value,
        "slack_user": target.slack_user,
        "address": target.address,
        "recovery_address": target.recovery_address,
    }


def _target_from_json(kept: dict[str, str | None]) -> PlannedTarget:
    return PlannedTarget(
        directory=str(kept["directory"]),
        account_id=str(kept["account_id"]),
        login=str(kept["login"]),
        name=str(kept["name"]),
        tier=Tier(str(kept["tier"])),
        slack_user=kept["slack_user"],
        address=kept["address"],
        recovery_address=kept["recovery_address"],
    )


def planned_from_row(row: Row[Any], prefix: str = "") -> PlannedTarget:
    """Read the plan of one target of a bulk: there, the row is the plan. Whoever acts on it asks for its signature."""
    kept = {name: getattr(row, prefix + name) for name in (*_ROW, "tier", "channels")}
    channels = tuple(Channel(channel) for channel in (kept.pop("channels") or "").split())
    return PlannedTarget(**kept | {"tier": Tier(kept["tier"])}, channels=channels)
