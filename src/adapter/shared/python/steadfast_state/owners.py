"""The things that hold the suite's state: its modules, classes, objects, functions and containers.

Each is recorded with a flat copy of what it holds, so that a later look is a comparison of identities and costs little.
The walk begins at the modules of the project and goes down into its own classes, objects and containers; of a library's
module, class or object that one of these holds, only what it holds itself is recorded, with the containers in it.
"""

import collections
import contextvars
import os
import sys
import threading
import types
from typing import Any

from steadfast_probe.places import HOME, is_of_library
from steadfast_probe.swallowed import swallowed

from . import iterators
from .values import is_a, item, short

DEEPEST = 6
"""So many steps down from a module."""

MOST = 20000
"""So many owners are recorded."""

LONGEST = 10000
"""Containers with more entries are known by their length only."""

LONGEST_INSIDE = 500
"""Of containers with more entries, the entries are not looked into."""

FOREIGN = ("_pytest", "pytest", "steadfast_", "logging", "typing", "enum", "abc", "unittest.mock", "_hypothesis", "hypothesis")
"""Whose objects hold no state of the suite."""

OF_UNITTEST = ("_classSetupFailed", "_class_cleanups", "tearDown_exceptions", "pytestmark", "_pytestfixturefunction")
"""What test frameworks write into test classes and functions."""

DEFAULT = " (default of "
"""What follows the name of a default."""

OURS = [HOME, os.path.dirname(os.path.abspath(__file__)) + os.sep]
"""Folders of the harness's own code; whoever uses this adds its own."""

FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, type, staticmethod, classmethod, property)
IS_CHANGEABLE = 1 << 9
"""The flag of classes that are made by a program, whose attributes can be set."""

CACHE = type(__import__("functools").lru_cache(maxsize=1)(lambda: None))
LEAVES = (str, bytes, int, float, complex, bool, type(None), range, types.CodeType)


class Owner:
    """A thing that holds others: how its content is read, named and put back depends on its kind."""

    __slots__ = ("thing", "name", "copy", "kind", "is_standard", "fresh")

    def __init__(self, thing, name, kind, is_standard=False):
        """`is_standard` if it is part of the standard library: of that, only replaced code is of interest."""
        self.thing, self.name, self.kind, self.is_standard = thing, name, kind, is_standard
        self.copy = COPIES[kind](thing)
        # Makes a thing that goes on where this one stood, where its kind has one.
        self.fresh = iterators.fresh(thing) if kind == "state" else None

    def before(self):
        """What it held when it was recorded: names or keys with values."""
        return NAMES[self.kind](self.copy) if self.kind in NAMES else self.copy

    def read(self):
        """What it holds now."""
        now = COPIES[self.kind](self.thing)
        return NAMES[self.kind](now) if self.kind in NAMES else now

    def is_untouched(self):
        """Whether it surely holds what it held: a comparison that looks at identities first, and costs little. Whatever
        is not the same object is asked whether it is equal, which only the suite's own objects answer by own code."""
        if self.kind == "namespace":
            return dict.__eq__(attributes(self.thing), self.copy) is True
        if self.kind == "class":
            return (type.__getattribute__(self.thing, "__dict__") == self.copy) is True
        if self.kind == "dict" and is_a(self.copy, dict):
            return dict.__eq__(self.thing, self.copy) is True
        return False

    def named(self, key):
        """One entry, as code would write it."""
        if self.kind == "dict":
            return "%s[%s]" % (stem(self.name), item(key))
        if self.kind == "cell":
            return "%s (variable %s of its closure)" % (self.name, key)
        if self.kind in ("list", "set", "state"):
            return self.name
        return "%s.%s" % (stem(self.name), key)


def stem(name):
    """A name without what is said of it in brackets, which stands at its end only."""
    return name.partition(DEFAULT)[0]


def attributes(thing):
    """The namespace of an object; of a thread's own data, that of this thread."""
    if is_a(thing, threading.local):
        return threading.local.__getattribute__(thing, "__dict__")
    return object.__getattribute__(thing, "__dict__")


def of_namespace(copy):
    return {name: value for name, value in copy.items() if is_a(name, str) and not name.startswith(("__", "@py"))}


def of_class(copy):
    names = {}
    for name, value in copy.items():
        if name in OF_UNITTEST or name.startswith("_abc_") or (name.startswith("__") and not is_a(value, FUNCTIONS)):
            continue
        names[name] = value
    return names


