#!/usr/bin/env python3
"""Sends the same bytes to ringcached and to memcached, and compares what they answer.

usage: differential.py --ringcached PROGRAM [--memcached PROGRAM] [--seed N] [--streams N]
                       [--seconds N] [-v]

Streams follow from the seed (see streams.py); each goes over a connection of its own to each
server, in one piece or cut, and is ended, so that all that was answered can be read to the end.
A difference is shrunk to the fewest requests and bytes that still show it. What differences.py
knows
is then counted and the stream goes on without it; anything else is printed and fails the run.
"""

import argparse
import os
import random
import re
import socket
import struct
import sys
import time
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path += [str(HERE.parent / "wire"), str(HERE.parent / "integration")]

import differences  # noqa: E402
import node  # noqa: E402
import player  # noqa: E402
import streams  # noqa: E402

# What must differ in form, made alike on both sides before the comparison. A CAS becomes its rank
# of appearance, so that who changed what when is still compared; times left are compared to half
# a minute; ids, sizes, versions and the last access not at all. The lines that answer a bad line
# or bad flags become one: their words changed in memcached's versions, and the wire transcripts
# have them.
BAD_LINE = re.compile(
    rb"^(?:ERROR|CLIENT_ERROR (?:bad command line format|invalid (?:or duplicate )?flag"
    rb"|duplicate flag|bad token in command line format|options flags are too long"
    rb"|opaque token too long|error decoding key|invalid numeric (?:initial|delta) value"
    rb"|incorrect length for M token|invalid mode for m[sa] M token))$")

# What makes an item besides the storage commands.
MAKES = re.compile(rb"m[ga] +([^ \r\n]{1,250})(?= )")


