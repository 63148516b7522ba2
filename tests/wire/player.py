"""Plays a case against a server: sends its bytes in the pieces asked for, compares every reply.

Contract: play() returns when every expectation was met and raises Mismatch otherwise. Whatever
happens in a case, its connections are closed and the keys it stored are deleted afterwards, so
that cases do not see each other. Nothing here waits by sleeping except `@wait`, which exists for
rules about time.
"""

import array
import base64
import fcntl
import re
import select
import socket
import termios
import time

import binary
from transcript import CONTROL, EXPECT, SEND, expand, expand_regex

STORES = re.compile(rb"(?:set|add|replace|append|prepend|cas|m[gsa]) +([^ \r\n]{1,250})(?= |\r|\n)")
# A long run of one byte is not worth cutting everywhere: its ends are cut, its inside is not.
RUN_EDGE = 300
SINGLES_MAX = 8000


class Mismatch(Exception):
    """The server did something else than the case says."""


def shown(data):
    """Bytes for a human: printable, and short even for a value of a megabyte."""
    text = repr(bytes(data))[2:-1]
    if len(text) > 240:
        text = f"{text[:160]} ...[{len(data)} bytes]... {text[-60:]}"
    return text


def falsified(data):
    return data[:-1] + bytes([data[-1] ^ 0x55])


def dial(address, timeout_s):
    if isinstance(address, str):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(timeout_s)
        sock.connect(address)
    else:
        sock = socket.create_connection(address, timeout_s)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def unread_by_peer(sock):
    """On a unix socket: bytes sent that the server has not taken yet (0 on TCP: unknown)."""
    if sock.family != socket.AF_UNIX:
        return 0
    count = array.array("i", [0])
    fcntl.ioctl(sock, termios.TIOCOUTQ, count)
    return count[0]


class Link:
    """One connection, and what was received on it but not yet compared."""

    def __init__(self, address, timeout_s):
        self.sock = dial(address, timeout_s)
        self.timeout_s = timeout_s
        self.buffer = bytearray()
        self.ended = False
        self.is_binary = None  # told by the first byte that is sent

    def send(self, pieces):
        """Sends each piece alone; on a unix socket the next waits until the last was read."""
        if self.is_binary is None and pieces[0]:
            self.is_binary = pieces[0][0] == 0x80
        for number, piece in enumerate(pieces):
            if number:
                self.wait_until_taken()
            try:
                self.sock.sendall(piece)
            except (BrokenPipeError, ConnectionResetError):
                return  # The server closed; whether it may is for the expectations to say.

    def wait_until_taken(self):
        """Reads meanwhile: a server whose replies nobody takes may stop reading, rightly."""
        deadline = time.monotonic() + 2
        while unread_by_peer(self.sock) and time.monotonic() < deadline:
            if not self.ended and select.select([self.sock], [], [], 0.00002)[0]:
                self.receive("")

    def receive(self, wanted):
        """Adds what arrives to the buffer; False at the end of the stream."""
        if self.ended:
            return False
        try:
            data = self.sock.recv(1 << 20)
        except ConnectionResetError:
            data = b""
        except socket.timeout:
            raise Mismatch(f"no answer for {self.timeout_s:g} s; expected {wanted}, "
                           f"have '{shown(self.buffer)}'") from None
        self.ended = not data
        self.buffer += data
        return bool(data)

    def take_exactly(self, wanted):
        """Compares as bytes arrive, so that a wrong reply is seen even if it is too short."""
        while True:
            have = bytes(self.buffer[:len(wanted)])
            if have == wanted:
                del self.buffer[:len(wanted)]
                return
            if not wanted.startswith(have):
                raise Mismatch(f"expected '{shown(wanted)}'\n      got      '{shown(self.buffer)}'")
            if not self.receive(f"'{shown(wanted)}'"):
                raise Mismatch(f"expected '{shown(wanted)}'\n      got      "
                               f"'{shown(self.buffer)}' and the end of the connection")

    def take_line(self, wanted):
        while b"\n" not in self.buffer:
            if not self.receive(wanted):
                raise Mismatch(f"expected {wanted}, got '{shown(self.buffer)}' and the end of "
                               "the connection")
        end = self.buffer.index(b"\n") + 1
        line = bytes(self.buffer[:end])
        del self.buffer[:end]
        if not line.endswith(b"\r\n"):
            raise Mismatch(f"a reply line ended without \\r: '{shown(line)}'")
        return line[:-2]

    def peek(self, count):
        """The next bytes, which stay where they are."""
        while len(self.buffer) < count:
            if not self.receive(f"a packet, which has {count} bytes at least"):
                raise Mismatch(f"expected a packet, got '{shown(self.buffer)}' and the end of "
                               "the connection")
        return bytes(self.buffer[:count])

    def take_stats(self):
        """Packets up to the empty one, as lines "NAME VALUE"."""
        lines = []
        while True:
            key_bytes, body_bytes = binary.lengths_of(self.peek(binary.HEADER.size))
            packet = self.peek(binary.HEADER.size + body_bytes)
            del self.buffer[:len(packet)]
            body = packet[binary.HEADER.size:]
            if not body:
                return lines
            lines.append(body[:key_bytes] + b" " + body[key_bytes:])

    def take_end(self):
        while self.receive("the end of the connection"):
            pass
        if self.buffer:
            raise Mismatch("expected the end of the connection, "
                           f"got '{shown(self.buffer)}' before it")


