"""What the lint checks share: which files are ours, and C++ text without comments and strings.

Files are found by walking the folders, not by asking git, so that a file not yet committed is
checked too and an unpacked archive can be checked at all.
"""

import re
import sys
from pathlib import Path

FOLDERS = ("src", "tests", "tools", "bench", "packaging", "systemd", ".ci")
CPP = (".cpp", ".hpp")


class Problem:
    """One broken rule, printed the way compilers print theirs so that editors can jump to it."""

    def __init__(self, path, line, text):
        self.path, self.line, self.text = str(path), line, text

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}"

    __repr__ = __str__


def files(root, suffixes=None):
    """Our files below `root`, relative to it, in a fixed order."""
    root = Path(root)
    found = [path for path in root.iterdir() if path.is_file()]
    for folder in FOLDERS:
        found += [path for path in (root / folder).rglob("*") if path.is_file()]
    found = [path for path in found if "__pycache__" not in path.parts]
    return sorted(
        path.relative_to(root) for path in found if suffixes is None or path.suffix in suffixes
    )


def shebang(root, path):
    """The interpreter a script names in its first line, or ''."""
    with open(Path(root) / path, "rb") as file:
        first = file.readline(200)
    return first.decode("ascii", "replace").strip() if first.startswith(b"#!") else ""


_TOKENS = re.compile(
    r"""
      (?P<comment> //[^\n]* | /\*.*?\*/ )
    | R"(?P<mark>[^(\s]*)\( .*? \)(?P=mark)"
    | "(?:\\.|[^"\\\n])*"
    | (?<![0-9a-zA-Z_])'(?:\\.|[^'\\\n])+'
    """,
    re.VERBOSE | re.DOTALL,
)


def bare(text):
    """C++ `text` with comments and the insides of literals blanked, every line where it was."""

    def blank(match):
        kept = re.sub(r"[^\n]", " ", match.group(0))
        return kept if match.group("comment") else '"' + kept[1:-1] + '"'

    return _TOKENS.sub(blank, text)


def report(problems):
    """Prints the problems and returns the exit status of a check."""
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        print(f"{len(problems)} problems", file=sys.stderr)
    return 1 if problems else 0
