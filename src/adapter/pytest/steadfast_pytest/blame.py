"""Who answers for a fixture of several tests that fails when it is torn down: those that used it, not whichever came last."""

from _pytest.runner import CallInfo
from steadfast_state.texts import cut

from .cases import Trial

FAILURE_KEYS = ("outcome", "message", "details", "file", "line", "source", "exception")
"""What is told of a failure, besides what is told of every trial."""

XUNIT = {
    "_xunit_setup_module_fixture_": "module",
    "_xunit_setup_class_fixture_": "class",
    "_unittest_setUpClass_fixture_": "class",
}
"""How pytest names the fixtures that it makes of set-up functions."""


class Blame:
    """Knows since which test of the order each fixture has been set up."""

    def __init__(self, plugin):
        self.plugin = plugin
        self.since = {}
        self.order, self.position = [], 0
        # Tests before this position are not told of again.
        self.first = 0
        # What the tests are told by, if it is not their position.
        self.names = None

    def begin(self, order, position):
        self.order, self.position = order, position

    def made(self, fixture):
        """A fixture is set up anew, for the test under way."""
        self.since[id(fixture)] = self.position

    def torn_down_before(self, trial):
        """Whether a test did not come to run, since an earlier test's fixture failed when another instance took its place.
        Those that used it are told."""
        fixture = trial.torn_down("setup")
        if fixture is None:
            return False
        users = [place for place in self.users(fixture) if place != self.position]
        self.tell(fixture, trial.outcome(), users)
        return bool(users)

    def told(self, told):
        """What is told of the test under way, once those are told that used a fixture which failed at its end."""
        trial = self.plugin.played
        fixture = None if trial is None else trial.torn_down("teardown")
        users = [] if fixture is None else self.users(fixture)
        if not users:
            return told
        blame = self.tell(fixture, told, users)
        if self.position in users:
            return dict(told, **blame)
        rest = {key: value for key, value in told.items() if key not in FAILURE_KEYS}
        return dict(rest, **trial.before_teardown())

    def tell(self, fixture, told, users):
        """Tells earlier users how they ended, and returns it."""
        known = [self.plugin.case(self.order[place]).name for place in users]
        more = "" if len(known) <= 3 else " and %d more" % (len(known) - 3)
        message = told["message"].split(": ", 1)[-1]
        blame = {key: told[key] for key in FAILURE_KEYS if key in told}
        text = "%s, used by %s%s: %s" % (name_of(fixture), ", ".join(known[:3]), more, message)
        blame.update(outcome="errored", message=cut(text))
        for place in users:
            if self.first <= place != self.position:
                self.plugin.wire.say(finished=place if self.names is None else self.names[place], **blame)
        return blame

    def users(self, fixture):
        """The positions of the tests that have used a fixture since it was set up."""
        since = self.since.get(id(fixture), self.position)
        return [place for place in range(since, self.position + 1) if place == since or self.uses(place, fixture)]

    def uses(self, place, fixture):
        item = self.plugin.case(self.order[place]).item
        known = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
        return any(fixture is one for one in known.get(fixture.argname, ()))

    def end(self):
        """Tears down what was kept for tests that have run elsewhere; it belongs to those that have run here."""
        item = self.plugin.case(self.order[self.position]).item if self.order else None
        if item is None:
            return
        self.plugin.trial = self.plugin.played = trial = Trial()
        call = CallInfo.from_call(lambda: item.session._setupstate.teardown_exact(None), "teardown")
        trial.reports.append(item.ihook.pytest_runtest_makereport(item=item, call=call))
        self.plugin.trial = None
        fixture = trial.torn_down("teardown")
        if fixture is None:
            return
        users, told = self.users(fixture), trial.outcome()
        blame = self.tell(fixture, told, users)
        if self.position in users:
            self.plugin.wire.say(finished=self.position, **blame)


def name_of(fixture):
    """A fixture as its suite calls it."""
    for prefix, scope in XUNIT.items():
        if fixture.argname.startswith(prefix):
            return "teardown of the %s %s" % (scope, fixture.argname[len(prefix) :])
    return "teardown of the %s fixture `%s`" % (fixture.scope, fixture.argname)
