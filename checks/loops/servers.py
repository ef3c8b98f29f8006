"""What the clients of `checks/libraries` speak with: small servers on loopback, each on a port of its own.

Prints the ports as one line of JSON, and serves until its standard input ends.
"""

import asyncio
import json
import sys

import grpc
from aiohttp import web


async def answer(request):
    headers = {"X-Elastic-Product": "Elasticsearch"}
    body = {"name": "node", "version": {"number": "9.0.0", "build_flavor": "default"}, "tagline": "You Know, for Search"}
    return web.json_response(body, headers=headers)


async def talk(request):
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        await socket.send_str(message.data)
    return socket


async def echo(reader, writer):
    try:
        while read := await reader.read(1 << 12):
            writer.write(read)
            await writer.drain()
    except ConnectionError:
        # What its loop left behind is reset.
        pass
    writer.close()


async def nats(reader, writer):
    """As much of the protocol as a client needs that connects and flushes."""
    info = {"server_id": "S", "version": "2.10.0", "proto": 1, "headers": True, "max_payload": 1 << 20}
    writer.write(b"INFO %s\r\n" % json.dumps(info).encode())
    while True:
        line = await reader.readline()
        if not line:
            break
        if line.startswith(b"PING"):
            writer.write(b"PONG\r\n")
        elif line.startswith(b"PUB"):
            await reader.readexactly(int(line.split()[-1]) + 2)
        await writer.drain()
    writer.close()


async def serve():
    app = web.Application()
    app.router.add_get("/talk", talk)
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    ports = {"http": site._server.sockets[0].getsockname()[1]}
    kept = [await asyncio.start_server(each, "127.0.0.1", 0) for each in (echo, nats)]
    for name, server in zip(("echo", "nats"), kept):
        ports[name] = server.sockets[0].getsockname()[1]
    remote = grpc.aio.server()
    handler = grpc.unary_unary_rpc_method_handler(same)
    remote.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("shop.Shop", {"Echo": handler}),))
    ports["grpc"] = remote.add_insecure_port("127.0.0.1:0")
    await remote.start()
    print(json.dumps(ports), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


async def same(request, context):
    return request


asyncio.run(serve())
