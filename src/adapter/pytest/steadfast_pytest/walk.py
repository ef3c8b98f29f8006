"""The walk: runs an order once, and tells after how many of its tests what follows them begins to fail.

On the way, what follows (a suspect, maybe with tests before it) is tried in forked children. At each try that passes a
child is left suspended; once a try fails, the child that was left at the last pass goes on in smaller steps, down to one test.
So the order is run once, and no test of it more than a few times.
"""

import os

from steadfast_probe.swallowed import swallowed

from .attempt import Attempt, end
from .capture import unshare_capture
from .real import Real

STRIDE = 25
"""At least so many tests lie between two tries."""

SHARE = 8
"""So many times longer than a try is the time between two of them; and into so many steps a stretch is cut."""


class Walk:
    """A walk in this process, which is a child of the server."""

    def __init__(self, plugin, request):
        self.plugin = plugin
        self.order, self.length = request["order"], request["walk"]
        # The harness waits for a minute when no test is said to run.
        self.patience = min(request["deadline"], 50.0)
        # Whichever process goes on writes to this pipe, one at a time.
        self.answers, self.answer = os.pipe()

    def run(self):
        say = self.plugin.wire.say
        told, after = self.attempt(), 0
        position, suspended = 0, None
        while passes(told) and position < self.length:
            suspended = self.suspend(suspended, position)
            begun, cost = Real.monotonic(), self.cost
            start = position
            while position < self.length:
                told_of_it = self.plugin.step(self.order, position)
                say(finished=position, **told_of_it)
                if told_of_it["outcome"] == "stopped":
                    return
                position += 1
                if position - start >= STRIDE and Real.monotonic() - begun >= SHARE * cost:
                    break
            told, after = self.attempt(), position
        if suspended is not None and not passes(told) and position - start > 1:
            suspended.go_on(position)
            told, after = self.heard(start, told, after)
        say(finished=len(self.order) - 1, after=after, **told)

    def attempt(self):
        """How what follows ends in a fork of this process."""
        attempt = Attempt(self.tail, self.patience)
        self.cost = attempt.seconds
        if attempt.answer is None:
            return {"outcome": "failed", "message": "it did not end in the walk, or ended its process"}
        return attempt.answer

    def tail(self):
        """Runs what follows, after a tear-down of whatever the next test of the order would have shared."""
        return run_rest(self.plugin, self.order, self.length)

    def suspend(self, last, position):
        """Leaves a child at this place, and ends the one that was left before."""
        if last is not None:
            last.give_up()
        return Suspended(self, position)

    def descend(self, begin, until):
        """From `begin`, where it passes, to `until`, where it fails: in smaller steps. Never returns."""
        step = max(1, -(-(until - begin) // SHARE))
        position = begin
        while position < until:
            left = Suspended(self, position) if step > 1 else None
            start = position
            while position < min(start + step, until):
                Real.write(self.answer, b"{}\n")
                self.plugin.step(self.order, position)
                position += 1
            told = self.attempt()
            if not passes(told):
                if left is not None and position - start > 1:
                    left.go_on(position)
                    Real.exit(0)
                self.tell(told, position)
            if left is not None:
                left.give_up()
        self.tell({"outcome": "passed"}, until)

    def tell(self, told, after):
        line = Real.dumps({"told": told, "after": after}).encode("ascii") + b"\n"
        while line:
            line = line[Real.write(self.answer, line) :]
        Real.exit(0)

    def heard(self, start, told, after):
        """What the child that was left behind comes to; `told` if it falls silent."""
        rest = b""
        os.close(self.answer)
        while True:
            ready, _, _ = Real.select([self.answers], [], [], self.patience)
            read = Real.read(self.answers, 1 << 16) if ready else b""
            if not read:
                return told, after
            rest += read
            *lines, rest = rest.split(b"\n")
            for line in lines:
                message = Real.loads(line)
                if "told" in message:
                    return message["told"], message["after"]
                # The harness hears that it goes on.
                self.plugin.wire.say(started=start)


class Suspended:
    """A child that waits at a place of the order."""

    def __init__(self, walk, position):
        reading, self.pipe = os.pipe()
        self.child = Real.copy()
        if self.child == 0:
            try:
                os.close(self.pipe)
                until = Real.read(reading, 16)
                os.close(reading)
                if until:
                    walk.descend(position, int(until))
            finally:
                Real.exit(0)
        os.close(reading)

    def go_on(self, until):
        Real.write(self.pipe, b"%d" % until)
        os.close(self.pipe)

    def give_up(self):
        os.close(self.pipe)
        end(self.child)


def passes(told):
    return told["outcome"] in ("passed", "skipped")


def run_rest(plugin, order, begin):
    """In a fork of its own: runs the order from a place on, and returns how its last test ended."""
    unshare_capture(plugin.session.config)
    first = plugin.case(order[begin]).item
    try:
        plugin.session._setupstate.teardown_exact(first)
    except BaseException:
        # A tear-down that fails is told where it happens in a round.
        swallowed("run_rest")
    told = {"outcome": "skipped", "message": "nothing follows"}
    for position in range(begin, len(order)):
        told = plugin.step(order, position)
    return told
