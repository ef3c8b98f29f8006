"""What a test leaves changed: the state before it and after it, compared part by part.

A mark says the kind of the state, the part as the suite's own code would write it, and both values in a few characters.
Each can be undone in the process that took it, which shows whether it decides how another test ends.
"""

import contextvars
import sys
import types

from steadfast_probe.swallowed import swallowed

from . import iterators, settings
from .files import Files
from .owners import FUNCTIONS, IS_CHANGEABLE, Owner, Walk, attributes, is_standard, shown
from .settings import MISSING, Setting
from .texts import clean
from .values import both, is_a, is_same, short

MOST = 40
"""So many marks are told."""

MOST_OF_ONE = 6
"""So many entries of one owner are told one by one."""

OFTEN_PATCHED = (
    "builtins", "os", "os.path", "posixpath", "time", "datetime", "random", "socket", "ssl", "subprocess", "shutil", "pathlib",
    "tempfile", "json", "sys", "threading", "http.client", "urllib.request", "smtplib", "uuid", "secrets", "getpass", "signal",
    "asyncio", "asyncio.events", "asyncio.base_events", "asyncio.tasks", "concurrent.futures", "importlib", "platform",
    "select", "logging", "io", "glob", "queue", "multiprocessing", "sqlite3", "email", "hashlib", "hmac", "copy", "inspect",
    "locale",
)  # fmt: skip
"""Modules of the standard library whose classes are looked into, for methods that were replaced."""


class Mark:
    """A part that a test left changed."""

    def __init__(self, kind, name, before, after, undo=None, now=None):
        """`now` returns the part as it is, where it is an object that may hold others."""
        self.kind, self.name, self.before, self.after, self.undo = kind, name, before, after, undo
        self.now = now
        # Makes it again what the test left, where that is shared with the process that tries.
        self.put_back = None
        # Nothing but the code around it can put it back.
        self.only_seen = False
        self.decides = None
        self.read_at = None
        # From the variable down to a closed event loop, where that is what it leaves.
        self.chain = None

    @property
    def key(self):
        return (self.kind, self.name)

    def told(self):
        told = {"kind": self.kind, "name": clean(self.name)}
        fields = {"before": self.before, "after": self.after, "chain": self.chain}
        fields.update(decides=self.decides, read_at=self.read_at)
        if self.only_seen:
            told["only_seen"] = True
        told.update((name, clean(value) if is_a(value, str) else value) for name, value in fields.items() if value is not None)
        return told


class Owners:
    """What the suite's modules and the standard library hold. It may be recorded long before a test, in the process
    that its process is forked from."""

    def __init__(self):
        walk = Walk()
        self.owners = walk.run()
        self.kept = walk.kept
        self.contexts = walk.contexts
        # The identities of all of it.
        self.seen = walk.seen
        self.library = list(library(walk.seen))


def library(seen):
    """Modules of the standard library, each by one name, and the classes of some of them."""
    modules = {}
    for name, module in list(sys.modules.items()):
        if is_standard(name) and is_a(module, types.ModuleType):
            modules.setdefault(id(module), (name, module))
    for name, module in modules.values():
        try:
            yield Owner(module, name, "namespace", True)
            if name in OFTEN_PATCHED:
                for value in list(vars(module).values()):
                    if not is_a(value, type) or value.__module__ != name or id(value) in seen:
                        continue
                    if value.__flags__ & IS_CHANGEABLE:
                        yield Owner(value, "%s.%s" % (name, value.__qualname__), "class", True)
        except Exception:
            swallowed("library")


class State:
    """The state before a test."""

    def __init__(self, owners=None, folders=(), fixtures=None):
        """`fixtures` has owners too: what fixtures of more than one test hold since they were made."""
        self.owners = owners if owners is not None else Owners()
        self.settings = settings.read()
        self.files = Files(list(folders))
        self.context = contextvars.copy_context()
        self.fixtures = fixtures

    def differences(self):
        """All that differs now."""
        fixtures = [] if self.fixtures is None else self.fixtures.owners
        of_fixtures = [mark for owner in fixtures for mark in changes(owner)]
        known = {mark.key for mark in of_fixtures}
        # What a fixture made is no change of the test's.
        of_owners = [mark for mark in self.of_owners() if mark.key not in known]
        return list(self.of_settings()) + of_owners + of_fixtures + list(self.of_files())

    def marks(self, masked=frozenset()):
        """What differs now and is not masked, what tells most first."""
        found = [mark for mark in self.differences() if mark.key not in masked]
        loads = sorted(mark.name for mark in found if mark.kind == "load")
        if loads:
            found = [mark for mark in found if mark.kind != "load"]
            more = " and %d more" % (len(loads) - 3) if len(loads) > 3 else ""
            found.append(Mark("load", ", ".join(loads[:3]) + more, None, "loaded"))
        found.sort(key=lambda mark: RANK.get(mark.kind, len(RANK)))
        return found[:MOST]

    def of_settings(self):
        now = settings.read()
        for key in list(self.settings) + [key for key in now if key not in self.settings]:
            before, after = self.settings.get(key), now.get(key)
            if before is not None and after is not None and before.token == after.token:
                continue
            kind, name = key
            if kind == "module" and before is None and not settings.is_stub(name):
                kind = "load"
            if kind == "context" and name in self.owners.contexts:
                name = "%s.get()" % self.owners.contexts[name]
            part = None if kind != "context" or after is None else lambda value=after.value: value
            texts = shown_of(before, after)
            yield Mark(kind, name, texts[0], texts[1], undo_of(before, after), part)

    def of_owners(self):
        for owner in self.owners.owners + self.owners.library:
            yield from changes(owner)

    def of_files(self):
        for name, before, after, left in self.files.changed():
            mark = Mark("file", name, before, "%s, changed" % after if before == after else after)
            if left is not None:
                mark.undo, mark.put_back = left.undo, left.put_back
            yield mark


