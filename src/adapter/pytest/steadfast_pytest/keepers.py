"""Which variable keeps a thing that a test left: a thread, a socket, an open file, a child process, a task; and which
containers of the project's modules hold more after each test.

The walk to whoever holds a thing looks at all objects. So it is taken once, when the round has ended, for one thing of
each kind and name.
"""

import gc
import io
import re
import subprocess
import sys
import types
import weakref

from steadfast_probe.dead_loops import holdings_of, is_harness, is_own
from steadfast_probe.swallowed import swallowed
from steadfast_state.owners import Walk
from steadfast_state.texts import clean
from steadfast_state.values import is_a

from .real import Real

DEEPEST = 8
"""So many steps up from a thing."""

MOST = 16
"""For so many groups of things of a round somebody is looked for who keeps them."""

FEWEST = 2
"""What there are fewer of does not grow."""

LONGEST = 5.0
"""Seconds that all these walks may take."""

MOST_GROWN = 3
"""So many containers that grow are told."""

PLACES = 4000
"""So many places where files were opened are remembered."""

CONTAINERS = (dict, list, tuple, set, types.CellType, types.FunctionType, types.MethodType, types.MappingProxyType)
INDEX = re.compile(r"\[(\d+|\.\.\.)\]$")
"""An entry that differs from trial to trial."""


class Keepers:
    """Finds who keeps what, first of all for what there is most of."""

    def __init__(self):
        self.groups = {}

    def want(self, thing, group, known):
        """`known` is to get the variable that keeps a thing as its last entry: `shop.THREADS`. What is found for one thing
        holds for all of its group."""
        try:
            self.groups.setdefault(group, []).append((weakref.ref(thing), known))
        except TypeError:
            # Nothing can tell when it goes.
            return

    def find(self):
        groups, self.groups = sorted(self.groups.values(), key=len, reverse=True), {}
        until = Real.monotonic() + LONGEST
        for group in groups[:MOST]:
            if len(group) < FEWEST or Real.monotonic() > until:
                break
            thing = group[-1][0]()
            try:
                found = keeper(thing) if thing is not None else None
            except Exception:
                swallowed("Keepers.find")
                break
            del thing
            for _, known in group if found is not None else ():
                known[2] = clean(found)


def keeper(thing):
    for held in holdings_of(thing, DEEPEST, is_harness):
        return shortened(held)
    return None


def shortened(held):
    """The chain down to what belongs to a library, without the number of an entry."""
    name = held.root
    for holder, step in held.steps[:-1]:
        if not is_a(holder, CONTAINERS) and not is_own(type(holder)):
            break
        name += step
    return INDEX.sub("", name)


class Opened:
    """What is opened from now on, and where: sockets, files, child processes."""

    def __init__(self, place):
        """`place` tells which code of the suite runs now."""
        self.place = place
        self.sockets, self.processes, self.files = [], [], {}
        sys.addaudithook(self.audit)

    def audit(self, event, arguments):
        try:
            if event == "socket.__new__":
                self.sockets.append((weakref.ref(arguments[0]), self.place()))
            elif event == "subprocess.Popen":
                process = popen_of(sys._getframe(1))
                if process is not None:
                    self.processes.append((weakref.ref(process), self.place()))
            elif event in ("open", "tempfile.mkdtemp", "os.mkdir") and is_text(arguments[0]):
                if len(self.files) < PLACES and not arguments[0].endswith((".py", ".pyc")):
                    self.files[arguments[0]] = self.place()
        except Exception:
            # A watcher never breaks what it watches.
            swallowed("Opened.audit")

def is_text(path):
    return type(path) is str


def popen_of(frame):
    """The process that is about to be started, by the frame of its own method."""
    for _ in range(3):
        found = frame.f_locals.get("self") if frame is not None else None
        if is_a(found, subprocess.Popen):
            return found
        frame = frame.f_back if frame is not None else None
    return None


def open_files():
    """The objects that hold an open file, each with its number and path."""
    references = [weakref.ref(found) for found in gc.get_objects() if type(found) is io.FileIO and not found.closed]
    for reference in references:
        found = reference()
        try:
            if found is not None:
                yield found, found.fileno(), found.name
        except (AttributeError, OSError, ValueError):
            # Closed meanwhile, or without a name.
            continue


class Growing:
    """The containers of the project's modules, and which of them grew during a test."""

    def __init__(self):
        self.owners = [owner for owner in Walk().run() if owner.kind in ("dict", "list", "set")]
        self.begin = self.last = self.sizes()

    def sizes(self):
        return [len(owner.thing) for owner in self.owners]

    def grown(self):
        """Those that hold more than after the test before, what grew most first."""
        now, last, self.last = self.sizes(), self.last, self.last
        self.last = now
        grown = [(size - before, place) for place, (size, before) in enumerate(zip(now, last)) if size > before]
        grown.sort(key=lambda pair: -pair[0])
        told = []
        for _, place in grown[:MOST_GROWN]:
            told.append("%s, which holds %d entries and held %d" % (self.owners[place].name, now[place], self.begin[place]))
        return told
