#!/usr/bin/env python3
"""Headers compile alone and twice: the part that is not the compiler's.

usage: headers.py list ROOT            the headers of src/, one a line, for meson
       headers.py check ROOT HEADER..  fails if src/ has other headers than those compiled

meson compiles one small file per header (header_alone.cpp.in). Its list is made when the build is
configured, so a header that came later would escape; the check finds that.
"""

import sys

from sources import files


def headers(root):
    found = (path for path in files(root, (".hpp",)) if path.parts[0] == "src")
    return [path.relative_to("src").as_posix() for path in found]


def check(root, compiled):
    missing = sorted(set(headers(root)) ^ set(compiled))
    for header in missing:
        print(f"src/{header}: came or went since the build was configured", file=sys.stderr)
    if missing:
        print("run meson setup --reconfigure in the build folder", file=sys.stderr)
    return 1 if missing else 0


def main():
    if sys.argv[1] == "list":
        print("\n".join(headers(sys.argv[2])))
        return 0
    return check(sys.argv[2], sys.argv[3:])


if __name__ == "__main__":
    sys.exit(main())
