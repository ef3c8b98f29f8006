"""What keeps a closed event loop, whatever it is, and what of it harms its next user."""

import pytest
from kit import Served

SHOP = """
import asyncio

LOCK = asyncio.Lock()
QUEUE = asyncio.Queue()
EVENT = asyncio.Event()
SEMAPHORE = asyncio.Semaphore(1)
FUTURES = []
DONE = []

class Actor:
    task = None

    async def run(self):
        while True:
            answer, number = await self.inbox.get()
            answer.set_result(number + 1)

    async def ask(self, number):
        if self.task is None:
            self.inbox = asyncio.Queue()
            self.task = asyncio.ensure_future(self.run())
        answer = asyncio.get_running_loop().create_future()
        await self.inbox.put((answer, number))
        return await asyncio.wait_for(answer, 1)

class Pool:
    loop = None

    async def use(self):
        if self.loop is not asyncio.get_running_loop():
            self.loop, self.lock = asyncio.get_running_loop(), asyncio.Lock()
        await twice(self.lock)

ACTOR = Actor()
POOL = Pool()

async def twice(lock):
    async def use():
        async with lock:
            await asyncio.sleep(0)
    await asyncio.gather(use(), use())
"""

TESTS = """
import asyncio
import shop

def run(coroutine):
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(coroutine)
    finally:
        loop.close()

async def waits(queue):
    task = asyncio.ensure_future(queue.get())
    await asyncio.sleep(0)
    await queue.put(1)
    assert await task == 1

async def event():
    shop.EVENT.clear()
    task = asyncio.ensure_future(shop.EVENT.wait())
    await asyncio.sleep(0)
    shop.EVENT.set()
    await task

async def future():
    if not shop.FUTURES:
        shop.FUTURES.append(asyncio.get_running_loop().create_future())
        return
    shop.FUTURES[0].cancel()
    await shop.FUTURES[0]

async def task():
    async def nothing():
        pass
    shop.DONE.append(asyncio.ensure_future(nothing()))
    await shop.DONE[-1]

async def asks():
    assert await shop.ACTOR.ask(1) == 2

async def fresh():
    await shop.twice(asyncio.Lock())

def test_lock(): run(shop.twice(shop.LOCK))
def test_queue(): run(waits(shop.QUEUE))
def test_event(): run(event())
def test_semaphore(): run(shop.twice(shop.SEMAPHORE))
def test_actor(): run(asks())
def test_pool_that_is_made_anew(): run(shop.POOL.use())
def test_lock_of_its_own(): run(fresh())
def test_task_that_is_done(): run(task())
def test_loop_that_lives_on():
    if not hasattr(shop, "loop"):
        shop.loop = asyncio.new_event_loop()
    shop.loop.run_until_complete(shop.twice(shop.LOCK))
"""

# What harms, by the number of the test: type and holder.
HARMFUL = {
    0: ("asyncio.locks.Lock", "shop.LOCK._loop -> closed loop"),
    1: ("asyncio.queues.Queue", "shop.QUEUE._loop -> closed loop"),
    2: ("asyncio.locks.Event", "shop.EVENT._loop -> closed loop"),
    3: ("asyncio.locks.Semaphore", "shop.SEMAPHORE._loop -> closed loop"),
    4: ("asyncio.queues.Queue", "shop.ACTOR.inbox._loop -> closed loop"),
}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with Served(tmp_path_factory.mktemp("loops"), {"shop.py": SHOP, "test_loops.py": TESTS}) as served:
        yield served


def is_bound_when_made(served):
    """Whether this Python binds locks and queues to the loop of whoever makes them, not of whoever uses them first."""
    return tuple(map(int, served.collected["python"].split(".")[:2])) < (3, 10)


