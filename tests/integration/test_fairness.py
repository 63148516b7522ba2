"""One client's bad manners are not another client's trouble: all share a single worker here."""

import subprocess
import sys
import textwrap
import unittest

import node
from node import Node
from support import Background, mib

PINGS = 300
MEGABYTE = b"v" * 1_000_000


def ping_all(case, daemon, count=PINGS):
    """Every ping is answered; the client's own limit of 20 s catches a server that hangs."""
    with daemon.client() as client:
        for number in range(count):
            client.ping()
            case.assertEqual(client.set(b"ping", b"%d" % number), b"STORED")
            case.assertEqual(client.get(b"ping"), b"%d" % number)


class SlowReader(unittest.TestCase):
    def test_a_client_that_asks_for_64_mb_and_never_reads_disturbs_nobody(self):
        for transport in ("unix", "tcp"):
            with self.subTest(transport=transport):
                with Node("-t", "1", "-m", "64", transport=transport) as daemon:
                    self.one_slow_reader(daemon, transport)

    def one_slow_reader(self, daemon, transport):
        with daemon.client() as writer:
            self.assertEqual(writer.set(b"big", MEGABYTE), b"STORED")
        ping_all(self, daemon, 50)
        before = daemon.rss_bytes()
        slow = daemon.client()
        slow.send(b"get big\r\n" * 64)
        slow.more()  # The server is at it; from here on nobody reads.
        ping_all(self, daemon)
        grown = daemon.rss_bytes() - before
        print(f"a slow reader over {transport} costs {mib(grown)}")
        self.assertLess(grown, 8 << 20)
        for _ in range(64):  # At last it reads, and nothing was lost.
            self.assertEqual(slow.read_value(), MEGABYTE)
        slow.ping()
        slow.close()

    def test_twenty_slow_readers_do_not_add_up(self):
        with Node("-t", "1", "-m", "64") as daemon:
            with daemon.client() as writer:
                self.assertEqual(writer.set(b"big", MEGABYTE), b"STORED")
            ping_all(self, daemon, 50)
            before = daemon.rss_bytes()
            slow = [daemon.client() for _ in range(20)]
            for client in slow:
                client.send(b"get big big big big\r\n" * 64)
                client.more()
            ping_all(self, daemon)
            grown = daemon.rss_bytes() - before
            print(f"20 slow readers cost {mib(grown)}")
            self.assertLess(grown, 24 << 20)
            for client in slow:
                client.close()
            ping_all(self, daemon)

    def test_a_value_replaced_under_a_slow_reader_reaches_it_unmixed(self):
        with Node("-t", "2", "-m", "64") as daemon:
            with daemon.client() as writer:
                self.assertEqual(writer.set(b"big", b"a" * 1_000_000), b"STORED")
                slow = daemon.client()
                slow.send(b"get big\r\n" * 8)
                slow.more()
                for letter in (b"b", b"c", b"d"):
                    self.assertEqual(writer.set(b"big", letter * 1_000_000), b"STORED")
                self.assertEqual(writer.ask(b"delete big"), b"DELETED")
                for number in range(200):
                    writer.set(b"other-%d" % number, b"x" * 500_000)
            for _ in range(8):
                value = slow.read_value()
                if value is not None:
                    self.assertEqual(len(set(value)), 1, "a value mixed from two")
                    self.assertEqual(len(value), 1_000_000)
            slow.ping()
            slow.close()

    def test_a_slow_reader_that_leaves_gives_everything_back(self):
        with Node("-t", "1", "-m", "64") as daemon:
            with daemon.client() as writer:
                writer.set(b"big", MEGABYTE)
                for _ in range(30):
                    slow = daemon.client()
                    slow.send(b"get big\r\n" * 64)
                    slow.more()
                    slow.close()
                node.until(lambda: writer.stat("curr_connections") <= 2, what="closing")
            ping_all(self, daemon, 50)


FLOOD = textwrap.dedent("""
    import socket, sys, threading
    sys.path.insert(0, sys.argv[2])
    import node
    client = node.Client(sys.argv[1])
    batch = b"get ping\\r\\n" * 2000 + b"set flood 0 0 5\\r\\nvalue\\r\\n" * 200
    def pour():
        try:
            while True:
                client.sock.sendall(batch)
        except OSError:
            pass
    threading.Thread(target=pour, daemon=True).start()
    seen, told = 0, False
    while True:
        data = client.sock.recv(1 << 18)
        if not data:
            break
        seen += len(data)
        if seen > (1 << 20) and not told:
            told = True
            print("flooding", flush=True)
""")


