"""A mail server that takes every mail at once and keeps none: `python -m bench.postbox PORT`."""

from __future__ import annotations

import asyncio
import sys

ANSWERS = {b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}


async def _came(reader, writer):
    writer.write(b"220 bench\r\n")
    word = b""
    while word != b"QUIT" and (line := await reader.readline()):
        word = line[:4].upper().strip()
        writer.write(ANSWERS.get(word, b"250 fine\r\n"))
        if word == b"DATA":
            await reader.readuntil(b"\r\n.\r\n")
            writer.write(b"250 kept\r\n")
    writer.close()


async def main():
    server = await asyncio.start_server(_came, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
