"""Starting, pinning and stopping the servers that a benchmark compares.

A server is named on the command line as NAME=PROGRAM. Every program is given memcached's own
options, which ringcached takes too, with one thread and a free port of 127.0.0.1, and is pinned
to one core; the client gets another. Processes are ended by their own id only.
"""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time

SERVER_CORE = "0"
CLIENT_CORE = "1"
START_S_MAX = 10.0
STOP_S_MAX = 10.0


def fail(text):
    sys.exit(f"{os.path.basename(sys.argv[0])}: error: {text}")


def pinned(core, command):
    """The command on one core. taskset replaces itself, so the process id stays the server's."""
    return ["taskset", "-c", core, *command] if os.cpu_count() > 1 else command


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask_stats(port, topic=""):
    """The numbers among the server's `stats`; empty for a topic it does not know."""
    with socket.create_connection(("127.0.0.1", port), START_S_MAX) as peer:
        peer.sendall(f"stats {topic}".rstrip().encode("ascii") + b"\r\n")
        lines = []
        for line in peer.makefile(encoding="ascii"):
            if not line.startswith("STAT "):
                break
            lines.append(line.split())
    return {words[1]: int(words[2]) for words in lines if words[2:] and words[2].isdigit()}


def ask_version(port):
    """The server's VERSION reply, or None while nobody answers."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as peer:
        peer.sendall(b"version\r\n")
        return peer.recv(256).decode("ascii", "replace").removeprefix("VERSION ").strip()
    return None


class Server:
    """One server process; use as a context manager."""

    def __init__(self, name, program, memory_mib, threads=1, wrapper=()):
        """`wrapper` is put before the command, and must replace itself by it."""
        self.name = name
        self.port = free_port()
        command = [*wrapper, program, "-l", "127.0.0.1", "-p", str(self.port)]
        command += ["-t", str(threads), "-m", str(memory_mib), "-U", "0"]
        if os.geteuid() == 0:
            command += ["-u", "root"]
        if threads == 1:
            command = pinned(SERVER_CORE, command)
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        self.version = self._wait_until_ready()

    def _wait_until_ready(self):
        deadline = time.monotonic() + START_S_MAX
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                fail(f"{self.name} ended with status {self.process.returncode} as it started")
            version = ask_version(self.port)
            if version:
                return version
            time.sleep(0.01)
        self.stop()
        fail(f"{self.name} did not answer within {START_S_MAX:.0f} s")

    def argument(self):
        """As the measuring programs take it: NAME=ADDRESS,PID."""
        return f"{self.name}=127.0.0.1:{self.port},{self.process.pid}"

    def stats(self, topic=""):
        return ask_stats(self.port, topic)

    def rss_mib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) / 1024
        return 0.0

    def alive(self):
        return self.process.poll() is None

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def named_program(text):
    """Splits NAME=PROGRAM; the name may not hold what the measuring programs split at."""
    name, separator, program = text.partition("=")
    if not separator or "," in name or not shutil.which(program):
        fail(f"`{text}` is not NAME=PROGRAM with a program that can be run")
    return name, program


def chosen_programs(options):
    """What --server names, else this build's server and the memcached that is installed."""
    if options.server:
        return [named_program(text) for text in options.server]
    own = options.ringcached or os.path.join(options.build, "src", "ringcached")
    programs = [("ringcached", own), ("memcached", "memcached")]
    for name, program in programs:
        if not shutil.which(program):
            print(f"skipped {name}: there is no {program}", file=sys.stderr)
    found = [(name, program) for name, program in programs if shutil.which(program)]
    return found or fail("there is no server to measure")


def measure(program, servers, options):
    """Runs a measuring program, and returns one dict of its figures per server name."""
    command = [program, *options]
    for server in servers:
        command += ["--server", server.argument()]
    run = subprocess.run(pinned(CLIENT_CORE, command), stdout=subprocess.PIPE, text=True)
    if run.returncode != 0:
        fail(f"{os.path.basename(program)} ended with status {run.returncode}\n{run.stdout}")
    return parse_blocks(run.stdout)


def ringbench(build, arguments):
    """Runs ringbench, and returns its result as parsed from JSON."""
    command = [os.path.join(build, "bench", "ringbench", "ringbench"), *arguments, "--json"]
    run = subprocess.run(pinned(CLIENT_CORE, command), stdout=subprocess.PIPE, text=True)
    if run.returncode != 0:
        fail(f"`{' '.join(command)}` ended with status {run.returncode}")
    return json.loads(run.stdout)


def compare(build, servers, options):
    """What ringbench compare says of each server, by name. The first server is the one that the
    others' ratios are to."""
    named = [server.argument() for server in servers]
    compared = ringbench(build, ["compare", *named, *options])
    return {of["server"]["name"]: of for of in compared["servers"]}


def parse_blocks(text):
    """Lines of "name value", a line "server NAME" opening each block."""
    blocks = {}
    for line in text.splitlines():
        key, _, value = line.partition(" ")
        if key == "server":
            block = blocks[value] = {}
        else:
            block[key] = float(value)
    return blocks


def markdown(header, rows):
    """A table; the first column is text, the others are figures."""
    rule = ["---"] + ["---:"] * (len(header) - 1)
    return "\n".join("| " + " | ".join(row) + " |" for row in [header, rule, *rows])
