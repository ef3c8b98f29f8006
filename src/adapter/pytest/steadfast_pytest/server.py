"""The process that has collected the suite: it forks a child for each round, one at a time, and watches it."""

import faulthandler
import os
import signal
import sys
import traceback

from steadfast_probe.swallowed import SWALLOWED, swallowed
from steadfast_state.texts import cut

from .aftermath import Aftermath, Folder
from .capture import unshare_capture
from .compared import Compared
from .footprint import Footprint
from .real import Real
from .walk import Walk

LOOK_EVERY = 0.003
"""Seconds between two looks at a child where the platform can't tell of its end."""


def stack_signals():
    """Signals that a test would hardly use, to ask for the stacks of threads and of tasks; None where there are none."""
    real_time = getattr(signal, "SIGRTMAX", None)
    if real_time is not None:
        return int(real_time) - 3, int(real_time) - 4
    return getattr(signal, "SIGINFO", getattr(signal, "SIGUSR1", None)), getattr(signal, "SIGUSR2", None)


class Server:
    """Forks, watches and reports, until the harness closes its pipe."""

    def __init__(self, plugin):
        self.plugin, self.wire = plugin, plugin.wire
        self.stacks = None

    def serve(self):
        # Paths that modules made when they were collected lie here, whatever folder a round has of its own.
        collected = Folder(self.plugin.collected_in, ".before") if self.plugin.collected_in else None
        while True:
            request = self.wire.hear()
            if request is None:
                return
            if "order" in request:
                sys.stdout.flush()
                sys.stderr.flush()
                if request.get("marks") or request.get("watch") is not None:
                    self.plugin.marker.prepare(request)
                if collected is not None:
                    collected.restore()
                child = Real.fork()
                if child == 0:
                    self.child(request)
                if not self.watch(child, request):
                    return

    def child(self, request):
        """Plays one round and ends, whatever happens."""
        code = 70
        try:
            os.setpgid(0, 0)
            wire = self.wire
            wire.owner = Real.getpid()
            os.close(wire.requests)
            self.stacks_on_request(request)
            unshare_capture(self.plugin.session.config)
            self.plugin.settle(request)
            if request.get("walk") is not None:
                Walk(self.plugin, request).run()
            elif request.get("aftermath") is not None:
                Aftermath(self.plugin, request, Footprint(), lambda fork: self.where(fork, request)).run()
            elif request.get("follow") is not None and request.get("watch") is None:
                Compared(self.plugin, request).run()
            else:
                self.plugin.play(request["order"], request["from"], request)
            wire.say(ended=True, swallowed=SWALLOWED.drain(), notes=sorted(self.plugin.remarks))
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            Real.exit(code)

    def stacks_on_request(self, request):
        self.stacks = stacks = open(self.stack_file(request), "w")
        of_threads, of_tasks = stack_signals()
        if of_threads is not None and hasattr(faulthandler, "register"):
            faulthandler.register(of_threads, file=stacks, all_threads=True)
        if of_tasks is not None:
            signal.signal(of_tasks, lambda *_: write_tasks(stacks))

    @staticmethod
    def stack_file(request):
        return os.path.join(request["tmp"], ".stacks")

    def watch(self, child, request):
        """Waits for the child's end; False if the harness is gone."""
        try:
            os.setpgid(child, child)
        except OSError:
            # It has done so itself, or has ended.
            pass
        end = End(child)
        is_there, stacks = True, None
        while not end.has_come():
            watched = []
            if is_there:
                watched = [self.wire.requests] + ([end.descriptor] if end.descriptor is not None else [])
            patience = None if end.descriptor is not None and is_there else LOOK_EVERY
            ready, _, _ = Real.select(watched, [], [], patience)
            if self.wire.requests in ready and is_there:
                message = self.wire.hear()
                if message is None:
                    is_there = False
                    kill_group(child)
                elif "hang" in message:
                    stacks = self.where(child, request)
                    kill_group(child)
        # What the child left behind in its group ends here. Where it is not yet waited for, the group is surely its own.
        kill_group(child)
        end.close()
        if is_there:
            self.wire.say(dead=end.how(), stacks=stacks)
        return is_there

    def where(self, child, request):
        """The stacks of all threads and tasks of a child."""
        path = self.stack_file(request)
        for asked in stack_signals():
            if asked is None:
                continue
            size = os.path.getsize(path)
            os.kill(child, asked)
            for _ in range(50):
                Real.sleep(0.01)
                grown = os.path.getsize(path)
                if grown > size and grown == self.later_size(path):
                    break
        with open(path, errors="backslashreplace") as file:
            return cut(file.read())

    @staticmethod
    def later_size(path):
        Real.sleep(0.01)
        return os.path.getsize(path)


class End:
    """The end of a child: by a descriptor that becomes readable where the platform has one, and without taking the
    child's id from it as long as its group is needed, where the platform has `waitid`."""

    def __init__(self, child):
        self.child = child
        self.descriptor = None
        self.code = None
        self.is_taken = False
        if hasattr(os, "pidfd_open"):
            try:
                self.descriptor = os.pidfd_open(child)
            except OSError:
                # An older kernel.
                self.descriptor = None

    def has_come(self):
        if self.code is not None:
            return True
        if hasattr(os, "waitid"):
            info = os.waitid(os.P_PID, self.child, os.WEXITED | os.WNOWAIT | os.WNOHANG)
            if info is not None:
                self.code = info.si_status if info.si_code == os.CLD_EXITED else -info.si_status
        else:
            child, status = os.waitpid(self.child, os.WNOHANG)
            if child == self.child:
                self.code = code_of(status)
                self.is_taken = True
        return self.code is not None

    def close(self):
        if not self.is_taken:
            os.waitpid(self.child, 0)
            self.is_taken = True
        if self.descriptor is not None:
            os.close(self.descriptor)

    def how(self):
        """How the child ended, in words."""
        if self.code is None or self.code >= 0:
            return "it ended with exit code %s" % self.code
        try:
            name = signal.Signals(-self.code).name
        except ValueError:
            name = "signal %d" % -self.code
        return "it was killed by %s" % name


def code_of(status):
    """An exit code; the number of a signal, negative."""
    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def kill_group(child):
    try:
        os.killpg(child, signal.SIGKILL)
    except OSError:
        # Nothing of it is left.
        pass


def write_tasks(file):
    """The stack of every task that is not done."""
    import gc

    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return
    for found in gc.get_objects():
        try:
            if isinstance(found, asyncio.Task) and not found.done():
                file.write("Task %s:\n" % found.get_name())
                found.print_stack(file=file)
        except Exception:
            swallowed("write_tasks")
    file.flush()
