"""A daemon under test, and a plain client to speak to it.

Contract: a Node starts the program named by the environment variable RINGCACHED in a private
temporary folder, is ready when it accepts a connection (nobody sleeps and hopes), keeps what the
daemon writes to stderr, and ends only the process it started, by its id. Debian's memcached can
take the daemon's place: that is how these tests were proved before there was a ringcached.
"""

import os
import pathlib
import re
import resource
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
START_LIMIT_S = 20
STOP_LIMIT_S = 30


def program():
    return os.environ.get("RINGCACHED", "/usr/bin/memcached")


def flavour(binary=None):
    """'memcached' for memcached itself, else 'ringcached': the program is asked, not its name."""
    out = subprocess.run([binary or program(), "-V"], capture_output=True, text=True, timeout=30)
    return "memcached" if out.stdout.startswith("memcached 1.") else "ringcached"


def free_port(host="127.0.0.1"):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.bind((host, 0))
        return sock.getsockname()[1]


def has_ipv6():
    try:
        free_port("::1")
        return True
    except OSError:
        return False


def raise_file_limit():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def until(condition, limit_s=30, what="the condition"):
    """Polls for something that has no event to wait for; the limit only catches a hang."""
    deadline = time.monotonic() + limit_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {limit_s} s")
        time.sleep(0.02)


class Ended(Exception):
    """The server closed the connection."""


class Client:
    """A blocking client: one method per thing a test wants to say."""

    def __init__(self, address, timeout_s=20):
        if isinstance(address, str):
            self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.sock.settimeout(timeout_s)
            try:
                self.sock.connect(address)
            except OSError:
                self.sock.close()
                raise
        else:
            self.sock = socket.create_connection(address, timeout_s)
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)

    def more(self):
        try:
            data = self.sock.recv(1 << 18)
        except ConnectionResetError:
            data = b""
        if not data:
            raise Ended(f"closed by the server; unread: {bytes(self.buffer[:80])!r}")
        self.buffer += data

    def line(self):
        while b"\n" not in self.buffer:
            self.more()
        end = self.buffer.index(b"\n") + 1
        line = bytes(self.buffer[:end])
        del self.buffer[:end]
        return line.removesuffix(b"\r\n")

    def exactly(self, count):
        while len(self.buffer) < count:
            self.more()
        data = bytes(self.buffer[:count])
        del self.buffer[:count]
        return data

    def at_end(self):
        """True if the server closed the connection without another byte."""
        try:
            self.more()
        except Ended:
            return not self.buffer
        return False

    def ask(self, line):
        self.send(line + b"\r\n")
        return self.line()

    def ping(self):
        answer = self.ask(b"version")
        if not answer.startswith(b"VERSION "):
            raise AssertionError(f"a strange answer to version: {answer!r}")
        return answer

    def set(self, key, value, exptime=0, flags=0):
        head = b"set %s %d %d %d\r\n" % (key, flags, exptime, len(value))
        self.send(head + value + b"\r\n")
        return self.line()

    def read_value(self):
        """Reads one reply to a get of one key: the value, or None for a miss."""
        head = self.line()
        if head == b"END":
            return None
        if not head.startswith(b"VALUE "):
            raise AssertionError(f"a strange answer to get: {head!r}")
        value = self.exactly(int(head.split()[3]) + 2)[:-2]
        tail = self.line()
        if tail != b"END":
            raise AssertionError(f"a value was followed by {tail!r}")
        return value

    def get(self, key):
        self.send(b"get " + key + b"\r\n")
        return self.read_value()

    def stats(self, sub=b""):
        self.send(b"stats " + sub + b"\r\n" if sub else b"stats\r\n")
        found = {}
        while True:
            line = self.line()
            if line == b"END":
                return found
            word, name, value = (line.decode().split(" ", 2) + [""])[:3]
            if word != "STAT":
                raise AssertionError(f"a strange line in stats: {line!r}")
            found[name] = value

    def stat(self, name):
        return int(self.stats()[name])


