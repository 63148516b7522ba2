"""What the sessions share: skipping, running a client, a program in the background.

Contract: a session is a function of the daemon's host, its port and a folder for what has to be
fetched; it returns a line that says what it did, or raises Skipped or AssertionError.
"""

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import node  # noqa: E402

SYSTEM_PYTHON = "/usr/bin/python3"  # The one Debian's client packages are for.


class Skipped(Exception):
    """The client is not here."""


def run(command, **options):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          timeout=300, **options)


def need(command, package):
    """`command` succeeds exactly if the client is installed."""
    if not shutil.which(command[0]) or run(command).returncode != 0:
        raise Skipped(f"not installed; try: apt install {package}")


def session(command, **options):
    done = run(command, **options)
    if done.returncode != 0:
        raise AssertionError((done.stdout + done.stderr).strip())
    return done.stdout.strip()


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def same(found, expected, what):
    check(found == expected, f"{what}: {short(found)}, expected {short(expected)}")


def short(value):
    text = repr(value)
    return text if len(text) < 300 else f"{text[:300]}... ({len(text)} characters)"


@contextlib.contextmanager
def running(command, folder, **options):
    """A program in the background, ended by its id; what it wrote explains a failure."""
    log = pathlib.Path(folder) / "log"
    with open(log, "ab") as out:
        process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                                   stdout=out, stderr=out, **options)
    try:
        yield process
    except AssertionError as error:
        said = log.read_text(errors="replace")[-3000:]
        raise AssertionError(f"{error}\n{command[0]} said:\n{said}") from None
    finally:
        process.terminate()
        process.wait(30)


def environment(**more):
    return os.environ | {name: str(value) for name, value in more.items()}


class Work:
    """A known load, so that what a program says of it can be checked to the number."""

    def __init__(self, host, port):
        self.client = node.Client((host, int(port)))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close()

    def do(self):
        """Leaves the counters that EXPECTED names with the values it names."""
        client = self.client
        for number in range(10):
            same(client.set(b"work:%d" % number, b"v" * 100), b"STORED", "set")
        for number in range(7):
            same(client.get(b"work:%d" % number), b"v" * 100, "get")
        for _ in range(3):
            same(client.get(b"work:none"), None, "a miss")
        client.set(b"work:n", b"5")
        for _ in range(4):
            client.ask(b"incr work:n 1")
        same(client.ask(b"decr work:n 9"), b"0", "decr")
        for _ in range(2):
            client.ask(b"incr work:none 1")
        same(client.ask(b"touch work:1 0"), b"TOUCHED", "touch")
        same(client.ask(b"delete work:0"), b"DELETED", "delete")
        for _ in range(3):
            same(client.ask(b"delete work:none"), b"NOT_FOUND", "delete of none")

    # Of a daemon that was asked nothing else.
    EXPECTED = {
        "cmd_set": 11, "cmd_get": 10, "cmd_touch": 1, "cmd_flush": 0, "get_hits": 7,
        "get_misses": 3, "incr_hits": 4, "incr_misses": 2, "decr_hits": 1, "decr_misses": 0,
        "touch_hits": 1, "touch_misses": 0, "delete_hits": 1, "delete_misses": 3,
        "curr_items": 10, "evictions": 0, "limit_maxbytes": 64 << 20,
    }
