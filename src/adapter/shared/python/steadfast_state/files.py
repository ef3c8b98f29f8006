"""Files in the temporary folder and beside the tests: what stands there, and what a test left otherwise.

What a watched test left can be undone for a try, and is put back after it: the processes of all tries share the files.
"""

import os
import shutil

from steadfast_probe.swallowed import swallowed

OF_TOOLS = ("__pycache__", ".pytest_cache", ".stacks", ".coverage", ".hypothesis", ".git")
"""Files and folders that tools leave, and no test."""

LARGEST = 1 << 20
"""Files of more bytes are told of and not put back."""

LARGEST_OF_ALL = 1 << 24
"""So many bytes of them are kept."""


class Files:
    """What stands in the folders at one moment, by name."""

    def __init__(self, folders):
        """`folders` are triples: path, name, and whether folders in it are looked into."""
        self.folders = folders
        self.stamps, self.paths = {}, {}
        # What the files contain, where that was asked for.
        self.contents = {}
        for folder, name, is_deep in folders:
            for path, entry_name in listed(folder, name, is_deep):
                stamp = stamp_of(path)
                if stamp is not None:
                    self.stamps[entry_name], self.paths[entry_name] = stamp, path

    def keep_contents(self):
        """Keeps what the files contain, so that it can be put back."""
        left = LARGEST_OF_ALL
        for name, stamp in self.stamps.items():
            if stamp != "folder" and stamp[1] <= min(LARGEST, left):
                self.contents[name] = content_of(self.paths[name])
                left -= stamp[1]

    def changed(self):
        """What is otherwise now: name, both stamps and a `Left` that can undo it, or None."""
        now = Files(self.folders)
        for name in sorted(self.stamps.keys() | now.stamps.keys()):
            before, after = self.stamps.get(name), now.stamps.get(name)
            if before != after:
                left = Left(now.paths.get(name) or self.paths[name], before, self.contents.get(name))
                yield name, size(before), size(after), left if left.is_known() else None


class Left:
    """A file or folder that a test left otherwise."""

    def __init__(self, path, before, content):
        self.path, self.before, self.content = path, before, content
        self.after = stamp_of(path)
        self.kept = None if self.after in (None, "folder") or self.after[1] > LARGEST else content_of(path)

    def is_known(self):
        """Whether both ways to make it can be gone."""
        was = self.before is None or self.before == "folder" or self.content is not None
        return was and (self.after is None or self.after == "folder" or self.kept is not None)

    def undo(self):
        self.make(self.before, self.content)

    def put_back(self):
        """Makes it again what the test left, after a try."""
        if stamp_of(self.path) != self.after:
            self.make(self.after, self.kept)
            self.after = stamp_of(self.path)

    def make(self, stamp, content):
        try:
            if stamp is None:
                shutil.rmtree(self.path) if stamp_of(self.path) == "folder" else os.remove(self.path)
            elif stamp == "folder":
                os.makedirs(self.path, exist_ok=True)
            else:
                os.makedirs(os.path.dirname(self.path), exist_ok=True)
                with open(self.path, "wb") as file:
                    file.write(content)
        except FileNotFoundError:
            # It has gone with its folder.
            return
        except OSError:
            swallowed("Left.make")


def stamp_of(path):
    """What tells that a file is another one; None if there is none."""
    try:
        status = os.lstat(path)
        return "folder" if os.path.isdir(path) else (status.st_mtime_ns, status.st_size)
    except OSError:
        return None


def content_of(path):
    """What a regular file contains."""
    if os.path.islink(path) or not os.path.isfile(path):
        return None
    try:
        with open(path, "rb") as file:
            return file.read(LARGEST + 1)
    except OSError:
        return None


def size(stamp):
    return stamp if stamp is None or stamp == "folder" else "%d bytes" % stamp[1]


def listed(folder, name, is_deep):
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for one in entries:
        if one.name in OF_TOOLS or one.name.startswith("pytest-of-") or (one.name == "p" and one.is_dir()):
            continue
        yield one.path, one.name if name == "." else "%s/%s" % (name, one.name)
        if is_deep and one.is_dir(follow_symlinks=False):
            yield from listed(one.path, "%s/%s" % (name, one.name), True)