class Node:
    """A running daemon. `transport`: 'unix', 'tcp', or None if the options say where.

    Thread rule: start and stop from one thread; clients may come from any thread or process.
    """

    def __init__(self, *options, transport="unix", binary=None, address=None, wait=True):
        self.binary = binary or program()
        self.flavour = flavour(self.binary)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="rc-test-"))
        self.options = [str(o) for o in options]
        self.transport = transport
        self.address = address
        self.process, self.command_line_used = None, None
        try:
            self.start(wait)
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def command_line(self):
        if self.transport == "unix":
            self.address = self.address or str(self.folder / "sock")
            where = ["-s", self.address]
        elif self.transport == "tcp":
            self.address = ("127.0.0.1", free_port())
            where = ["-l", "127.0.0.1", "-p", str(self.address[1])]
        else:
            where = []
        # memcached refuses to run as root unless told so in these words.
        root = ["-u", "root"] if self.flavour == "memcached" and os.geteuid() == 0 else []
        return [self.binary, *where, "-U", "0", *root, *self.options]

    def start(self, wait=True):
        """Also starts again after kill(): the same address, the same options."""
        self.errors = open(self.folder / "stderr", "ab+")
        if self.command_line_used is None:
            self.command_line_used = self.command_line()
        self.process = subprocess.Popen(
            self.command_line_used,
            stdin=subprocess.DEVNULL,
            stdout=self.errors,
            stderr=self.errors,
        )
        if wait and self.address is not None:
            self.wait_until_it_accepts()

    def wait_until_it_accepts(self):
        deadline = time.monotonic() + START_LIMIT_S
        while True:
            try:
                with Client(self.address) as client:
                    client.ping()
                return
            except (OSError, Ended) as error:
                if self.process.poll() is not None:
                    raise AssertionError(
                        f"{self.binary} exited with {self.process.returncode} at start:\n"
                        f"{self.stderr()}") from None
                if time.monotonic() > deadline:
                    raise AssertionError(f"{self.binary} accepts nothing at {self.address}: "
                                         f"{error}\n{self.stderr()}") from None
                time.sleep(0.005)

    def wait_for_line(self, pattern):
        """Waits until stderr has a line that matches, and returns the match."""
        return until(lambda: re.search(pattern, self.stderr(), re.M), START_LIMIT_S,
                     f"a line /{pattern}/ on stderr")

    def stderr(self):
        return (self.folder / "stderr").read_text(errors="replace")

    def client(self, timeout_s=20):
        return Client(self.address, timeout_s)

    @property
    def pid(self):
        return self.process.pid

    def alive(self):
        return self.process.poll() is None

    def rss_bytes(self):
        text = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"^VmRSS:\s+(\d+) kB", text, re.M).group(1)) * 1024

    def open_files(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def thread_run_ns(self):
        """CPU nanoseconds that each thread of the daemon has run."""
        tasks = pathlib.Path(f"/proc/{self.pid}/task")
        return {int(t.name): int((t / "schedstat").read_text().split()[0])
                for t in tasks.iterdir()}

    def signal(self, number):
        os.kill(self.pid, number)

    def wait_for_exit(self, limit_s=STOP_LIMIT_S):
        return self.process.wait(limit_s)

    def stop(self):
        """The polite way; returns the exit status."""
        self.signal(signal.SIGTERM)
        return self.wait_for_exit()

    def kill(self):
        """The impolite way: what a crash or the OOM killer does."""
        self.signal(signal.SIGKILL)
        self.wait_for_exit()
        self.errors.close()

    def close(self):
        if self.process and self.alive():
            self.process.kill()
            self.process.wait()
        if self.process:
            self.errors.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def readable(sock, timeout_s=0):
    return bool(select.select([sock], [], [], timeout_s)[0])
