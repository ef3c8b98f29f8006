"""The clients of `checks/libraries`: how each is installed, made, used and closed.

`make` and `use` are bodies of coroutines; `make` returns the client, `use` has it as `client`. A client whose server can't
be had is used up to the failure to connect, which `use` expects: what it says on another event loop is the library's own.
"""

from collections import namedtuple

Library = namedtuple("Library", "packages imports make use close")

LIBRARIES = {
    "aiohttp": Library(
        ["aiohttp"],
        "import aiohttp",
        "return aiohttp.ClientSession()",
        "async with client.get('http://127.0.0.1:%(http)d/') as answer: await answer.read()",
        "await client.close()",
    ),
    "httpx": Library(
        ["httpx"],
        "import httpx",
        "return httpx.AsyncClient()",
        "await client.get('http://127.0.0.1:%(http)d/')",
        "await client.aclose()",
    ),
    "redis": Library(
        ["redis"],
        "import redis.asyncio",
        "return redis.asyncio.Redis(port=%(redis)d)",
        "await client.ping()",
        "await client.aclose()",
    ),
    "asyncpg": Library(
        ["asyncpg"],
        "import asyncpg",
        "return await asyncpg.create_pool('%(postgres)s', min_size=1, max_size=1)",
        "await client.fetchval('SELECT 1')",
        "await client.close()",
    ),
    "psycopg": Library(
        ["psycopg[binary]"],
        "import psycopg",
        "return await psycopg.AsyncConnection.connect('%(postgres)s')",
        "await client.execute('SELECT 1')",
        "await client.close()",
    ),
    "sqlalchemy": Library(
        ["sqlalchemy", "greenlet", "asyncpg"],
        "from sqlalchemy import text\nfrom sqlalchemy.ext.asyncio import create_async_engine",
        "return create_async_engine('%(postgres)s'.replace('postgresql', 'postgresql+asyncpg'))",
        "async with client.connect() as connection: await connection.execute(text('SELECT 1'))",
        "await client.dispose()",
    ),
    "aiosqlite": Library(
        ["aiosqlite"],
        "import aiosqlite",
        # Else its thread would keep a process that forgets to close it.
        "client = aiosqlite.connect(':memory:')\nclient._thread.daemon = True\nreturn await client",
        "await client.execute('SELECT 1')",
        "await client.close()",
    ),
    "databases": Library(
        ["databases", "asyncpg"],
        "import databases",
        "client = databases.Database('%(postgres)s', min_size=1)\nawait client.connect()\nreturn client",
        "await client.fetch_val('SELECT 1')",
        "await client.disconnect()",
    ),
    "motor": Library(
        ["motor"],
        "import motor.motor_asyncio, pymongo.errors",
        "return motor.motor_asyncio.AsyncIOMotorClient('mongodb://127.0.0.1:9', serverSelectionTimeoutMS=50)",
        "try: await client.admin.command('ping')\nexcept pymongo.errors.ServerSelectionTimeoutError: pass",
        "client.close()",
    ),
    "pymongo": Library(
        ["pymongo"],
        "import pymongo, pymongo.errors",
        "return pymongo.AsyncMongoClient('mongodb://127.0.0.1:9', serverSelectionTimeoutMS=50)",
        "try: await client.admin.command('ping')\nexcept pymongo.errors.ServerSelectionTimeoutError: pass",
        "await client.close()",
    ),
    "grpc": Library(
        ["grpcio"],
        "import grpc.aio",
        "return grpc.aio.insecure_channel('127.0.0.1:%(grpc)d')",
        "assert await client.unary_unary('/shop.Shop/Echo')(b'x') == b'x'",
        "await client.close()",
    ),
    "anyio": Library(
        ["anyio"],
        "import anyio",
        "return await anyio.connect_tcp('127.0.0.1', %(echo)d)",
        "await client.send(b'x')\nassert await client.receive() == b'x'",
        "await client.aclose()",
    ),
    "aiokafka": Library(
        ["aiokafka"],
        "import aiokafka, aiokafka.errors",
        "return aiokafka.AIOKafkaProducer(bootstrap_servers='127.0.0.1:9')",
        "try: await client.start()\nexcept aiokafka.errors.KafkaConnectionError: pass",
        "await client.stop()",
    ),
    "websockets": Library(
        ["websockets"],
        "import websockets",
        "return await websockets.connect('ws://127.0.0.1:%(http)d/talk')",
        "await client.send('x')\nassert await client.recv() == 'x'",
        "await client.close()",
    ),
    "aio-pika": Library(
        ["aio-pika"],
        "import aio_pika",
        "return aio_pika.RobustConnection('amqp://127.0.0.1:9/', loop=asyncio.get_running_loop())",
        "try: await client.connect(timeout=0.2)\nexcept (ConnectionError, asyncio.TimeoutError): pass",
        "await client.close()",
    ),
    "aiomysql": Library(
        ["aiomysql"],
        "import aiomysql",
        "return await aiomysql.create_pool(minsize=0, host='127.0.0.1', port=9)",
        "try: await client.acquire()\nexcept aiomysql.OperationalError: pass",
        "client.close()\nawait client.wait_closed()",
    ),
    "asyncmy": Library(
        ["asyncmy"],
        "import asyncmy, asyncmy.errors",
        "return await asyncmy.create_pool(minsize=0, host='127.0.0.1', port=9)",
        "try: await client.acquire()\nexcept asyncmy.errors.OperationalError: pass",
        "client.close()\nawait client.wait_closed()",
    ),
    "nats": Library(
        ["nats-py"],
        "import nats",
        "return await nats.connect('nats://127.0.0.1:%(nats)d', allow_reconnect=False)",
        "await client.flush(timeout=2)",
        "await client.close()",
    ),
    "elasticsearch": Library(
        ["elasticsearch[async]"],
        "import elasticsearch",
        "return elasticsearch.AsyncElasticsearch('http://127.0.0.1:%(http)d')",
        "await client.info()",
        "await client.close()",
    ),
}