def slots_of(thing):
    names = {}
    for kind in type(thing).__mro__:
        slots = vars(kind).get("__slots__", ())
        for name in (slots,) if is_a(slots, str) else slots:
            if name in ("__dict__", "__weakref__"):
                continue
            if name.startswith("__") and not name.endswith("__"):
                # A private name has its class's before it.
                name = "_%s%s" % (kind.__name__.lstrip("_"), name)
            try:
                names[name] = object.__getattribute__(thing, name)
            except AttributeError:
                # It is empty.
                continue
    return names


def cells_of(function):
    names = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or ()):
        try:
            names[name] = cell.cell_contents
        except ValueError:
            # Not yet filled.
            continue
    return names


def state_of(thing):
    """What an object without a namespace says of its state: a counter, a cache."""
    if is_a(thing, CACHE):
        return {"": thing.cache_info().currsize}
    return {"": iterators.state(thing)}


def limited(read):
    """A long container is known by its length."""
    return lambda thing: read(thing) if len(thing) <= LONGEST else len(thing)


NAMES = {"namespace": of_namespace, "class": of_class}
"""What of a namespace is the program's own state."""

COPIES = {
    "namespace": lambda thing: dict(attributes(thing)),
    "class": lambda thing: dict(type.__getattribute__(thing, "__dict__")),
    "slots": slots_of,
    "cell": cells_of,
    "state": state_of,
    "dict": limited(lambda thing: dict(dict.items(thing))),
    "list": limited(lambda thing: list(thing)),
    "set": limited(lambda thing: set(thing)),
}


def entry_name(thing, key):
    """An entry of what can't be changed, as code would write it: `[0]`, `.name` of a named tuple, `["name"]`."""
    fields: Any = getattr(type(thing), "_fields", ())
    if is_a(fields, tuple) and is_a(key, int) and key < len(fields):
        return ".%s" % fields[key]
    return "[%s]" % item(key)


def own_modules():
    """The modules of the project: what is neither installed nor part of Python."""
    for name, module in list(sys.modules.items()):
        try:
            file = object.__getattribute__(module, "__dict__").get("__file__")
        except AttributeError:
            # Anything may stand in `sys.modules`.
            continue
        if not is_a(file, str) or not is_a(module, types.ModuleType) or name.startswith("_steadfast"):
            continue
        if is_own_file(os.path.abspath(file)):
            yield name, module


def is_own_file(path):
    installed = os.sep + "site-packages" + os.sep in path or os.sep + "dist-packages" + os.sep in path
    return not installed and not path.startswith(tuple(OURS)) and not is_of_library(path)


def is_standard(name):
    """Whether a module is part of the standard library."""
    top = name.split(".")[0]
    names = getattr(sys, "stdlib_module_names", None)
    if names is not None:
        return top in names
    if top in sys.builtin_module_names:
        return True
    file = getattr(sys.modules.get(top), "__file__", None)
    return isinstance(file, str) and is_of_library(file) and os.sep + "site-packages" + os.sep not in file


