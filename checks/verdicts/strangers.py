"""Suites as strangers write them: what their classes, fixtures, caches, settings and surroundings do. Each was written
with its truth before it was run, and most stand beside a healthy twin."""

from expected import BROKEN, CHANCE, OUTSIDE, TWICE, Suite, brittle, is_one_of, victim

IDLE = "def test_apart(): assert 1\n"


def pair(text, spoils="test_spoils", needs="test_needs", plugins=(), runs_once=False, **more):
    truth = {needs: victim([spoils])} | ({spoils: TWICE} if runs_once else {})
    return Suite(text + IDLE, truth, needs=plugins, **more)


def fine(text, **more):
    return Suite(text, codes=(0,), **more)


SET_UP_CLASS = (
    "import unittest\nSHOP = {'land': 'de'}\nclass Paris(unittest.TestCase):\n    @classmethod\n    def setUpClass(cls): SHOP['land'] = 'fr'\n%s"
    "    def test_spoils(self): self.assertEqual(SHOP['land'], 'fr')\nclass Home(unittest.TestCase):\n    def test_needs(self): self.assertEqual(SHOP['land'], 'de')\n"
)
CLASS_PATCH = (
    "import os, pytest\n@pytest.fixture(scope='class')\ndef patch():\n    patch = pytest.MonkeyPatch()\n    patch.setenv('LAND', 'fr')\n    yield patch\n%s"
    "class TestNeeds:\n    def test_needs(self): assert 'LAND' not in os.environ\n@pytest.mark.usefixtures('patch')\nclass TestSpoils:\n    def test_spoils(self): assert os.environ['LAND']\n"
)
NESTED = {
    "conftest.py": "import pytest\nSEEN = []\n@pytest.fixture(autouse=True)\ndef seen(request): SEEN.append(request.node.name)\n",
    "north/conftest.py": "import os, pytest\n@pytest.fixture(scope='session', autouse=True)\ndef pole():\n    os.environ['POLE'] = 'north'\n",
    "north/test_north.py": "import os\ndef test_pole(): assert os.environ['POLE'] == 'north'\n",
    "south/conftest.py": "import pytest\n@pytest.fixture(autouse=True)\ndef warm(): return 1\n",
    "south/test_south.py": "import os\ndef test_no_pole(): assert 'POLE' not in os.environ\ndef test_warm(warm): assert warm\n",
}
LOOPS = (
    "import asyncio, pytest\nORDERS = []\n@pytest.mark.asyncio\nasync def test_needs():\n    await asyncio.sleep(0)\n    assert ORDERS == []\n"
    "@pytest.fixture\ndef anyio_backend(): return 'asyncio'\n@pytest.mark.anyio\nasync def test_spoils(anyio_backend):\n    await asyncio.sleep(0)\n    ORDERS.append(1)\n%s"
)
SUBTESTS = "SHELF = []\ndef test_needs(subtests):\n    for n in range(3):\n        with subtests.test(n=n): assert len(SHELF) == 0\ndef test_spoils(subtests):\n    with subtests.test('x'): SHELF.append(1)\n%s"
PLAIN = (
    "import gc, locale, logging, multiprocessing, os, resource, signal, sys, tempfile, threading, time, random, pytest\n"
    "def test_folder(): assert os.path.samefile(os.getcwd(), os.path.dirname(__file__))\n"
    "def test_name(request): assert os.environ['PYTEST_CURRENT_TEST'] == f'{request.node.nodeid} (call)'\n"
    "def test_threads(): assert [one.name for one in threading.enumerate()] == ['MainThread']\n"
    "def test_process(): assert multiprocessing.current_process().name == 'MainProcess' and multiprocessing.active_children() == []\n"
    "def test_signals(): assert signal.getsignal(signal.SIGINT) is signal.default_int_handler and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL and signal.getsignal(signal.SIGCHLD) == signal.SIG_DFL\n"
    "def test_mask(): assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == set()\n"
    "def test_trace(): assert sys.gettrace() is None and sys.getprofile() is None and threading.gettrace() is None\n"
    "def test_garbage(): assert gc.isenabled() and gc.callbacks == []\n"
    "def test_input():\n    with pytest.raises(OSError): sys.stdin.read()\n"
    "def test_children():\n    with pytest.raises(ChildProcessError): os.waitpid(-1, os.WNOHANG)\n"
    "def test_child():\n    child = os.fork()\n    if not child: os._exit(7)\n    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7\n"
    "def test_fresh(tmp_path): assert list(tmp_path.iterdir()) == []\n"
    "def test_config(request): assert request.config.rootpath.samefile(os.getcwd()) and not request.config.option.collectonly\n"
    "def test_last(request): assert request.session.testscollected == len(request.session.items)\n"
    "def test_loggers(): assert not logging.root.disabled and logging.root.level == logging.WARNING\n"
    "def test_builtins(): assert open.__module__ in ('io', '_io') and time.sleep.__module__ == 'time' and os.fork.__module__ == 'posix'\n"
    "def test_limits(): assert resource.getrlimit(resource.RLIMIT_CPU)[0] == resource.RLIM_INFINITY\n"
    "def test_alarm(): assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)\n"
)