def insides(data):
    """The parts of `data` that stay whole: long runs of one byte, and the middle of the rest."""
    parts = [(run.start() + RUN_EDGE, run.end() - RUN_EDGE)
             for run in re.finditer(rb"(.)\1{%d,}" % (3 * RUN_EDGE), data, re.S)]
    if len(data) - sum(end - begin for begin, end in parts) > SINGLES_MAX:
        edge = SINGLES_MAX // 2
        inner = [(edge, len(data) - edge)]
        parts = [p for p in parts if p[1] <= edge] + inner + [
            p for p in parts if p[0] >= len(data) - edge]
    return parts


def pieces_of(data, cuts):
    """`cuts`: None for one piece, 'bytes' for single bytes, or a random source for a few cuts."""
    if cuts is None or len(data) < 2:
        return [data]
    if cuts != "bytes":
        places = sorted(cuts.sample(range(1, len(data)), min(len(data) - 1, cuts.randint(1, 6))))
        return [data[a:b] for a, b in zip([0] + places, places + [len(data)])]
    pieces, at = [], 0
    for begin, end in insides(data):
        pieces += [data[i:i + 1] for i in range(at, begin)] + [data[begin:end]]
        at = end
    return pieces + [data[i:i + 1] for i in range(at, len(data))]


class Play:
    """The state of one case being played."""

    def __init__(self, address, cuts, timeout_s):
        self.address, self.cuts, self.timeout_s = address, cuts, timeout_s
        self.links, self.name = {}, "main"
        self.values, self.block, self.stored = {}, None, set()
        self.outgoing = bytearray()

    def link(self):
        if self.name not in self.links:
            self.links[self.name] = Link(self.address, self.timeout_s)
        return self.links[self.name]

    def flush(self):
        """Consecutive sends of a case travel together, as a pipelining client's do."""
        if self.outgoing:
            data = bytes(self.outgoing)
            self.outgoing.clear()
            self.stored.update(STORES.findall(data))
            self.link().send(pieces_of(data, self.cuts))

    def send(self, step):
        if step.verb == "eof":
            self.flush()
            self.link().sock.shutdown(socket.SHUT_WR)
            return
        if step.verb == "bin":
            packet, key = binary.request(step.text, self.expander())
            self.outgoing += packet
            self.stored.update([key] if key else [])
            return
        self.outgoing += expand(step.text, self.values)
        if step.verb == "line":
            self.outgoing += b"\r\n"

    def expander(self):
        return lambda text: expand(text, self.values)

    def control(self, step):
        self.flush()
        if step.verb == "conn":
            self.name = step.text
            self.link()
        elif step.verb == "wait":
            time.sleep(float(step.text))
        else:
            self.links.pop(self.name).sock.close()

    def expect(self, step, spoilt):
        self.flush()
        if step.verb in ("line", "raw"):
            wanted = expand(step.text, self.values)
            wanted += b"\r\n" if step.verb == "line" else b""
            self.link().take_exactly(falsified(wanted) if spoilt else wanted)
        elif step.verb == "regex":
            line = self.link().take_line(f"a line like /{step.text}/")
            found = None if spoilt else re.fullmatch(expand_regex(step.text, self.values), line)
            if not found:
                raise Mismatch(f"expected /{step.text}/\n      got      '{shown(line)}'")
            self.capture(found)
        elif step.verb == "bin":
            self.expect_packet(binary.Reply(step.text, self.expander()), spoilt)
        elif step.verb == "stats":
            self.block = self.link().take_stats()
            if spoilt:
                raise Mismatch("the packets of stat came, as they should")
        elif step.verb == "eof":
            if spoilt:
                self.link().take_exactly(b"\x7f")
            self.link().take_end()
        elif step.verb == "until":
            self.block, last = [], b"\x7f" if spoilt else expand(step.text, self.values)
            while not self.block or self.block[-1] != last:
                self.block.append(self.link().take_line(f"lines until '{step.text}'"))
            self.block.pop()
        else:
            self.expect_of_block(step, spoilt)

    def expect_packet(self, reply, spoilt):
        """The header comes first, because it may hold a cas that nobody can foretell."""
        header = self.link().peek(binary.HEADER.size)
        wanted = reply.bytes_with(binary.cas_of(header))
        self.link().take_exactly(falsified(wanted) if spoilt else wanted)
        if reply.captures():
            self.values[reply.captures()] = str(binary.cas_of(header)).encode()

    def capture(self, found):
        """Named groups become ${variables} of the lines that follow."""
        self.values.update({k: v for k, v in found.groupdict().items() if v is not None})

    def expect_of_block(self, step, spoilt):
        """Order-insensitive claims about the lines that the last `<until` collected."""
        if step.verb == "shorter":
            size = sum(len(line) + 2 for line in self.block)
            if spoilt or size >= int(step.text):
                raise Mismatch(f"the block has {size} bytes, not fewer than {step.text}")
            return
        pattern = re.compile(expand_regex(step.text, self.values))
        matching = [line for line in self.block if pattern.fullmatch(line)]
        if step.verb == "any":
            if spoilt or not matching:
                raise Mismatch(f"no line like /{step.text}/ among {len(self.block)} lines")
            self.capture(pattern.fullmatch(matching[0]))
        if step.verb == "every" and (len(matching) < len(self.block) or spoilt and matching):
            odd = [line for line in self.block if line not in matching]
            raise Mismatch(f"not every line is like /{step.text}/: '{shown(b' '.join(odd[:1]))}'")
        if step.verb == "none" and (matching or spoilt and self.block):
            raise Mismatch(f"a line like /{step.text}/: '{shown(b' '.join(matching[:1]))}'")

    def finish(self):
        """Every connection still open must be in step: one more command, one exact answer."""
        self.flush()
        for name, link in self.links.items():
            if link.ended:
                continue
            if link.is_binary:
                link.send([binary.request("noop opaque=77", self.expander())[0]])
                reply = binary.Reply("noop opaque=77", self.expander())
                link.take_exactly(reply.bytes_with(0))
                continue
            link.send([b"version\r\n"])
            line = link.take_line(f"the answer to `version` that ends a case (connection {name})")
            if not re.fullmatch(rb"VERSION [0-9.]+\S*", line) or link.buffer:
                raise Mismatch("unexpected bytes after the last expectation: "
                               f"'{shown(line + bytes(link.buffer))}'")

    def clean(self):
        for link in self.links.values():
            link.sock.close()
        if self.stored:
            link = Link(self.address, 10)
            link.send([b"".join(b"delete %s noreply\r\n" % key for key in self.stored)])
            # A key of a meta command may have been base64. Where it cannot be, the refusal would be
            # answered, and nobody reads while thousands of keys are deleted.
            link.send([b"".join(b"md %s b q\r\n" % key
                                for key in self.stored if is_base64(key))])
            link.send([b"version\r\n"])
            while not link.take_line("VERSION").startswith(b"VERSION"):
                pass
            link.sock.close()


def is_base64(key):
    try:
        return len(base64.b64decode(key, validate=True)) > 0
    except ValueError:
        return False


def play(case, address, server, cuts=None, timeout_s=10.0, spoil=None):
    """Plays `case`. `spoil`: number of an expectation to falsify, for proving that it can fail."""
    state, number = Play(address, cuts, timeout_s), -1
    step = None
    try:
        for step in case.steps_for(server):
            if step.kind == SEND:
                state.send(step)
            elif step.kind == CONTROL:
                state.control(step)
            elif step.kind == EXPECT:
                number += 1
                state.expect(step, spoilt=number == spoil)
        step = None
        state.finish()
    except (Mismatch, OSError) as error:
        where = f"line {step.line}: " if step else "at the end: "
        raise Mismatch(f"{where}{error}") from None
    finally:
        state.clean()
