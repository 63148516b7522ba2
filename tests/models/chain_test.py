#!/usr/bin/env python3
"""Walks the handing over of chained items; broken twins must fail."""

import sys
import unittest

import chain_model as m
from explore import walk


def run(ops, **more):
    model = m.Model(ops, **more)
    return walk(model.start, model.steps, model.judge)


class Chains(unittest.TestCase):
    states = 0

    def correct(self, *ops):
        result = run(ops)
        Chains.states += result.states
        self.assertIsNone(result.violation, result.trace)
        self.assertGreater(result.states, 5)

    def test_a_chain_changes_hands_and_is_freed_once(self):
        self.correct("touch", "touch")
        self.correct("touch", "touch", "evict")
        self.correct("touch", "touch", "touch", "evict")

    def test_what_is_sent_is_not_freed(self):
        self.correct("send", "evict")
        self.correct("send", "touch", "evict")
        self.correct("send", "send", "touch", "evict")

    def test_tails_lead_to_a_head_that_lives(self):
        self.correct("walk", "touch", "touch")
        self.correct("walk", "touch", "touch", "evict")
        self.correct("walk", "send", "touch", "touch")

    def test_handing_on_too_soon_leaves_tails_with_a_head_that_is_gone(self):
        self.assertIsNotNone(run(("touch", "touch"), broken=m.UNSETTLED).violation)
        result = run(("touch", "touch", "walk"), broken=m.UNSETTLED)
        self.assertIsNotNone(result.violation)

    def test_pinning_what_changes_hands_sends_from_freed_memory(self):
        self.assertIsNotNone(run(("send", "touch", "evict"), broken=m.PIN_MOVED).violation)

    def test_looking_at_a_head_after_its_end_reads_freed_memory(self):
        self.assertIsNotNone(run(("send", "evict"), broken=m.LATE_LOOK).violation)


if __name__ == "__main__":
    program = unittest.main(exit=False)
    print(f"{Chains.states} states walked")
    sys.exit(not program.result.wasSuccessful())
