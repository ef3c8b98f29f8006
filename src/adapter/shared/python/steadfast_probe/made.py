"""Where a thing was made, as far as the source of the variable that holds it tells."""

import ast
import functools
import linecache
import re
import sys

from .places import inside, is_of_library


def made_at(root, steps, thing):
    """The line that assigns the variable or the attribute that holds `thing`, if there is one in the project's code."""
    module = module_of(root)
    in_closure = re.search(r"\(variable (\w+) of its closure\)", root + "".join(name for _, name in steps))
    names = [in_closure.group(1) if in_closure is not None else root.rpartition(".")[2]]
    no_class: tuple[str, ...] = ()
    places = [(getattr(module, "__file__", None), no_class, r"^\s*(global .*)?%s\s*(:[^=]+)?=[^=]" % re.escape(names[0]))]
    for holder, name in steps:
        if holder is thing:
            break
        file = getattr(sys.modules.get(type(holder).__module__), "__file__", None)
        if name.startswith("."):
            kinds = tuple(kind.__name__ for kind in type(holder).__mro__)
            places.insert(0, (file, kinds, r"\.%s\s*(:[^=]+)?=[^=]" % re.escape(name[1:])))
    for file, kinds, pattern in places:
        if isinstance(file, str) and not is_of_library(file):
            found = last_line(file, pattern, kinds)
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


def last_line(file, pattern, kinds=()):
    """The last line that says so, of the classes of these names if one of them does."""
    lines = linecache.getlines(file)
    wanted = re.compile(pattern)
    is_empty = re.compile(r"=\s*None\s*(#.*)?$")
    found = [number for number, text in enumerate(lines, 1) if wanted.search(text) and not is_empty.search(text)]
    if kinds and len(found) > 1:
        of_class = [range(begin, end + 1) for name, begin, end in classes("".join(lines)) if name in kinds]
        found = [number for number in found if any(number in lines for lines in of_class)] or found
    return found[-1] if found else None


@functools.lru_cache(maxsize=16)
def classes(source):
    """The classes of a file: their names, first and last lines."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return []
    return [(node.name, node.lineno, node.end_lineno) for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
