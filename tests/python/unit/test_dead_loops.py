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
