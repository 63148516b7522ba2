"""Killed without warning, under load, again and again: the server always comes back."""

import threading
import time
import unittest

import node
from node import Ended, Node

ROUNDS, CLIENTS = 20, 4


class Load(threading.Thread):
    """Stores and reads its own keys all the time; reconnects when the server goes away.

    A value names its key and the server's round, so that a value from a life before the last
    kill, or of another key, is noticed.
    """

    def __init__(self, daemon, number):
        super().__init__(daemon=True)
        self.node, self.number = daemon, number
        self.round, self.stopped = 0, False
        self.stored, self.read, self.fault = 0, 0, None

    def run(self):
        while not self.stopped:
            try:
                with self.node.client(5) as client:
                    self.work(client)
            except (OSError, Ended):
                time.sleep(0.002)
            except Exception as fault:  # A wrong value, a strange answer: the test shall see it.
                self.fault = fault
                return

    def work(self, client):
        count = 0
        while not self.stopped:
            key = b"c%d-%d" % (self.number, count % 500)
            value = key + b" round %d " % self.round + b"x" * (count % 3000)
            answer = client.set(key, value)
            if answer != b"STORED":
                raise AssertionError(f"a store was answered {answer!r}")
            self.stored += 1
            found = client.get(key)
            if found is not None and found != value:
                raise AssertionError(f"{found[:60]!r} instead of {value[:60]!r}")
            self.read += found is not None
            count += 1


class KillAndRestart(unittest.TestCase):
    def test_twenty_times_killed_under_load_it_comes_back(self):
        for transport in ("unix", "tcp"):
            with self.subTest(transport=transport), Node("-m", "64", "-t", "2",
                                                         transport=transport) as daemon:
                loads = [Load(daemon, number) for number in range(CLIENTS)]
                for load in loads:
                    load.start()
                try:
                    for number in range(ROUNDS if transport == "unix" else 5):
                        self.one_round(daemon, loads, number)
                finally:
                    for load in loads:
                        load.stopped = True
                for load in loads:
                    load.join(30)
                    self.assertIsNone(load.fault)
                self.assertEqual(daemon.stop(), 0)

    def one_round(self, daemon, loads, number):
        goal = [load.stored + 100 for load in loads]
        node.until(lambda: any(load.fault for load in loads) or
                   all(load.stored >= g for load, g in zip(loads, goal)), what="load")
        for load in loads:
            self.assertIsNone(load.fault)
        with daemon.client() as client:
            self.assertEqual(client.set(b"life", b"%d" % number), b"STORED")
        daemon.kill()
        for load in loads:
            load.round = number + 1
        daemon.start()
        with daemon.client() as client:
            self.assertIsNone(client.get(b"life"), "something survived a kill")


if __name__ == "__main__":
    unittest.main(verbosity=2)