STRANGERS = {
    # Classes and modules.
    "class/set_up": pair(SET_UP_CLASS % ""),
    "class/set_up_fine": fine(SET_UP_CLASS % "    @classmethod\n    def tearDownClass(cls): SHOP['land'] = 'de'\n"),
    "class/tear_down_module": Suite(
        {"test_it.py": "import unittest\nOPEN = []\ndef setUpModule(): OPEN.append(1)\ndef tearDownModule():\n    if OPEN: raise RuntimeError('still open')\nclass Shop(unittest.TestCase):\n    def test_one(self): pass\n    def test_two(self): pass\n", "test_other.py": IDLE},
        {"test_one": BROKEN, "test_two": BROKEN}, says=("teardown of the module test_it",),
    ),
    "class/inherited": Suite(
        "class Base:\n    shelf = []\n    def test_empty(self): assert self.shelf == []\nclass TestTea(Base): pass\nclass TestRice(Base):\n    def test_fills(self): self.shelf.append('rice')\n" + IDLE,
        {"TestTea::test_empty": victim(["test_fills"]), "TestRice::test_empty": victim(["test_fills"])},
    ),
    "class/patch": pair(CLASS_PATCH % ""),
    "class/patch_fine": fine(CLASS_PATCH % "    patch.undo()\n"),
    "class/isolated_async": pair(
        "import unittest, contextvars\nSEEN = []\nclass Shop(unittest.IsolatedAsyncioTestCase):\n    async def test_needs(self): self.assertEqual(SEEN, [])\n    async def test_spoils(self): SEEN.append(1)\n",
    ),
    "module/set_up": pair("LAND = ['de']\ndef setup_function(function):\n    if function.__name__ == 'test_spoils': LAND[0] = 'fr'\ndef test_needs(): assert LAND == ['de']\ndef test_spoils(): assert LAND == ['fr']\n"),
    "module/nested_conftest": Suite(NESTED, {"test_no_pole": victim(["test_pole"])}),
    # Fixtures.
    "fixture/of_a_module": Suite(
        {
            "conftest.py": "import pytest\n@pytest.fixture(scope='module')\ndef till(request):\n    yield\n    assert 'wrong' not in request.module.__name__, 'coins are left'\n",
            "test_right.py": "def test_one(till): pass\ndef test_two(till): pass\n", "test_wrong.py": "def test_three(till): pass\n" + IDLE,
        },
        {"test_three": BROKEN}, says=("`till`",),
    ),
    "fixture/one_parameter_fails": Suite(
        "import pytest\n@pytest.fixture(scope='module', params=['tea', 'rice'])\ndef shelf(request):\n    yield request.param\n    assert request.param != 'rice', 'rice is left'\n"
        "def test_one(shelf): assert shelf\ndef test_two(shelf): assert shelf\n" + IDLE,
        {"test_one[rice]": BROKEN, "test_two[rice]": BROKEN}, says=("`shelf`",),
    ),
    "fixture/finalizer_fails": Suite(
        "import pytest\n@pytest.fixture(scope='module')\ndef till(request):\n    def count(): raise LookupError('coins are missing')\n    request.addfinalizer(count)\n    return [5]\n"
        "def test_one(till): assert till\ndef test_two(till): assert till == [5]\n" + IDLE,
        {"test_one": BROKEN, "test_two": BROKEN}, says=("`till`",),
    ),
    "fixture/caches": Suite(
        "import pytest\nCACHE = {}\n@pytest.fixture(autouse=True)\ndef user(request): return CACHE.setdefault('user', request.node.name)\ndef test_me(user): assert user == 'test_me'\ndef test_apart(user): assert user\n",
        {"test_me": victim(["test_apart"])},
    ),
    "fixture/shared_parameter": pair(
        "import pytest\nSHELVES = [[]]\n@pytest.mark.parametrize('shelf', SHELVES)\ndef test_needs(shelf): assert shelf == []\n@pytest.mark.parametrize('shelf', SHELVES)\ndef test_spoils(shelf): shelf.append(1)\n",
        spoils="test_spoils[shelf0]", needs="test_needs[shelf0]",
    ),
    "fixture/class_scope_fine": fine("import pytest\n@pytest.fixture(scope='class')\ndef shelf(): return []\nclass TestOne:\n    def test_one(self, shelf): shelf.append(1)\nclass TestTwo:\n    def test_two(self, shelf): assert shelf == []\n"),
    "fixture/odd_names": Suite(
        "import pytest\nSHELF = []\n@pytest.mark.parametrize('name', ['a::b', 'x[1]', 'é ü', '-k not', \"it's\", '$HOME'])\ndef test_empty(name): assert SHELF == []\n"
        "@pytest.mark.parametrize('name', ['b::c d', '\"'])\ndef test_fills(name): SHELF.extend([name] if name != '\"' else [])\n",
        {"": {"verdict": ("order_dependent", "stable")}},
    ),
    # Caches, registries and what Python keeps.
    "kept/lru_cache": Suite(
        "import functools, os\n@functools.lru_cache(maxsize=None)\ndef land(): return os.environ.get('LAND', 'de')\ndef test_home(): assert land() == 'de'\n"
        "def test_abroad(monkeypatch):\n    monkeypatch.setenv('LAND', 'fr')\n    assert land() == 'fr'\n" + IDLE,
        {"test_home": victim(["test_abroad"]), "test_abroad": victim(["test_home"])},
    ),
    "kept/singleton": Suite(
        "class Till:\n    one = None\n    def __init__(self, coins): self.coins = coins\n    @classmethod\n    def get(cls, coins=0):\n        cls.one = cls.one or cls(coins)\n        return cls.one\n"
        "def test_poor(): assert Till.get().coins == 0\ndef test_rich(): assert Till.get(9).coins == 9\n" + IDLE,
        {"test_poor": victim(["test_rich"]), "test_rich": victim(["test_poor"])},
    ),
    "kept/abc": pair("import abc\nclass Goods(abc.ABC): pass\nclass Tea: pass\ndef test_needs(): assert not isinstance(Tea(), Goods)\ndef test_spoils(): Goods.register(Tea)\n"),
    "kept/order_of_names": Suite(
        "NAMES = {}\ndef register(name): NAMES[name] = len(NAMES)\ndef test_a(): register('a')\ndef test_b():\n    register('b')\n    assert 'a' not in NAMES or list(NAMES).index('a') < list(NAMES).index('b')\ndef test_names():\n    register('z')\n    assert list(NAMES)[0] != 'b'\n" + IDLE,
        {"test_names": victim(["test_b"])},
    ),
    "kept/reload": Suite(
        {"goods.py": "class Tea: pass\n", "test_it.py": "import importlib, goods\nfrom goods import Tea\ndef test_needs(): assert isinstance(goods.Tea(), Tea)\ndef test_spoils(): importlib.reload(goods)\n" + IDLE},
        {"test_needs": victim(["test_spoils"])},
    ),
    "kept/start_method": Suite(
        "import multiprocessing\ndef test_one(): multiprocessing.set_start_method('spawn')\ndef test_two(): multiprocessing.set_start_method('spawn')\n" + IDLE,
        {"test_one": victim(["test_two"]), "test_two": victim(["test_one"])},
    ),
    "kept/locale": pair("import locale\ndef test_needs(): assert locale.setlocale(locale.LC_CTYPE) != 'C'\ndef test_spoils(): locale.setlocale(locale.LC_ALL, 'C')\n"),
    "kept/signal": pair("import signal\ndef test_needs(): assert signal.getsignal(signal.SIGUSR1) == signal.SIG_DFL\ndef test_spoils(): signal.signal(signal.SIGUSR1, lambda *_: None)\n"),
    "kept/thread": pair("import threading\nEND = threading.Event()\ndef test_needs(): assert 'stock' not in [one.name for one in threading.enumerate()]\ndef test_spoils(): threading.Thread(target=END.wait, name='stock', daemon=True).start()\n"),
    "kept/recursion": pair("import sys\ndef deep(n): return n and deep(n - 1)\ndef test_needs(): assert deep(800) == 0\ndef test_spoils(): sys.setrecursionlimit(500)\n"),
    "kept/timeout": pair("import socket\ndef test_needs(): assert socket.socket().gettimeout() is None\ndef test_spoils(): socket.setdefaulttimeout(3)\n"),
    "kept/environment": pair("import os\nos.environ.setdefault('LAND', 'de')\ndef test_needs(): assert os.environ['LAND']\ndef test_spoils(): del os.environ['LAND']\n", runs_once=True),
    "kept/random": pair("import random\nrandom.seed(42)\ndef test_needs(): assert round(random.random(), 6) == 0.639427\ndef test_spoils(): random.shuffle([1, 2, 3])\n"),
    "kept/listener": pair(
        "import socket\nOPEN = []\ndef test_needs():\n    with socket.socket() as one:\n        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n        one.bind(('127.0.0.1', {port}))\n"
        "def test_spoils():\n    one = socket.socket()\n    one.bind(('127.0.0.1', {port}))\n    one.listen()\n    OPEN.append(one)\n", runs_once=True,
    ),
    "kept/database": pair(
        "import os, pathlib, sqlite3\nBASE = sqlite3.connect(pathlib.Path(__file__).parent / 'shop.db', isolation_level=None)\nBASE.execute('create table if not exists shelf (n)')\n"
        "def test_needs(): assert BASE.execute('select count(*) from shelf').fetchone() == (0,)\ndef test_spoils(): BASE.execute('insert into shelf values (1)')\n", leaves=("shop.db",),
    ),
    "kept/file_of_pid": pair(
        "import os, tempfile\ndef lock(): return os.path.join(tempfile.gettempdir(), f'shop-{os.getpid()}.lock')\ndef test_needs(): assert not os.path.exists(lock())\ndef test_spoils(): open(lock(), 'w').close()\n",
    ),
    "kept/atexit_fine": fine("import atexit\ndef test_one(): atexit.register(int, 'tea')\ndef test_two(): pass\n"),
    "kept/warnings_fine": fine("import warnings\ndef test_one(): warnings.simplefilter('error')\ndef test_two(): warnings.warn('tea', DeprecationWarning)\n"),
    # Who does what to whom.
    "who/two_together": Suite(
        "FLAGS = set()\ndef test_needs(): assert not {'a', 'b'} <= FLAGS\ndef test_a(): FLAGS.add('a')\ndef test_b(): FLAGS.add('b')\n" + IDLE + "def test_more(): pass\n",
        {"test_needs": victim({"test_a", "test_b"})},
    ),
    "who/brittle_polluter": Suite(
        "SHOP = {}\ndef test_needs(): assert 'sold' not in SHOP\ndef test_sells():\n    assert SHOP['open']\n    SHOP['sold'] = 1\ndef test_opens(): SHOP['open'] = True\n" + IDLE,
        {"test_sells": brittle(["test_opens"]), "test_needs": victim(["test_opens", "test_sells"])},
    ),
    "who/healed": Suite(
        "SHOP = {'tax': 19}\ndef test_spoils(): SHOP['tax'] = 7\ndef test_heals():\n    SHOP['tax'] = 19\n    SHOP['seen'] = 1\ndef test_needs(): assert SHOP['tax'] == 19\n" + IDLE,
        {"test_needs": victim(["test_spoils"])},
    ),
    "who/sometimes": Suite(
        "import random\nSHELF = []\ndef test_needs(): assert not SHELF or random.SystemRandom().random() < 0.5\ndef test_spoils(): SHELF.append(1)\n" + IDLE,
        {"test_needs": {**victim(["test_spoils"]), "verdict": ("order_dependent", "intermittent", "undiagnosed")}},
    ),
    "who/doctest": Suite(
        {"pytest.ini": "[pytest]\naddopts = --doctest-glob=*.rst\n", "tax.py": "TAX = {'fr': 20}\n", "guide.rst": "Guide\n=====\n\n>>> import tax\n>>> tax.TAX['fr'] = 5\n", "test_it.py": "import tax\ndef test_tax(): assert tax.TAX['fr'] == 20\n" + IDLE},
        {"test_tax": victim(["guide.rst"])},
    ),
    "who/subtests": pair(SUBTESTS % ""),
    "who/strict_at_run_time": pair("import pytest\nSHELF = []\ndef test_needs(request):\n    if SHELF: request.applymarker(pytest.mark.xfail(strict=True, reason='full'))\ndef test_spoils(): SHELF.append(1)\n"),
    "who/skip_at_run_time": Suite(
        "import pytest\nSHELF = []\ndef test_needs():\n    if SHELF: pytest.skip('full')\ndef test_spoils(): SHELF.append(1)\n" + IDLE, {"test_needs": {"verdict": "stable", "says": "skipped in some orders"}}, codes=(0,),
    ),
    "who/two_plugins": pair(LOOPS % "", plugins=("pytest_asyncio", "anyio")),
    "who/two_plugins_fine": fine(LOOPS % "    ORDERS.clear()\n", needs=("pytest_asyncio", "anyio")),
    "who/exits": Suite("import sys\ndef test_exits(): sys.exit(2)\ndef test_one(): pass\n" + IDLE, {"test_exits": BROKEN}),
    # Chance.
    "chance/hash_seed": Suite("def test_order(): assert list({'tea', 'rice'}) == ['tea', 'rice']\n" + IDLE + "def test_more(): pass\n", {"test_order": is_one_of("intermittent", "environment_dependent")}),
    "chance/clock": Suite("import time\ndef test_even(): assert time.time_ns() // 1000 % 2 == 0\n" + IDLE + "def test_more(): pass\n", {"test_even": CHANCE}),
    "chance/quarter_zone": Suite("import time\ndef test_utc(): assert time.localtime(0).tm_hour == 0\n" + IDLE, {"test_utc": OUTSIDE}),
    # Settings.
    "settings/stops_early": Suite({"pytest.ini": "[pytest]\naddopts = -x --maxfail=1\n", "test_it.py": "SHELF = []\ndef test_wrong(): assert [] == 1\ndef test_needs(): assert SHELF == []\ndef test_spoils(): SHELF.append(1)\n" + IDLE}, {"test_wrong": BROKEN, "test_needs": victim(["test_spoils"])}),
    "settings/reruns": Suite(
        {"pytest.ini": "[pytest]\naddopts = --reruns 3\n", "test_it.py": "import random\nSHELF = []\ndef test_coin(): assert random.SystemRandom().random() < 0.6\ndef test_needs(): assert SHELF == []\ndef test_spoils(): SHELF.append(1)\n"},
        {"test_coin": CHANCE, "test_needs": victim(["test_spoils"])}, needs=("pytest_rerunfailures",),
    ),
    "settings/xdist": Suite({"pytest.ini": "[pytest]\naddopts = -n 2 --dist loadfile\n", "test_it.py": "SHELF = []\ndef test_needs(): assert SHELF == []\ndef test_spoils(): SHELF.append(1)\n" + IDLE}, {"test_needs": victim(["test_spoils"])}, needs=("xdist",)),
    "settings/randomly": Suite({"pytest.ini": "[pytest]\naddopts = -p randomly -p no:cacheprovider\n", "test_it.py": "import random\nSHELF = []\ndef test_needs(): assert SHELF == []\ndef test_spoils(): SHELF.append(random.random())\n" + IDLE}, {"test_needs": victim(["test_spoils"])}, needs=("pytest_randomly",)),
    "settings/failed_first": Suite({"pytest.ini": "[pytest]\naddopts = --ff --nf\n", "test_it.py": "SHELF = []\ndef test_needs(): assert SHELF == []\ndef test_spoils(): SHELF.append(1)\n" + IDLE}, {"test_needs": victim(["test_spoils"])}),
    "settings/warnings_are_errors": Suite({"pytest.ini": "[pytest]\nfilterwarnings = error\n", "test_it.py": "import warnings\ndef test_warns(): warnings.warn('old', DeprecationWarning)\ndef test_leaves(): open(__file__)\n" + IDLE}, {"test_warns": BROKEN, "test_leaves": BROKEN}),
    "settings/folder": pair("SHELF = []\ndef test_needs(tmp_path): assert SHELF == [] and tmp_path.exists()\ndef test_spoils(): SHELF.append(1)\n", folder="mein Ordner – ünï (1)"),
    "settings/importlib": Suite(
        {"pytest.ini": "[pytest]\naddopts = --import-mode=importlib\n", "a/test_it.py": "import os\ndef test_spoils(): os.environ['SHELF'] = '1'\n" + IDLE, "b/test_it.py": "import os\ndef test_needs(): assert 'SHELF' not in os.environ\n" + IDLE},
        {"test_needs": victim(["test_spoils"])},
    ),
    # Surroundings.
    "plain/surroundings": fine(PLAIN),
    "plain/pid": Suite("import os\nPID = os.getpid()\ndef test_pid(): assert os.getpid() == PID\n" + IDLE, {"test_pid": is_one_of("stable", "disagrees")}, codes=(0, 3)),
    "plain/draws": fine("import random\nrandom.seed(7)\nDRAWN = random.random()\nrandom.seed(7)\ndef test_draws(): assert random.Random(7).random() == DRAWN\ndef test_state():\n    random.seed(7)\n    assert random.random() == DRAWN\n"),
}