@pytest.mark.parametrize("number", range(9))
def test_what_makes_its_second_use_fail_is_bound_and_nothing_else_is(served, number):
    if is_bound_when_made(served) and number in (0, 1, 2, 3, 8):
        pytest.skip("the first use fails already")
    (told,) = served.finished([number], marks=True)
    assert told["outcome"] == "passed", told
    bound = [(one["type"], one["held_by"], one["reuse"]) for one in told.get("loop_bound", [])]
    expected = HARMFUL.get(number)
    assert bound == ([expected + ("fails",)] if expected else []), told
    if number == 0:
        assert told["loop_bound"][0]["created"][0].endswith("shop.py:4 in shop.LOCK"), told
    if number == 5:
        assert "a second use of it passes" in told["notes"][0], told


KEPT = """
import asyncio
from types import SimpleNamespace

LOCK = asyncio.Lock()
WITHIN = SimpleNamespace(pool=SimpleNamespace(idle=[]))
RATES = {"EUR": 1}

class Keeper:
    lock = None

    def get(self):
        if self.lock is None:
            self.lock = asyncio.Lock()
        return self.lock

async def twice(lock):
    async def use():
        async with lock:
            await asyncio.sleep(0)
    await asyncio.gather(use(), use())

async def within():
    if not WITHIN.pool.idle:
        WITHIN.pool.idle.append(SimpleNamespace(lock=asyncio.Lock()))
    await twice(WITHIN.pool.idle[0].lock)
"""

USERS = """
import asyncio, pytest, shop

@pytest.fixture(scope="session")
def keeper():
    return shop.Keeper()

def test_lock(): asyncio.run(shop.twice(shop.LOCK))
def test_lock_again(): asyncio.run(shop.twice(shop.LOCK))
def test_fixture(keeper): asyncio.run(shop.twice(keeper.get()))
def test_fixture_again(keeper): asyncio.run(shop.twice(keeper.get()))
def test_within(): asyncio.run(shop.within())
def test_within_again(): asyncio.run(shop.within())
def test_other():
    asyncio.run(shop.twice(shop.LOCK))
    shop.RATES["EUR"] = 2
def test_rate(): assert shop.RATES["EUR"] == 1
"""

# What decides, by the number of the first test of a pair: kind, name and chain.
DECIDES = {
    0: ("loop_bound", "shop.LOCK._loop", "shop.LOCK._loop -> closed loop"),
    2: ("loop_bound", "fixture keeper (session)", "fixture keeper (session).lock._loop -> closed loop"),
    4: ("loop_bound", "shop.WITHIN.pool.idle[0]", "shop.WITHIN.pool.idle[0].lock._loop -> closed loop"),
    6: ("variable", 'shop.RATES["EUR"]', None),
}


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    with Served(tmp_path_factory.mktemp("kept"), {"shop.py": KEPT, "test_kept.py": USERS}) as served:
        yield served


@pytest.mark.parametrize("number", sorted(DECIDES))
def test_what_is_bound_and_makes_the_next_test_fail_decides_and_says_who_keeps_it(kept, number):
    if is_bound_when_made(kept):
        pytest.skip("the first use fails already")
    first, second = kept.finished([number, number + 1], watch=0)
    assert second["outcome"] == "failed", second
    deciding = [mark for mark in first["marks"] if mark.get("decides")]
    assert [(mark["kind"], mark["name"], mark.get("chain")) for mark in deciding] == [DECIDES[number]], first
    assert all(mark.get("read_at") for mark in deciding), first


THREADED = """
import asyncio, queue, threading

JOBS = queue.Queue()
WORKERS = []

def work():
    while True:
        value, answers = JOBS.get()
        answers.put(value)

class Channel:
    def __init__(self):
        # A fork has neither this thread nor another one in its place.
        if not WORKERS:
            WORKERS.append(threading.Thread(target=work, daemon=True))
            WORKERS[0].start()
        self.loop = asyncio.get_running_loop()

    def ask(self, value):
        self.loop._check_closed()
        answers = queue.Queue()
        JOBS.put((value, answers))
        return answers.get()

class Stub:
    channel = None

    def get(self):
        if self.channel is None:
            self.channel = Channel()
        return self.channel

class Renewing(Stub):
    def get(self):
        if self.channel is None or self.channel.loop.is_closed():
            self.channel = Channel()
        return self.channel

STUB, RENEWING, OTHER = Stub(), Renewing(), Stub()
"""

