"""The memory limit is the truth, and what is gone is really gone."""

import random
import time
import unittest

import node
from node import Node
from support import mib

LIMIT_MIB = 64
# What the daemon promises: limit + 4 % + 8 MiB, whatever the sizes do.
RSS_BOUND = int(LIMIT_MIB * (1 << 20) * 1.04) + (8 << 20)


def store_many(client, pairs):
    """Stores in pipelines of about 256 KiB; returns what was answered, counted."""
    answers, batch, size = {}, [], 0

    def flush():
        client.send(b"".join(batch))
        for _ in batch:
            answer = client.line()
            answers[answer] = answers.get(answer, 0) + 1

    for key, value in pairs:
        batch.append(b"set %s 0 0 %d\r\n%s\r\n" % (key, len(value), value))
        size += len(batch[-1])
        if size > 1 << 18 or len(batch) >= 512:
            flush()
            batch, size = [], 0
    flush()
    return answers


class Limit(unittest.TestCase):
    def values(self, name, sizes, total_bytes):
        """Keys and values of the sizes drawn, together about total_bytes."""
        source, number, done = random.Random(7), 0, 0
        while done < total_bytes:
            size = sizes(source)
            yield b"%s:%d" % (name.encode(), number), b"%d " % size + b"x" * (size - 8)
            done += size + 60
            number += 1

    def fill(self, daemon, client, name, sizes):
        answers = store_many(client, self.values(name, sizes, int(1.5 * LIMIT_MIB * (1 << 20))))
        rss = daemon.rss_bytes()
        print(f"{name}: {sum(answers.values())} stores, RSS {mib(rss)}, "
              f"{client.stat('curr_items')} items, bound {mib(RSS_BOUND)}")
        if daemon.flavour == "ringcached":
            self.assertEqual(list(answers), [b"STORED"])
            self.assertLessEqual(rss, RSS_BOUND)
        self.assertTrue(daemon.alive())

    def test_the_limit_holds_while_sizes_change(self):
        with Node("-m", LIMIT_MIB, "-t", "2") as daemon, daemon.client(60) as client:
            for name, sizes in (
                    ("100 bytes", lambda r: 100),
                    ("2000 bytes", lambda r: 2000),
                    ("20 kB", lambda r: 20_000),
                    ("300 kB", lambda r: 300_000),
                    ("900 kB", lambda r: 900_000),
                    ("30 bytes", lambda r: 30),
                    ("mixed", lambda r: int(2 ** r.uniform(4, 19)))):
                self.fill(daemon, client, name.replace(" ", "-"), sizes)
            self.assertGreater(client.stat("evictions"), 0)

    def test_a_full_store_keeps_most_of_what_fits(self):
        with Node("-m", LIMIT_MIB, "-t", "1") as daemon, daemon.client(60) as client:
            self.fill(daemon, client, "1000-bytes", lambda r: 1000)
            held = client.stat("curr_items") * 1000
            print(f"values held: {held / (LIMIT_MIB << 20):.0%} of the limit")
            self.assertGreater(held, 0.75 * LIMIT_MIB * (1 << 20))

    def test_limit_maxbytes_and_bytes_are_told(self):
        with Node("-m", LIMIT_MIB) as daemon, daemon.client() as client:
            store_many(client, self.values("k", lambda r: 1000, 10 << 20))
            stats = client.stats()
            self.assertEqual(stats["limit_maxbytes"], str(LIMIT_MIB << 20))
            self.assertGreater(int(stats["bytes"]), 9 << 20)
            self.assertLess(int(stats["bytes"]), LIMIT_MIB << 20)

    def test_without_eviction_a_full_store_refuses_and_keeps(self):
        with Node("-m", LIMIT_MIB, "-M") as daemon, daemon.client(60) as client:
            answers = store_many(client, self.values("k", lambda r: 10_000, 96 << 20))
            self.assertIn(b"SERVER_ERROR out of memory storing object", answers)
            stored = answers[b"STORED"]
            self.assertGreater(stored * 10_000, 0.6 * LIMIT_MIB * (1 << 20))
            stats = client.stats()
            self.assertEqual(stats["evictions"], "0")
            self.assertEqual(stats["curr_items"], str(stored))
            self.assertGreater(int(stats["store_no_memory"]), 0)
            for number in range(0, stored, 97):
                self.assertIsNotNone(client.get(b"k:%d" % number))

    def test_values_survive_pressure_unmixed(self):
        with Node("-m", LIMIT_MIB, "-t", "2") as daemon, daemon.client(60) as client:
            source, found = random.Random(11), 0
            for turn in range(40):
                pairs = [(b"k%d" % source.randrange(20_000), source.randrange(10, 60_000))
                         for _ in range(200)]
                store_many(client, ((k, (k + b"|") * (size // (len(k) + 1) + 1))
                                    for k, size in pairs))
                for key, _ in source.sample(pairs, 50):
                    value = client.get(key)
                    if value is not None:
                        found += 1
                        self.assertEqual(set(value.split(b"|")), {key, b""})
            self.assertGreater(found, 1000)


class LargestItems(unittest.TestCase):
    """Values of half a gibibyte, in a cache that holds two of them."""

    LIMIT_MIB = 1280
    ITEM_MAX = 512 << 20
    SIZE = ITEM_MAX - 1024

    def setUp(self):
        with open("/proc/meminfo", encoding="ascii") as file:
            available = dict(line.split(":") for line in file)["MemAvailable"]
        if int(available.split()[0]) < 3 << 20:
            self.skipTest("less than 3 GiB of memory are available")

    def blocks(self, salt):
        """The value in pieces: to have it whole on this side would cost more than the test."""
        block, left = random.Random(salt).randbytes(1 << 20), self.SIZE
        while left:
            yield block[:left]
            left -= min(left, len(block))

    def put(self, client, command, key, salt):
        client.send(b"%s %s 0 0 %d\r\n" % (command, key, self.SIZE))
        for block in self.blocks(salt):
            client.send(block)
        client.send(b"\r\n")
        self.assertEqual(client.line(), b"STORED")

    def check_value(self, client, key, salt):
        client.send(b"get " + key + b"\r\n")
        self.assertEqual(client.line(), b"VALUE %s 0 %d" % (key, self.SIZE))
        for block in self.blocks(salt):
            self.assertTrue(client.exactly(len(block)) == block)
        self.assertEqual(client.exactly(7), b"\r\nEND\r\n")

    def test_they_come_and_go_while_anything_can_be_evicted(self):
        with Node("-m", self.LIMIT_MIB, "-I", "512m", "-t", "1") as daemon, \
                daemon.client(120) as client:
            if daemon.flavour != "ringcached":
                self.skipTest("memcached may have no room for them")
            store_many(client, ((b"s%d" % n, b"x" * 1000) for n in range(20_000)))
            for key in (b"a", b"b", b"c"):
                self.put(client, b"set", key, 1)
            self.assertGreater(client.stat("evictions"), 0)
            self.put(client, b"replace", b"c", 2)
            self.check_value(client, b"c", 2)
            self.assertEqual(client.ask(b"delete c"), b"DELETED")
            self.assertIsNone(client.get(b"c"))
            self.assertLessEqual(
                daemon.rss_bytes(), int((self.LIMIT_MIB << 20) * 1.04) + (8 << 20))

    def test_larger_ones_are_refused_in_words(self):
        with Node("-m", self.LIMIT_MIB, "-I", "512m", "-t", "1") as daemon:
            for size in (self.ITEM_MAX, 1 << 30, (1 << 30) + 1):
                with daemon.client() as client:
                    self.assertEqual(client.ask(b"set big 0 0 %d" % size),
                                     b"SERVER_ERROR object too large for cache")
            with daemon.client() as client:
                self.assertEqual(client.set(b"k", b"v"), b"STORED")


class MemoryLimitCommand(unittest.TestCase):
    """cache_memlimit: another limit while the server runs."""

    def fill(self, client, mebibytes, sizes):
        source, done, number = random.Random(5), 0, 0

        def values():
            nonlocal done, number
            while done < mebibytes << 20:
                size = sizes(source)
                yield b"m%d" % number, b"%d " % number + b"x" * size
                done += size + 60
                number += 1

        self.assertEqual(list(store_many(client, values())), [b"STORED"])
        return number

    def check_coming_down(self, from_mib, to_mib, sizes):
        with Node("-m", from_mib, "-t", "2") as daemon, daemon.client(60) as client:
            stored = self.fill(client, from_mib, sizes)
            before = daemon.rss_bytes()
            self.assertEqual(client.ask(b"cache_memlimit %d" % to_mib), b"OK")
            self.assertEqual(client.stat("limit_maxbytes"), to_mib << 20)
            if daemon.flavour != "ringcached":
                return
            bound = int((to_mib << 20) * 1.04) + (8 << 20)
            node.until(lambda: daemon.rss_bytes() <= bound, 60, "memory given back to the system")
            print(f"from {mib(before)} to {mib(daemon.rss_bytes())}, "
                  f"{client.stat('curr_items')} of {stored} items are left")
            # What is left is most of what the lower limit holds, and whole.
            self.assertGreater(client.stat("bytes"), 0.6 * (to_mib << 20))
            for number in range(0, stored, max(1, stored // 2000)):
                value = client.get(b"m%d" % number)
                if value is not None:
                    self.assertEqual(value.rstrip(b"x"), b"%d " % number)
            self.assertEqual(list(store_many(client, [(b"n%d" % n, b"y" * 500)
                                                      for n in range(20_000)])), [b"STORED"])
            self.assertLessEqual(daemon.rss_bytes(), bound)

    def test_a_lower_limit_gives_memory_back(self):
        self.check_coming_down(96, 24, lambda r: int(2 ** r.uniform(4, 17)))

    def test_a_lower_limit_gives_huge_pages_back(self):
        self.check_coming_down(320, 64, lambda r: int(2 ** r.uniform(6, 19)))

    def test_a_higher_limit_holds_more_at_once(self):
        with Node("-m", 16, "-t", "1") as daemon, daemon.client(60) as client:
            self.fill(client, 32, lambda r: 1000)
            self.assertGreater(client.stat("evictions"), 0)
            self.assertEqual(client.ask(b"cache_memlimit 96"), b"OK")
            before = client.stat("evictions")
            self.fill(client, 48, lambda r: 2000)
            if daemon.flavour == "ringcached":
                # The index may need a moment to follow.
                self.assertLess(client.stat("evictions") - before, 1000)
                self.assertGreater(client.stat("bytes"), 44 << 20)


class Accounting(unittest.TestCase):
    """`stats ringcached` says where the resident memory is."""

    def check(self, daemon, client, when):
        stats = client.stats(b"ringcached")
        if "memory_resident_bytes" not in stats:
            self.skipTest("only ringcached tells")
        parts = {name: int(value) for name, value in stats.items()
                 if name.startswith("memory_in_")}
        resident, total = daemon.rss_bytes(), sum(parts.values())
        print(f"{when}: {mib(resident)} resident, {mib(total)} explained, "
              + ", ".join(f"{name[10:-6]} {mib(value)}" for name, value in parts.items() if value))
        self.assertEqual(len(parts), 11)
        self.assertLessEqual(abs(resident - total), 0.03 * resident)

    def test_the_parts_add_up_to_the_resident_memory_within_3_percent(self):
        for limit in (128, 512):
            with Node("-m", limit, "-t", "1") as daemon, daemon.client(60) as client:
                number = 0
                for share in (0.25, 0.6, 1.2):
                    while number * 1060 < share * (limit << 20):
                        store_many(client, ((b"a%d" % n, b"x" * 1000)
                                            for n in range(number, number + 5000)))
                        number += 5000
                    self.check(daemon, client, f"-m {limit}, {share:.0%}")
                store_many(client, ((b"b%d" % n, b"x" * 20) for n in range(200_000)))
                self.check(daemon, client, f"-m {limit}, and small ones")


class Expiry(unittest.TestCase):
    COUNT = 20_000

    def fill(self, client, exptime):
        line = b"".join(b"set k%d 0 %d 200 noreply\r\n%s\r\n" % (n, exptime, b"x" * 200)
                        for n in range(self.COUNT))
        client.send(line)
        client.ping()

    def test_expired_items_are_never_served(self):
        with Node("-m", "64") as daemon, daemon.client() as client:
            self.fill(client, 1)
            node.until(lambda: client.get(b"k0") is None, what="the expiry of one item")
            time.sleep(1.1)  # Expiry has a resolution of a second; all were stored within two.
            node.until(lambda: client.get(b"k%d" % (self.COUNT - 1)) is None)
            for number in range(0, self.COUNT, 53):
                self.assertIsNone(client.get(b"k%d" % number))

    def test_expired_items_are_freed_though_nobody_asks(self):
        with Node("-m", "64") as daemon, daemon.client() as client:
            client.set(b"stays", b"x")
            empty = client.stat("bytes")
            self.fill(client, 4)  # Long enough that the first is there when the last is stored.
            self.assertGreater(client.stat("bytes"), empty + self.COUNT * 200)
            node.until(lambda: client.stat("curr_items") == 1, 60, "freeing expired items")
            self.assertLessEqual(client.stat("bytes"), empty)
            self.assertEqual(client.get(b"stays"), b"x")

    def test_the_room_of_expired_items_is_used_again(self):
        with Node("-m", "64", "-M") as daemon, daemon.client(60) as client:
            # Each round nearly fills the memory, without eviction: it needs what has expired.
            for turn in range(3):
                answers = {}

                def all_stored():
                    answers.clear()
                    answers.update(store_many(
                        client, ((b"r%d-%d" % (turn, n), b"x" * 100_000) for n in range(400))))
                    return list(answers) == [b"STORED"]

                node.until(all_stored, 60, "storing into the room of expired items")
                for number in range(400):
                    client.send(b"touch r%d-%d 1 noreply\r\n" % (turn, number))
                client.ping()


class Flush(unittest.TestCase):
    def test_flush_all_makes_everything_unseen_and_frees_it(self):
        with Node("-m", "64") as daemon, daemon.client(60) as client:
            store_many(client, ((b"k%d" % n, b"x" * 1000) for n in range(20_000)))
            time.sleep(2.1)  # What was stored in the second of the flush may survive it.
            self.assertEqual(client.ask(b"flush_all"), b"OK")
            for number in range(0, 20_000, 53):
                self.assertIsNone(client.get(b"k%d" % number))
            # Twice what fits: the flushed items give way without a store failing.
            answers = store_many(client, ((b"n%d" % n, b"y" * 1000) for n in range(120_000)))
            self.assertEqual(list(answers), [b"STORED"])
            self.assertEqual(client.get(b"n119999"), b"y" * 1000)

    def test_flushed_items_are_freed_though_nobody_asks(self):
        with Node("-m", "64") as daemon, daemon.client(60) as client:
            store_many(client, ((b"k%d" % n, b"x" * 1000) for n in range(20_000)))
            time.sleep(2.1)
            self.assertEqual(client.ask(b"flush_all"), b"OK")
            node.until(lambda: client.stat("curr_items") == 0, 60, "freeing flushed items")

    def test_stores_race_with_flushes_without_a_wrong_value(self):
        with Node("-m", "64", "-t", "2") as daemon:
            with daemon.client() as writer, daemon.client() as flusher:
                for number in range(500):
                    writer.set(b"k", b"%d" % number)
                    self.assertEqual(flusher.ask(b"flush_all"), b"OK")
                    self.assertIn(writer.get(b"k"), (None, b"%d" % number))


if __name__ == "__main__":
    unittest.main(verbosity=2)
