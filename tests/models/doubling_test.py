#!/usr/bin/env python3
"""Walks two doublings, with the grace period between them; broken twins must fail."""

import sys
import unittest

import split_model as m
from explore import walk

HELD = {"slots": (("F", 9, False), m.U), "cur": 9, "count_max": 3}
TWICE = ("split", "split")
SPLIT = ("split",)
states = [0]


def run(*ops, **more):
    model = m.Model(tuple(ops), **HELD, **more)
    return walk(model.start, model.steps, model.judge)


class Doubling(unittest.TestCase):
    def correct(self, *ops, **more):
        result = run(*ops, **more)
        states[0] += result.states
        self.assertIsNone(result.violation, "\n".join(result.trace))
        self.assertGreater(result.states, 30)

    def broken(self, *ops, **more):
        self.assertIsNotNone(run(*ops, **more).violation)

    def test_one_after_the_other(self):
        for key_hash in (0, 1, 2):
            self.correct(TWICE, ("set", "del"), key_hash=key_hash)
            self.correct(TWICE, SPLIT, ("get",), key_hash=key_hash)

    def test_a_late_helper_meets_the_next_split(self):
        self.correct(TWICE, SPLIT, ("set",), key_hash=2)

    def test_without_grace_updates_are_lost(self):
        self.broken(TWICE, SPLIT, ("set",), key_hash=2, broken=m.NO_GRACE)

    def test_two_steps_of_the_epoch_are_too_few(self):
        self.broken(TWICE, SPLIT, ("set",), key_hash=2, broken=m.SHORT_GRACE)

    def test_a_late_freeze_is_not_the_next_split(self):
        self.broken(TWICE, SPLIT, ("set",), key_hash=2, broken=m.ALWAYS_BEGUN)


if __name__ == "__main__":
    program = unittest.main(exit=False)
    print(f"{states[0]} states walked")
    sys.exit(not program.result.wasSuccessful())
