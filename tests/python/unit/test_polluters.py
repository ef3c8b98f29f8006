"""Polluters that say nothing of what they leave: a log that falls silent in two ways, patches that are never stopped."""

import pytest
from kit import Served

TILL = """
import logging, os.path, time

LOG = logging.getLogger("till.sales")

def sell(count):
    if count < 1:
        LOG.warning("odd sale of %d", count)
    return count

def is_open(path):
    return os.path.exists(path)

def rest():
    begun = time.monotonic()
    time.sleep(0.02)
    return time.monotonic() - begun
"""

TESTS = """
import logging, logging.config, unittest
from unittest import mock
import till

def test_configures(): logging.config.dictConfig({"version": 1})
def test_mutes():
    logging.disable(logging.ERROR)
    assert till.sell(3) == 3
def test_is_told(caplog):
    till.sell(0)
    assert "odd sale" in caplog.text

class Opens(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        mock.patch("os.path.exists", return_value=True).start()

    def test_open(self): self.assertTrue(till.is_open("/nowhere/at/all"))

class Rests(unittest.TestCase):
    def setUp(self):
        mock.patch.object(till.time, "sleep").start()

    def test_rest_is_short(self): self.assertLess(till.rest(), 1)

class Others(unittest.TestCase):
    def test_shut(self): self.assertFalse(till.is_open("/nowhere/at/all"))
    def test_rest(self): self.assertGreater(till.rest(), 0.01)
"""

# Polluter, victim, what decides and where it is read.
PAIRS = [
    ("test_configures", "test_is_told", 'logging.getLogger("till.sales").disabled', "till.py:8"),
    ("test_mutes", "test_is_told", "logging.root.manager.disable", "till.py:8"),
    ("test_open", "test_shut", "posixpath.exists", "till.py:12"),
    ("test_rest_is_short", "test_rest", "time.sleep", "till.py:16"),
]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with Served(tmp_path_factory.mktemp("till"), {"till.py": TILL, "test_till.py": TESTS}) as served:
        yield served


@pytest.mark.parametrize("polluter, victim, name, read_at", PAIRS)
def test_each_polluter_is_told_with_the_part_that_decides(served, polluter, victim, name, read_at):
    places = {case["id"].rsplit("::")[-1]: place for place, case in enumerate(served.collected["cases"])}
    (alone,) = served.finished([places[victim]])
    first, second = served.finished([places[polluter], places[victim]], watch=0)
    assert (alone["outcome"], second["outcome"]) == ("passed", "failed"), second
    deciding = [mark for mark in first["marks"] if mark.get("decides")]
    assert [(mark["name"], mark["read_at"]) for mark in deciding] == [(name, read_at)], first