THREADED_TESTS = """
import asyncio, shop

async def ask(stub, value):
    assert stub.get().ask(value) == value

async def both(value):
    await ask(shop.OTHER, value)
    await ask(shop.STUB, value)

def test_one(): asyncio.run(ask(shop.STUB, 1))
def test_two(): asyncio.run(ask(shop.STUB, 2))
def test_anew(): asyncio.run(ask(shop.RENEWING, 1))
def test_anew_again(): asyncio.run(ask(shop.RENEWING, 2))
def test_both(): asyncio.run(both(1))
def test_two_of_them(): asyncio.run(ask(shop.STUB, 2))
"""


@pytest.fixture(scope="module")
def threaded(tmp_path_factory):
    with Served(tmp_path_factory.mktemp("threaded"), {"shop.py": THREADED, "test_shop.py": THREADED_TESTS}) as served:
        yield served


@pytest.mark.parametrize("first", [0, 4])
def test_what_no_fork_can_try_is_named_as_it_is_seen_where_the_next_test_fails(threaded, first):
    # The worker's thread is there when the round is watched, and in none of its tries.
    told, second = threaded.finished([first, first + 1], watch=0, deadline=8.0)
    assert second["message"] == "RuntimeError: Event loop is closed", second
    (bound,) = [mark for mark in told["marks"] if mark["kind"] == "loop_bound"]
    assert bound["name"] == "shop.STUB.channel", told
    assert bound["chain"] == "shop.STUB.channel.loop -> closed loop" and "shop.py:" in bound["after"], told
    assert "decides" not in bound and bound["read_at"], told


def test_what_no_fork_can_try_is_a_note_of_its_test(threaded):
    for number in (0, 2):
        (told,) = threaded.finished([number], marks=True, deadline=4.0)
        assert told["outcome"] == "passed" and "loop_bound" not in told, told
        assert "could not be tried" in told["notes"][0] and "made at shop.py:" in told["notes"][0], told
    first, second = threaded.finished([2, 3], watch=0, deadline=4.0)
    assert second["outcome"] == "passed", second
    assert [mark for mark in first["marks"] if mark["kind"] == "loop_bound"] == [], first


STREAMS = """
import asyncio, socket

KEPT = []
OTHERS = []

async def connect(kept):
    ours, theirs = socket.socketpair()
    OTHERS.append(theirs)
    kept.append((await asyncio.open_connection(sock=ours))[1])
"""

STREAM_TESTS = """
import asyncio, shop

async def asks():
    if not shop.KEPT:
        await shop.connect(shop.KEPT)
    assert shop.KEPT[0].get_extra_info("socket") is not None

async def passes_by():
    if not shop.KEPT:
        await shop.connect(shop.KEPT)

async def grows():
    await shop.connect(shop.KEPT)
    assert shop.KEPT[0].get_extra_info("socket") is not None

def test_asks(): asyncio.run(asks())
def test_passes_by(): asyncio.run(passes_by())
def test_grows(): asyncio.run(grows())
"""


def test_what_is_bound_is_harmless_only_if_a_second_use_runs_its_code_passes_and_leaves_no_more(tmp_path):
    with Served(tmp_path, {"shop.py": STREAMS, "test_streams.py": STREAM_TESTS}) as served:
        for number, reuse in enumerate(["passes", None, None]):
            (told,) = served.finished([number], marks=True)
            assert told["outcome"] == "passed", told
            assert [bound.get("reuse") for bound in told["loop_bound"]] == [reuse], told
