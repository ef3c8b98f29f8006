"""Where a thing was made, as far as the source of the variable that holds it tells."""

import linecache
import re
import sys

from .places import inside, is_of_library


def made_at(root, steps, thing):
    """The line that assigns the variable or the attribute that holds `thing`, if there is one in the project's code."""
    module = module_of(root)
    in_closure = re.search(r"\(variable (\w+) of its closure\)", root + "".join(name for _, name in steps))
    names = [in_closure.group(1) if in_closure is not None else root.rpartition(".")[2]]
    places = [(getattr(module, "__file__", None), r"^\s*(global .*)?%s\s*(:[^=]+)?=[^=]" % re.escape(names[0]))]
    for holder, name in steps:
        if holder is thing:
            break
        file = getattr(sys.modules.get(type(holder).__module__), "__file__", None)
        if name.startswith("."):
            places.insert(0, (file, r"\.%s\s*(:[^=]+)?=[^=]" % re.escape(name[1:])))
    for file, pattern in places:
        if isinstance(file, str) and not is_of_library(file):
            found = last_line(file, pattern)
            if found is not None:
                return ["%s:%d in %s" % (inside(file), found, root)]
    return []


def module_of(root):
    """The module of a variable; the longest name that is one."""
    name = root
    while name:
        if name in sys.modules:
            return sys.modules[name]
        name = name.rpartition(".")[0]
    return None


def last_line(file, pattern):
    lines = linecache.getlines(file)
    wanted = re.compile(pattern)
    is_empty = re.compile(r"=\s*None\s*(#.*)?$")
    found = [number for number, text in enumerate(lines, 1) if wanted.search(text) and not is_empty.search(text)]
    return found[-1] if found else None
