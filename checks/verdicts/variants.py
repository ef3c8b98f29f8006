"""Suites that resemble those that were once judged wrongly: other exceptions, other resources, other shapes."""

from expected import BROKEN, CHANCE, OUTSIDE, TWICE, Suite, brittle, is_one_of, victim

SHELF = "SHELF = []\n"
FILLS = "def test_fills(): SHELF.append(time.time_ns())\ndef test_empties(): SHELF.clear()\n"


def of_values(*lines, name="test_empty", **more):
    """A victim that says another value each time that it fails."""
    text = "import time, uuid, unittest, pytest\nfrom unittest import mock\n" + SHELF + "\n".join(lines) + "\n" + FILLS
    return Suite(text, {name: victim(["test_fills"], **more)})


def of_state(spoils, needs, imports="import os, sys", **more):
    """A polluter and its victim, by what one does and the other checks."""
    text = f"{imports}\ndef test_needs():\n    {needs}\ndef test_apart(): assert 1\ndef test_spoils():\n    {spoils}\n"
    return Suite(text, {"test_needs": victim(["test_spoils"])}, **more)


def in_time(limit):
    """Victims, a coin and two broken tests that take half a second each, and little time."""
    text = "import time, random\nSHELF = set()\n"
    truth = {}
    for name in ("tea", "milk", "rice"):
        text += f"def test_no_{name}():\n    time.sleep(0.5)\n    assert {name!r} not in SHELF\ndef test_buys_{name}(): SHELF.add({name!r})\n"
        truth[f"test_no_{name}"] = {**victim([f"test_buys_{name}"]), "verdict": ("undiagnosed", "order_dependent", "stable", "unproven")}
    text += "def test_coin():\n    time.sleep(0.5)\n    assert random.SystemRandom().random() < 0.5\n"
    text += "def test_false():\n    time.sleep(0.5)\n    assert {'a': 1}['b']\ndef test_wrong():\n    time.sleep(0.5)\n    assert [1] == [2]\n"
    truth |= {"test_coin": is_one_of("intermittent", "undiagnosed", "stable", "unproven"), "test_false": is_one_of("broken", "undiagnosed", "unproven"), "test_wrong": is_one_of("broken", "undiagnosed", "unproven")}
    return Suite(text, truth, codes=(0, 1, 3), arguments=["--max-time", limit])