# Nothing of a library: what a module may keep of asyncio's own.
OWN = {
    "Lock": Library([], "", "return asyncio.Lock()", "await asyncio.gather(held(client), held(client))", "pass"),
    "Semaphore": Library([], "", "return asyncio.Semaphore(1)", "await asyncio.gather(held(client), held(client))", "pass"),
    "Queue": Library([], "", "return asyncio.Queue()", "task = asyncio.ensure_future(client.get())\nawait asyncio.sleep(0)\nclient.put_nowait(1)\nawait task", "pass"),
    "Event": Library([], "", "return asyncio.Event()", "client.clear()\nasyncio.get_running_loop().call_soon(client.set)\nawait client.wait()", "pass"),
    "Future": Library([], "", "return asyncio.get_running_loop().create_future()", "try: await asyncio.wait_for(asyncio.shield(client), 0.01)\nexcept asyncio.TimeoutError: pass", "client.cancel()"),
    "Task": Library([], "", "return asyncio.ensure_future(asyncio.sleep(60))", "try: await asyncio.wait_for(asyncio.shield(client), 0.01)\nexcept asyncio.TimeoutError: pass", "client.cancel()"),
    "Actor": Library([], "", "return Actor()", "assert await asyncio.wait_for(client.ask(1), 0.3) == 1", "client.task.cancel()"),
}

HELPERS = '''
async def held(lock):
    async with lock:
        await asyncio.sleep(0)


class Actor:
    """Answers from a task of its own."""

    def __init__(self):
        self.inbox = asyncio.Queue()
        self.task = asyncio.ensure_future(self.run())

    async def run(self):
        while True:
            value, answer = await self.inbox.get()
            answer.set_result(value)

    async def ask(self, value):
        answer = asyncio.get_running_loop().create_future()
        await self.inbox.put((value, answer))
        return await answer
'''
