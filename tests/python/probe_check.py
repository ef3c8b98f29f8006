"""What the probe must find in a Python process, and the healthy twins it must not accuse.

Run with the folder of `steadfast_probe` as the argument, by a Python that has aiohttp and httpx; with `uvloop` as the
second argument on uvloop's loops. Prints `ok` and the name of each check; the first failure ends it.
"""

import asyncio
import http.server
import os
import sys
import threading

sys.path.insert(0, sys.argv[1])
import steadfast_probe  # noqa: E402

PROBE = steadfast_probe.install()

import aiohttp  # noqa: E402
import httpx  # noqa: E402

if sys.argv[2:] == ["uvloop"]:
    import uvloop

    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())


class Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"hi")

    def log_message(self, *_):
        pass


SERVER = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
threading.Thread(target=SERVER.serve_forever, daemon=True).start()
URL = "http://127.0.0.1:%d/" % SERVER.server_address[1]


class Client:
    """A client in a singleton: its session belongs to whichever loop ran first."""

    def __init__(self, renews=False):
        self._session = None
        self._renews = renews

    async def text(self):
        if self._renews and self._session is not None:
            await self._session.close()
            self._session = None
        if self._session is None:
            self._session = aiohttp.ClientSession()
        async with self._session.get(URL) as response:
            return await response.text()


def case(name, coroutine=None):
    PROBE.begin_case(name)
    if coroutine is not None:
        asyncio.run(coroutine)
    return PROBE.end_case()


def a_session_of_a_dead_loop_is_named_once_with_its_place_and_its_holder():
    global CLIENT
    CLIENT = Client()
    found = case("first", CLIENT.text())
    (bound,) = found["loop_bound"]
    assert bound["type"] == "aiohttp.client.ClientSession", bound
    assert bound["case"] == "first", bound
    assert "probe_check.py:" in bound["created"][0] and bound["created"][0].endswith("in text"), bound
    assert bound["held_by"] == "__main__: CLIENT -> Client._session", bound
    assert bound["loop"].endswith("(closed)"), bound
    assert case("second")["loop_bound"] == []


def a_client_that_names_no_loop_is_bound_by_its_connections():
    global HTTPX
    HTTPX = httpx.AsyncClient()

    async def use():
        await HTTPX.get(URL)

    bound = case("httpx", use())["loop_bound"]
    assert bound and bound[0]["held_by"] == "__main__: HTTPX", bound


def a_session_that_is_closed_before_its_loop_is_healthy():
    async def use():
        async with aiohttp.ClientSession() as session:
            async with session.get(URL) as response:
                await response.text()
        async with httpx.AsyncClient() as client:
            await client.get(URL)

    found = case("closed", use())
    assert found["loop_bound"] == [] and found["new"] == [], found


def a_session_on_a_loop_that_lives_on_is_healthy():
    loop = asyncio.new_event_loop()
    client = Client()
    for name in ("pool 1", "pool 2", "pool 3"):
        PROBE.begin_case(name)
        loop.run_until_complete(client.text())
        found = PROBE.end_case()
        assert found["loop_bound"] == [], found
    loop.run_until_complete(client._session.close())
    loop.close()
    assert case("after")["loop_bound"] == []


def a_session_that_nobody_holds_any_more_is_not_bound():
    async def use():
        await Client().text()

    assert case("forgotten", use())["loop_bound"] == []


def tasks_that_were_pending_when_their_loop_ended_are_told():
    loop = asyncio.new_event_loop()

    async def waits_for_ever():
        await asyncio.get_running_loop().create_future()

    async def spawns():
        return asyncio.ensure_future(waits_for_ever())

    PROBE.begin_case("pending")
    task = loop.run_until_complete(spawns())
    loop.close()
    (pending,) = PROBE.end_case()["pending_tasks"]
    assert pending["coroutine"].endswith("waits_for_ever"), pending
    task._log_destroy_pending = False


def a_coroutine_that_is_never_awaited_is_told():
    async def forgotten():
        pass

    PROBE.begin_case("never awaited")
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        forgotten()
    (told,) = PROBE.end_case()["never_awaited"]
    assert told["coroutine"].endswith("forgotten"), told


def objects_whose_attributes_raise_harm_nobody():
    class Nasty:
        def __getattribute__(self, name):
            raise RuntimeError("touched: " + name)

    global NASTY, KEPT
    NASTY = [Nasty() for _ in range(3)]
    KEPT = Client()
    sys.modules["nasty"] = NASTY[0]
    try:
        assert case("nasty", KEPT.text())["loop_bound"], "still found"
    finally:
        del sys.modules["nasty"]


def a_fork_keeps_its_own_ledger():
    child = os.fork()
    if child == 0:
        code = 1
        try:
            global FORKED
            FORKED = Client()
            code = 0 if len(case("in the child", FORKED.text())["loop_bound"]) == 1 else 2
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert status == 0, status
    assert case("in the parent")["loop_bound"] == []


def threads_that_stay_are_told_with_their_place():
    known = set(threading.enumerate())
    end = threading.Event()
    PROBE.begin_case("threads")
    thread = threading.Thread(target=end.wait, name="stays", daemon=True)
    thread.start()
    (left,) = steadfast_probe.threads_left(PROBE, known)
    end.set()
    thread.join()
    PROBE.end_case()
    assert left["type"] == "stays" and left["case"] == "threads" and "probe_check.py:" in left["created"][0], left


for check in [value for name, value in list(globals().items()) if callable(value) and "_" in name]:
    check()
    print("ok", check.__name__)
