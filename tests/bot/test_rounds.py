"""What is done by the clock is done by one worker only."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from types import SimpleNamespace

from bot.rounds import Rounds


async def test_only_the_worker_that_leads_goes_its_rounds(monkeypatch):
    """A worker that does not lead does nothing; when it comes to lead, it begins without waiting for a whole pause."""
    monkeypatch.setattr("bot.rounds.LOOK_SECONDS", 0.001)
    worker = SimpleNamespace(leads=False)
    done = asyncio.Event()

    async def deed():
        done.set()

    going = asyncio.create_task(Rounds(None, None, worker, {})._for_ever("a round", timedelta(hours=1), deed))
    await asyncio.sleep(0.05)  # it would have been done many times over
    assert not done.is_set()
    worker.leads = True
    async with asyncio.timeout(5):
        await done.wait()
    going.cancel()
