"""What those who watch a node are told: memcached's lines, and never at the cost of others.

With RINGCACHED=/usr/bin/memcached the same lines are expected; times, numbers of events and of
connections and size classes are each server's own.
"""

import re
import unittest

import node
from node import Node
from support import mib

EVENT = re.compile(rb"ts=\d+\.\d{1,6} gid=\d+ (type=.*)")
OWN = re.compile(rb" (clsid|cfd)=\d+")


def watch(daemon, words):
    client = daemon.client()
    client.send(b"watch " + words + b"\r\n")
    answer = client.line()
    if answer != b"OK":
        raise AssertionError(f"watch {words!r} was answered with {answer!r}")
    # The workers look once per turn whether anybody watches.
    with daemon.client() as other:
        for _ in range(20):
            other.ping()
    return client


def event(client):
    """The next line, without what is each server's own."""
    line = client.line().removesuffix(b"\n")
    match = EVENT.fullmatch(line)
    if not match:
        raise AssertionError(f"a strange line for a watcher: {line!r}")
    return OWN.sub(b"", match.group(1)).decode()


class Lines(unittest.TestCase):
    def expect(self, watcher, *events):
        for text in events:
            self.assertEqual(event(watcher), text)

    def test_look_ups_and_stores(self):
        with Node("-t", "1") as daemon, daemon.client() as client:
            watcher = watch(daemon, b"fetchers mutations")
            hit = "type=item_get key=a status=found size="
            miss = "type=item_get key=%s status=not_found size=0"
            store = "type=item_store key=a status=%s cmd=%s ttl=%d size=%d"
            self.assertIsNone(client.get(b"a"))
            self.expect(watcher, miss % "a")
            self.assertEqual(client.set(b"a", b"abc"), b"STORED")
            self.expect(watcher, miss % "a", store % ("stored", "set", 0, 3))
            self.assertEqual(client.ask(b"add a 0 0 1\r\nx"), b"NOT_STORED")
            self.expect(watcher, hit + "3", store % ("not_stored", "add", 0, 1))
            self.assertEqual(client.ask(b"append a 0 0 2\r\nde"), b"STORED")
            self.expect(watcher, hit + "3", store % ("stored", "append", 0, 5))
            self.assertEqual(client.ask(b"replace a 0 1000 2\r\n10"), b"STORED")
            self.expect(watcher, hit + "5", store % ("stored", "replace", 1000, 2))
            self.assertEqual(client.ask(b"incr a 5"), b"15")
            self.expect(watcher, hit + "2")
            self.assertEqual(client.ask(b"touch a 0"), b"TOUCHED")
            self.expect(watcher, hit + "2")
            self.assertEqual(client.ask(b"mg a"), b"HD")
            self.expect(watcher, hit + "2")
            self.assertEqual(client.ask(b"ms a 1\r\nx"), b"HD")
            self.expect(watcher, hit + "2", store % ("stored", "set", 0, 1))
            self.assertEqual(client.ask(b"delete a"), b"DELETED")
            self.expect(watcher, hit + "1")
            client.send(b"get a/b k%\x01\r\n")
            self.assertEqual(client.line(), b"END")
            self.expect(watcher, miss % "a%2Fb", miss % "k%25%01")
            watcher.close()

    def test_connections(self):
        with Node("-t", "1", transport="tcp") as daemon:
            watcher = watch(daemon, b"connevents")
            client = daemon.client()
            client.ping()
            port = client.sock.getsockname()[1]
            of_client = re.compile(rf".* rport={port} .*")

            def next_of_client():
                while True:
                    text = event(watcher)
                    if of_client.fullmatch(text):
                        return text

            who = f"rip=127.0.0.1 rport={port} transport=tcp"
            self.assertEqual(next_of_client(), f"type=conn_new {who}")
            client.send(b"quit\r\n")
            self.assertEqual(next_of_client(), f"type=conn_close {who} reason=normal")
            client.close()
            watcher.close()

    def test_connections_of_a_unix_socket(self):
        with Node("-t", "1", transport="unix") as daemon:
            watcher = watch(daemon, b"connevents")
            with daemon.client() as client:
                client.ping()
            lines = {event(watcher) for _ in range(4)}
            self.assertIn("type=conn_new rip=unix rport=0 transport=local", lines)
            watcher.close()

    def test_evictions(self):
        with Node("-t", "1", "-m", "8") as daemon, daemon.client() as client:
            watcher = watch(daemon, b"evictions")
            for number in range(4000):
                client.set(b"key%d" % number, b"v" * 4000, exptime=1000)
            line = re.compile(r"type=eviction key=key\d+ fetch=no ttl=\d+ la=\d+ size=4000")
            for _ in range(100):
                self.assertRegex(event(watcher), line)
            watcher.close()

    @unittest.skipIf(node.flavour() == "memcached", "Debian's memcached is too old for it")
    def test_deletions(self):
        with Node("-t", "1") as daemon, daemon.client() as client:
            watcher = watch(daemon, b"deletions")
            client.set(b"a", b"abc")
            client.set(b"b", b"b")
            self.assertEqual(client.ask(b"delete a"), b"DELETED")
            self.assertEqual(client.ask(b"delete a"), b"NOT_FOUND")
            self.assertEqual(client.ask(b"md b"), b"HD")
            self.expect(
                watcher,
                "type=deleted key=a cmd=delete size=3",
                "type=deleted key=b cmd=md size=1",
            )
            watcher.close()

    def test_with_many_workers_every_one_is_watched(self):
        with Node("-t", "4") as daemon:
            watcher = watch(daemon, b"fetchers")
            clients = [daemon.client() for _ in range(8)]
            for client in clients:
                client.ping()
            wanted = set()
            for number, client in enumerate(clients):
                self.assertIsNone(client.get(b"key%d" % number))
                wanted.add(f"type=item_get key=key{number} status=not_found size=0")
            self.assertEqual({event(watcher) for _ in clients}, wanted)
            watcher.close()
            for client in clients:
                client.ping()
                client.close()