RANK = {
    kind: place
    for place, kind in enumerate(
        ["variable", "patch", "environment", "logging", "directory", "module", "path", "warnings", "context", "locale"]
        + ["time_zone", "process", "event_loop", "file", "cache", "thread", "random", "load"]
    )
}


def shown_of(before, after):
    """A setting before and after, as it is shown."""
    if before is not None and after is not None and is_a(before.shown, list):
        return both(before.shown, after.shown)
    known = before if before is not None else after
    texts = [known.usual if setting is None else setting.shown for setting in (before, after)]
    texts = [short(text) if is_a(text, list) else text for text in texts]
    if texts[0] == texts[1] and is_a(texts[0], str) and texts[0].startswith("a "):
        texts[1] = "another " + texts[0][2:]
    return texts


def undo_of(before, after):
    one = before if before is not None else after
    if one is None or one.restore is None:
        return None
    value = before.value if is_a(before, Setting) else MISSING
    return lambda: one.restore(value)


def changes(owner):
    """The entries of an owner that are not what they were."""
    try:
        if owner.is_untouched():
            return
    except Exception:
        # An object that can't be compared: it is looked at entry by entry.
        swallowed("is_untouched")
    before = owner.before()
    try:
        now = owner.read()
        if not is_a(before, dict) or not is_a(now, dict) or owner.kind == "state":
            same = is_same_content(owner, before, now)
    except Exception:
        # A container that another thread changes, an object that was emptied.
        swallowed("changes")
        return
    if not is_a(before, dict) or not is_a(now, dict) or owner.kind == "state":
        if not same:
            kind = "cache" if owner.kind == "state" and ".cache_info()" in owner.name else "variable"
            undo = undo_content(owner, before, now)
            texts = both(before, now) if is_a(before, (list, set)) else (shown(owner, before), shown(owner, now))
            mark = Mark(kind, owner.name, texts[0], texts[1], undo, lambda: owner.thing)
            mark.only_seen = undo is None and owner.kind == "state"
            yield mark
        return
    marks = []
    for key, value in now.items():
        old = before.get(key, MISSING)
        if old is not value and not is_same(old, value):
            marks.append(entry(owner, key, old, value))
    marks += [entry(owner, key, old, MISSING) for key, old in before.items() if key not in now]
    told = [mark for mark in marks if mark is not None]
    if len(told) > MOST_OF_ONE and owner.kind == "dict":
        texts = both(before, now)
        yield Mark("variable", owner.name, texts[0], texts[1], undo_content(owner, before, now))
        return
    yield from told[:MOST_OF_ONE]


def is_same_content(owner, before, now):
    if is_a(before, int) or is_a(now, int) or owner.kind == "state":
        return before == now
    if owner.kind == "set":
        return len(before) == len(now) and before == now
    return len(before) == len(now) and all(old is new or is_same(old, new) for old, new in zip(before, now))


def entry(owner, key, old, new):
    """A changed entry as a mark; None where it is of no interest."""
    types_of_both = [type(value).__name__ for value in (old, new) if value is not MISSING]
    is_code = any(is_a(value, FUNCTIONS) or callable(value) for value in (old, new) if value is not MISSING)
    if "module" in types_of_both and old is MISSING:
        # The import of a module sets it in its package.
        return None
    # Whoever puts a name there, puts it into every module.
    is_standard = owner.is_standard and owner.name != "builtins"
    if is_standard and (not is_code or (old is MISSING and owner.kind != "class")):
        # The standard library keeps caches in its variables.
        return None
    was_code = old is not MISSING and is_a(old, FUNCTIONS) and not is_a(old, type)
    kind = "patch" if owner.is_standard or was_code else "variable"
    name = owner.named(key)
    if old is MISSING or new is MISSING:
        texts = tuple(None if value is MISSING else short(value, str(key)) for value in (old, new))
    else:
        texts = both(old, new, str(key))
    return Mark(kind, name, texts[0], texts[1], undo_entry(owner, key, old), lambda: part_of(owner, key))


def part_of(owner, key):
    """The object that an entry holds now; the owner itself where that is its event loop."""
    value = owner.read().get(key)
    return owner.thing if key == "_loop" else value


def undo_entry(owner, key, old):
    thing = owner.thing

    def undo():
        if owner.kind == "dict":
            if old is MISSING:
                dict.pop(thing, key, None)
            else:
                dict.__setitem__(thing, key, old)
        elif owner.kind == "cell":
            thing.__closure__[thing.__code__.co_freevars.index(key)].cell_contents = old
        elif owner.kind == "class":
            type.__delattr__(thing, key) if old is MISSING else type.__setattr__(thing, key, old)
        elif owner.kind == "slots":
            object.__delattr__(thing, key) if old is MISSING else object.__setattr__(thing, key, old)
        elif old is MISSING:
            attributes(thing).pop(key, None)
        else:
            attributes(thing)[key] = old

    return undo


def undo_content(owner, before, now):
    thing = owner.thing
    if owner.kind == "state":
        if hasattr(thing, "cache_clear"):
            return thing.cache_clear
        return None if owner.fresh is None else lambda: iterators.put_in_place(thing, owner.fresh())
    if is_a(before, int) or is_a(now, int):
        return None

    def undo():
        thing.clear()
        if owner.kind == "list":
            thing.extend(before)
        elif owner.kind == "set":
            thing.update(before)
        else:
            for key, value in before.items():
                dict.__setitem__(thing, key, value)

    return undo
