"""Who keeps an object alive: from a module's variable down to it."""

import gc
import sys

from .swallowed import swallowed

LONGEST_CHAIN = 6
"""So many steps from the object up."""


def holder(thing):
    """Who keeps a thing alive, from a module's global down to it: `shop.client: CLIENT -> Client._session`."""
    path, current, seen = [], thing, {id(thing)}
    for _ in range(LONGEST_CHAIN):
        step = step_up(current, seen)
        if step is None:
            break
        owner, text, is_root = step
        path.insert(0, text)
        if is_root:
            break
        seen.add(id(owner))
        current = owner
    return " -> ".join(path) or None


def step_up(thing, seen):
    modules = namespaces()
    best = root = None
    for referrer in gc.get_referrers(thing):
        if id(referrer) in seen or type(referrer).__name__ in ("frame", "list_iterator", "Resource", "weakref"):
            continue
        if isinstance(referrer, dict):
            name = key_of(referrer, thing)
            if name is None:
                continue
            if id(referrer) in modules:
                # Others may have imported the name: the module that defines the type is the one to mend.
                module = modules[id(referrer)]
                if root is None or module == type(thing).__module__:
                    root = (referrer, "%s: %s" % (module, name), True)
                continue
            owner = owner_of(referrer)
            if owner is not None and id(owner) not in seen:
                best = best or (owner, "%s.%s" % (type(owner).__qualname__, name), False)
        elif isinstance(referrer, (list, tuple, set)):
            continue
        elif hasattr(referrer, "__dict__") or hasattr(type(referrer), "__slots__"):
            name = attribute_holding(referrer, thing)
            if name is not None:
                if type(referrer).__name__ == "module":
                    return referrer, "%s: %s" % (referrer.__name__, name), True
                best = best or (referrer, "%s.%s" % (type(referrer).__qualname__, name), False)
        elif type(referrer).__name__ == "cell":
            best = best or (referrer, "a closure", False)
    return root or best


def namespaces():
    names = {}
    for name, module in list(sys.modules.items()):
        try:
            names[id(object.__getattribute__(module, "__dict__"))] = name
        except AttributeError:
            # Anything may stand in `sys.modules`.
            continue
        except Exception:
            swallowed("namespaces")
    return names


def key_of(namespace, thing):
    # A plain loop: a generator expression would hold the thing in a cell, and be found as its holder.
    for key, value in list(namespace.items()):
        if value is thing:
            return key
    return None


def owner_of(namespace):
    for referrer in gc.get_referrers(namespace):
        try:
            if object.__getattribute__(referrer, "__dict__") is namespace:
                return referrer
        except AttributeError:
            continue
        except Exception:
            swallowed("owner_of")
    return None


def attribute_holding(owner, thing):
    try:
        namespace = object.__getattribute__(owner, "__dict__")
    except AttributeError:
        namespace = {}
    for name, value in list(namespace.items()):
        if value is thing:
            return name
    for kind in type(owner).__mro__:
        for name in vars(kind).get("__slots__", ()):
            try:
                if object.__getattribute__(owner, name) is thing:
                    return name
            except AttributeError:
                # The slot is empty.
                continue
    return None
