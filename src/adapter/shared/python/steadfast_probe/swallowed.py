"""Exceptions that a watcher must not let through to what it watches: counted by where they came from.

Whoever reports a case or a round takes the counts along, so that a look that failed is never taken for one that found
nothing.
"""

import sys


class Swallowed:
    """Counts by place and kind of the exception."""

    def __init__(self):
        self.counts = {}

    def count(self, where):
        """Called while an exception is handled."""
        kind = sys.exc_info()[0]
        key = "%s: %s" % (where, getattr(kind, "__name__", "an exception"))
        self.counts[key] = self.counts.get(key, 0) + 1

    def drain(self):
        """What was counted since this was asked last."""
        counts, self.counts = self.counts, {}
        return counts


SWALLOWED = Swallowed()
"""Those of this process; a forked one goes on from a copy."""

swallowed = SWALLOWED.count
