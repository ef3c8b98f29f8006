"""Puts steadfast's probe into a Python program, by way of PYTHONPATH: it watches what outlives its event loop.

From the first event loop, session or executor on, each process of the program answers the harness on a socket of its
own, which a thread serves. Processes that make no such thing get no thread and no socket.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


class Listener:
    """Answers the harness after each case."""

    def __init__(self, probe, folder, swallowed):
        """`swallowed` counts exceptions that are kept from the program."""
        self.probe, self.folder, self.swallowed = probe, folder, swallowed
        self.owner = self.socket = None
        add = probe.add

        def watched(kind, thing):
            add(kind, thing)
            if self.owner != os.getpid():
                self.start()

        probe.add = watched
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.forget)

    def forget(self):
        """A fork has the socket of its parent and nobody to serve it."""
        listener, self.socket, self.owner = self.socket, None, None
        if listener is not None:
            listener.close()

    def start(self):
        self.owner = os.getpid()
        try:
            import binascii
            import socket
            import threading

            name = "steadfast-%d-%s" % (self.owner, binascii.hexlify(os.urandom(8)).decode("ascii"))
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.bind("\0" + name)
            self.socket.listen(8)
            place = os.path.join(self.folder, str(self.owner))
            with open(place + ".new", "w") as file:
                file.write(name)
            os.replace(place + ".new", place)
            threading.Thread(target=self.serve, args=(self.socket,), name="steadfast", daemon=True).start()
        except Exception:
            # A watcher never breaks what it watches.
            self.swallowed("Listener.start")

    def serve(self, listener):
        import json

        self.probe.begin_case(None)
        while True:
            try:
                asked, _ = listener.accept()
            except OSError:
                return
            try:
                asked.settimeout(5)
                asked.sendall(json.dumps(self.probe.end_case()).encode("ascii"))
            except Exception:
                self.swallowed("Listener.serve")
            finally:
                asked.close()


def install():
    folder = os.environ.get("STEADFAST_PROBE")
    if not folder or not sys.platform.startswith("linux"):
        return
    try:
        import steadfast_probe
        from steadfast_probe.swallowed import swallowed

        Listener(steadfast_probe.install(), folder, swallowed)
    except Exception:
        # Without a listener the harness finds no process to ask.
        return


def run_next():
    """Runs the sitecustomize that this one stands before."""
    from importlib import machinery, util

    folders = [os.path.abspath(folder or ".") for folder in sys.path]
    path = sys.path[folders.index(HERE) + 1 :] if HERE in folders else []
    spec = machinery.PathFinder.find_spec("sitecustomize", path)
    if spec is not None and spec.loader is not None:
        module = util.module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


install()
run_next()
