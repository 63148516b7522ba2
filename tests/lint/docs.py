#!/usr/bin/env python3
"""The READMEs tell the truth about names: files and functions in `backticks` exist.

usage: docs.py ROOT

In every README.md of ours, a word in backticks that looks like a file must be one, seen from the
root, from src/ or from the README's own folder. In src/README.md the same holds for folders, a word
that looks like a function or a qualified name must occur in the code, and the arrows of "Layers"
must be the ones that layers.py enforces.
"""

import re
import sys
from pathlib import Path

import layers
from sources import CPP, Problem, files, report

_TICKED = re.compile(r"`([^`\n]+)`")
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_PATH = re.compile(r"^[\w.-]+(/[\w.-]+)*/?$")
_PATH_SUFFIX = re.compile(r"\.(hpp|cpp|py|md|def|txt|build|sh|in)$")
_FUNCTION = re.compile(r"^(?:\w+::)*(\w+)(?:\(\))$|^(?:\w+::)+(\w+)$")
_ARROW = re.compile(r"(\w+(?:, \w+)*) → ((?:\w+)(?:, \w+)*|nothing)")


def ticked(text):
    prose = _FENCED.sub(lambda block: "\n" * block.group(0).count("\n"), text)
    for match in _TICKED.finditer(prose):
        yield prose.count("\n", 0, match.start()) + 1, match.group(1)


def looks_like_path(word, folders=True):
    named = _PATH_SUFFIX.search(word) or (folders and word.endswith("/"))
    return bool(_PATH.match(word) and named)


def path_exists(root, readme, word):
    places = (Path(root), Path(root) / "src", (Path(root) / readme).parent)
    # A bare file name stands for the file wherever it is, if it is anywhere.
    anywhere = "/" not in word and any(path.name == word for path in files(root))
    return anywhere or any((place / word).exists() for place in places)


def check_paths(root, readme, text):
    # A room's README may name a folder that is only planned; the map of the house may not.
    folders = readme.as_posix() == "src/README.md"
    for line, word in ticked(text):
        if looks_like_path(word, folders) and not path_exists(root, readme, word):
            yield Problem(readme, line, f"`{word}` does not exist")


def check_functions(root, readme, text):
    code = "\n".join(
        (Path(root) / path).read_text(encoding="utf-8")
        for path in files(root, (*CPP, ".def"))
        if path.parts[0] == "src"
    )
    for line, word in ticked(text):
        match = _FUNCTION.match(word)
        if match and not word.startswith("std::"):
            name = match.group(1) or match.group(2)
            if not re.search(rf"\b{name}\b", code):
                yield Problem(readme, line, f"`{word}` is not in src/")


def arrows(text):
    """The rules that a README draws: "room, room → room, room"."""
    rules = {}
    for match in _ARROW.finditer(text):
        targets = () if match.group(2) == "nothing" else tuple(match.group(2).split(", "))
        for room in match.group(1).split(", "):
            rules[room] = targets
    return rules


def check_arrows(readme, text, may_include):
    section = text.partition("## Layers")[2].partition("\n## ")[0]
    drawn = arrows(section)
    for room, allowed in may_include.items():
        if set(drawn.get(room, ("not drawn",))) != set(allowed):
            yield Problem(readme, 1, f"the arrows of {room} differ from tests/lint/layers.py")


def check(root):
    problems = []
    for readme in files(root, (".md",)):
        text = (Path(root) / readme).read_text(encoding="utf-8")
        if readme.name == "README.md":
            problems += check_paths(root, readme, text)
        if readme.as_posix() == "src/README.md":
            problems += check_functions(root, readme, text)
            problems += check_arrows(readme, text, layers.MAY_INCLUDE)
    return problems


if __name__ == "__main__":
    sys.exit(report(check(sys.argv[1])))
