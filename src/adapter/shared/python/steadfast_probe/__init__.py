"""Watches what a Python process opens and never closes: event loops, client sessions, transports, threads, executors.

Only the standard library is used, nothing of the watched program is edited, and nothing is kept alive: what is watched
is held by weak references. Constructors are wrapped when their module is imported; a look after each case costs
microseconds, and the expensive ones (a collection of garbage, a walk to whoever holds an object) are taken on suspicion
only.

Use: `install()` once, `begin_case(name)` and `end_case()` around each case. `end_case` returns what it found:

    {"counts": {kind: number}, "new": [resource...], "loop_bound": [resource...], "never_awaited": [...],
     "swallowed": {place: number}}

`counts` has only kinds that could be measured. A resource says its kind, its type, where it was created (the first
frames outside the library that made it), in which case, and who holds it.
"""

from .probe import Probe, threads_left
from .wraps import wrap_all

__all__ = ["Probe", "install", "threads_left"]


def install():
    """Wraps the constructors of what is imported, and of what will be. Returns the ledger."""
    probe = Probe()
    wrap_all(probe)
    return probe
