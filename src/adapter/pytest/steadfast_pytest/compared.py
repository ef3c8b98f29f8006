"""A test that passes and fails: two of its runs are compared, line by line, up to where they part.

Alone and after its polluter, if that makes the difference; else the same order is played again, with another seed each
time, until it has passed and failed.
"""

import os

from .attempt import Attempt
from .difference import difference, followed
from .real import Real
from .walk import passes

MOST = 40
"""So often an order is played."""


class Compared:
    """A round that is played in forks of this process, which is a child of the server."""

    def __init__(self, plugin, request):
        self.plugin, self.order, self.request = plugin, request["order"], request
        self.until = Real.monotonic() + min(request["follow"], request["deadline"] / 2)

    def run(self):
        last = len(self.order) - 1
        self.plugin.wire.say(started=last)
        told, found = self.compare()
        if found is not None:
            told["difference"] = found
        self.plugin.wire.say(finished=last, **told)

    def compare(self):
        """How the order ended the first time, and the first difference of two runs."""
        start = os.path.abspath(str(self.plugin.session.config.invocation_params.dir))
        first = self.attempt(self.order, 0)
        if first is None:
            return {"outcome": "skipped", "message": "it did not end in time"}, None
        if len(self.order) > 1:
            alone = self.attempt(self.order[-1:], 0)
            if alone is not None and passes(alone["told"]) != passes(first["told"]):
                ways = ("after what runs before it", "alone")
                return first["told"], difference(first["lines"], alone["lines"], start, ways)
        for number in range(1, MOST):
            other = self.attempt(self.order, number)
            if other is None:
                break
            if passes(other["told"]) != passes(first["told"]):
                failed, passed = (other, first) if passes(first["told"]) else (first, other)
                ways = ("where it fails", "where it passes")
                return first["told"], difference(failed["lines"], passed["lines"], start, ways)
        return first["told"], None

    def attempt(self, order, number):
        """How an order ends and the lines that its last test runs; None if time is up."""
        patience = self.until - Real.monotonic()
        return Attempt(lambda: self.play(order, number), patience).answer if patience > 0 else None

    def play(self, order, number):
        plugin = self.plugin
        plugin.wire.owner = plugin.gate.path = None
        plugin.settle(dict(self.request, seed=self.request["seed"] + number))
        for position in range(len(order) - 1):
            plugin.step(order, position)
        told = []
        lines = followed(lambda: told.append(plugin.step(order, len(order) - 1)))
        return {"told": told[0], "lines": lines}