class Walk:
    """From the modules down to all owners."""

    def __init__(self):
        self.owners = []
        self.seen = set()
        self.kept = []
        self.left = collections.deque()
        self.names = set()
        # The variables that hold context variables, by the names that these were given.
        self.contexts = {}

    def run(self):
        """The owners of all modules of the project."""
        modules = list(own_modules())
        self.names = {name for name, _ in modules}
        for name, module in modules:
            self.add(module, "namespace", name, 0, True)
        return self.go()

    def of(self, thing, name):
        """The owners of one thing."""
        self.names = {name for name, _ in own_modules()}
        self.left.append((thing, name, 0, True))
        return self.go()

    def go(self):
        while self.left and len(self.owners) < MOST:
            thing, name, depth, inside = self.left.popleft()
            try:
                self.visit(thing, name, depth, inside)
            except Exception:
                swallowed("Walk.visit")
        return self.owners

    def add(self, thing, kind, name, depth, inside=True):
        """Records an owner; what it holds is looked at next, unless it is a library's."""
        owner = Owner(thing, name, kind, kind == "class" and is_standard(thing.__module__))
        self.owners.append(owner)
        content = owner.before()
        if depth >= DEEPEST or is_a(content, int) or kind in ("set", "state"):
            return
        if kind in ("dict", "list") and len(content) > LONGEST_INSIDE:
            return
        entries = content.items() if is_a(content, dict) else enumerate(content)
        for key, value in entries:
            if is_a(value, LEAVES):
                continue
            label = "%s[%d]" % (stem(name), key) if kind == "list" else owner.named(key)
            self.left.append((value, label, depth + 1, inside))

    def visit(self, thing, name, depth, inside):
        if id(thing) in self.seen:
            return
        self.seen.add(id(thing))
        # So that no identity is used twice.
        self.kept.append(thing)
        if is_a(thing, dict):
            self.add(thing, "dict", name, depth, inside)
        elif is_a(thing, (list, collections.deque)):
            self.add(thing, "list", name, depth, inside)
        elif is_a(thing, (set, bytearray)):
            self.add(thing, "set" if is_a(thing, set) else "list", name, depth, inside)
        elif is_a(thing, (tuple, types.MappingProxyType)):
            entries = enumerate(thing) if isinstance(thing, tuple) else thing.items()
            for key, value in entries:
                if depth < DEEPEST and not is_a(value, LEAVES):
                    self.left.append((value, stem(name) + entry_name(thing, key), depth + 1, inside))
        elif not inside:
            return
        elif is_a(thing, (CACHE, *iterators.KINDS)):
            self.add(thing, "state", name + (".cache_info().currsize" if is_a(thing, CACHE) else ""), depth)
        elif is_a(thing, types.ModuleType):
            if self.is_foreign(thing.__name__) or thing.__name__ in self.names or is_standard(thing.__name__):
                return
            self.add(thing, "namespace", thing.__name__, DEEPEST, False)
        elif is_a(thing, type):
            self.visit_class(thing, name, depth)
        elif is_a(thing, (types.FunctionType, types.MethodType, staticmethod, classmethod)):
            self.visit_function(thing, name, depth)
        else:
            self.visit_object(thing, name, depth)

    def visit_class(self, thing, name, depth):
        if thing.__module__ in self.names:
            self.add(thing, "class", "%s.%s" % (thing.__module__, thing.__qualname__), depth)
        elif not self.is_foreign(thing.__module__) and thing.__flags__ & IS_CHANGEABLE:
            # A library's: what it holds itself.
            self.add(thing, "class", "%s.%s" % (thing.__module__, thing.__qualname__), DEEPEST, False)

    def visit_function(self, thing, name, depth):
        """Defaults and closures of the project's functions live as long as these."""
        function = getattr(thing, "__func__", thing)
        if not is_a(function, types.FunctionType) or function.__module__ not in self.names:
            return
        defaults = function.__defaults__ or ()
        names = function.__code__.co_varnames[function.__code__.co_argcount - len(defaults) :]
        for index, (parameter, value) in enumerate(zip(names, defaults)):
            if not is_a(value, LEAVES):
                label = "%s.__defaults__[%d]%s%s)" % (name, index, DEFAULT, parameter)
                self.left.append((value, label, depth + 1, True))
        for key, value in (function.__kwdefaults__ or {}).items():
            if not is_a(value, LEAVES):
                self.left.append((value, "%s.__kwdefaults__[%s]" % (name, item(key)), depth + 1, True))
        if function.__closure__ and not self.is_foreign(getattr(function, "__module__", "")):
            self.add(function, "cell", name, depth)
        attributes = vars(function)
        wrapped = attributes.get("__wrapped__")
        if wrapped is not None:
            self.left.append((wrapped, name, depth + 1, True))
        if any(not key.startswith("_") and key not in OF_UNITTEST for key in attributes):
            self.add(function, "namespace", name, depth)

    def visit_object(self, thing, name, depth):
        kind = type(thing)
        module = kind.__module__
        if is_a(thing, contextvars.ContextVar):
            self.contexts[thing.name] = name
            return
        if self.is_foreign(module):
            return
        own = module in self.names
        if not own and (module == "builtins" or kind.__name__ in ("Pattern", "Match", "lock", "RLock")):
            return
        try:
            has_namespace = is_a(attributes(thing), dict)
        except AttributeError:
            has_namespace = False
        if has_namespace:
            # One level into a library's object: what it holds, and the containers in it.
            self.add(thing, "namespace", name, depth if own else max(depth, DEEPEST - 1), own)
        if own and any("__slots__" in vars(base) for base in kind.__mro__[:-1]):
            self.add(thing, "slots", name, depth)

    @staticmethod
    def is_foreign(module):
        return not is_a(module, str) or module.startswith(FOREIGN)


def shown(owner, content):
    """The whole content of a container."""
    if is_a(content, int):
        return "%d entries" % content
    if owner.kind == "state":
        return short(content[""]) if not is_a(content[""], str) else content[""]
    return short(content)
