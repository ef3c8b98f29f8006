"""Parts of the state that are hard to reach: what fixtures hold, private slots, named tuples, what Python and its standard
library keep for themselves, and loops that closures, caches and context variables hold. Each has a healthy twin."""

import sys

import pytest
from kit import Served

SHOP = """
import asyncio, collections, contextvars, functools, logging, random, sys, tempfile

class Settings:
    __slots__ = ("__mode",)
    def __init__(self): self.__mode = "live"
    def change(self, mode): self.__mode = mode
    def mode(self): return self.__mode

SETTINGS = Settings()
IDS = iter([1, 2, 3])

def numbers():
    for number in (10, 20, 30):
        yield number

class Feed:
    def __init__(self): self.numbers = numbers()
    def take(self): return next(self.numbers)

FEED = Feed()
LOG = logging.getLogger("reach")

def add(item, basket=[]):
    basket.append(item)
    return basket
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
import asyncio, gc, logging, os, random, signal, sys, tempfile, types, unittest
import pytest
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

def test_leaves_id(): next(shop.IDS)
def test_reads_ids(): assert next(shop.IDS) == 1

def test_leaves_end():
    for _ in shop.IDS: pass
def test_reads_end(): assert next(shop.IDS) == 1

def test_leaves_number(): shop.FEED.take()
def test_reads_numbers(): assert shop.FEED.take() == 10

def test_leaves_item_in_default(): shop.add("tea")
def test_reads_default(): assert shop.add("milk") == ["milk"]

def test_leaves_silence():
    logging.disable(50)
    shop.LOG.error("nobody hears it, and the logger remembers that")
def test_reads_silence(): assert shop.LOG.isEnabledFor(logging.ERROR)

def test_leaves_file():
    with open(os.path.join(os.environ["TMPDIR"], "orders"), "w") as file: file.write("1")
def test_reads_file(): assert not os.path.exists(os.path.join(os.environ["TMPDIR"], "orders"))

class Shelf(unittest.TestCase):
    @classmethod
    def setUpClass(cls): cls.goods = []
    def test_leaves(self): self.goods.append(1)
    def test_reads(self): self.assertEqual(self.goods, [])

@pytest.mark.parametrize("names", [["ana", "bo"]])
def test_takes_a_name(names): assert names.pop() == "bo"
@pytest.mark.parametrize("names", [["ana", "bo"]])
def test_takes_a_name_of_a_copy(names): assert list(names).pop() == "bo"

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
    ("variable", "shop.IDS"),
    ("variable", "shop.IDS"),
    ("variable", "shop.FEED.numbers"),
    ("variable", "shop.add.__defaults__[0] (default of basket)"),
    ("logging", "logging.root.manager.disable"),
    ("file", "$TMPDIR/orders"),
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


def test_a_parameter_that_a_test_changes_is_named(served):
    place = 2 * len(DECIDING)
    first, second = served.finished([place, place], watch=0)
    assert (first["outcome"], second["outcome"]) == ("passed", "failed"), second
    (mark,) = [mark for mark in first["marks"] if mark.get("decides")]
    assert (mark["name"], mark["before"], mark["after"]) == ("parameter names", "['ana', 'bo']", "['ana']"), mark
    assert mark["read_at"].startswith("test_reach.py:"), mark
    healthy = served.finished([place + 1, place + 1], watch=0)
    assert [told["outcome"] for told in healthy] == ["passed", "passed"]
    assert [mark for mark in healthy[0]["marks"] if mark["kind"] != "load"] == [], healthy


def test_who_puts_back_what_it_changes_leaves_nothing(served):
    place = 2 * len(DECIDING) + 2
    first, second = served.finished([place, place + 1], watch=0)
    assert [mark for mark in first["marks"] if mark["kind"] != "load"] == [], first["marks"]
    assert second["outcome"] == "passed"
