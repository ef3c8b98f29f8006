"""A cheap look at the process's state after each test: environment, working directory, loaded modules."""

import os
import sys

from steadfast_probe.swallowed import swallowed
from steadfast_state.texts import clean

MOST = 20
"""How many changes of a test are told."""


class Footprint:
    """What the tests of a round changed since it began. A look at which nothing has changed costs some microseconds."""

    def __init__(self):
        self.base = self.seen = self.state()
        self.modules = list(sys.modules.values())
        self.dirty = set()

    @staticmethod
    def state():
        try:
            folder = os.getcwd()
        except Exception:
            # The folder was removed.
            folder = None
        return dict(getattr(os.environ, "_data", os.environ)), folder, dict(sys.modules)

    def is_unchanged(self):
        environment, folder, _ = self.seen
        try:
            # A list is compared several times as fast as a dict, and is another one wherever the dict is.
            same = getattr(os.environ, "_data", os.environ) == environment and list(sys.modules.values()) == self.modules
            return same and os.getcwd() == folder
        except FileNotFoundError:
            return False
        except Exception:
            # A module in `sys.modules` may be anything, and compare as it likes.
            swallowed("Footprint.is_unchanged")
            return False

    def changes(self):
        """What a test has made other than it was at the beginning, and what it has put back."""
        if self.is_unchanged():
            return {}
        now, dirty = self.state(), set()
        for name in differing(self.base[0], now[0]):
            dirty.add("environment variable " + clean(os.fsdecode(name)))
        if self.base[1] != now[1]:
            dirty.add("working directory")
        loaded = []
        for name in differing(self.base[2], now[2]):
            if name in self.base[2]:
                dirty.add("sys.modules " + clean(str(name)))
            elif name not in self.seen[2]:
                loaded.append(clean(str(name)))
        dirty.update(name for name in self.dirty if name.startswith("loads "))
        # One name stands for all that are loaded at once.
        dirty.update("loads " + name for name in sorted(loaded)[:1])
        made, cleaned = dirty - self.dirty, self.dirty - dirty
        self.seen, self.dirty, self.modules = now, dirty, list(now[2].values())
        return {"dirt": {"made": sorted(made)[:MOST], "cleaned": sorted(cleaned)[:MOST]}} if made or cleaned else {}


def differing(old, new):
    """The keys whose values are neither the same objects nor equal text."""
    for key in old.keys() | new.keys():
        one, other = old.get(key), new.get(key)
        if one is not other and not (isinstance(one, (str, bytes)) and one == other):
            yield key
