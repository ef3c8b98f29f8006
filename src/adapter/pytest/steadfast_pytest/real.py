"""Functions that a test may replace and never put back, as they were before the suite was imported.

They are attributes of a class, since what freezes time looks through the variables of all modules.
"""

import json
import os
import random
import select
import signal
import time
from typing import Any


class Real:
    """Stays what it is, whatever a test patches."""

    getpid, exit = os.getpid, os._exit
    fork: Any = getattr(os, "fork", None)
    getstate, setstate = random.getstate, random.setstate
    open, read, write, close, fstat = os.open, os.read, os.write, os.close, os.fstat
    kill, waitpid, unlink = os.kill, os.waitpid, os.unlink
    dumps, loads = json.dumps, json.loads
    perf_counter, monotonic, sleep = time.perf_counter, time.monotonic, time.sleep
    select = select.select
    mask: Any = getattr(signal, "pthread_sigmask", None)
    TIMERS = [getattr(signal, name) for name in ("SIGALRM", "SIGVTALRM", "SIGPROF") if hasattr(signal, name)]

    @classmethod
    def copy(cls):
        """A fork that goes on with the state of `random` as it is: Python seeds it anew in each fork."""
        state = cls.getstate()
        child = cls.fork()
        if child == 0:
            cls.setstate(state)
        return child

    @classmethod
    def hold_timers(cls):
        """Lets a timer that a test left running wait for the next test: it would strike what is none of its business.
        Returns what lets it strike again."""
        return None if cls.mask is None else cls.mask(signal.SIG_BLOCK, cls.TIMERS)

    @classmethod
    def release_timers(cls, before):
        if before is not None:
            cls.mask(signal.SIG_SETMASK, before)
