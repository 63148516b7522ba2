"""Packets of the binary protocol as lines of a case: what is written becomes bytes, and back.

A line names an opcode and what the packet has: `get key=a`, `set key=a value=hi flags=7`. Texts
know the escapes of all other texts. What is not named is empty or 0; lengths follow from the rest
unless they are given, which is how a case lies.
"""

import re
import struct

OPCODES = {
    "get": 0x00, "set": 0x01, "add": 0x02, "replace": 0x03, "delete": 0x04, "incr": 0x05,
    "decr": 0x06, "quit": 0x07, "flush": 0x08, "getq": 0x09, "noop": 0x0a, "version": 0x0b,
    "getk": 0x0c, "getkq": 0x0d, "append": 0x0e, "prepend": 0x0f, "stat": 0x10, "setq": 0x11,
    "addq": 0x12, "replaceq": 0x13, "deleteq": 0x14, "incrq": 0x15, "decrq": 0x16, "quitq": 0x17,
    "flushq": 0x18, "appendq": 0x19, "prependq": 0x1a, "verbosity": 0x1b, "touch": 0x1c,
    "gat": 0x1d, "gatq": 0x1e, "sasl_list": 0x20, "sasl_auth": 0x21, "sasl_step": 0x22,
    "gatk": 0x23, "gatkq": 0x24,
}
STATUSES = {
    "ok": (0x00, b""), "not_found": (0x01, b"Not found"), "exists": (0x02, b"Data exists for key."),
    "too_large": (0x03, b"Too large."), "invalid": (0x04, b"Invalid arguments"),
    "not_stored": (0x05, b"Not stored."),
    "non_numeric": (0x06, b"Non-numeric server-side value for incr or decr"),
    "unknown": (0x81, b"Unknown command"),
}
STORES = {"set", "add", "replace", "setq", "addq", "replaceq"}
COUNTS = {"incr", "decr", "incrq", "decrq"}
TOUCHES = {"touch", "gat", "gatq", "gatk", "gatkq"}
HEADER = struct.Struct(">BBHBBHIIQ")
NO_VIVIFY = 0xffffffff


class Unreadable(Exception):
    """A packet line says something that there is not."""


def words_of(text):
    """The opcode and the named fields, still as text."""
    name, *fields = text.split(" ")
    known = {"key", "value", "flags", "exptime", "delta", "initial", "cas", "opaque", "status",
             "number", "extras", "keylen", "extlen", "bodylen", "magic"}
    pairs = dict(field.split("=", 1) for field in fields if field)
    if name not in OPCODES and not re.fullmatch(r"0x[0-9a-f]{2}", name):
        raise Unreadable(f"there is no opcode {name}")
    if set(pairs) - known:
        raise Unreadable(f"a packet has no {', '.join(sorted(set(pairs) - known))}")
    return name, pairs


def opcode_of(name):
    return OPCODES[name] if name in OPCODES else int(name, 16)


class Fields:
    """The fields of one line, expanded when they are asked for."""

    def __init__(self, text, expand):
        self.name, self.pairs = words_of(text)
        self.expand = expand

    def text(self, name, default=b""):
        return self.expand(self.pairs[name]) if name in self.pairs else default

    def number(self, name, default=0):
        return int(self.expand(self.pairs[name]), 0) if name in self.pairs else default


def request_extras(fields):
    if "extras" in fields.pairs:
        return fields.text("extras")
    exptime = fields.number("exptime") & 0xffffffff
    if fields.name in STORES:
        return struct.pack(">II", fields.number("flags"), exptime)
    if fields.name in COUNTS:
        exptime = fields.number("exptime", NO_VIVIFY) & 0xffffffff
        return struct.pack(">QQI", fields.number("delta", 1), fields.number("initial"), exptime)
    if fields.name in TOUCHES or "exptime" in fields.pairs:
        return struct.pack(">I", exptime)
    return b""


def request(text, expand):
    """The bytes of a request, and the key it may store."""
    fields = Fields(text, expand)
    extras, key, value = request_extras(fields), fields.text("key"), fields.text("value")
    header = HEADER.pack(
        fields.number("magic", 0x80), opcode_of(fields.name), fields.number("keylen", len(key)),
        fields.number("extlen", len(extras)), 0, 0,
        fields.number("bodylen", len(extras) + len(key) + len(value)),
        fields.number("opaque"), fields.number("cas"))
    return header + extras + key + value, key


class Reply:
    """What a reply has to be: all of it but its cas, which is compared only where it is named."""

    def __init__(self, text, expand):
        fields = Fields(text, expand)
        self.opcode = opcode_of(fields.name)
        name = fields.pairs.get("status", "ok")
        if name not in STATUSES:
            raise Unreadable(f"there is no status {name}")
        self.status, words = STATUSES[name]
        self.key = fields.text("key")
        # A missed getk returns its key in the place of words.
        self.value = fields.text("value", b"" if self.key else words)
        if "number" in fields.pairs:
            self.value = struct.pack(">Q", fields.number("number"))
        self.extras = struct.pack(">I", fields.number("flags")) if "flags" in fields.pairs else b""
        self.opaque = fields.number("opaque")
        self.cas = fields.pairs.get("cas")
        self.expand = expand

    def header(self, cas):
        body = len(self.extras) + len(self.key) + len(self.value)
        return HEADER.pack(0x81, self.opcode, len(self.key), len(self.extras), 0, self.status,
                           body, self.opaque, cas)

    def captures(self):
        """The variable that takes the cas, written `cas=?name`."""
        return self.cas[1:] if self.cas and self.cas.startswith("?") else None

    def bytes_with(self, got_cas):
        """The whole reply; `got_cas` stands where any cas will do."""
        exact = self.cas is not None and not self.captures()
        cas = int(self.expand(self.cas), 0) if exact else got_cas
        return self.header(cas) + self.extras + self.key + self.value


def cas_of(header):
    return HEADER.unpack(header)[8]


def lengths_of(header):
    """Key length and body length of a packet, for reading one whose content is not known."""
    fields = HEADER.unpack(header)
    return fields[2], fields[6]
