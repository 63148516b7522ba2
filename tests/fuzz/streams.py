"""Streams of requests, made from a seed: valid, nearly valid, and garbage.

Contract: the same random source makes the same stream. A stream is a list of requests, each the
bytes of one line with its value or of one packet, so that a shrinker can leave requests out. A
request may hold the mark of a key's CAS (see `marks`), which the caller replaces by what the
server gave that key: by bytes of the same length, so that all servers are cut at the same places.
"""

import struct
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "wire"))

import binary  # noqa: E402

KEYS = (b"a", b"a", b"a", b"b", b"b", b"c", b"d", b"key:5", b"YQ==", b"\xc3\xbc", b"k" * 250)
WRONG_KEYS = (b"k" * 251, b"k" * 300, b"a\tb", b"\x80a", b"a\r")
# No time that could pass while a stream is played, and none that a second's difference shows in.
EXPTIMES = (b"0", b"0", b"0", b"-1", b"100", b"1000", b"2592000", b"2592005", b"2147483647")
WRONG_NUMBERS = (b"x", b"", b"-", b"-1", b"1x", b"+1", b"0x1", b"1.5", b"4294967296", b"00",
                 b"2147483648", b"18446744073709551616", b"99999999999999999999999", b" ")
VALUES = (b"", b"0", b"1", b"9", b"10", b"99", b"100", b"5", b"hello", b"18446744073709551615",
          b"get a\r\n", b"\r\n", b"set b 0 0 1\r\nx", b"5 ", b" 5", b"-5", b"x" * 300, b"y" * 5000)
# As wide as a CAS is on the wire of the protocol.
TEXT_MARK, BINARY_MARK = b"@CAS-of-a-of-20-by@@", b"@CASOFA@"


def marks(cas):
    """What stands for the CAS of the key `a`, as text and in a binary header."""
    return {TEXT_MARK: b"%020d" % cas, BINARY_MARK: struct.pack(">Q", cas)}


def key(source):
    return source.choice(WRONG_KEYS if source.random() < 0.03 else KEYS)


def number(source, usual):
    return source.choice(WRONG_NUMBERS) if source.random() < 0.04 else source.choice(usual)


def cas(source):
    return number(source, (TEXT_MARK, TEXT_MARK, b"0", b"1", b"18446744073709551615"))


def noreply(source):
    return source.choice((b"", b"", b"", b" noreply", b" noreply", b" norepl", b" 0"))


def with_value(source, head, value):
    """A line that announces `value`, and the value: sometimes not quite the one announced."""
    chance = source.random()
    if chance < 0.02:
        value = value[:-1]
    elif chance < 0.04:
        value += b"z"
    return head + b"\r\n" + value + (b"\r\n" if source.random() < 0.97 else b"\n")


def classic_store(source):
    verb = source.choice((b"set", b"set", b"add", b"replace", b"append", b"prepend", b"cas"))
    value = source.choice(VALUES)
    length = b"%d" % len(value) if source.random() < 0.97 else source.choice(WRONG_NUMBERS)
    words = [verb, key(source), number(source, (b"0", b"5", b"4294967295")),
             number(source, EXPTIMES), length]
    if verb == b"cas":
        words.append(cas(source))
    return with_value(source, b" ".join(words) + noreply(source), value)


def classic_line(source):
    """A line without a value."""
    some = [key(source) for _ in range(source.choice((1, 1, 2, 3, 8, 40)))]
    one = some[0]
    expiry = number(source, EXPTIMES)
    delta = number(source, (b"1", b"0", b"5", b"18446744073709551615"))
    return source.choice((
        lambda: b"get " + b" ".join(some), lambda: b"gets " + b" ".join(some),
        lambda: b"gat " + expiry + b" " + b" ".join(some),
        lambda: b"gats " + expiry + b" " + b" ".join(some),
        lambda: b"incr " + one + b" " + delta + noreply(source),
        lambda: b"decr " + one + b" " + delta + noreply(source),
        lambda: b"touch " + one + b" " + expiry + noreply(source),
        lambda: b"delete " + one + noreply(source),
        lambda: source.choice((b"version", b"mn", b"verbosity", b"nonsense", b"GET a", b"get",
                               b"stats nosuch", b"flush_all x", b"cache_memlimit x", b"incr a",
                               b"touch a", b"delete", b"set a", b"gat 5", b"cas a 0 0", b"quit"
                               if source.random() < 0.1 else b"version 1")),
    ))() + b"\r\n"


def meta_flags(source, letters):
    """Flags that memcached 1.6.18 knows, some of them with their arguments."""
    arguments = {
        "T": lambda: number(source, EXPTIMES), "N": lambda: number(source, EXPTIMES),
        "R": lambda: number(source, (b"0", b"30", b"500")), "C": lambda: cas(source),
        "F": lambda: number(source, (b"0", b"5", b"4294967295")),
        "J": lambda: number(source, (b"0", b"13")), "D": lambda: number(source, (b"1", b"5")),
        "O": lambda: source.choice((b"1", b"xyz", b"o" * 31, b"o" * 32)),
        "M": lambda: source.choice(b"S E A P R I D + - X s".split()), "P": lambda: b"1",
    }
    if not letters:
        return b""
    chosen = [source.choice(letters) for _ in range(source.choice((0, 1, 2, 3, 5, 8)))]
    if source.random() < 0.95:  # Otherwise a letter may stand there twice.
        chosen = list(dict.fromkeys(chosen))
    if source.random() < 0.02:
        chosen += [source.choice("zZ!0\x7f")]
    return b"".join(b" " + c.encode() + arguments.get(c, bytes)() for c in chosen)


