#!/usr/bin/env python3
"""Style that a formatter cannot see: sizes, words that are banned, and what to write instead.

usage: style.py ROOT
"""

import re
import sys
from pathlib import Path

from sources import CPP, Problem, bare, files, report, shebang

LINES_MAX = 600
COLUMNS_MAX = 100
FUNCTION_LINES_MAX = 70
CODE = (*CPP, ".py", ".sh")
TEXT = (*CODE, ".def", ".build", ".md", ".in", ".service", ".toml")

# (where, pattern, what to write instead); C++ only, comments and strings do not count.
BANNED = (
    ("src", r"\bstd::shared_ptr\b", "give it one owner: std::unique_ptr, or an index into a pool"),
    ("src", r"\bstd::function\b", "use a template parameter or a small interface"),
    ("src", r"\bvolatile\b", "use std::atomic"),
    ("src", r"\bthrow\b", "return an enum or a rc::Result"),
    ("src", r"\b(std::)?strerror\b", "use rc::system_error (strerror is not thread-safe)"),
    ("src", r"\bdynamic_cast\b|\btypeid\b", "there is no RTTI: use an enum or a virtual function"),
    ("src", r"\bstd::(thread|jthread)\b.*\.detach\(", "own the thread and join it"),
    ("", r"#\s*include\s*<iostream>|\bstd::(cout|cerr|endl)\b", "use base/log.hpp or std::printf"),
    ("", r"\bstd::(format|print|expected|move_only_function)\b", "g++ 12 does not have it"),
    ("", r"\bstd::source_location\b", "clang 14 does not have it: use __FILE__ and __LINE__"),
    ("", r"\bhardware_(de|con)structive_interference_size\b", "use rc::cache_line_bytes"),
    ("src", r"\busing\s+namespace\b", "name what you use"),
    ("", r"\b(srand|rand)\s*\(", "use <random> with a printed seed"),
)

# (pattern, what to write instead); every text file, comments included.
BANNED_WORDS = (
    (r"\b(FIXME|TODO|XXX|HACK)\b", "do it, or say in a sentence what is missing and why"),
    (r"NOLINT(NEXTLINE)?(?!\w|\()", "name the check: NOLINT(name), and say why"),
    (r"\b[Ii]ssue #?[0-9]+", "say what the bug was: numbers do not outlive their tracker"),
    (r"(?<![\w.])/(home|root|work)/", "name no path of one person's machine"),
    (r"\b(deb|security|ftp|registry)\.[\w.-]*\b(debian\.org|npmjs\.org)", "name no mirror"),
)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def check_sizes(path, text):
    lines = text.split("\n")
    if len(lines) - 1 > LINES_MAX:
        yield Problem(path, LINES_MAX, f"{len(lines) - 1} lines, at most {LINES_MAX}: make it two")
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS_MAX:
            yield Problem(path, number, f"{len(line)} columns, at most {COLUMNS_MAX}")


def check_header(path, text):
    if path.suffix == ".hpp" and not re.search(r"^#pragma once$", text, re.MULTILINE):
        yield Problem(path, 1, "a header needs #pragma once")
    if path.parts[0] == "src" and path.suffix == ".hpp" and not text.startswith("//"):
        yield Problem(path, 1, "open with a paragraph: what it is, its contract, its threads")


def check_banned(path, code):
    for where, pattern, instead in BANNED:
        if where and path.parts[0] != where:
            continue
        for match in re.finditer(pattern, code):
            problem = f"`{match.group(0).strip()}` is banned: {instead}"
            yield Problem(path, line_of(code, match.start()), problem)


def check_words(path, text):
    for pattern, instead in BANNED_WORDS:
        for match in re.finditer(pattern, text):
            problem = f"`{match.group(0)}` is banned: {instead}"
            yield Problem(path, line_of(text, match.start()), problem)


# Opens a scope that holds functions instead of being one.
_SCOPE = re.compile(r"\b(namespace|class|struct|enum|union)\b(?!.*\))|extern\s*\"|\bTEST_SUITE\b")


def functions(code):
    """(first line, lines) of each function body in bare C++ code.

    Only the outermost braces behind a parameter list count, so blocks and lambdas belong to the
    function around them. Braces in a constructor's initialiser list can hide its body; that errs
    on the side of silence.
    """
    stack, header_start, inside = [], 0, None
    for match in re.finditer(r"[{};]", code):
        mark, header = match.group(0), code[header_start : match.start()]
        if mark == "{":
            opens = inside is None and ")" in header and not _SCOPE.search(header)
            if opens:
                inside = len(stack)
                first = line_of(code, header_start + len(header) - len(header.lstrip()))
            stack.append(mark)
        elif mark == "}" and stack:
            stack.pop()
            if inside == len(stack):
                yield first, line_of(code, match.start()) - first + 1
                inside = None
        header_start = match.end()


def check_functions(path, code):
    # Preprocessor lines would end up in the header of the function behind them.
    code = re.sub(r"^[ \t]*#(?:\\\n|[^\n])*", "", code, flags=re.MULTILINE)
    for line, lines in functions(code):
        if lines > FUNCTION_LINES_MAX:
            problem = f"a function of {lines} lines, at most {FUNCTION_LINES_MAX}: give parts names"
            yield Problem(path, line, problem)


def check_text(path, text):
    """All problems of one file."""
    problems = []
    if path.suffix in CODE or text.startswith("#!"):
        problems += check_sizes(path, text)
    if path.suffix in CPP:
        code = bare(text)
        problems += check_header(path, text)
        problems += check_banned(path, code)
        problems += check_functions(path, code)
    return problems + list(check_words(path, text))


def check(root):
    problems = []
    for path in files(root):
        if path.parts[:2] == ("tests", "lint"):
            continue  # the words stand here to be found elsewhere
        if path.suffix in TEXT or shebang(root, path):
            text = (Path(root) / path).read_text(encoding="utf-8")
            problems += check_text(path, text)
    return problems


if __name__ == "__main__":
    sys.exit(report(check(sys.argv[1])))