class Flood(unittest.TestCase):
    def test_a_client_that_never_stops_asking_disturbs_nobody(self):
        with Node("-t", "1", "-m", "64") as daemon:
            flood = subprocess.Popen(
                [sys.executable, "-c", FLOOD, daemon.address, str(node.HERE)],
                stdout=subprocess.PIPE, text=True)
            try:
                self.assertEqual(flood.stdout.readline().strip(), "flooding")
                before = daemon.rss_bytes()
                ping_all(self, daemon)
                self.assertIsNone(flood.poll(), "the flood ended early")
                print(f"a flooding client costs {mib(daemon.rss_bytes() - before)}")
                self.assertLess(daemon.rss_bytes() - before, 8 << 20)
            finally:
                flood.kill()
                flood.wait()
                flood.stdout.close()

    def test_a_pipeline_far_longer_than_any_buffer_is_answered_in_full(self):
        count = 100_000
        with Node("-t", "1", "-m", "64") as daemon, daemon.client() as client:
            client.set(b"k", b"0")
            with Background(lambda stopped: client.send(b"incr k 1\r\n" * count)):
                for number in range(1, count + 1):
                    self.assertEqual(client.line(), b"%d" % number)


class Staller(unittest.TestCase):
    def test_senders_that_stop_mid_value_disturb_nobody(self):
        with Node("-t", "1", "-m", "64") as daemon:
            with daemon.client() as writer:
                self.assertEqual(writer.set(b"half", b"old"), b"STORED")
            stalled = [daemon.client() for _ in range(20)]
            for client in stalled:
                client.send(b"set half 0 0 1000000\r\n" + b"n" * 400_000)
            ping_all(self, daemon)
            with daemon.client() as reader:
                self.assertEqual(reader.get(b"half"), b"old")
            stalled[0].send(b"n" * 600_000 + b"\r\n")
            self.assertEqual(stalled[0].line(), b"STORED")
            with daemon.client() as reader:
                self.assertEqual(reader.get(b"half"), b"n" * 1_000_000)
            for client in stalled:
                client.close()
            with daemon.client() as reader:
                node.until(lambda: reader.stat("curr_connections") <= 2, what="closing")
                self.assertEqual(reader.get(b"half"), b"n" * 1_000_000)

    def test_a_sender_that_leaves_mid_value_leaves_nothing_behind(self):
        with Node("-t", "1", "-m", "64") as daemon, daemon.client() as watcher:
            for _ in range(200):  # 100 MB in all: more than there is, if it were kept.
                with daemon.client() as client:
                    client.send(b"set gone 0 0 1000000\r\n" + b"n" * 500_000)
            node.until(lambda: watcher.stat("curr_connections") <= 2, what="closing")
            self.assertIsNone(watcher.get(b"gone"))
            self.assertEqual(watcher.stat("curr_items"), 0)
            for number in range(50):
                self.assertEqual(watcher.set(b"k%d" % number, MEGABYTE), b"STORED")

    def test_clients_that_stop_mid_line_disturb_nobody(self):
        with Node("-t", "1", "-m", "64") as daemon:
            stalled = [daemon.client() for _ in range(50)]
            for client in stalled:
                client.send(b"get " + b"key " * 5000)
            ping_all(self, daemon)
            for client in stalled:
                client.send(b"last\r\n")
                self.assertIsNone(client.read_value())
                client.close()

    def test_a_client_that_resets_its_connection_disturbs_nobody(self):
        with Node("-t", "2", "-m", "64", transport="tcp") as daemon:
            with daemon.client() as writer:
                writer.set(b"big", MEGABYTE)
            for _ in range(50):
                client = daemon.client()
                client.sock.setsockopt(node.socket.SOL_SOCKET, node.socket.SO_LINGER,
                                       b"\1\0\0\0\0\0\0\0")
                client.send(b"get big big big\r\n" * 10)
                client.close()
            ping_all(self, daemon)
            with daemon.client() as watcher:
                node.until(lambda: watcher.stat("curr_connections") <= 2, what="closing")


if __name__ == "__main__":
    unittest.main(verbosity=2)
