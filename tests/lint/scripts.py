#!/usr/bin/env python3
"""Scripts: every Python file compiles, every bash script parses and pleases shellcheck.

usage: scripts.py ROOT

Without shellcheck only the syntax of bash scripts is checked.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from sources import Problem, files, report, shebang


def check_python(root, path):
    try:
        compile((Path(root) / path).read_bytes(), str(path), "exec")
    except SyntaxError as error:
        yield Problem(path, error.lineno or 1, error.msg)


def check_bash(root, path):
    commands = [["bash", "-n"]]
    if shutil.which("shellcheck"):
        commands.append(["shellcheck", "--format=gcc", "--external-sources"])
    for command in commands:
        done = subprocess.run([*command, str(path)], cwd=root, capture_output=True, text=True)
        if done.returncode != 0:
            yield Problem(path, 1, f"{command[0]}:\n{done.stdout}{done.stderr}".rstrip())


def check(root):
    problems = []
    for path in files(root):
        interpreter = shebang(root, path)
        if path.suffix == ".py" or "python" in interpreter:
            problems += check_python(root, path)
        elif path.suffix == ".sh" or interpreter.endswith(("bash", "/sh")):
            problems += check_bash(root, path)
    return problems


if __name__ == "__main__":
    sys.exit(report(check(sys.argv[1])))
