"""Takes the state before tests, and knows what even an empty test changes: that is the framework's own."""

import os

import pytest
from steadfast_probe.swallowed import swallowed
from steadfast_state.marks import Owners, State

from .attempt import Attempt
from .cases import Case
from .fixtures import Fixtures

MOST_FOLDERS = 50
"""In so many folders with tests, files that appear are looked for."""

PATIENCE = 30.0
"""Seconds that an empty test may take."""


class Marker:
    """What is known of the suite's state once it is collected."""

    def __init__(self, plugin):
        self.plugin = plugin
        self.owners = None
        self.masked = frozenset()

    def prepare(self, request):
        """In the process that rounds are forked from: records what the modules hold, once for all rounds, and what an
        empty test changes."""
        if self.owners is not None:
            return
        self.owners = Owners()
        attempt = Attempt(lambda: self.changed_by_nothing(request), PATIENCE)
        self.masked = frozenset((kind, name) for kind, name in attempt.answer or ())

    def state(self, tmp, is_first):
        """The state now. What was recorded once for all rounds holds for the first test of a round."""
        return State(self.owners if is_first else None, self.folders(tmp), Fixtures())

    def changed_by_nothing(self, request):
        self.plugin.settle(request)
        state = self.state(request["tmp"], True)
        self.plugin.one(Case("steadfast_nothing", "", 1, item=nothing(self.plugin.session)), None)
        return [mark.key for mark in state.differences()]

    def folders(self, tmp):
        """Where files are looked for: TMPDIR, and the folders of the tests."""
        start = os.path.abspath(str(self.plugin.session.config.invocation_params.dir))
        folders = sorted({os.path.dirname(case.path) for case in self.plugin.cases if case.path} | {start})
        told = [(folder, "$TMPDIR", True) for folder in (tmp, self.plugin.collected_in) if folder]
        return told + [(folder, os.path.relpath(folder, start), False) for folder in folders[:MOST_FOLDERS]]


def nothing(session):
    """A test that does nothing, with the fixtures that every test of the suite has."""

    def steadfast_nothing():
        pass

    try:
        return pytest.Function.from_parent(session, name="steadfast_nothing", callobj=steadfast_nothing)
    except Exception:
        swallowed("nothing")
        return Nothing.from_parent(session, name="steadfast_nothing")


class Nothing(pytest.Item):
    """A test without fixtures."""

    def runtest(self):
        pass

    def reportinfo(self):
        return __file__, 0, "steadfast_nothing"
