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

from steadfast_probe.places import texts
from steadfast_probe.swallowed import swallowed
from steadfast_state.texts import clean

from .keepers import Growing, Keepers, Opened, open_files
from .real import Real


class Ledger:
    """The books of one round."""

    def __init__(self, config, probe, request):
        """`probe` has the event loops, and knows which code of the suite runs; it may be None."""
        self.config, self.probe = config, probe
        self.gate, self.collects = request["gate"], request["collect"]
        self.threads = {thread.native_id for thread in threading.enumerate()}
        self.tasks, self.numbers = weakref.WeakKeyDictionary(), 0
        # Tasks that were lost with their loop and coroutines that nobody awaited: nothing brings them back.
        self.lost = []
        self.keepers = Keepers()
        # What was told after an earlier test, and is told again after the last one only.
        self.told_sockets, self.told_threads = 0, set()
        for plugin in config.pluginmanager.get_plugins():
            # It keeps a text for each report, for a file that nobody reads.
            if type(plugin).__name__ == "LogXML":
                config.pluginmanager.unregister(plugin)
        self.opened = Opened(self.probe.place if self.probe is not None else list)
        self.growing = Growing() if self.collects else None

    def wait(self):
        """Until the harness has looked."""
        pipe = Real.open(self.gate, os.O_RDONLY)
        try:
            Real.read(pipe, 1)
        finally:
            Real.close(pipe)

    def held(self, item, told, is_last):
        """What is there after a test that ended as `told`: all tasks, and what else is new. After the last test also who
        keeps what is there."""
        self.forget(item)
        if self.collects or is_last:
            gc.collect()
        self.add_lost(told)
        held = {
            "threads": list(self.new_threads(is_last).items()),
            "sockets": list(self.sockets(is_last).items()),
            "descriptors": list(self.new_loops(is_last).items()),
            "tasks": list(self.pending(is_last).items()) + self.lost,
            "grown": self.growing.grown() if self.growing is not None else [],
        }
        if is_last:
            held["descriptors"] += self.files()
            held["processes"] = self.processes()
            # Which of them are there is seen from outside.
            held["paths"] = [[clean(path), known(None, place)] for path, place in self.opened.files.items()]
            self.keepers.find()
        return held

    def add_lost(self, told):
        for task in told.get("pending_tasks", ()):
            self.add("%s, pending when its event loop was closed" % task["coroutine"], task.get("defined"))
        for dropped in told.get("never_awaited", ()):
            self.add("coroutine %s, which nobody awaited" % dropped["coroutine"], dropped["defined"])

    def add(self, name, place):
        self.numbers += 1
        self.lost.append((self.numbers, known(name, [place] if place else [])))

    def known(self, thing, name, place, is_last, kind=None):
        """What is known of a thing, and after the last test who keeps it."""
        told = known(name, place)
        if is_last:
            self.keepers.want(thing, (kind or name, tuple(place[:1])), told)
        return told

    def forget(self, item):
        """Reports of earlier tests, which pytest keeps for its summary: they are not the suite's memory."""
        sections = getattr(item, "_report_sections", None)
        if sections:
            del sections[:]
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        stats = getattr(reporter, "stats", None)
        if isinstance(stats, dict):
            stats.clear()

    def new_threads(self, is_last):
        new = {}
        for thread in threading.enumerate():
            if thread.native_id is None or thread.native_id in self.threads:
                continue
            _, created = getattr(thread, "_steadfast_created", (None, []))
            place = texts(created)
            if not is_last and thread.native_id in self.told_threads:
                continue
            self.told_threads.add(thread.native_id)
            new[thread.native_id] = self.known(thread, thread.name, place, is_last, "thread")
        return new

    def sockets(self, is_last):
        """Sockets by inode, those of event loops as theirs."""
        new = {}
        begin = 0 if is_last else self.told_sockets
        for reference, place in self.opened.sockets[begin:]:
            opened = reference()
            inode = inode_of(opened)
            if inode is not None:
                new[inode] = self.known(opened, "a socket", place, is_last)
            del opened
        self.opened.sockets = [pair for pair in self.opened.sockets if pair[0]() is not None]
        self.told_sockets = len(self.opened.sockets)
        for loop, place in self.open_loops():
            for name in ("_ssock", "_csock"):
                inode = inode_of(getattr(loop, name, None))
                if inode is not None:
                    new[inode] = self.known(loop, "an event loop", place, is_last)
        return new

    def files(self):
        """Open files by number; their paths are known from outside."""
        found = []
        for file, number, path in open_files():
            place = self.opened.files.get(path, [])
            if place:
                found.append([number, self.known(file, None, place, True, "file")])
            del file
        return found

    def processes(self):
        """Child processes by their ids."""
        found = []
        for reference, place in self.opened.processes:
            process = reference()
            if process is not None and process.returncode is None:
                found.append([process.pid, self.known(process, None, place, True, "process")])
            del process
        return found

    def new_loops(self, is_last):
        """What event loops wait with, by number."""
        new = {}
        for loop, place in self.open_loops():
            number = number_of(getattr(loop, "_selector", None))
            if number is not None:
                new[number] = self.known(loop, "an event loop", place, is_last)
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

    def pending(self, is_last):
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
                if is_last:
                    self.keepers.want(task, tuple(told[self.tasks[task]]), told[self.tasks[task]])
        return told


def known(name, place):
    """What a thing is called, where it was made, and who keeps it; None for what is not known."""
    return [None if name is None else clean(str(name)), clean(place[0]) if place else None, None]


def described(task):
    try:
        coroutine = task.get_coro()
        code = getattr(coroutine, "cr_code", None)
        place = "%s:%d" % (code.co_filename, code.co_firstlineno) if code is not None else None
        name = clean(getattr(coroutine, "__qualname__", "a task"))
        return [name, place and "the code of " + clean(place), None]
    except Exception:
        swallowed("described")
        return ["a task", None, None]


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