STRANGERS |= {
    # Fixtures that one user breaks.
    "fixture/broken_by_one": Suite(
        "import pytest\n@pytest.fixture(scope='session')\ndef till():\n    coins = []\n    yield coins\n    assert not coins, f'{len(coins)} left'\n"
        "def test_leaves(till): till.append(1)\ndef test_looks(till): assert till is not None\n" + IDLE,
        {"test_leaves": BROKEN, "test_looks": {"verdict": ("stable", "order_dependent")}},
    ),
    "fixture/by_name": Suite(
        "import pytest\n@pytest.fixture(scope='module')\ndef till():\n    yield 1\n    raise OSError('jammed')\ndef test_asks(request): assert request.getfixturevalue('till')\ndef test_apart(): pass\ndef test_more(): pass\n",
        {"test_asks": BROKEN},
    ),
    "fixture/order_of_scopes": Suite(
        "import pytest\nOPEN = []\n@pytest.fixture(scope='module')\ndef base():\n    OPEN.append('base')\n    yield\n    OPEN.remove('base')\n@pytest.fixture\ndef table(base):\n    OPEN.append('table')\n    yield\n    OPEN.remove('table')\n"
        "def test_one(table): assert OPEN == ['base', 'table']\ndef test_two(base): assert OPEN == ['base']\ndef test_none(): assert 'table' not in OPEN\n", codes=(0,),
    ),
    "fixture/needs_none": Suite(
        "import pytest\nOPEN = []\n@pytest.fixture(scope='module')\ndef base():\n    OPEN.append(1)\n    yield\n    OPEN.clear()\ndef test_closed(): assert OPEN == []\ndef test_open(base): assert OPEN == [1]\n" + IDLE,
        {"test_closed": victim(["test_open"])},
    ),
    "fixture/random_end": Suite(
        "import pytest, random\n@pytest.fixture(scope='module')\ndef till():\n    yield 1\n    assert random.SystemRandom().random() < 0.5, 'jammed'\ndef test_one(till): pass\ndef test_two(till): pass\n" + IDLE,
        {"test_one": CHANCE, "test_two": CHANCE},
    ),
    # Time and what runs beside.
    "beside/late_thread": Suite(
        "import threading, time\nSEEN = []\ndef late():\n    time.sleep(0.05)\n    SEEN.append(1)\ndef test_starts(): threading.Thread(target=late).start()\ndef test_needs():\n    time.sleep(0.3)\n    assert SEEN == []\n" + IDLE,
        {"test_needs": victim(["test_starts"])},
    ),
    "beside/alarm": Suite(
        "import signal, time\ndef ring(*_): raise TimeoutError('ring')\ndef test_sets():\n    signal.signal(signal.SIGALRM, ring)\n    signal.setitimer(signal.ITIMER_REAL, 0.2)\ndef test_needs(): time.sleep(1)\n" + IDLE,
        {"test_needs": victim(["test_sets"]), "test_apart": {"verdict": ("stable", "order_dependent", "undiagnosed", "intermittent")}},
    ),
    "beside/child": Suite(
        "import subprocess, sys, os\nCHILDREN = []\ndef test_starts(): CHILDREN.append(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']))\n"
        "def test_needs():\n    try: assert os.waitpid(-1, os.WNOHANG) is None\n    except ChildProcessError: pass\n" + IDLE,
        {"test_needs": victim(["test_starts"])},
    ),
    "beside/process_ends": Suite("import os\nSHELF = []\ndef test_ends():\n    if SHELF: os._exit(3)\ndef test_spoils(): SHELF.append(1)\n" + IDLE, {"test_ends": victim(["test_spoils"])}),
    "beside/hangs": Suite("import time\nSHELF = []\ndef test_hangs():\n    while SHELF: time.sleep(0.1)\ndef test_spoils(): SHELF.append(1)\n" + IDLE, {"test_hangs": victim(["test_spoils"])}, arguments=["--case-timeout", "3s"]),
    # Values and texts.
    "text/long": Suite("SHELF = []\ndef test_needs():\n    for n in range(300): print('x' * 300)\n    assert SHELF == [], 'ü' * 5000\ndef test_spoils(): SHELF.append(object())\n" + IDLE, {"test_needs": victim(["test_spoils"])}),
    "text/two_failures": Suite(
        "A, B = [], []\ndef test_needs():\n    assert A == []\n    assert B == []\ndef test_a(): A.append(1)\ndef test_b(): B.append(1)\n" + IDLE, {"test_needs": victim(["test_a"], ["test_b"])},
    ),
    "text/coin_and_victim": Suite(
        "import random\nSHELF = []\ndef test_needs():\n    assert SHELF == []\n    assert random.SystemRandom().random() < 0.7\ndef test_spoils(): SHELF.append(1)\n" + IDLE,
        {"test_needs": {"verdict": ("order_dependent", "intermittent", "undiagnosed")}},
    ),
    "text/quiet_exception": Suite("class Quiet(Exception):\n    def __str__(self): raise RuntimeError('no text')\nSHELF = []\ndef test_needs():\n    if SHELF: raise Quiet\ndef test_spoils(): SHELF.append(1)\n" + IDLE, {"test_needs": victim(["test_spoils"])}),
    "text/keyboard": Suite("def test_interrupts(): raise KeyboardInterrupt\n" + IDLE + "def test_more(): pass\n", {"test_interrupts": is_one_of("broken", "undiagnosed", "disagrees"), "test_apart": is_one_of("stable", "unproven", "disagrees"), "test_more": is_one_of("stable", "unproven", "disagrees")}, codes=(1, 3, 4)),
    "text/exit_of_pytest": Suite("import pytest\nSHELF = []\ndef test_stops():\n    if SHELF: pytest.exit('full')\ndef test_spoils(): SHELF.append(1)\n" + IDLE, {"test_stops": {**victim(["test_spoils"]), "verdict": ("order_dependent", "undiagnosed")}}),
    "text/module_that_fails": Suite({"test_it.py": IDLE + "def test_more(): pass\n", "test_bad.py": "import nothing_of_that_name\ndef test_one(): pass\n"}, {"test_bad.py": BROKEN}),
    # What Python does by itself.
    "python/weak": Suite("import weakref\nclass Tea: pass\nSEEN = weakref.WeakSet()\nKEPT = []\ndef test_needs(): assert len(SEEN) == 0\ndef test_makes(): SEEN.add(Tea())\ndef test_spoils():\n    KEPT.append(Tea())\n    SEEN.add(KEPT[-1])\n", {"test_needs": victim(["test_spoils"])}),
    "python/enum": Suite("import enum\nclass Land(enum.Enum):\n    DE = 'de'\ndef test_needs(): assert not hasattr(Land.DE, 'tax')\ndef test_spoils(): Land.DE.tax = 7\n" + IDLE, {"test_needs": victim(["test_spoils"])}),
    "python/subclass": Suite("class Plugin:\n    known = []\n    def __init_subclass__(cls): Plugin.known.append(cls.__name__)\ndef test_needs(): assert Plugin.known == []\ndef test_spoils(): type('Own', (Plugin,), {})\n" + IDLE, {"test_needs": victim(["test_spoils"])}),
    "python/path": Suite({"test_it.py": "import os, sys\ndef test_needs():\n    import extra\n    assert extra.NAME == 'right'\ndef test_spoils(): sys.path.insert(0, os.path.join(os.path.dirname(__file__), 'other'))\n" + IDLE, "extra.py": "NAME = 'right'\n", "other/extra.py": "NAME = 'wrong'\n"}, {"test_needs": victim(["test_spoils"])}),
    "python/counter": Suite("import itertools\nIDS = itertools.count(1)\ndef test_first(): assert next(IDS) == 1\ndef test_draws(): next(IDS)\n" + IDLE, {"test_first": victim(["test_draws"])}),
    "python/argument": Suite("def add(one, seen=[]):\n    seen.append(one)\n    return seen\ndef test_needs(): assert add(1) == [1]\ndef test_spoils(): add(2)\n" + IDLE, {"test_needs": victim(["test_spoils"])}),
    "python/hash_of_id_fine": Suite("def test_ids(): assert id(object()) != 0 and hash(object()) is not None\ndef test_set(): assert sorted({'b', 'a'}) == ['a', 'b']\n" + IDLE, codes=(0,)),
}
