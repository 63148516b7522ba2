#!/usr/bin/env python3
"""The layers: which room may include which, and the one door to each library.

usage: layers.py ROOT

A change of the rules is a change of MAY_INCLUDE and of src/README.md, "Layers", in one commit;
docs.py compares the two.
"""

import re
import sys
from pathlib import Path

from sources import CPP, Problem, files, report

MAY_INCLUDE = {
    "base": (),
    "ring": ("base",),
    "table": ("base",),
    "stats": ("base",),
    "proto": ("base",),
    "insight": ("stats", "base"),
    "store": ("table", "stats", "base"),
    "net": ("ring", "stats", "base"),
    "server": ("net", "proto", "store", "insight", "stats", "base"),
    "daemon": ("server", "store", "insight", "stats", "base"),
}

# A library's headers, and the only place in src/ that may include them.
DOORS = (
    (re.compile(r"^(liburing|linux/io_uring)"), "src/ring/"),
    (re.compile(r"^mimalloc"), "src/base/"),
    (re.compile(r"^xxh"), "src/base/"),
    (re.compile(r"^toml"), "src/daemon/config.cpp"),
    (re.compile(r"^doctest"), "tests/"),
)

_INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.MULTILINE)


def room_of(path):
    """The room of a file in src/. What lies directly in src/ (main.cpp) belongs to the daemon."""
    return path.parts[1] if len(path.parts) > 2 else "daemon"


def check_own(root, path, line, target):
    room, other = room_of(path), target.split("/")[0]
    if "/" not in target:
        return Problem(path, line, f'include "{target}" as "room/{target}", counted from src/')
    if not (Path(root) / "src" / target).exists():
        return Problem(path, line, f'no file src/{target} to include')
    if room not in MAY_INCLUDE:
        return Problem(path, line, f"unknown room {room}: give it a row in tests/lint/layers.py")
    if other != room and other not in MAY_INCLUDE[room]:
        allowed = ", ".join(MAY_INCLUDE[room]) or "no other room"
        return Problem(path, line, f"{room} may not include {other}; it may include {allowed}")
    return None


def check_library(path, line, target):
    for header, door in DOORS:
        if header.match(target) and not str(path).startswith(door):
            return Problem(path, line, f"<{target}> may be included only in {door}")
    return None


def check(root):
    problems = []
    for path in files(root, CPP):
        if path.parts[0] != "src":
            continue  # tests, tools and benchmarks may include anything
        text = (Path(root) / path).read_text(encoding="utf-8")
        for match in _INCLUDE.finditer(text):
            line = text.count("\n", 0, match.start(2)) + 1
            quote, target = match.groups()
            own = quote == '"'
            problems.append(
                check_own(root, path, line, target) if own else check_library(path, line, target)
            )
    return [problem for problem in problems if problem]


if __name__ == "__main__":
    sys.exit(report(check(sys.argv[1])))
