"""Which port is taken, where a test could not listen on one: the exception does not say."""

import errno
import os
import re
from typing import Dict, Tuple

from .failure import causes, frames

LISTENS, TIME_WAIT = "0A", "06"
"""States of connections as the kernel writes them."""

MOST_VALUES = 200
"""How many values of a frame are looked at."""


def note_of_port(error):
    """`port 8000 is in TIME_WAIT`, for a port that the failing code names; `None` where nothing is known."""
    for cause in causes(error):
        if isinstance(cause, OSError) and cause.errno == errno.EADDRINUSE:
            return told(cause)
    return None


def told(error):
    taken = ports()
    for number in numbers(error):
        if number in taken:
            state, inode = taken[number]
            if state == TIME_WAIT:
                return "port %d is in TIME_WAIT" % number
            who = "this process" if "socket:[%s]" % inode in own_sockets() else "another process"
            return "%s listens on port %d" % (who, number)
    return None


def ports() -> Dict[int, Tuple[str, str]]:
    """What the system knows of local ports: their state, and the inode of who listens."""
    found: Dict[int, Tuple[str, str]] = {}
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            with open(table) as lines:
                rows = [line.split() for line in lines][1:]
        except OSError:
            continue
        for row in rows:
            port, state = int(row[1].rsplit(":", 1)[1], 16), row[3]
            if state == LISTENS or (state == TIME_WAIT and port not in found):
                found[port] = (state, row[9])
    return found


def own_sockets():
    links = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            links.add(os.readlink("/proc/self/fd/" + name))
        except OSError:
            # The descriptor of the listing itself.
            continue
    return links


def numbers(error):
    """Numbers that may be the port: of the message, then of what the failing code names, innermost first."""
    for text in re.findall(r"\d{2,5}", str(error)):
        yield int(text)
    for frame, _ in reversed(frames(error)):
        for value in list(frame.f_locals.values())[:MOST_VALUES]:
            yield from numbers_in(value)
        # What the code of the frame reads of its module, and no more.
        for name in frame.f_code.co_names:
            if name in frame.f_globals:
                yield from numbers_in(frame.f_globals[name])


def numbers_in(value):
    kind = type(value)
    if kind is int:
        yield value
    elif kind in (tuple, list):
        for entry in value[:4]:
            if type(entry) is int:
                yield entry
    elif kind is str:
        for text in re.findall(r":(\d{2,5})\b", value[:200]):
            yield int(text)
    else:
        # A server holds its address; nothing of it is called.
        fields = getattr(value, "__dict__", None) if not isinstance(value, type) else None
        for field in list(fields.values())[:MOST_VALUES] if type(fields) is dict else ():
            if type(field) in (int, tuple):
                yield from numbers_in(field)
