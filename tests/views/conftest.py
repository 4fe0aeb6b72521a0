from __future__ import annotations

from tests.support.specs import slack_specs

__all__ = ["slack_specs"]
