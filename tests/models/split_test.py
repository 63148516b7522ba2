#!/usr/bin/env python3
"""Walks the split of a segment against every operation; broken twins must fail."""

import sys
import unittest

import split_model as m
from explore import walk

SPREAD = (0, 1)  # one slot at home, one at distance 1
HELD = {"slots": (("F", 9, False), m.U), "cur": 9}
AWAY = {"slots": (m.X, ("F", 9, False)), "distance": SPREAD, "bits": 2, "cur": 9}
SPLIT = ("split",)
MOVES, STAYS = 1, 0


def run(*ops, **more):
    model = m.Model(tuple(ops), **more)
    return walk(model.start, model.steps, model.judge)


class Split(unittest.TestCase):
    states = 0

    def correct(self, *ops, **more):
        result = run(*ops, **more)
        Split.states += result.states
        self.assertIsNone(result.violation, "\n".join(result.trace))
        self.assertGreater(result.states, 30)

    def broken(self, *ops, **more):
        self.assertIsNotNone(run(*ops, **more).violation)

    def test_insertion_across_a_split(self):
        for key_hash in (MOVES, STAYS):
            self.correct(SPLIT, ("set",), ("get",), key_hash=key_hash)
            self.correct(SPLIT, ("add", "del"), key_hash=key_hash)
            self.correct(SPLIT, ("set",), distance=SPREAD, key_hash=key_hash)
            self.correct(SPLIT, SPLIT, ("set",), key_hash=key_hash)
        self.correct(SPLIT, ("set",), ("add",), key_hash=MOVES)

    def test_changes_across_a_split(self):
        for key_hash in (MOVES, STAYS):
            for op in ("set", "del", "evict"):
                self.correct(SPLIT, SPLIT, (op,), key_hash=key_hash, **HELD)
                self.correct(SPLIT, (op,), ("get",), key_hash=key_hash, **HELD)
            self.correct(SPLIT, ("set",), ("del",), key_hash=key_hash, **HELD)
            self.correct(SPLIT, ("del", "set"), ("get",), key_hash=key_hash, **HELD)

    def test_overflow_bits_across_a_split(self):
        for key_hash in (MOVES, STAYS):
            self.correct(SPLIT, ("get",), ("clean",), key_hash=key_hash, **AWAY)
            self.correct(SPLIT, SPLIT, ("clean",), key_hash=key_hash, **AWAY)
            self.correct(SPLIT, ("del", "set"), key_hash=key_hash, **AWAY)
            self.correct(SPLIT, ("set",), ("clean",), distance=SPREAD, key_hash=key_hash)

    def test_copying_into_vacated_slots_brings_items_back(self):
        self.broken(SPLIT, SPLIT, ("del",), broken=m.COPY_ANYWHERE, **HELD)

    def test_writing_frozen_slots_loses_updates(self):
        self.broken(SPLIT, ("set",), broken=m.WRITE_FROZEN, **HELD)
        self.broken(SPLIT, ("del",), broken=m.WRITE_FROZEN, **HELD)

    def test_a_reader_that_does_not_reload_misses(self):
        self.broken(SPLIT, ("get",), broken=m.NO_RELOAD, **HELD)

    def test_an_inserter_that_does_not_recheck_is_lost(self):
        self.broken(SPLIT, ("set",), broken=m.NO_RECHECK)

    def test_a_freeze_that_spares_tentative_words_loses_items(self):
        self.broken(SPLIT, ("set",), broken=m.SPARE_TENTATIVE)

    def test_a_new_segment_without_overflow_bits_hides_items(self):
        self.broken(SPLIT, broken=m.NO_BITS, **AWAY)


if __name__ == "__main__":
    program = unittest.main(exit=False)
    print(f"{Split.states} states walked")
    sys.exit(not program.result.wasSuccessful())
