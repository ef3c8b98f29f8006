"""What the import of a suite leaves in the process that forks for each round: a seed for `random`, files held open."""

import os
import random
import stat
import time
from typing import Any

try:
    import fcntl
except ImportError:  # Windows.
    fcntl = None  # type: ignore[assignment]

NEAR = 10_000_000
"""Seconds: a seed that is so near the time of day was taken from a clock."""


class Seeding:
    """Watches who seeds `random` while a suite is imported. With a constant, plain pytest draws the same numbers in each
    run, and so must each round."""

    def __init__(self):
        self.original, self.seed, self.argument = random.seed, self.watched, None
        # The state after the import, if a constant led to it.
        self.state: Any = None
        random.seed = self.seed  # type: ignore[assignment]

    def watched(self, *arguments, **named):
        self.argument = arguments[0] if arguments else named.get("a")
        return self.original(*arguments, **named)

    def end(self):
        if random.seed is self.seed:
            random.seed = self.original  # type: ignore[assignment]
        if is_constant(self.argument):
            self.state = random.getstate()


def is_constant(seed):
    """Whether a seed is the same in each process: no number of a clock, of a process or of chance."""
    if not isinstance(seed, int):
        return isinstance(seed, (str, bytes, bytearray))
    now = time.time()
    return seed != os.getpid() and not any(abs(seed - now * unit) < NEAR * unit for unit in (1, 10**3, 10**6, 10**9))


def held_files(folders, except_below):
    """Files below the folders that this process holds open to write them, other than at their end: forks would share
    them with each other, and a database would take a fresh copy of its file for another one."""
    if fcntl is None or not os.path.isdir("/proc/self/fd"):
        return []
    held = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            flags = fcntl.fcntl(int(name), fcntl.F_GETFL)
            path, status = os.readlink("/proc/self/fd/" + name), os.fstat(int(name))
        except OSError:
            # The descriptor of the listing itself.
            continue
        writes = flags & os.O_ACCMODE != os.O_RDONLY and not flags & os.O_APPEND
        if writes and stat.S_ISREG(status.st_mode) and status.st_nlink and not is_below(path, except_below):
            if any(is_below(path, [folder]) for folder in folders):
                held.add(path)
    return sorted(held)


def is_below(path, folders):
    return any(path.startswith(os.path.join(os.path.realpath(folder), "")) for folder in folders if folder)
