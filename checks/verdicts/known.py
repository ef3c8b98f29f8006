"""Suites that were once judged wrongly, written anew."""

from expected import BROKEN, CHANCE, OUTSIDE, Suite, is_one_of, victim

DATED = "time.sleep(1)\n    assert {name!r} not in BASKET\n"


def times_up():
    names = ("tea", "milk", "rice", "salt")
    text = "import time\nBASKET = set()\n"
    for name in names:
        text += f"def test_no_{name}():\n    {DATED.format(name=name)}"
    for name in names:
        text += f"def test_buys_{name}():\n    BASKET.add({name!r})\n"
    truth = {f"test_no_{name}": {**victim([f"test_buys_{name}"]), "verdict": ("undiagnosed", "order_dependent", "stable", "unproven")} for name in names}
    return Suite(text, truth, codes=(0, 1, 3), arguments=["--max-time", "15s"])


KNOWN = {
    "borrowed": Suite(
        "DONE = []\n"
        "def test_needs_both(): assert DONE != ['order', 'pay']\n"
        "def test_needs_one(): assert 'order' not in DONE\n"
        "def test_pays():\n    if DONE == ['order']: DONE.append('pay')\n"
        "def test_orders():\n    if not DONE: DONE.append('order')\n",
        {"test_needs_both": victim(["test_orders", "test_pays"]), "test_needs_one": victim(["test_orders"])},
    ),
    "twice": Suite(
        "import pytest\nSEEN, DOUBLE = set(), []\n"
        "@pytest.mark.parametrize('n', range(6))\n"
        "def test_sees(n):\n    DOUBLE.extend([n] if n in SEEN else [])\n    SEEN.add(n)\n"
        "def test_doubles(): DOUBLE.append(0)\n"
        "def test_forgets(): DOUBLE.clear()\ndef test_drops(): del DOUBLE[:]\ndef test_empties():\n    while DOUBLE: DOUBLE.pop()\n"
        "def test_nothing_is_double(): assert DOUBLE == []\n",
        {"test_nothing_is_double": victim(["test_doubles"])},
    ),
    "dependencies": Suite(
        "import pytest\nSHELF = {}\n"
        "@pytest.mark.dependency()\ndef test_orders(): SHELF['box'] = 1\n"
        "@pytest.mark.dependency(depends=['test_orders'])\ndef test_unpacks():\n    assert SHELF['box']\n    SHELF['tea'] = 2\n"
        "@pytest.mark.dependency(depends=['test_unpacks'])\ndef test_sells(): assert SHELF['tea'] == 2\n"
        "def test_apart(): assert 1\n",
        {"test_sells": {"verdict": "stable", "says": "skipped in some orders"}},
        codes=(0,), needs=("pytest_dependency",),
    ),
    "doctests": Suite(
        {
            "pytest.ini": "[pytest]\naddopts = --doctest-modules --doctest-glob=*.rst\n",
            "tutorial.rst": "Tutorial\n========\n\n>>> from till import add\n>>> coins = add(1, 2)\n>>> coins\n3\n>>> coins * 2\n6\n",
            "till.py": '"""A till.\n\n>>> add(1, 1)\n2\n"""\n\n\ndef add(one, other):\n    """\n    >>> add(2, 3)\n    5\n    >>> twice(add(1, 1))\n    4\n    """\n'
                       '    return one + other\n\n\ndef twice(coins):\n    """\n    >>> twice(4)\n    8\n    """\n    return coins * 2\n',
        },
        codes=(0,),
    ),
    "doctests_polluted": Suite(
        {
            "pytest.ini": "[pytest]\naddopts = --doctest-modules\n",
            "tax.py": 'TAX = {"fr": 20}\n\n\ndef tax(land):\n    """\n    >>> tax("fr")\n    20\n    """\n    return TAX[land]\n\n\n'
                      'def lower(land):\n    """\n    >>> lower("fr")\n    >>> TAX["fr"]\n    5\n    """\n    TAX[land] = 5\n',
        },
        {"tax.tax": victim(["tax.lower"], says='tax.TAX')},
    ),
    "examples": Suite(
        "from hypothesis import given, settings, strategies as st\n"
        "@settings(max_examples=25, deadline=None)\n@given(st.integers(0, 127), st.sampled_from('abcd'))\n"
        "def test_seldom(number, letter): assert (number % 32, letter) != (11, 'c')\n"
        "def test_always(): assert 'c' in 'abcd'\n",
        {"test_seldom": is_one_of("intermittent", "stable", "undiagnosed")},
        codes=(0, 1, 3), never=("fault of steadfast",), needs=("hypothesis",),
    ),
    "port": Suite(
        "import socket, threading\nPORT = {port}\n"
        "def test_answers():\n"
        "    server = socket.socket()\n    server.bind(('127.0.0.1', PORT))\n    server.listen()\n"
        "    def answer():\n        peer, _ = server.accept()\n        peer.sendall(b'tea')\n        peer.close()\n"
        "    thread = threading.Thread(target=answer)\n    thread.start()\n"
        "    with socket.create_connection(('127.0.0.1', PORT)) as client: assert client.recv(9) == b'tea'\n"
        "    thread.join()\n    server.close()\n"
        "def test_apart(): assert PORT\ndef test_more(): assert PORT > 0\n",
        {"test_answers": {**OUTSIDE, "says": "TIME_WAIT"}},
    ),
    "retries": Suite(
        "import random, pytest\n"
        "@pytest.mark.flaky(retries=5, delay=0)\ndef test_lucky(): assert random.SystemRandom().random() < 0.6\n"
        "def test_steady(): assert True\n",
        {"test_lucky": CHANCE}, says=("its first attempt counts",), needs=("pytest_retry",),
    ),
    "patches": Suite(
        {
            "files.py": "import os, time\ndef is_there(path): return os.path.isfile(path)\n"
                        "def rest():\n    begun = time.perf_counter()\n    time.sleep(0.03)\n    return time.perf_counter() - begun\n",
            "test_it.py": "import unittest\nfrom unittest import mock\nimport files\n"
                          "class Found(unittest.TestCase):\n    @classmethod\n    def setUpClass(cls): mock.patch('os.path.isfile', return_value=True).start()\n"
                          "    def test_found(self): self.assertTrue(files.is_there('/none'))\n"
                          "class Rest(unittest.TestCase):\n    def setUp(self): self.sleep = mock.patch.object(files.time, 'sleep').start()\n"
                          "    def test_sleeps(self):\n        files.rest()\n        self.sleep.assert_called_once_with(0.03)\n"
                          "class Other(unittest.TestCase):\n    def test_not_found(self):\n        self.assertFalse(files.is_there('/none'))\n"
                          "    def test_lasts(self):\n        self.assertGreater(files.rest(), 0.02)\n",
        },
        {"test_not_found": victim(["test_found"], place="test_it.py:15:1"), "test_lasts": victim(["test_sleeps"], place="test_it.py:17:1")},
    ),
    "reports": Suite(
        {
            "pytest.ini": "[pytest]\naddopts = --junitxml=made/all.xml --html=made/all.html --self-contained-html\nlog_file = made/all.log\nlog_file_level = DEBUG\n",
            "test_it.py": "import logging\nBASKET = []\ndef test_fills():\n    logging.getLogger('x').warning('fills')\n    BASKET.append(1)\ndef test_empty(): assert not BASKET\n",
        },
        {"test_empty": victim(["test_fills"])}, needs=("pytest_html",),
    ),
    "session_fixture": Suite(
        {
            "conftest.py": "import pytest\n@pytest.fixture(scope='session')\ndef till():\n    coins = {5}\n    yield coins\n    assert not coins, f'coins left: {sorted(coins)}'\n",
            "test_it.py": "def test_one(till): assert till\ndef test_two(till): assert 5 in till\ndef test_three(till): assert len(till) == 1\ndef test_apart(): assert 1\n",
        },
        {"test_one": BROKEN, "test_two": BROKEN, "test_three": BROKEN}, says=("session fixture `till`",),
    ),
    "time_is_up": times_up(),
    "zone": Suite(
        "import time\ndef test_whole_hours(): assert time.timezone % 3600 == 0\n"
        "def test_list(): assert [] == [1]\ndef test_key(): {}['tea']\ndef test_number(): int('tea')\ndef test_false(): assert False\n",
        {"test_whole_hours": {**OUTSIDE, "says": "the time zone decides"}, "test_list": BROKEN, "test_key": BROKEN, "test_number": BROKEN, "test_false": BROKEN},
    ),
    "sockets": Suite(
        "import os, socket, tempfile\n"
        "def bind(path):\n    with socket.socket(socket.AF_UNIX) as server: server.bind(str(path))\n"
        "def test_below_tmp_path(tmp_path): bind(tmp_path / 'a-name-of-thirty-eight-letters-or.sock')\n"
        "def test_below_tempdir():\n    with tempfile.TemporaryDirectory() as folder: bind(os.path.join(folder, 'a-name-of-thirty-eight-letters-or.sock'))\n",
        codes=(0,), arguments=["--report-dir", "a-folder-for-reports-with-quite-a-long-name/and-another-one-below-it"],
    ),
    "unittest": Suite(
        "import unittest\nclass Names(unittest.TestCase):\n    def test_name(self):\n        self.assertEqual('tea', 'rice')\n"
        "class Sizes(unittest.TestCase):\n    def test_size(self):\n        self.assertListEqual([1], [2])\n    def test_fine(self):\n        self.assertTrue(1)\n"
        "class Maps(unittest.TestCase):\n    def test_map(self):\n        self.assertDictEqual({'a': 1}, {'b': 1})\n",
        {"test_name": {**BROKEN, "place": "test_it.py:4:1"}, "test_size": {**BROKEN, "place": "test_it.py:7:1"}, "test_map": {**BROKEN, "place": "test_it.py:12:1"}},
    ),
    "values": Suite(
        "import unittest\nBASKET = []\nclass Basket(unittest.TestCase):\n    def test_is_empty(self): self.assertEqual(sum(BASKET), 0)\n"
        "def test_empties(): BASKET.clear()\ndef test_drops(): del BASKET[:]\ndef test_pops():\n    while BASKET: BASKET.pop()\ndef test_clears(): BASKET[:] = []\n"
        "def test_fills():\n    import time\n    BASKET.append(time.monotonic_ns())\n",
        {"test_is_empty": victim(["test_fills"])},
    ),
    "sixty_cleaners": Suite(
        "import pytest\nTILL = []\n@pytest.mark.parametrize('n', range(60))\ndef test_empties(n): TILL.clear()\ndef test_fills(): TILL.append(1)\n"
        + "".join(f"def test_empty_{n}(): assert not TILL\n" for n in range(4)),
        {f"test_empty_{n}": victim(["test_fills"]) for n in range(4)},
    ),
}
