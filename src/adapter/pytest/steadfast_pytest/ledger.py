"""What a test leaves, as far as Python knows it better than the system: names of threads, who made a socket, tasks.

Loaded in rounds that account for resources, and in no other. After each test the process tells what it holds and waits
at a gate, while the harness looks at it from outside: what is new then appeared during that test.
"""

import gc
import os
import sys
import threading
import weakref
from typing import Any

from steadfast_probe.swallowed import swallowed

from .real import Real
from .texts import clean


class Ledger:
    """The books of one round."""

    def __init__(self, config, probe, request):
        """`probe` has the event loops, and knows which code of the suite runs; it may be None."""
        self.config, self.probe = config, probe
        self.gate, self.collects = request["gate"], request["collect"]
        self.threads = {thread.native_id for thread in threading.enumerate()}
        self.sockets = []
        self.tasks, self.numbers = weakref.WeakKeyDictionary(), 0
        for plugin in config.pluginmanager.get_plugins():
            # It keeps a text for each report, for a file that nobody reads.
            if type(plugin).__name__ == "LogXML":
                config.pluginmanager.unregister(plugin)
        sys.addaudithook(self.audit)

    def audit(self, event, arguments):
        if event != "socket.__new__":
            return
        try:
            self.sockets.append((weakref.ref(arguments[0]), self.probe.place() if self.probe is not None else []))
        except Exception:
            # A watcher never breaks what it watches.
            swallowed("Ledger.audit")

    def wait(self):
        """Until the harness has looked."""
        pipe = Real.open(self.gate, os.O_RDONLY)
        try:
            Real.read(pipe, 1)
        finally:
            Real.close(pipe)

    def held(self, item, is_last):
        """What is there after a test: all tasks, and what else is new."""
        self.forget(item)
        if self.collects or is_last:
            gc.collect()
        return {
            "threads": list(self.new_threads().items()),
            "sockets": list(self.new_sockets().items()),
            "descriptors": list(self.new_loops().items()),
            "tasks": list(self.pending().items()),
        }

    def forget(self, item):
        """Reports of earlier tests, which pytest keeps for its summary: they are not the suite's memory."""
        sections = getattr(item, "_report_sections", None)
        if sections:
            del sections[:]
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        stats = getattr(reporter, "stats", None)
        if isinstance(stats, dict):
            stats.clear()

    def new_threads(self):
        new = {}
        for thread in threading.enumerate():
            if thread.native_id is None or thread.native_id in self.threads:
                continue
            self.threads.add(thread.native_id)
            _, place = getattr(thread, "_steadfast_created", (None, []))
            new[thread.native_id] = known(thread.name, place)
        return new

    def new_sockets(self):
        """Sockets by inode, those of event loops as theirs."""
        new, made = {}, self.sockets
        self.sockets = []
        for reference, place in made:
            inode = inode_of(reference())
            if inode is not None:
                new[inode] = known("a socket", place)
        for loop, place in self.open_loops():
            for name in ("_ssock", "_csock"):
                inode = inode_of(getattr(loop, name, None))
                if inode is not None:
                    new[inode] = known("an event loop", place)
        return new

    def new_loops(self):
        """What event loops wait with, by number."""
        new = {}
        for loop, place in self.open_loops():
            number = number_of(getattr(loop, "_selector", None))
            if number is not None:
                new[number] = known("an event loop", place)
        return new

    def open_loops(self):
        for loop, place in self.all_loops():
            try:
                is_open = not loop.is_closed()
            except Exception:
                swallowed("Ledger.open_loops")
                continue
            if is_open:
                yield loop, place

    def all_loops(self):
        for resource in list(self.probe.resources) if self.probe is not None else []:
            loop = resource.thing() if resource.kind == "event_loop" else None
            if loop is not None:
                yield loop, resource.place

    def pending(self):
        """Tasks that have not ended, by a number of their own."""
        asyncio: Any = sys.modules.get("asyncio")
        told = {}
        if asyncio is None:
            return told
        for loop, _ in self.all_loops():
            try:
                tasks = asyncio.all_tasks(loop)
            except Exception:
                swallowed("Ledger.pending")
                continue
            for task in tasks:
                if task not in self.tasks:
                    self.numbers += 1
                    self.tasks[task] = self.numbers
                told[self.tasks[task]] = described(task)
        return told


def known(name, place):
    return [clean(str(name)), clean(place[0]) if place else None]


def described(task):
    try:
        coroutine = task.get_coro()
        code = getattr(coroutine, "cr_code", None)
        place = "%s:%d" % (code.co_filename, code.co_firstlineno) if code is not None else None
        return [clean(getattr(coroutine, "__qualname__", "a task")), place and "the code of " + clean(place)]
    except Exception:
        swallowed("described")
        return ["a task", None]


def number_of(thing):
    try:
        number = thing.fileno()
        return number if number >= 0 else None
    except (AttributeError, OSError, ValueError):
        # It has none, or is closed.
        return None


def inode_of(thing):
    number = number_of(thing)
    try:
        return None if number is None else Real.fstat(number).st_ino
    except OSError:
        return None
