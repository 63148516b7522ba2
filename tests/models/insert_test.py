#!/usr/bin/env python3
"""Walks the insertion protocol and the clearing of overflow bits; broken twins must fail."""

import sys
import unittest

import insert_model as m
from explore import walk

HOME = (0, 0)  # two slots at home
SPREAD = (0, 1)  # one at home, one at distance 1
WIDE = (0, 1, 2)
AWAY = (1, 1)  # home is full of other keys
X = ("X", 0)


def run(distance, ops, slots=None, **more):
    model = m.Model(distance, slots or [None] * len(distance), ops, **more)
    return walk(model.start, model.steps, model.judge)


class Insertion(unittest.TestCase):
    states = 0

    def correct(self, *args, **more):
        result = run(*args, **more)
        Insertion.states += result.states
        self.assertIsNone(result.violation, result.trace)
        self.assertGreater(result.states, 10)

    def broken(self, *args, **more):
        self.assertIsNotNone(run(*args, **more).violation)

    def test_rivals_never_both_succeed(self):
        for distance in (HOME, SPREAD, WIDE):
            for ops in (("set", "set"), ("add", "add"), ("add", "set", "del")):
                self.correct(distance, ops)
        self.correct(SPREAD, ("set", "set", "set"))
        self.correct(SPREAD, ("add", "add", "add"))

    def test_readers_never_miss_what_is_there(self):
        for distance in (HOME, SPREAD):
            self.correct(distance, ("set", "set", "get"))
            self.correct(distance, ("set", "del", "get"))
            self.correct(distance, ("set", "get"), slots=[("F", 9), None], cur=9)
            self.correct(distance, ("del", "set", "get"), slots=[("F", 9), None], cur=9)

    def test_a_full_window_displaces(self):
        self.correct(SPREAD, ("set", "set"), slots=[X, X])
        self.correct(SPREAD, ("add", "add", "get"), slots=[X, X])
        self.correct(SPREAD, ("set", "add", "del"), slots=[X, ("F", 9)], bits=2, cur=9)

    def test_a_plain_compare_and_swap_duplicates(self):
        self.broken(HOME, ("set", "set"), broken=m.PLAIN)
        self.broken(SPREAD, ("add", "add"), broken=m.PLAIN)

    def test_ignoring_tentative_words_duplicates(self):
        self.broken(HOME, ("set", "set"), broken=m.IGNORE_TENTATIVE)


class Clearing(unittest.TestCase):
    correct, broken = Insertion.correct, Insertion.broken

    def test_a_bit_in_use_is_never_cleared(self):
        for distance in (SPREAD, AWAY):
            self.correct(distance, ("clean", "set", "get"), bits=2)
            self.correct(distance, ("clean", "set", "del"), bits=2)
            self.correct(distance, ("clean", "set", "set"), bits=2)
            self.correct(distance, ("clean", "clean", "set", "get"), bits=2)
        gone = {"slots": [X, ("F", 9)], "bits": 2, "cur": 9}
        self.correct(SPREAD, ("clean", "del", "set", "get"), **gone)
        self.correct(SPREAD, ("clean", "clean", "del", "set"), **gone)

    def test_an_unused_bit_is_cleared(self):
        model = m.Model(AWAY, [None, None], ("clean",), bits=2)
        ends = [0]

        def judge(state, is_end):
            ends[0] += is_end and state[0].bits == 0
            return model.judge(state, is_end)

        self.assertIsNone(walk(model.start, model.steps, judge).violation)
        self.assertEqual(ends[0], 1)

    def test_without_activity_a_bit_is_lost(self):
        self.broken(AWAY, ("clean", "set"), bits=2, broken=m.NO_ACTIVITY)

    def test_two_cleaners_at_once_lose_a_bit(self):
        self.broken(AWAY, ("clean", "clean", "set"), bits=2, broken=m.NO_CLAIM)

    def test_announcing_before_placing_loses_a_bit(self):
        self.broken(AWAY, ("clean", "set"), bits=2, broken=m.ANNOUNCE_FIRST)


if __name__ == "__main__":
    program = unittest.main(exit=False)
    print(f"{Insertion.states} states walked")
    sys.exit(not program.result.wasSuccessful())
