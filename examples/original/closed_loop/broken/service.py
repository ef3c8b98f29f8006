"""A tutor's client for its model: one connection for the whole process."""

import asyncio


class Session:
    """A connection that is opened once and kept."""

    def __init__(self):
        self.reader = self.writer = None

    async def ask(self, port, text):
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", port)
        self.writer.write(text.encode() + b"\n")
        await self.writer.drain()
        return (await self.reader.readline()).decode().strip()


session = Session()


async def answer(port, language, text):
    return await session.ask(port, f"{language}: {text}")
