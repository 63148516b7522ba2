#!/usr/bin/env python3
"""Plays the wire transcripts against a server: `run.py --start build/src/ringcached`.

Each case is played in one piece, byte by byte, and cut at seeded random places. README.md beside
this file describes the language of the cases and lists the named differences between servers.
"""

import argparse
import concurrent.futures
import pathlib
import random
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "integration")]

import node as nodes  # noqa: E402
import transcript  # noqa: E402
from player import Mismatch, play  # noqa: E402


def parse_address(text):
    if text.startswith("/"):
        return text
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def who_is(address):
    """Whose expectations hold: the server is asked, not its program."""
    with nodes.Client(address) as client:
        client.send(b"version\r\n")
        return transcript.Server.of_version(client.line().decode())


def known_differences():
    """The names listed in README.md, one table row each."""
    rows = re.findall(r"^\| `([a-z0-9-]+)` \|", (HERE / "README.md").read_text(), re.M)
    return set(rows)


def check_differences(cases, complete):
    """Prints the differences in use; returns complaints about unknown and unused names."""
    used = {}
    for case in cases:
        for name in case.differences:
            used.setdefault(name, []).append(case)
    for name in sorted(used):
        print(f"difference {name}: {len(used[name])} case(s)")
    listed = known_differences()
    complaints = [f"difference {n} of {used[n][0]} is not listed in README.md"
                  for n in sorted(used.keys() - listed)]
    if complete:
        complaints += [f"difference {n} is listed in README.md, but no case uses it"
                       for n in sorted(listed - used.keys())]
    return complaints


def ways(case, seed, cut_count):
    """How a case is played: name and cuts. The seed makes the random cuts repeatable."""
    yield "in one piece", None
    if case.whole_only or case.waits():
        return
    yield "byte by byte", "bytes"
    for n in range(cut_count):
        yield f"cut at random (seed {seed}, {n})", random.Random(f"{seed}/{case.title}/{n}")


class Score:
    def __init__(self):
        self.passed, self.failed = 0, 0

    def play(self, case, address, server, name, cuts):
        try:
            play(case, address, server, cuts)
            self.passed += 1
        except Mismatch as error:
            self.failed += 1
            print(f"FAILED {case}\n  {name}, {error}", flush=True)


def apart_from_the_rest(cases):
    """Cases about time mostly wait, so they wait together; flush_all would reach into others."""
    return [c for c in cases
            if c.waits() and not any("flush_all" in step.text for step in c.steps)]


def play_all(cases, address, server, seed, cut_count):
    score = Score()
    together = apart_from_the_rest(cases)
    for case in cases:
        if case not in together:
            for name, cuts in ways(case, seed, cut_count):
                score.play(case, address, server, name, cuts)
    with concurrent.futures.ThreadPoolExecutor(max_workers=16) as pool:
        list(pool.map(lambda c: score.play(c, address, server, "in one piece", None), together))
    return score


def prove_all(cases, address, server):
    """Falsifies every expectation in turn: a case that still passes proves nothing."""
    score = Score()

    def prove(case):
        expectations = [s for s in case.steps_for(server) if s.kind == transcript.EXPECT]
        for number, step in enumerate(expectations):
            try:
                play(case, address, server, timeout_s=0.5, spoil=number)
                score.failed += 1
                print(f"CANNOT FAIL {case}: line {step.line}", flush=True)
            except Mismatch:
                score.passed += 1

    together = apart_from_the_rest(cases)
    for case in cases:
        if case not in together:
            prove(case)
    with concurrent.futures.ThreadPoolExecutor(max_workers=16) as pool:
        list(pool.map(prove, together))
    return score


def options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--addr", help="a running server: HOST:PORT or /path/of/socket")
    where.add_argument("--start", metavar="BINARY", help="start this server privately")
    parser.add_argument("--transport", choices=("unix", "tcp"), default="unix",
                        help="how a started server listens; byte by byte is exact only on unix")
    parser.add_argument("--option", action="append", default=[], help="for the started server")
    parser.add_argument("--seed", type=int, help="of the random cuts")
    parser.add_argument("--cuts", type=int, default=2, help="random cuts of each case")
    parser.add_argument("--prove", action="store_true",
                        help="falsify each expectation and demand that the case fails")
    parser.add_argument("topics", nargs="*", help="only files whose path contains one of these")
    return parser.parse_args()


def main():
    chosen = options()
    seed = random.randrange(10**6) if chosen.seed is None else chosen.seed
    try:
        cases = transcript.read_all(HERE / "cases", chosen.topics)
    except transcript.Unreadable as error:
        print(error)
        return 2
    complaints = check_differences(cases, complete=not chosen.topics)
    for complaint in complaints:
        print(complaint)
    node = None
    if chosen.start:
        extra = [word for option in chosen.option for word in option.split()]
        node = nodes.Node(*extra, transport=chosen.transport, binary=chosen.start)
        address = node.address
    else:
        address = parse_address(chosen.addr)
    server = who_is(address)
    print(f"{len(cases)} cases against {server} at {address}, seed {seed}", flush=True)
    try:
        if chosen.prove:
            score = prove_all(cases, address, server)
        else:
            score = play_all(cases, address, server, seed, chosen.cuts)
        if node and not node.alive():
            complaints.append(f"the server ended during the run:\n{node.stderr()}")
            print(complaints[-1])
    finally:
        if node:
            node.close()
    print(f"{score.passed} passed, {score.failed} failed")
    return 1 if score.failed or complaints else 0


if __name__ == "__main__":
    sys.exit(main())
