"""Whether code of certain objects runs: functions of Python that have one of them as their first argument."""

import sys
import weakref

from .swallowed import swallowed


class Uses:
    """Watches the calls of one thread, and holds nothing that it watches for."""

    def __init__(self, things):
        self.things, self.seen = {}, set()
        for thing in things:
            try:
                self.things[id(thing)] = weakref.ref(thing)
            except TypeError:
                # What can't be held weakly may be gone, and another thing in its place.
                continue

    def begin(self):
        sys.setprofile(self.called)

    def end(self):
        sys.setprofile(None)

    def called(self, frame, event, argument):
        code = frame.f_code
        if event != "call" or not code.co_argcount:
            return
        try:
            first = frame.f_locals.get(code.co_varnames[0])
            # A question for its state, such as `closed`, is no use.
            if id(first) in self.things and not isinstance(getattr(type(first), code.co_name, None), property):
                self.seen.add(id(first))
        except Exception:
            # A watcher never breaks what it watches.
            swallowed("Uses.called")

    def is_any(self):
        """Whether code of one of them ran that is still there."""
        return any(self.things[one]() is not None for one in self.seen)
