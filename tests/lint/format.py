#!/usr/bin/env python3
"""clang-format over every C++ file of ours: checks by default, rewrites with --write.

usage: format.py ROOT [--write]

Only clang-format 14 counts, because another version lays some lines out differently. Without it
the check is skipped (exit 77).
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from sources import CPP, files

VERSION = "14"
SKIPPED = 77


def formatter():
    for name in (f"clang-format-{VERSION}", "clang-format"):
        program = shutil.which(name)
        if program is None:
            continue
        text = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
        if re.search(rf"version {VERSION}\.", text):
            return program
    return None


def check(root, program, write):
    paths = [str(path) for path in files(root, CPP)]
    if not paths:
        return 0
    mode = ["-i"] if write else ["--dry-run", "-Werror"]
    return subprocess.run([program, "--style=file", *mode, *paths], cwd=Path(root)).returncode


def main():
    program = formatter()
    if program is None:
        print(f"no clang-format {VERSION} here: install clang-format-{VERSION} to check the format")
        return SKIPPED
    status = check(sys.argv[1], program, "--write" in sys.argv)
    if status != 0:
        print("run tools/dev format", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
