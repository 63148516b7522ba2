"""Many clients on the same keys at once, over several workers: nothing is lost or done twice."""

import random
import threading
import unittest

from node import Node

CLIENTS, ROUNDS = 8, 400


def all_at_once(case, daemon, work):
    """Runs work(client, number) in CLIENTS threads that start together; the first fault counts."""
    faults, gate, results = [], threading.Barrier(CLIENTS), [None] * CLIENTS

    def run(number):
        try:
            with daemon.client() as client:
                gate.wait(30)
                results[number] = work(client, number)
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(n,), daemon=True) for n in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        case.assertFalse(thread.is_alive(), "a client never came to an end")
    if faults:
        raise faults[0]
    return results


class SameKeys(unittest.TestCase):
    def setUp(self):
        self.daemon = Node("-m", "64", "-t", "4")
        self.addCleanup(self.daemon.close)
        self.client = self.daemon.client()
        self.addCleanup(self.client.close)

    def test_no_increment_is_lost_or_answered_twice(self):
        self.client.set(b"n", b"0")

        def count(client, _):
            return [int(client.ask(b"incr n 1")) for _ in range(ROUNDS)]

        answers = sum(all_at_once(self, self.daemon, count), [])
        self.assertEqual(sorted(answers), list(range(1, CLIENTS * ROUNDS + 1)))

    def test_pipelined_silent_increments_are_all_counted(self):
        self.client.set(b"n", b"0")

        def count(client, _):
            client.send(b"incr n 1 noreply\r\n" * ROUNDS * 5)
            client.ping()

        all_at_once(self, self.daemon, count)
        self.assertEqual(self.client.get(b"n"), b"%d" % (CLIENTS * ROUNDS * 5))

    def test_only_one_add_wins(self):
        def race(client, number):
            wins = []
            for turn in range(ROUNDS):
                client.send(b"add k%d 0 0 1\r\n%d\r\n" % (turn, number))
                if client.line() == b"STORED":
                    wins.append(turn)
            return wins

        wins = all_at_once(self, self.daemon, race)
        self.assertEqual(sorted(sum(wins, [])), list(range(ROUNDS)))
        for number, turns in enumerate(wins):
            for turn in turns:
                self.assertEqual(self.client.get(b"k%d" % turn), b"%d" % number)
        self.assertEqual(self.client.stat("curr_items"), ROUNDS)

    def test_only_one_delete_wins(self):
        for turn in range(ROUNDS):
            self.client.set(b"k%d" % turn, b"x")

        def race(client, _):
            return sum(client.ask(b"delete k%d" % n) == b"DELETED" for n in range(ROUNDS))

        self.assertEqual(sum(all_at_once(self, self.daemon, race)), ROUNDS)
        self.assertEqual(self.client.stat("curr_items"), 0)

    def test_cas_loops_lose_nothing(self):
        self.client.set(b"n", b"0")

        def count(client, _):
            for _ in range(ROUNDS // 8):
                while True:
                    client.send(b"gets n\r\n")
                    cas = client.line().split()[4]
                    value = int(client.line()) + 1
                    client.line()
                    client.send(b"cas n 0 0 %d %s\r\n%d\r\n" % (len(str(value)), cas, value))
                    if client.line() == b"STORED":
                        break

        all_at_once(self, self.daemon, count)
        self.assertEqual(self.client.get(b"n"), b"%d" % (ROUNDS // 8 * CLIENTS))

    def test_add_and_delete_make_a_lock(self):
        self.client.set(b"n", b"0")

        def count(client, _):
            for _ in range(ROUNDS // 8):
                while True:
                    client.send(b"add lock 0 30 1\r\n1\r\n")
                    if client.line() == b"STORED":
                        break
                client.set(b"n", b"%d" % (int(client.get(b"n")) + 1))
                client.ask(b"delete lock")

        all_at_once(self, self.daemon, count)
        self.assertEqual(self.client.get(b"n"), b"%d" % (ROUNDS // 8 * CLIENTS))

    def test_appends_all_arrive(self):
        self.client.set(b"list", b"")

        def append(client, number):
            for turn in range(ROUNDS):
                client.send(b"append list 0 0 8\r\n%03d-%03d;\r\n" % (number, turn))
                if client.line() != b"STORED":
                    raise AssertionError("an append was not stored")

        all_at_once(self, self.daemon, append)
        parts = self.client.get(b"list").split(b";")[:-1]
        wanted = [b"%03d-%03d" % (c, t) for c in range(CLIENTS) for t in range(ROUNDS)]
        self.assertEqual(sorted(parts), wanted)
        for number in range(CLIENTS):  # And each client's own in the order it sent them.
            own = [p for p in parts if p.startswith(b"%03d" % number)]
            self.assertEqual(own, sorted(own))

    def test_a_value_is_always_one_that_somebody_stored(self):
        seed = random.randrange(10**6)
        print(f"seed {seed}")

        def mix(client, number):
            source = random.Random(f"{seed}/{number}")
            for _ in range(ROUNDS):
                key = b"k%d" % source.randrange(10)
                what = source.randrange(4)
                if what == 0:
                    size = source.choice((1, 30, 900, 5000, 70_000))
                    client.set(key, key + bytes([97 + number]) * size)
                elif what == 1:
                    client.ask(b"delete " + key)
                else:
                    value = client.get(key)
                    if value is not None and (value[:2] != key or len(set(value[2:])) > 1):
                        raise AssertionError(f"{value[:40]!r} under {key!r}, seed {seed}")

        all_at_once(self, self.daemon, mix)

    def test_a_reader_never_sees_time_run_backwards(self):
        self.client.set(b"n", b"0")

        def work(client, number):
            last = -1
            for turn in range(ROUNDS):
                if number == 0:
                    client.set(b"n", b"%d" % turn)
                else:
                    value = int(client.get(b"n"))
                    if value < last:
                        raise AssertionError(f"{value} after {last}")
                    last = value

        self.client.set(b"n", b"-1")
        all_at_once(self, self.daemon, work)


if __name__ == "__main__":
    unittest.main(verbosity=2)