def meta(source):
    name = source.choice((b"mg", b"mg", b"ms", b"ms", b"md", b"ma", b"me", b"mn"))
    letters = {b"mg": "vkfcsthlqOuTNRv", b"ms": "kcqOTFMMCIT", b"md": "kqOCIT",
               b"ma": "vtckqONJDMTC", b"me": "", b"mn": ""}[name]
    head = name + b" " + key(source)
    flags = meta_flags(source, letters)
    if source.random() < 0.1 and name != b"me":
        head, flags = name + b" " + source.choice((b"YQ==", b"YQ==", b"YWI=", b"YQ=", b"a")), \
            flags + b" b"
    if name == b"mn":
        return b"mn\r\n"
    if name != b"ms":
        return head + flags + b"\r\n"
    value = source.choice(VALUES)
    length = b"%d" % len(value) if source.random() < 0.97 else source.choice(WRONG_NUMBERS)
    return with_value(source, head + b" " + length + flags, value)


def garbage(source):
    words = (b"get", b"set", b"mg", b"ms", b"a", b"b", b"0", b"1", b"-1", b"5", b"noreply", b"v",
             b"k", b"", b"\0", b"\x80", b"\t", b"q", b"T0", b"incr", b"delete", b"ma", b"me")
    line = b" ".join(source.choice(words) for _ in range(source.randrange(1, 9)))
    return line + source.choice((b"\r\n", b"\r\n", b"\n", b" \r\n", b"\r\r\n"))


def spoiled(source, request):
    """One byte changed, gone, doubled or come. Marks stay whole, since they are replaced later."""
    if source.random() < 0.97 or TEXT_MARK in request or BINARY_MARK in request:
        return request
    at = source.randrange(len(request))
    byte = bytes([source.choice((source.randrange(256), 0x20, 0x0d, 0x0a, 0x30, 0x00))])
    middle = source.choice((byte, b"", request[at:at + 1] * 2, byte + request[at:at + 1]))
    return request[:at] + middle + request[at + 1:]


def packet(source):
    """A packet of the binary protocol, nearly always a true one."""
    opcode = source.choice((0, 0, 1, 1, 2, 3, 4, 5, 5, 6, 9, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f,
                            0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x19, 0x1a, 0x1c, 0x1d, 0x1e,
                            0x23, 0x24))
    times = (0, 0, 100, 1000, 2592000, 2592005, 0x7fffffff)
    name, extras, value = source.choice(KEYS), b"", b""
    if opcode in (1, 2, 3, 0x11, 0x12, 0x13):
        extras = struct.pack(">II", source.choice((0, 5, 0xffffffff)), source.choice(times))
        value = source.choice(VALUES)
    elif opcode in (5, 6, 0x15, 0x16):
        extras = struct.pack(">QQI", source.choice((0, 1, 5, 2**64 - 1)),
                             source.choice((0, 13, 2**64 - 1)),
                             source.choice(times + (0xffffffff, 0xffffffff)))
    elif opcode in (0x0e, 0x0f, 0x19, 0x1a):
        value = source.choice(VALUES)
    elif opcode in (0x1c, 0x1d, 0x1e, 0x23, 0x24):
        extras = struct.pack(">I", source.choice(times))
    elif opcode in (0x0a, 0x0b):
        name = b""
    return wrong_packet(source, opcode, extras, name, value)


def wrong_packet(source, opcode, extras, name, value):
    """The packet, in a few of a hundred cases with parts its opcode does not want."""
    chance = source.random()
    if chance < 0.01:
        extras = source.choice((b"", b"\0" * 4, b"\0" * 8, b"\0" * 20, b"\0" * 3))
    elif chance < 0.02:
        name = source.choice((b"", b"k" * 251, b"\0"))
    elif chance < 0.03:
        value = b"surplus"
    elif chance < 0.04:
        opcode, extras, name, value = source.choice((0x1b, 0x1f, 0x30, 0x60, 0xff)), b"", b"", b""
    body = len(extras) + len(name) + len(value)
    head = struct.pack(">BBHBBHII", 0x80, opcode, len(name), len(extras), 0,
                       source.choice((0, 0, 7)), body, source.randrange(2**32))
    compared = source.choice((b"\0" * 8, b"\0" * 8, b"\0" * 8, BINARY_MARK, b"\0" * 7 + b"\1"))
    return head + compared + extras + name + value


def stream(source):
    """Requests of one connection; the last one is answered on any connection that is still open."""
    count = source.choice((1, 2, 4, 8, 16, 30))
    if source.random() < 0.3:
        noop = binary.HEADER.pack(0x80, 0x0a, 0, 0, 0, 0, 0, 0xfeed, 0)
        return [spoiled(source, packet(source)) for _ in range(count)] + [noop]
    kinds = (classic_store, classic_store, classic_line, classic_line, meta, meta, garbage)
    weights = (3, 3, 3, 3, 4, 4, source.choice((0, 0, 2)))
    chosen = source.choices(kinds, weights, k=count)
    return [spoiled(source, make(source)) for make in chosen] + [b"mn\r\n"]
