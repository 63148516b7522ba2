"""A memory cgroup of our own to run one process in, by whichever version of cgroups is writable."""

import contextlib
import os
import pathlib

# Writes its own process id to the first argument, then becomes the rest.
_ENTER = ["sh", "-c", 'echo $$ > "$0" && exec "$@"']


def _read(path):
    with contextlib.suppress(OSError):
        return path.read_text(encoding="ascii")
    return ""


def _write(path, text):
    """Whether it could be written."""
    try:
        path.write_text(text, encoding="ascii")
    except OSError:
        return False
    return True


def _mounts():
    """(version, where) of every hierarchy that may have a memory controller."""
    for line in _read(pathlib.Path("/proc/self/mounts")).splitlines():
        _, where, kind, options, *_ = line.split()
        if kind == "cgroup2":
            yield 2, pathlib.Path(where)
        elif kind == "cgroup" and "memory" in options.split(","):
            yield 1, pathlib.Path(where)


def _own_path(version):
    """Where in a hierarchy this process is."""
    for line in _read(pathlib.Path("/proc/self/cgroup")).splitlines():
        _, controllers, path = line.split(":", 2)
        if (version == 2 and controllers == "") or (
            version == 1 and "memory" in controllers.split(",")
        ):
            return path.lstrip("/")
    return ""


class MemoryGroup:
    """Limits the memory of what is started in it; use as a context manager."""

    def __init__(self, version, path):
        self.version = version
        self.path = path

    @classmethod
    def create(cls, limit_bytes):
        """A group with this limit, or None where none can be made."""
        for version, mount in _mounts():
            for parent in dict.fromkeys([mount / _own_path(version), mount]):
                group = cls(version, parent / f"bench-{os.getpid()}")
                if group._make(limit_bytes):
                    return group
        return None

    def _make(self, limit_bytes):
        if self.version == 2:
            _write(self.path.parent / "cgroup.subtree_control", "+memory")
        try:
            self.path.mkdir()
        except OSError:
            return False
        limit = "memory.max" if self.version == 2 else "memory.limit_in_bytes"
        if _write(self.path / limit, str(limit_bytes)):
            # Memory that may be swapped out would never be missed.
            swap = "memory.swap.max" if self.version == 2 else "memory.memsw.limit_in_bytes"
            _write(self.path / swap, "0" if self.version == 2 else str(limit_bytes))
            return True
        self.close()
        return False

    def wrapper(self):
        """The start of a command line that puts the rest of it into this group."""
        return [*_ENTER, str(self.path / "cgroup.procs")]

    def kills(self):
        """How many processes the kernel has killed for want of memory."""
        events = "memory.events" if self.version == 2 else "memory.oom_control"
        for line in _read(self.path / events).splitlines():
            name, value = line.split()
            if name == "oom_kill":
                return int(value)
        return 0

    def peak_bytes(self):
        peak = "memory.peak" if self.version == 2 else "memory.max_usage_in_bytes"
        return int(_read(self.path / peak) or 0)

    def close(self):
        # Fails while a process is still in it; then it is the caller's to see.
        with contextlib.suppress(OSError):
            self.path.rmdir()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
