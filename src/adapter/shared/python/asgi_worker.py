"""Serves an ASGI application with a new event loop for each case, while its modules and their singletons live on.

That is how a test client treats an application, and what finds a client bound to the first case's loop. Lifespan runs
for each loop, as it would where a loop is the application's whole life. Only the standard library is used.

    python asgi_worker.py MODULE:APPLICATION PORT

`POST /.steadfast/next` with `{"begins": NAME}` ends the loop, begins another and answers with what the probe found in
the case that ended.
"""

import asyncio
import importlib
import json
import os
import socket
import sys
from typing import Any

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import steadfast_probe  # noqa: E402
from steadfast_probe.swallowed import swallowed  # noqa: E402

_NEXT = "/.steadfast/next"
_HEAD_LIMIT = 64 * 1024
_BODY_LIMIT = 16 * 1024 * 1024
_STOP_WITHIN = 5.0


class BadRequest(Exception):
    """A request that HTTP does not know."""


class Exchange:
    """One request and its answer."""

    def __init__(self, method, target, headers, body, writer):
        self.method, self.target, self.headers, self.body, self.writer = method, target, headers, body, writer
        self.is_read = False
        self.status = None
        self.chunked = False
        self.is_done = False
        self.gone = asyncio.Event()

    def scope(self, address):
        path, _, query = self.target.partition("?")
        from urllib.parse import unquote

        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": self.method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode("latin-1"),
            "query_string": query.encode("latin-1"),
            "root_path": "",
            "headers": self.headers,
            "client": address,
            "server": self.writer.get_extra_info("sockname"),
            "state": {},
        }

    async def receive(self):
        if not self.is_read:
            self.is_read = True
            return {"type": "http.request", "body": self.body, "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [(bytes(name), bytes(value)) for name, value in message.get("headers", [])]
            self.chunked = not any(name.lower() == b"content-length" for name, _ in headers)
            self.chunked = self.chunked and self.method != "HEAD" and self.status not in (204, 304)
            if self.chunked:
                headers.append((b"transfer-encoding", b"chunked"))
            lines = [b"HTTP/1.1 %d OK" % self.status] + [name + b": " + value for name, value in headers]
            self.writer.write(b"\r\n".join(lines) + b"\r\n\r\n")
        elif message["type"] == "http.response.body":
            body = message.get("body", b"")
            if self.chunked and body:
                body = b"%x\r\n%s\r\n" % (len(body), body)
            last = not message.get("more_body", False)
            if self.chunked and last:
                body += b"0\r\n\r\n"
            if self.method != "HEAD":
                self.writer.write(body)
            await self.writer.drain()
            if last:
                self.is_done = True
                self.gone.set()


async def read_request(reader):
    """Method, target, headers and body of the next request; nothing where the connection ended."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    except asyncio.LimitOverrunError:
        raise BadRequest("a head without end") from None
    lines = head.decode("latin-1").split("\r\n")
    try:
        method, target, _ = lines[0].split(" ", 2)
        headers = []
        for line in lines[1:]:
            if line:
                name, value = line.split(":", 1)
                headers.append((name.strip().lower().encode("latin-1"), value.strip().encode("latin-1")))
        named = dict(headers)
        if named.get(b"transfer-encoding", b"").lower() == b"chunked":
            body = await read_chunks(reader)
        else:
            length = int(named.get(b"content-length", b"0"))
            if not 0 <= length <= _BODY_LIMIT:
                raise BadRequest("a body of %d bytes" % length)
            body = await reader.readexactly(length)
    except (ValueError, asyncio.IncompleteReadError) as error:
        raise BadRequest(str(error)) from None
    return method, target, headers, body


async def read_chunks(reader):
    body = b""
    while True:
        size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
        if len(body) + size > _BODY_LIMIT:
            raise BadRequest("a body without end")
        body += await reader.readexactly(size)
        await reader.readexactly(2)
        if size == 0:
            return body


class Case:
    """The life of one event loop."""

    def __init__(self, application, probe):
        self.application, self.probe = application, probe
        self.following = None
        self.asked: Any = None
        # What was used and belongs to the closed loop of an earlier case.
        self.bound = []

    async def serve(self, listener):
        self.asked = asyncio.get_running_loop().create_future()
        lifespan = Lifespan(self.application)
        await lifespan.start()
        server = await asyncio.start_server(self.connection, sock=listener, limit=_HEAD_LIMIT)
        try:
            await self.asked
        finally:
            server.close()
        await lifespan.stop()
        return self.following

    async def connection(self, reader, writer):
        try:
            while True:
                request = await read_request(reader)
                if request is None:
                    return
                method, target, headers, body = request
                if target == _NEXT and method == "POST":
                    self.end(writer, body)
                    return
                exchange = Exchange(method, target, headers, body, writer)
                await self.answer(exchange, writer.get_extra_info("peername"))
                if dict(headers).get(b"connection", b"").lower() == b"close" or not exchange.is_done:
                    return
        except BadRequest as error:
            text = str(error).encode()
            writer.write(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(text) + text)
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def answer(self, exchange, address):
        try:
            await self.application(exchange.scope(address), exchange.receive, exchange.send)
        except Exception as error:
            import traceback

            self.look_at(error)

            traceback.print_exc()
            if exchange.status is None:
                text = b"Internal Server Error"
                await exchange.send({"type": "http.response.start", "status": 500, "headers": []})
                await exchange.send({"type": "http.response.body", "body": text})

    def look_at(self, error):
        known = {bound["held_by"] for bound in self.bound}
        try:
            self.bound += [bound for bound in self.probe.at_fault(error) if bound["held_by"] not in known]
        except Exception:
            swallowed("Case.look_at")

    def end(self, writer, body):
        """The connection outlives its loop, to carry the answer."""
        connection = writer.get_extra_info("socket")
        kept = socket.socket(fileno=os.dup(connection.fileno()))
        self.following = (kept, json.loads(body or b"{}").get("begins"))
        if not self.asked.done():
            self.asked.set_result(None)


class Lifespan:
    """Start-up and shut-down of the application, where it knows them."""

    def __init__(self, application):
        self.application = application
        self.inbox = asyncio.Queue()
        self.started = asyncio.Event()
        self.stopped = asyncio.Event()
        self.failure = None
        self.task: Any = None

    async def start(self):
        self.task = asyncio.ensure_future(self.run())
        await self.inbox.put({"type": "lifespan.startup"})
        await self.started.wait()
        if self.failure is not None:
            raise SystemExit("the application did not start: %s" % self.failure)

    async def run(self):
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
        try:
            await self.application(scope, self.inbox.get, self.send)
        except Exception:
            # An application that does not know lifespan raises: that is how it says so.
            pass
        finally:
            self.started.set()
            self.stopped.set()

    async def send(self, message):
        if message["type"] == "lifespan.startup.failed":
            self.failure = message.get("message", "no reason given")
        (self.started if message["type"].startswith("lifespan.startup") else self.stopped).set()

    async def stop(self):
        await self.inbox.put({"type": "lifespan.shutdown"})
        try:
            await asyncio.wait_for(self.stopped.wait(), _STOP_WITHIN)
        except asyncio.TimeoutError:
            pass
        self.task.cancel()


def load(name):
    module, _, attribute = name.partition(":")
    found = importlib.import_module(module)
    for part in (attribute or "app").split("."):
        found = getattr(found, part)
    return found


def reply(connection, value):
    body = json.dumps(value).encode()
    head = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    connection.setblocking(True)
    try:
        connection.sendall(head % len(body) + body)
    except OSError:
        pass
    finally:
        connection.close()


def main():
    name, port = sys.argv[1], int(sys.argv[2])
    probe = steadfast_probe.install()
    sys.path.insert(0, os.getcwd())
    application = load(name)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(128)
    case = None
    while True:
        probe.begin_case(case)
        # The server of a loop closes its socket with it: each loop has a copy.
        current = Case(application, probe)
        following = asyncio.run(current.serve(listener.dup()))
        found = probe.end_case()
        found["loop_bound"] += current.bound
        if following is None:
            return
        connection, case = following
        reply(connection, found)


main()
