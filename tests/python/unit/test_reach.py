"""Parts of the state that are hard to reach: what fixtures hold, private slots, named tuples, what Python and its standard
library keep for themselves, and loops that closures, caches and context variables hold. Each has a healthy twin."""

import sys

import pytest
from kit import Served

SHOP = """
import asyncio, collections, contextvars, functools, random, sys, tempfile

class Settings:
    __slots__ = ("__mode",)
    def __init__(self): self.__mode = "live"
    def change(self, mode): self.__mode = mode
    def mode(self): return self.__mode

SETTINGS = Settings()
Limits = collections.namedtuple("Limits", "most names")
LIMITS = Limits(3, {})
CURRENT = contextvars.ContextVar("current")

def deep(number): return 0 if number == 0 else 1 + deep(number - 1)

def has_fast_json():
    try:
        import fast_json_of_nobody
    except ImportError:
        return False
    return True

async def both(lock):
    async def use():
        async with lock:
            await asyncio.sleep(0)
    await asyncio.gather(use(), use())

def make_door():
    lock = asyncio.Lock()
    async def enter():
        await both(lock)
    return enter

enter = make_door()

@functools.lru_cache(maxsize=None)
def lock(): return asyncio.Lock()

def current():
    if CURRENT.get(None) is None:
        CURRENT.set(asyncio.Lock())
    return CURRENT.get()
"""

CONFTEST = """
import pytest

class Basket:
    def __init__(self): self.items = []

@pytest.fixture(scope="session")
def rates(): return {"de": 19}

@pytest.fixture(scope="module")
def basket(): return Basket()
"""

TESTS = """
import asyncio, gc, random, signal, sys, tempfile, types, unittest
import shop

def test_leaves_rate(rates): rates["de"] = 7
def test_reads_rate(rates): assert rates["de"] == 19

def test_leaves_item(basket): basket.items.append(1)
def test_reads_items(basket): assert basket.items == []

def test_leaves_mode(): shop.SETTINGS.change("test")
def test_reads_mode(): assert shop.SETTINGS.mode() == "live"

def test_leaves_name(): shop.LIMITS.names["x"] = 1
def test_reads_names(): assert shop.LIMITS.names == {}

def test_leaves_stub(): sys.modules["fast_json_of_nobody"] = types.ModuleType("fast_json_of_nobody")
def test_reads_stub(): assert not shop.has_fast_json()

def test_leaves_handler(): signal.signal(signal.SIGUSR2, signal.SIG_IGN)
def test_reads_handler(): assert signal.getsignal(signal.SIGUSR2) == signal.SIG_DFL

def test_leaves_limit(): sys.setrecursionlimit(300)
def test_reads_limit(): assert shop.deep(500) == 500

def test_leaves_threshold(): gc.set_threshold(7)
def test_reads_threshold(): assert gc.get_threshold()[0] > 7

def test_leaves_seed(): random.seed(1)
def test_reads_seed():
    drawn = random.random()
    random.seed(1)
    assert random.random() != drawn

def test_leaves_folder(): tempfile.tempdir = "/nowhere"
def test_reads_folder(): assert tempfile.gettempdir() != "/nowhere"

def test_leaves_argument(): sys.argv.append("--fast")
def test_reads_arguments(): assert "--fast" not in sys.argv

def test_leaves_door(): asyncio.run(shop.enter())
def test_reads_door(): asyncio.run(shop.enter())

def test_leaves_lock(): asyncio.run(shop.both(shop.lock()))
def test_reads_lock(): asyncio.run(shop.both(shop.lock()))

def test_leaves_context(): asyncio.run(shop.both(shop.current()))
def test_reads_context(): asyncio.run(shop.both(shop.current()))

class Shelf(unittest.TestCase):
    @classmethod
    def setUpClass(cls): cls.goods = []
    def test_leaves(self): self.goods.append(1)
    def test_reads(self): self.assertEqual(self.goods, [])

def test_puts_back(rates, basket):
    rates["de"] = 7
    basket.items.append(1)
    shop.SETTINGS.change("test")
    state, before, threshold = random.getstate(), signal.signal(signal.SIGUSR2, signal.SIG_IGN), gc.get_threshold()
    random.seed(1)
    gc.set_threshold(7)
    tempfile.gettempdir()
    random.setstate(state)
    signal.signal(signal.SIGUSR2, before)
    gc.set_threshold(*threshold)
    shop.SETTINGS.change("live")
    basket.items.pop()
    rates["de"] = 19
def test_uses_all(rates, basket): assert rates["de"] == 19 and basket.items == []
"""

# For each pair of tests: the kind of the part that decides, and its name.
DECIDING = [
    ("variable", 'fixture rates["de"]'),
    ("variable", "fixture basket.items"),
    ("variable", "shop.SETTINGS._Settings__mode"),
    ("variable", 'shop.LIMITS.names["x"]'),
    ("module", "fast_json_of_nobody"),
    ("process", "signal.getsignal(signal.SIGUSR2)"),
    ("process", "sys.getrecursionlimit()"),
    ("process", "gc.get_threshold()"),
    ("random", "random.getstate()"),
    ("process", "tempfile.tempdir"),
    ("process", "sys.argv"),
    ("loop_bound", "shop.enter (variable lock of its closure)._loop"),
    ("loop_bound", "shop.lock (its cache)"),
    ("loop_bound", "shop.CURRENT.get()"),
    ("variable", "test_reach.Shelf.goods"),
]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    files = {"shop.py": SHOP, "conftest.py": CONFTEST, "test_reach.py": TESTS}
    with Served(tmp_path_factory.mktemp("reach"), files) as served:
        yield served


@pytest.mark.parametrize("number", range(len(DECIDING)))
def test_what_decides_is_named_with_its_kind_and_its_reader(served, number):
    (alone,) = served.finished([2 * number + 1])
    first, second = served.finished([2 * number, 2 * number + 1], watch=0)
    if DECIDING[number][0] == "loop_bound" and sys.version_info < (3, 10):
        pytest.skip("a lock that is made where no loop runs belongs to another loop from the beginning")
    assert alone["outcome"] == "passed", alone
    assert second["outcome"] == "failed", second
    deciding = [mark for mark in first["marks"] if mark.get("decides")]
    assert [(mark["kind"], mark["name"]) for mark in deciding] == [DECIDING[number]], first["marks"]
    assert deciding[0].get("read_at"), deciding


def test_who_puts_back_what_it_changes_leaves_nothing(served):
    first, second = served.finished([2 * len(DECIDING), 2 * len(DECIDING) + 1], watch=0)
    assert [mark for mark in first["marks"] if mark["kind"] != "load"] == [], first["marks"]
    assert second["outcome"] == "passed"
