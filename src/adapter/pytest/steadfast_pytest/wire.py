"""The pipes between the harness and pytest: JSON, one message per line."""

import os

from .real import Real

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


class Gate:
    """Where a test waits until the harness knows that it begins: whose a request is follows from it."""

    def __init__(self, path):
        self.path = path

    def take(self):
        if self.path is None:
            return
        pipe = Real.open(self.path, os.O_RDONLY)
        try:
            Real.read(pipe, 1)
        finally:
            Real.close(pipe)


class Wire:
    """Messages to and from the harness, over two descriptors."""

    def __init__(self, requests, replies):
        self.requests, self.replies = requests, replies
        self.owner = Real.getpid()
        self.rest = b""

    @classmethod
    def of_standard_streams(cls):
        """Takes 0 and 1, moved out of the way of whatever a test does with 0, 1 and 2."""
        wire = cls(moved(0), moved(1))
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
        return wire

    def say(self, **message):
        """Writes a message, if this process is the one that may. A test that forks makes processes that may not."""
        if Real.getpid() != self.owner:
            return
        left = memoryview((Real.dumps(message) + "\n").encode("ascii"))
        while left:
            left = left[Real.write(self.replies, left) :]

    def hear(self):
        """The next message; None at the end of the pipe."""
        while b"\n" not in self.rest:
            read = Real.read(self.requests, 1 << 16)
            if not read:
                return None
            self.rest += read
        line, _, self.rest = self.rest.partition(b"\n")
        return Real.loads(line.decode("utf-8"))


def moved(descriptor):
    """A copy of a descriptor with a high number, which programs that are started do not inherit."""
    duplicate = getattr(fcntl, "F_DUPFD_CLOEXEC", None)
    if duplicate is None:
        # A duplicate of os.dup is not inherited either.
        return os.dup(descriptor)
    for least in (200, 3):
        try:
            return fcntl.fcntl(descriptor, duplicate, least)
        except OSError:
            # No number is free above it, or the limit is lower.
            continue
    return os.dup(descriptor)
