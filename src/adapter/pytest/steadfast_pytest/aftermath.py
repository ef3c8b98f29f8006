"""An aftermath: the tests that leave marks run one after another, then every other test in a fork of the state they left.

The forks see nothing of each other: each starts from the same memory, and what it changed in TMPDIR, that of the round and
that of the collection, is undone before the next one. So each test shows how it ends after the marking ones alone, with
no cleaner in between.
"""

import os
import shutil
import signal
from typing import Any, Dict

from .capture import unshare_capture
from .real import Real

MOST_FILES = 2000
"""With more files in TMPDIR than this, forks share the folder: copying it back and forth would take too long."""


class Aftermath:
    """An aftermath in this process, which is a child of the server."""

    def __init__(self, plugin, request, footprint, stacks):
        self.plugin, self.order, self.begin = plugin, request["order"], request["from"]
        self.footprint, self.stacks = footprint, stacks
        self.deadline, self.temporary = request["deadline"], request["tmp"]
        shape = request["aftermath"]
        self.marking = min(shape["marking"], len(self.order))
        self.stretches = iter(shape.get("stretches") or ())

    def run(self):
        if not self.mark():
            return
        folders = [Folder(path, ".marked") for path in (self.temporary, self.plugin.collected_in) if path]
        end = self.marking
        while end < len(self.order):
            begin, end = end, min(end + max(1, next(self.stretches, 1)), len(self.order))
            # What an attempt before this one has told is not run again.
            position = min(max(begin, self.begin), end)
            while position < end:
                position = self.fork(position, end)
                for folder in folders:
                    folder.restore()
        self.plugin.blame.end()

    def mark(self):
        """Runs the marking tests; False if pytest can't go on.

        An attempt that goes on among the others runs the marking tests again, without telling of it.
        """
        is_told = self.begin <= self.marking
        owner, gate = self.plugin.wire.owner, self.plugin.gate.path
        if not is_told:
            self.plugin.wire.owner = self.plugin.gate.path = None
        # What follows the last one is that test again: fixtures that outlive a test stay set up.
        order = self.order[: self.marking] + self.order[: self.marking][-1:]
        for position in range(self.begin if is_told else 0, self.marking):
            told = self.plugin.step(order, position)
            told.update(self.footprint.changes())
            self.plugin.wire.say(finished=position, **told)
            if told["outcome"] == "stopped":
                return False
        self.plugin.wire.owner, self.plugin.gate.path = owner, gate
        return True

    def fork(self, position, end):
        """Runs tests in one fork, and returns the place of the first that it did not come to."""
        reading, writing = os.pipe()
        child = Real.copy()
        if child == 0:
            code = 70
            try:
                os.close(reading)
                self.play(position, end, writing)
                code = 0
            finally:
                Real.exit(code)
        Real.close(writing)
        position, trouble = self.watch(child, reading, position)
        Real.close(reading)
        _, status = Real.waitpid(child, 0)
        if position < end and trouble is None:
            trouble = {"outcome": "crashed", "message": "the test ended its process: " + how(status)}
        if trouble is not None:
            # A line that the fork began and did not end is ended first.
            Real.write(self.plugin.wire.replies, b"\n")
            self.plugin.wire.say(finished=position, **trouble)
            position += 1
        return position

    def play(self, begin, end, writing):
        """In the fork, which speaks for the round until it ends."""
        plugin = self.plugin
        plugin.wire.owner = Real.getpid()
        unshare_capture(plugin.session.config)
        plugin.blame.first = begin
        first = plugin.case(self.order[begin]).item
        if first is not None:
            try:
                plugin.session._setupstate.teardown_exact(first)
            except BaseException:
                # What fails here belongs to the marking tests, which were told.
                pass
        order = self.order[:end]
        for position in range(begin, end):
            told = plugin.step(order, position)
            if told["outcome"] == "stopped":
                # Only this fork can't go on.
                told["outcome"] = "crashed"
                plugin.wire.say(finished=position, **told)
                Real.write(writing, b".")
                return
            plugin.wire.say(finished=position, **told)
            Real.write(writing, b".")

    def watch(self, child, reading, position):
        """Waits until the fork has ended or a test of it is overdue: the place after the last that ended, and trouble."""
        since = Real.monotonic()
        while True:
            left = since + self.deadline - Real.monotonic()
            ready, _, _ = Real.select([reading], [], [], max(0.0, left))
            if not ready:
                stacks = self.stacks(child)
                Real.kill(child, signal.SIGKILL)
                text = "the test did not end within %g s" % self.deadline
                return position, {"outcome": "timed_out", "message": text, "details": stacks}
            told = Real.read(reading, 1 << 12)
            if not told:
                return position, None
            position, since = position + len(told), Real.monotonic()


def how(status):
    """How a process ended, in words."""
    if os.WIFEXITED(status):
        return "it ended with exit code %d" % os.WEXITSTATUS(status)
    number = os.WTERMSIG(status)
    try:
        return "it was killed by %s" % signal.Signals(number).name
    except ValueError:
        return "it was killed by signal %d" % number


class Folder:
    """A folder that is made what it was, again and again."""

    def __init__(self, path, suffix):
        self.path, self.copy = path, path + suffix
        self.before = self.look()
        for name, stamp in sorted((self.before or {}).items()):
            self.put(self.path, self.copy, name, stamp)

    def look(self):
        """The files below it with what tells whether they changed, None for folders; None if there are too many."""
        found: Dict[str, Any] = {}
        folders = [""]
        while folders:
            below = folders.pop()
            try:
                entries = list(os.scandir(os.path.join(self.path, below)))
            except OSError:
                # A test took the folder away, or the right to look into it.
                continue
            for entry in entries:
                name = os.path.join(below, entry.name)
                if name == ".stacks":
                    continue
                if entry.is_dir(follow_symlinks=False):
                    found[name] = None
                    folders.append(name)
                    continue
                try:
                    stat = entry.stat(follow_symlinks=False)
                except OSError:
                    # It is gone already.
                    continue
                found[name] = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
            if len(found) > MOST_FILES:
                return None
        return found

    def restore(self):
        now = self.look() if self.before is not None else None
        if now is None or now == self.before:
            return
        for name in sorted(set(now) - set(self.before), reverse=True):
            path = os.path.join(self.path, name)
            try:
                if now[name] is None:
                    shutil.rmtree(path)
                else:
                    os.remove(path)
            except OSError:
                # Nobody may remove it: it stays, as it does between rounds.
                pass
        for name, stamp in sorted(self.before.items()):
            if name not in now or now[name] != stamp:
                self.put(self.copy, self.path, name, stamp)
        # What was copied back has another inode.
        self.before = self.look()

    @staticmethod
    def put(source, target, name, stamp):
        """Copies a file or makes a folder; what can't be copied, such as a socket, is left as it is."""
        path = os.path.join(target, name)
        try:
            os.makedirs(path if stamp is None else os.path.dirname(path), exist_ok=True)
            if stamp is not None:
                shutil.copy2(os.path.join(source, name), path, follow_symlinks=False)
        except OSError:
            pass
