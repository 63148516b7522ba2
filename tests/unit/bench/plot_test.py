#!/usr/bin/env python3
"""bench/plot.py draws what it is given.

usage: plot_test.py [ROOT]
"""

import sys
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "bench"))
sys.dont_write_bytecode = True

import plot  # noqa: E402


def panel():
    made = plot.Panel("a & b", "MiB", until_s=10.0, largest=100.0)
    made.curve("live", "#00f", [(0.0, 0.0), (10.0, 50.0)])
    made.level("limit", "#f00", 100.0)
    made.mark("first", 4.0)
    return made


class Scale(unittest.TestCase):
    def test_steps_are_round_and_few(self):
        self.assertEqual(plot.nice_step(10), 2)
        self.assertEqual(plot.nice_step(11), 5)
        self.assertEqual(plot.nice_step(1100), 500)
        self.assertAlmostEqual(plot.nice_step(0.01), 0.002)

    def test_more_is_higher_and_later_is_further_right(self):
        drawn = panel()
        self.assertLess(drawn.y(50), drawn.y(0))
        self.assertLess(drawn.x(1), drawn.x(2))

    def test_everything_lies_inside_the_picture(self):
        drawn = panel()
        self.assertGreaterEqual(drawn.y(100), plot.TOP)
        self.assertLessEqual(drawn.x(10), plot.WIDTH - plot.RIGHT)


class Thinning(unittest.TestCase):
    def test_few_points_are_kept(self):
        points = [(0.0, 1.0), (1.0, 2.0)]
        self.assertEqual(plot.thinned(points), points)

    def test_no_peak_is_lost(self):
        points = [(float(at), float(at == 12_345)) for at in range(20_000)]
        kept = plot.thinned(points)
        self.assertLessEqual(len(kept), plot.POINTS_MAX)
        self.assertIn((12_345.0, 1.0), kept)


class Picture(unittest.TestCase):
    def test_it_is_well_formed_and_names_what_it_shows(self):
        root = ElementTree.fromstring(plot.svg([panel(), panel()]))
        texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
        for name in ("a & b (MiB)", "live", "limit", "first", "10 s"):
            self.assertEqual(texts.count(name), 2, name)
        self.assertEqual(len(list(root.iter("{http://www.w3.org/2000/svg}polyline"))), 2)


if __name__ == "__main__":
    unittest.main()