VARIANTS = {
    # What a failure is.
    "values/own_exception": of_values("class Leftover(Exception): pass", "def test_empty():", "    if SHELF: raise Leftover(f'{uuid.uuid4()} at {hex(id(SHELF))}: {SHELF}')"),
    "values/chained": of_values("def test_empty():", "    try: assert not SHELF, f'{SHELF[0]} left'", "    except AssertionError as one: raise ValueError(f'after {time.time()} s') from one"),
    "values/group": of_values("def test_empty():", "    if SHELF: raise ExceptionGroup(f'{len(SHELF)} left', [KeyError(x) for x in SHELF])"),
    "values/mock": of_values("def test_empty():", "    seen = mock.Mock()", "    for one in SHELF: seen(one)", "    seen.assert_not_called()"),
    "values/parametrised": Suite(
        "import time, pytest\n" + SHELF + "@pytest.mark.parametrize('most', [0, 1, 2])\ndef test_few(most): assert len(SHELF) <= most, f'{SHELF}'\n"
        "def test_fills(): SHELF.extend([time.time_ns(), time.time_ns(), time.time_ns()])\ndef test_empties(): SHELF.clear()\n",
        {f"test_few[{n}]": victim(["test_fills"]) for n in range(3)},
    ),
    "values/subtests": of_values(
        "class Shelves(unittest.TestCase):", "    def test_empty(self):", "        for n in range(3):", "            with self.subTest(n=n): self.assertEqual(len(SHELF), 0)",
    ),
    "values/in_set_up": of_values("@pytest.fixture", "def shelf():", "    if SHELF: raise RuntimeError(f'{SHELF[0]:x} is there')", "    return SHELF", "def test_empty(shelf): assert shelf == []"),
    "values/set_up_of_class": of_values(
        "class Shelves(unittest.TestCase):", "    @classmethod", "    def setUpClass(cls):", "        if SHELF: raise OSError(time.time_ns(), 'left')", "    def test_empty(self): pass",
    ),
    "values/in_tear_down": of_values("@pytest.fixture", "def shelf():", "    yield SHELF", "    assert not SHELF, f'{time.time()}'", "def test_empty(shelf): pass"),
    # What an order leaves.
    "state/environment": of_state("os.environ['SHELF'] = '1'", "assert 'SHELF' not in os.environ"),
    "state/folder": of_state("os.chdir('/')", "assert os.getcwd() != '/'"),
    "state/class": of_state("Shop.tax = 7", "assert Shop.tax == 19", "class Shop:\n    tax = 19\n"),
    "state/logging": of_state("logging.disable(logging.CRITICAL)", "assert logging.getLogger('shop').isEnabledFor(logging.ERROR)", "import logging"),
    "state/zone": of_state("os.environ['TZ'] = 'Asia/Tokyo'; time.tzset()", "assert time.timezone != -32400", "import os, time"),
    "state/decimal": of_state("decimal.getcontext().prec = 3", "assert decimal.getcontext().prec == 28", "import decimal"),
    "state/context": of_state("LAND.set('fr')", "assert LAND.get() == 'de'", "import contextvars\nLAND = contextvars.ContextVar('LAND', default='de')"),
    "state/umask": of_state("os.umask(0o077)", "assert os.umask(0o022) == 0o022", "import os\nos.umask(0o022)"),
    "state/file": of_state("open(FILE, 'w').close()", "assert not os.path.exists(FILE)", "import os, tempfile\nFILE = os.path.join(tempfile.gettempdir(), 'shelf')"),
    "state/file_beside": of_state("open('shelf.txt', 'w').close()", "assert not os.path.exists('shelf.txt')", "import os", leaves=("shelf.txt",)),
    "state/database": of_state(
        "BASE.execute('insert into shelf values (1)')", "assert BASE.execute('select count(*) from shelf').fetchone() == (0,)",
        "import sqlite3\nBASE = sqlite3.connect(':memory:', isolation_level=None)\nBASE.execute('create table shelf (n)')",
    ),
    "state/module_fixture": Suite(
        "import pytest\n@pytest.fixture(scope='module')\ndef shelf(): return []\ndef test_needs(shelf): assert shelf == []\n"
        "def test_apart(): assert 1\ndef test_spoils(shelf): shelf.append(1)\n",
        {"test_needs": victim(["test_spoils"])},
    ),
    "state/fails_itself": of_state("os.environ['SHELF'] = '1'; assert 0", "assert 'SHELF' not in os.environ"),
    "state/two_ways": Suite(
        SHELF + "def test_needs(): assert SHELF == []\ndef test_one(): SHELF.append(1)\ndef test_other(): SHELF.extend('ab')\ndef test_empties(): SHELF.clear()\n",
        {"test_needs": victim(["test_one"], ["test_other"])},
    ),
    "setter/class": Suite(
        "SHELF = {}\nclass TestShop:\n    def test_a_fills(self): SHELF['tea'] = 1\n    def test_b_sells(self): assert SHELF['tea'] == 1\nclass TestApart:\n    def test_one(self): pass\n    def test_two(self): pass\n",
        {"test_b_sells": brittle(["test_a_fills"])},
    ),
    "setter/file": Suite(
        "import os, tempfile\nFILE = os.path.join(tempfile.gettempdir(), 'shelf')\ndef test_writes(): open(FILE, 'w').write('tea')\ndef test_reads(): assert open(FILE).read() == 'tea'\ndef test_apart(): pass\ndef test_more(): pass\n",
        {"test_reads": brittle(["test_writes"])},
    ),
    # What chance does.
    **{
        f"chance/{share}": Suite(
            f"import random\nCOIN = random.SystemRandom()\ndef test_coin():\n    drawn = COIN.random()\n    assert drawn < {1 - share}, drawn\n{SHELF}"
            "def test_empty(): assert not SHELF\ndef test_fills(): SHELF.append(1)\ndef test_empties(): SHELF.clear()\n",
            {"test_coin": CHANCE, "test_empty": victim(["test_fills"])},
        )
        for share in (0.3, 0.5, 0.7)
    },
    "chance/set_up": Suite(
        "import random, pytest\n@pytest.fixture\ndef shelf():\n    assert random.SystemRandom().random() < 0.6\n    return 1\ndef test_coin(shelf): pass\ndef test_apart(): pass\ndef test_more(): pass\n",
        {"test_coin": CHANCE},
    ),
    "chance/subtests": Suite(
        "import random, unittest\nclass Coins(unittest.TestCase):\n    def test_coins(self):\n        for n in range(3):\n            with self.subTest(n=n): self.assertLess(random.SystemRandom().random(), 0.8)\n    def test_apart(self): pass\n",
        {"test_coins": CHANCE},
    ),
    "chance/own_retries": Suite(
        {
            "conftest.py": "import pytest\nfrom _pytest.runner import runtestprotocol\n@pytest.hookimpl(tryfirst=True)\ndef pytest_runtest_protocol(item, nextitem):\n"
                           "    for last in (False, False, True):\n        reports = runtestprotocol(item, nextitem=nextitem, log=False)\n        if last or not any(r.failed for r in reports): break\n"
                           "    for r in reports: item.ihook.pytest_runtest_logreport(report=r)\n    return True\n",
            "test_it.py": "import random\ndef test_lucky(): assert random.SystemRandom().random() < 0.6\ndef test_steady(): pass\n",
        },
        {"test_lucky": CHANCE},
    ),
    # What always fails.
    "broken/kinds": Suite(
        "import pytest, unittest\n@pytest.fixture\ndef no_shelf(): raise LookupError('no shelf')\n@pytest.fixture\ndef dirty():\n    yield 1\n    raise RuntimeError('dirty')\n"
        "def test_set_up(no_shelf): pass\ndef test_tear_down(dirty): pass\ndef test_unknown(nobody): pass\n@pytest.mark.xfail(strict=True)\ndef test_passes(): pass\n"
        "@pytest.mark.parametrize('one, other', [(1, 2), ('a', 'b'), (3, 3)])\ndef test_equal(one, other): assert one == other\n"
        "class Shop(unittest.TestCase):\n    @classmethod\n    def setUpClass(cls): raise ValueError('closed')\n    def test_opens(self): pass\n",
        {"test_set_up": BROKEN, "test_tear_down": BROKEN, "test_unknown": BROKEN, "test_passes": BROKEN, "test_equal[1-2]": BROKEN, "test_equal[a-b]": BROKEN, "test_opens": BROKEN},
    ),
    "broken/beside_a_coin": Suite(
        "import random\ndef check(n): assert n < 0.5\ndef test_always(): check(1)\ndef test_coin(): check(random.SystemRandom().random())\ndef test_never(): check(0)\ndef test_more(): check(0.1)\n",
        {"test_always": BROKEN, "test_coin": CHANCE},
    ),
    # What can run once.
    "once/registry": Suite(
        "NAMES = set()\ndef register(name):\n    if name in NAMES: raise KeyError(name)\n    NAMES.add(name)\ndef test_registers(): register('tea')\ndef test_apart(): pass\n",
        {"test_registers": TWICE}, codes=(0,),
    ),
    "once/class": Suite(
        "import unittest\nclass Shop(unittest.TestCase):\n    opened = []\n    def test_opens(self):\n        self.assertEqual(Shop.opened, [])\n        Shop.opened.append(1)\n    def test_apart(self): pass\n",
        {"test_opens": TWICE}, codes=(0,),
    ),
    # What is outside the process.
    "outside/file": Suite(
        "import os\nFILE = '{outside}'\ndef test_first():\n    assert not os.path.exists(FILE)\n    open(FILE, 'w').close()\ndef test_apart(): pass\ndef test_more(): pass\n",
        {"test_first": is_one_of("environment_dependent", "undiagnosed", "stable")}, codes=(0, 1),
    ),
    "outside/reused_port": Suite(
        "import socket, threading\nPORT = {port}\ndef test_answers():\n    server = socket.create_server(('127.0.0.1', PORT))\n"
        "    thread = threading.Thread(target=lambda: server.accept()[0].close())\n    thread.start()\n    socket.create_connection(('127.0.0.1', PORT)).close()\n    thread.join()\n    server.close()\n"
        "def test_apart(): pass\ndef test_more(): pass\n",
        codes=(0,),
    ),
    "outside/half_zone": Suite(
        "import datetime\ndef test_offset():\n    offset = datetime.datetime.now().astimezone().utcoffset()\n    assert offset.total_seconds() % 3600 == 0, offset\ndef test_wrong(): assert 1 == 2\ndef test_apart(): pass\n",
        {"test_offset": {**OUTSIDE, "says": "the time zone decides"}, "test_wrong": BROKEN},
    ),
    # What is healthy.
    "fine/examples": Suite(
        "from hypothesis import given, strategies as st\nimport unittest\n@given(st.lists(st.integers()))\ndef test_sorts(numbers): assert sorted(sorted(numbers)) == sorted(numbers)\n"
        "class Shop(unittest.TestCase):\n    @given(st.text())\n    def test_text(self, text): self.assertEqual(text[::-1][::-1], text)\n",
        codes=(0,), needs=("hypothesis",),
    ),
    "fine/skips": Suite(
        "import unittest, pytest\nclass Shop(unittest.TestCase):\n    def test_parts(self):\n        for n in range(3):\n            with self.subTest(n=n):\n                if n == 1: self.skipTest('not today')\n                self.assertTrue(n < 3)\n"
        "@pytest.mark.skip\ndef test_later(): pass\n@pytest.mark.xfail\ndef test_known(): assert 0\n",
        {"test_later": is_one_of("skipped"), "test_known": is_one_of("stable", "skipped")}, codes=(0,),
    ),
    "fine/reports": Suite(
        {"pytest.ini": "[pytest]\naddopts = --junitxml=made/all.xml --cov=shop --cov-report=html:made/cov\n", "shop.py": "def tea(): return 1\n", "test_it.py": "import shop\ndef test_tea(): assert shop.tea()\ndef test_more(): assert shop.tea() == 1\n"},
        codes=(0,), needs=("pytest_cov",),
    ),
    # Little time.
    **{f"time/{limit}": in_time(limit) for limit in ("6s", "12s", "25s")},
}
