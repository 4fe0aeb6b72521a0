"""A wire that makes a server slow: what it answers arrives later by so many seconds, byte for byte the same."""

from __future__ import annotations

import asyncio
import contextlib


class LateWire:
    """Stands on a free port of 127.0.0.1 before a server. `seconds` may change at any time."""

    def __init__(self, port):
        self._to = port
        self.seconds = 0.0
        self.port = 0
        self._tasks = set()

    async def start(self):
        self._server = await asyncio.start_server(self._came, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self):
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks)

    async def _came(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_carry(reader, far_writer, lambda: 0.0))
                group.create_task(_carry(far_reader, writer, lambda: self.seconds))
        except asyncio.CancelledError:
            pass  # by `stop`; asyncio's own callback cannot bear a cancelled task
        finally:
            writer.transport.abort()
            far_writer.transport.abort()


async def _carry(reader, writer, wait):
    """Carry bytes one way; each arrives when its own time has passed, in the order in which they came."""
    loop, waiting = asyncio.get_running_loop(), asyncio.Queue()

    async def deliver():
        with contextlib.suppress(OSError):
            while (item := await waiting.get()) is not None:
                due, data = item
                if (left := due - loop.time()) > 0:
                    await asyncio.sleep(left)
                writer.write(data)
                await writer.drain()
        writer.close()

    async with asyncio.TaskGroup() as group:
        group.create_task(deliver())
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                waiting.put_nowait((loop.time() + wait(), data))
        waiting.put_nowait(None)
