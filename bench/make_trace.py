#!/usr/bin/env python3
"""Writes a synthetic trace: objects by Zipf's law, in the format of bench/README.md.

usage: make_trace.py FILE [--requests N] [--objects N] [--exponent S] [--size BYTES] [--seed N]
"""

import argparse
import array
import itertools
import random
import sys


def draw(options):
    """Object numbers. They are shuffled, so that a number tells nothing about popularity."""
    source = random.Random(options.seed)
    weights = (1.0 / rank**options.exponent for rank in range(1, options.objects + 1))
    cumulated = list(itertools.accumulate(weights))
    objects = list(range(options.objects))
    source.shuffle(objects)
    return source.choices(objects, cum_weights=cumulated, k=options.requests)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--objects", type=int, default=200_000)
    parser.add_argument("--exponent", type=float, default=0.9)
    parser.add_argument("--size", type=int, default=1, help="of every object; 1 = not known (1)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    words = array.array("Q", (number | options.size << 32 for number in draw(options)))
    if sys.byteorder == "big":
        words.byteswap()
    with open(options.file, "wb") as file:
        words.tofile(file)


if __name__ == "__main__":
    main()
