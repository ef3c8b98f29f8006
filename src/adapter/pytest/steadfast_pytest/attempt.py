"""Something that is done in a forked copy of this process, and what it came to."""

import os
import signal

from .real import Real


class Attempt:
    """Runs `action` in a fork; `answer` is what it returned, as JSON has it, and `None` if it raised, died or took
    longer than `patience` seconds."""

    def __init__(self, action, patience):
        begun = Real.monotonic()
        reading, writing = os.pipe()
        child = Real.copy()
        if child == 0:
            code = 70
            try:
                os.close(reading)
                left = memoryview(Real.dumps(action()).encode("ascii"))
                while left:
                    left = left[Real.write(writing, left) :]
                code = 0
            finally:
                Real.exit(code)
        os.close(writing)
        text, until = b"", begun + patience
        while True:
            ready, _, _ = Real.select([reading], [], [], max(0.0, until - Real.monotonic()))
            read = Real.read(reading, 1 << 16) if ready else b""
            text += read
            if not read:
                break
        os.close(reading)
        end(child)
        self.seconds = Real.monotonic() - begun
        try:
            self.answer = Real.loads(text.decode("utf-8"))
        except ValueError:
            self.answer = None


def end(child):
    """Kills a child and takes its status."""
    try:
        Real.kill(child, signal.SIGKILL)
        Real.waitpid(child, 0)
    except OSError:
        # It has ended and was waited for.
        pass
