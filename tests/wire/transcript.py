"""Transcripts as data: reads the case files and expands what is written in them.

A case file holds several cases; each begins with a line `== TITLE`. The language is described in
README.md beside this file. This module knows no socket: it turns text into steps, and one step's
text into the bytes it stands for.
"""

import dataclasses
import pathlib
import re
import time

SEND, EXPECT, CONTROL = "send", "expect", "control"

# Longest first, because `<` is the beginning of all the others.
EXPECT_WORDS = ("until", "any", "every", "none", "shorter", "eof", "bin", "stats")
SERVER = re.compile(r"(ringcached|memcached)(?:(<|>=)(\d+\.\d+\.\d+))?")
OTHERS = "others"


class Unreadable(Exception):
    """A case file says something the language does not have."""


@dataclasses.dataclass(frozen=True)
class Server:
    """Whom a case is played against."""

    name: str
    version: tuple

    @classmethod
    def of_version(cls, text):
        """Who it is follows from the version: memcached's begin with 1."""
        version = tuple(map(int, re.findall(r"\d+", text)[:3]))
        return cls("memcached" if version[0] == 1 else "ringcached", version)

    def is_named(self, mark):
        """Whether the mark means it, by one of its names."""
        for name, relation, bound in map(lambda who: SERVER.fullmatch(who).groups(),
                                         mark.split(",")):
            older = relation is not None and self.version < tuple(map(int, bound.split(".")))
            if name == self.name and (relation is None or older == (relation == "<")):
                return True
        return False

    def __str__(self):
        return f"{self.name} {'.'.join(map(str, self.version))}"


@dataclasses.dataclass
class Step:
    """One line of a case. `verb` is one of the words listed in parse_line()."""

    kind: str
    verb: str
    text: str
    line: int
    mark: str | None = None  # for whom; None: for every server


@dataclasses.dataclass
class Case:
    path: pathlib.Path
    title: str
    line: int
    steps: list = dataclasses.field(default_factory=list)
    differences: list = dataclasses.field(default_factory=list)
    whole_only: bool = False

    def steps_for(self, server):
        marks = {s.mark for s in self.steps} - {None, OTHERS}
        mine = {mark for mark in marks if server.is_named(mark)} or {OTHERS}
        return [s for s in self.steps if s.mark is None or s.mark in mine]

    def waits(self):
        return any(s.verb == "wait" for s in self.steps)

    def __str__(self):
        return f"{self.path.parent.name}/{self.path.name}:{self.line}: {self.title}"


def parse_line(raw, number):
    """Turns one line of a case (not a title, comment or blank line) into a Step."""
    if raw[0] == "@":
        verb, _, text = raw[1:].partition(" ")
        if verb not in ("difference", "conn", "wait", "whole", "abandon"):
            raise Unreadable(f"line {number}: unknown directive @{verb}")
        return Step(CONTROL, verb, text.strip(), number)
    match = re.match(r"([<>])(?:\[([\w.,<>=]+)\])?(-|~|[a-z]+)?(?: (.*))?$", raw, re.S)
    if not match:
        raise Unreadable(f"line {number}: cannot read {raw!r}")
    arrow, mark, form, text = match.groups()
    if mark and mark != OTHERS and not all(map(SERVER.fullmatch, mark.split(","))):
        raise Unreadable(f"line {number}: unknown server [{mark}]")
    text = text or ""
    if arrow == ">":
        if form not in (None, "-", "eof", "bin"):
            raise Unreadable(f"line {number}: unknown form >{form}")
        verb = {None: "line", "-": "raw"}.get(form, form)
        return Step(SEND, verb, text, number, mark)
    if form not in (None, "-", "~") + EXPECT_WORDS:
        raise Unreadable(f"line {number}: unknown form <{form}")
    verb = {None: "line", "-": "raw", "~": "regex"}.get(form, form)
    return Step(EXPECT, verb, text, number, mark)


