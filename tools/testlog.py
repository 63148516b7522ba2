#!/usr/bin/env python3
"""Turns meson's log of a test run into lines "OUTCOME<tab>part<tab>test<tab>reason".

usage: testlog.py PART LOG.json
"""

import json
import sys

SKIPPED = "SKIP"
PASSED = ("OK", "EXPECTEDFAIL")


def last_line(entry):
    """Why: the last thing the test said, if that is not where in a stack it happened."""
    said = (entry.get("stdout", "") + entry.get("stderr", "")).strip().splitlines()
    lines = [line for line in said if line.strip() and not line.lstrip().startswith("#")]
    return lines[-1].strip().replace("\t", " ") if lines else "it said nothing"


def outcome(entry):
    if entry["result"] in PASSED:
        return "passed", ""
    if entry["result"] == SKIPPED:
        return "skipped", last_line(entry)
    return "failed", f"{entry['result']}: {last_line(entry)}"


def main():
    part, log = sys.argv[1:]
    with open(log, encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            result, reason = outcome(entry)
            print(result, part, entry["name"].rpartition(" / ")[2], reason, sep="\t")


if __name__ == "__main__":
    main()