class Replies:
    """The replies of one connection in the form in which servers are compared."""

    def __init__(self, data):
        self.data, self.at, self.known = data, 0, {}

    def rank(self, cas):
        return b"0" if int(cas) == 0 else b"#%d" % self.known.setdefault(int(cas), len(self.known))

    def normal(self):
        parts = []
        while self.at < len(self.data):
            parts.append(self.packet() if self.data[self.at] == 0x81 else self.line())
        return parts

    def take(self, count):
        part = self.data[self.at:self.at + count]
        self.at += count
        return part

    def packet(self):
        head = self.data[self.at:self.at + 24]
        if len(head) < 24:
            return self.take(24)
        fields = struct.unpack(">BBHBBHIIQ", head)
        opcode, body = fields[1], fields[6]
        self.at += 24
        content = self.take(body)
        if opcode == 0x0b:
            content = b"(version)"
        return (*fields[:6], 0 if opcode == 0x0b else body, fields[7], self.rank(fields[8]),
                content)

    def line(self):
        end = self.data.find(b"\n", self.at)
        line = self.take((end if end >= 0 else len(self.data)) + 1 - self.at)
        words = line.rstrip(b"\r\n").split(b" ")
        value = b""
        if words[0] in (b"VALUE", b"VA") and len(words) > 1:
            length = words[3 if words[0] == b"VALUE" else 1]
            value = self.take(int(length) + 2) if length.isdigit() else b""
        if words[0] == b"VALUE" and len(words) == 5:
            words[4] = self.rank(words[4])
        elif words[0] in (b"VA", b"HD", b"NS", b"EX", b"NF", b"EN"):
            words = [self.meta_word(word) for word in words]
        elif words[0] == b"ME":
            words = [re.sub(rb"^(exp|la|cas|cls|size)=.*", rb"\1", word) for word in words]
        elif words[0] == b"VERSION":
            words = words[:1]
        text = b" ".join(words)
        return BAD_LINE.sub(b"(bad line)", text) + line[len(line.rstrip(b"\r\n")):] + value

    def meta_word(self, word):
        if re.fullmatch(rb"c\d+", word):
            return b"c" + self.rank(word[1:])
        if re.fullmatch(rb"t\d+", word):
            return b"t%d" % ((int(word[1:]) + 5) // 30)
        return b"l" if re.fullmatch(rb"l\d+", word) else word


class Server:
    """A node of its own, and how a stream is played on it."""

    def __init__(self, program):
        self.program = program
        self.node = None
        self.start()

    def start(self):
        self.close()
        self.node = node.Node("-m", "64", "-t", "1", binary=self.program)
        self.control = self.node.client()

    def version(self):
        self.control.send(b"version\r\n")
        return tuple(map(int, re.findall(rb"\d+", self.control.line())[:3]))

    def close(self):
        if self.node:
            self.control.close()
            self.node.close()
            self.node = None

    def prepare(self, leftovers):
        """The same small store before every stream; returns the CAS of `a`."""
        keys = {*streams.KEYS, *streams.WRONG_KEYS, *leftovers}
        self.control.send(b"".join(b"delete %s 0\r\n" % key for key in keys))
        self.control.send(b"set a 0 0 2\r\n10\r\nset b 5 0 5\r\nhello\r\ngets a\r\n")
        for _ in range(len(keys) + 2):
            self.control.line()
        cas = int(self.control.line().split()[4])
        self.control.line(), self.control.line()
        return cas

    def play(self, requests, cuts):
        """What was answered. A server that dies answers how it died, and is started again."""
        try:
            answers = self.converse(requests, cuts)
            self.control.ping()
            return answers
        except (OSError, node.Ended):
            lines = self.node.stderr().splitlines()[-3:]
            self.start()
            return ["(died)", *lines]

    def converse(self, requests, cuts):
        data = b"".join(requests)
        leftovers = {key.partition(b"\0")[0]
                     for key in player.STORES.findall(data) + MAKES.findall(data)} - {b""}
        for mark, cas in streams.marks(self.prepare(leftovers)).items():
            data = data.replace(mark, cas)
        pieces = player.pieces_of(data, random.Random(cuts) if isinstance(cuts, int) else cuts)
        link = player.Link(self.node.address, 10)
        try:
            link.send(pieces if data else [])
            try:
                link.sock.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # The server ended the connection first; what it said is still there.
            while link.receive("the end"):
                pass
            return Replies(bytes(link.buffer)).normal()
        finally:
            link.sock.close()


class Pair:
    def __init__(self, ringcached, memcached):
        self.servers = [Server(ringcached), Server(memcached)]
        self.version = self.servers[1].version()

    def close(self):
        for server in self.servers:
            server.close()

    def answers(self, requests, cuts):
        return [server.play(requests, cuts) for server in self.servers]

    def differ(self, requests, cuts):
        ours, theirs = self.answers(requests, cuts)
        if ours == theirs:
            return False
        for server in self.servers:  # Only what new servers do again is a difference.
            server.start()
        ours, theirs = self.answers(requests, cuts)
        return ours != theirs

    def quick(self, requests, cuts):
        ours, theirs = self.answers(requests, cuts)
        return ours != theirs

    def shrink(self, requests, cuts):
        """Fewer pieces, fewer requests, fewer bytes, while the difference stays."""
        if self.quick(requests, None):
            cuts = None
        requests = self.without_parts(requests, cuts, lambda rest: rest)
        whole = [bytes([byte]) for byte in b"".join(requests)]
        if len(whole) <= 1200 and not any(m in b"".join(whole) for m in streams.marks(1)):
            whole = self.without_parts(whole, cuts, lambda rest: rest)
            return [b"".join(whole)], cuts
        return requests, cuts

    def without_parts(self, parts, cuts, form):
        size = max(len(parts) // 2, 1)
        while True:
            at, shorter = 0, False
            while at < len(parts):
                rest = parts[:at] + parts[at + size:]
                if rest and self.quick(form(rest), cuts):
                    parts, shorter = rest, True
                else:
                    at += size
            if size == 1 and not shorter:
                return parts
            size = max(size // 2, 1)


def cuts_of(source):
    return source.choice((None, None, "bytes", source.randrange(2**30), source.randrange(2**30)))


def follow(pair, requests, cuts, found, seed):
    """All differences of a stream: after a named one its culprit is left out. False: a new one."""
    for _ in range(len(requests) + 1):
        if not pair.differ(requests, cuts):
            return True
        # By requests alone first: the culprit is the last request that cannot be left out.
        kept = pair.without_parts(list(range(len(requests))), cuts,
                                  lambda rest: [requests[i] for i in rest])
        minimal, small_cuts = pair.shrink([requests[i] for i in kept], cuts)
        if not pair.differ(minimal, small_cuts):  # Only what an earlier stream left made it differ.
            minimal, small_cuts = [requests[i] for i in kept], cuts
        ours, theirs = pair.answers(minimal, small_cuts)
        name = differences.name_of(b"".join(minimal), ours, theirs, pair.version)
        if name is None:
            print(f"seed {seed}: a difference, cuts {small_cuts}\n  sent       "
                  f"{player.shown(b''.join(minimal))}\n  ringcached {ours}\n  memcached  {theirs}",
                  flush=True)
            found["(new)"] += 1
        else:
            found[name] += 1
        requests = [r for i, r in enumerate(requests) if i != culprit(kept, requests)]
        if name is None:
            return False
    return True


def culprit(kept, requests):
    """The last needed request that is not the closing one."""
    inner = [i for i in kept if i != len(requests) - 1]
    return inner[-1] if inner else kept[-1]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--ringcached", default=os.environ.get("RINGCACHED"), required=False)
    parser.add_argument("--memcached", default="/usr/bin/memcached")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--streams", type=int, default=300)
    parser.add_argument("--seconds", type=float, help="go on for so long, whatever --streams says")
    parser.add_argument("--failures", type=int, default=5, help="give up after so many")
    parser.add_argument("-v", action="store_true", dest="verbose", help="name the differences met")
    return parser.parse_args()


def main():
    options = arguments()
    pair = Pair(options.ringcached, options.memcached)
    found, seed, failures, bytes_sent = Counter(), options.seed, 0, 0
    end = time.monotonic() + (options.seconds or 0)
    try:
        while (time.monotonic() < end if options.seconds
               else seed < options.seed + options.streams) and failures < options.failures:
            source = random.Random(seed)
            requests = streams.stream(source)
            bytes_sent += sum(map(len, requests))
            failures += not follow(pair, requests, cuts_of(source), found, seed)
            seed += 1
    finally:
        pair.close()
    print(f"{seed - options.seed} streams from seed {options.seed}, {bytes_sent} bytes, "
          f"{failures} unknown differences")
    if options.verbose:
        for name, count in sorted(found.items()):
            print(f"  {count:6} {name}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
