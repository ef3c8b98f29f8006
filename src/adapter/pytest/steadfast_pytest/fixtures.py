"""What fixtures of more than one test hold, and the parameters of tests: the state of a suite that stands in no module.

A fixture is recorded when it has been made, since before that there is nothing to compare with.
"""

import pytest
from steadfast_probe.swallowed import swallowed
from steadfast_state.owners import Walk


class Fixtures:
    """A plugin of pytest while one test is watched."""

    def __init__(self):
        self.owners = []
        # So that no identity is used twice.
        self.walks = []

    def add_parameters(self, own, items, known):
        """Records what a test and others are called with: each run of a test has the same objects. `known` are identities
        of what modules hold, which has a better name."""
        for item in [own] + [item for item in items if item is not own]:
            parameters = getattr(getattr(item, "callspec", None), "params", None) or {}
            for name, value in parameters.items():
                walk = Walk()
                walk.seen.update(known)
                of_whom = "" if item is own else " of %s" % item.name
                self.owners.extend(walk.of(value, "parameter %s%s" % (name, of_whom)))
                self.walks.append(walk)

    def watching(self, manager, play):
        """Plays with this plugin at work."""
        manager.register(self, "steadfast_fixtures")
        try:
            return play()
        finally:
            manager.unregister(self)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_fixture_setup(self, fixturedef, request):
        yield
        try:
            if fixturedef.scope != "function" and fixturedef.cached_result is not None:
                self.add(fixturedef, request)
        except Exception:
            swallowed("pytest_fixture_setup")

    def add(self, fixturedef, request):
        value, _, failure = fixturedef.cached_result
        if failure is not None:
            return
        walk = Walk()
        found = walk.of(value, "fixture %s" % fixturedef.argname)
        if fixturedef.scope == "class" and request.cls is not None:
            # What is set up for the tests of a class.
            found = walk.of(request.cls, request.cls.__qualname__)
        self.walks.append(walk)
        self.owners.extend(found)