class Manners(unittest.TestCase):
    def test_a_slow_watcher_skips_lines_and_holds_little_memory(self):
        with Node("-t", "1", "-m", "64") as daemon, daemon.client() as client:
            gets = b"".join(b"get %s%d\r\n" % (b"k" * 200, i) for i in range(1000))

            def ask_all():
                client.send(gets)
                for _ in range(1000):
                    client.line()

            ask_all()
            watcher = watch(daemon, b"fetchers")
            before = daemon.rss_bytes()
            asked = 0
            while client.stat("log_watcher_skipped") == 0 or asked < 20_000:
                ask_all()
                asked += 1000
            grown = daemon.rss_bytes() - before
            print(f"a watcher that does not read costs {mib(grown)}")
            self.assertLess(grown, 4 << 20)
            # At last it reads, and is told what it missed; by memcached with the next line.
            told = 0
            while True:
                while b"\n" not in watcher.buffer and not node.readable(watcher.sock, 0.2):
                    client.get(b"another")
                line = watcher.line().removesuffix(b"\n")
                if line.startswith(b"skipped="):
                    break
                self.assertRegex(line, EVENT)
                told += 1
            skipped = int(line.removeprefix(b"skipped="))
            self.assertGreater(told, 100)
            self.assertGreater(skipped, 0)
            watcher.close()
            client.ping()

    def test_a_watcher_is_not_heard_and_not_idle(self):
        with Node("-t", "1", "-o", "idle_timeout=2", transport="tcp") as daemon:
            watcher = watch(daemon, b"connevents")
            watcher.send(b"version\r\nset a 0 0 1\r\nx\r\nquit\r\n")
            bored = daemon.client()
            bored.ping()
            self.assertTrue(bored.at_end())
            bored.close()
            texts = []
            while "reason=idle_timeout" not in "".join(texts):
                texts.append(event(watcher))
            with daemon.client() as client:
                self.assertIsNone(client.get(b"a"))
            watcher.close()

    def test_watchers_may_leave_while_they_are_told_and_come_again(self):
        with Node("-t", "2") as daemon, daemon.client() as client:
            for _ in range(50):
                watcher = watch(daemon, b"fetchers mutations")
                client.send(b"get a\r\n" * 100)
                watcher.close()
                for _ in range(100):
                    client.line()
            node.until(lambda: client.stat("log_watchers") == 0, what="no watcher")

    def test_twenty_may_watch(self):
        with Node("-t", "1") as daemon:
            watchers = [watch(daemon, b"evictions") for _ in range(20)]
            with daemon.client() as client:
                self.assertEqual(
                    client.ask(b"watch"), b"WATCHER_TOO_MANY log watcher limit reached")
            for watcher in watchers:
                watcher.close()

    def test_a_node_with_a_watcher_stops(self):
        with Node("-t", "2") as daemon:
            watcher = watch(daemon, b"fetchers connevents")
            self.assertEqual(daemon.stop(), 0)
            watcher.close()

    def test_it_can_be_forbidden(self):
        with Node("-t", "1", "-W") as daemon, daemon.client() as client:
            self.assertEqual(client.ask(b"watch"), b"CLIENT_ERROR watch commands not allowed")


if __name__ == "__main__":
    unittest.main()
