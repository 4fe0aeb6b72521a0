"""The thing to beat: a Slack app that does nothing but acknowledge. `python -m bench.bare PORT`."""

from __future__ import annotations

import sys

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult

from bench.slack import BOT, BOT_TOKEN, BOT_USER, SIGNING, TEAM


async def _authorize(**_):
    return AuthorizeResult(enterprise_id=None, team_id=TEAM, bot_id=BOT, bot_user_id=BOT_USER, bot_token=BOT_TOKEN)


async def _only_ack(ack):
    await ack()


def main():
    app = AsyncApp(authorize=_authorize, signing_secret=SIGNING)
    app.command("/reset-password")(_only_ack)
    app.view_submission("reset_form")(_only_ack)
    app.action("approval_approve")(_only_ack)
    app.view_submission("approval_form")(_only_ack)
    app.server(port=int(sys.argv[1]), host="127.0.0.1").start()


if __name__ == "__main__":
    main()
