"""What is begun ends before a cancellation goes on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

if TYPE_CHECKING:
    from collections.abc import Awaitable

Answer = TypeVar("Answer")


async def uncut(doing: Awaitable[Answer]) -> Answer:
    """Do something to its end even when the task is cancelled meanwhile; the cancellation is raised after it."""
    task = asyncio.ensure_future(doing)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        task.cancelled() or task.exception()  # read, so that it is not reported as lost
        raise


class UncutConnection(AsyncConnection):
    """A connection that a cancellation never cuts off in mid-statement: what has ended is simply rolled back."""

    async def execute(self, *args: Any, **kwargs: Any) -> Any:
        """Execute a statement, uncut."""
        return await uncut(super().execute(*args, **kwargs))

    async def exec_driver_sql(self, *args: Any, **kwargs: Any) -> Any:
        """Execute a driver's statement, uncut."""
        return await uncut(super().exec_driver_sql(*args, **kwargs))

    async def run_sync(self, *args: Any, **kwargs: Any) -> Any:
        """Run a function on the synchronous connection, uncut."""
        return await uncut(super().run_sync(*args, **kwargs))

    async def run_in_thread(self, *args: Any, **kwargs: Any) -> Any:
        """Run a function that takes long: the same here, since each of its statements lets others go on."""
        return await self.run_sync(*args, **kwargs)