def check_differences(case):
    """Lines meant for some servers only belong to a named difference, and really differ."""
    marked = {}
    for step in case.steps:
        if step.mark:
            marked.setdefault(step.mark, []).append((step.verb, step.text))
    if bool(case.differences) != bool(marked):
        raise Unreadable(
            f"{case}: lines for some servers and @difference must come together in a case")
    if len(marked) > 1 and len(set(map(tuple, marked.values()))) == 1:
        raise Unreadable(f"{case}: all servers are said to do the same")
    if set(marked) == {OTHERS}:
        raise Unreadable(f"{case}: [{OTHERS}] needs somebody to be other than")


def read_file(path):
    """All cases of one file."""
    cases = []
    for number, raw in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if raw.startswith("#") or not raw.strip():
            continue
        if raw.startswith("== "):
            cases.append(Case(path, raw[3:].strip(), number))
            continue
        try:
            if not cases:
                raise Unreadable(f"line {number}: a file begins with a title (== TITLE)")
            step = parse_line(raw, number)
        except Unreadable as error:
            raise Unreadable(f"{path}: {error}") from None
        if step.verb == "difference":
            cases[-1].differences.append(step.text)
        elif step.verb == "whole":
            cases[-1].whole_only = True
        else:
            cases[-1].steps.append(step)
    for case in cases:
        check_differences(case)
        if not any(step.kind == EXPECT for step in case.steps):
            raise Unreadable(f"{case}: expects nothing, so it could never fail")
    return cases


def read_all(folder, topics):
    """Cases of every file below `folder` whose path contains one of `topics` (none: all)."""
    files = sorted(folder.glob("*/*.txt"))
    names = [(f, str(f.relative_to(folder))) for f in files]
    chosen = [f for f, name in names if not topics or any(t in name for t in topics)]
    return [case for path in chosen for case in read_file(path)]


ESCAPES = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "s": b" ", "\\": b"\\", "{": b"{",
           "}": b"}", "$": b"$", "#": b"#"}


def variable(name, values):
    """`${name}`, `${name+N}`: something captured earlier in the case, or the time as `now`."""
    name, offset = re.fullmatch(r"(\w+?)([+-]\d+)?", name).groups()
    if name == "now":
        value = str(int(time.time())).encode()
    elif name in values:
        value = values[name]
    else:
        raise Unreadable(f"${{{name}}} was captured by no earlier line")
    return str(int(value) + int(offset)).encode() if offset else value


def expand(text, values, counter=None):
    r"""The bytes a text stands for: \-escapes, ${variables} and {TEXT*COUNT} repetitions."""
    out, at = bytearray(), 0
    while at < len(text):
        char = text[at]
        if char == "\\":
            if text[at + 1] == "x":
                out.append(int(text[at + 2:at + 4], 16))
                at += 4
                continue
            out += ESCAPES[text[at + 1]]
            at += 2
        elif text.startswith("${", at):
            end = text.index("}", at)
            out += variable(text[at + 2:end], values)
            at = end + 1
        elif char == "{":
            match = re.compile(r"\{((?:\\.|[^{}\\])*)\*(\d+)\}", re.S).match(text, at)
            if not match:
                raise Unreadable(f"a lone {{ in {text!r}; write \\{{ for the character")
            part, count = match.group(1), int(match.group(2))
            if "#" in part.replace("\\#", ""):
                for n in range(1, count + 1):
                    out += expand(part, values, str(n))
            else:
                out += expand(part, values) * count
            at = match.end()
        elif char == "#" and counter is not None:
            out += counter.encode()
            at += 1
        else:
            out += char.encode("utf-8")
            at += 1
    return bytes(out)


def expand_regex(text, values):
    """A pattern keeps its own braces and backslashes; only ${variables} are put in."""
    return re.sub(r"\$\{([\w+-]+)\}",
                  lambda m: re.escape(variable(m.group(1), values).decode("latin-1")),
                  text).encode("utf-8")
