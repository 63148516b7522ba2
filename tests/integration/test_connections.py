"""Many connections: the limit, even spreading over workers, ten thousand at once."""

import pathlib
import resource
import subprocess
import sys
import unittest

import node
from node import Ended, Node

HOLDER = pathlib.Path(__file__).with_name("holder.py")
OVER_LIMIT = b"ERROR Too many open connections"


class Limit(unittest.TestCase):
    def fill(self, daemon):
        """Connections until one is turned away; returns those accepted."""
        accepted = []
        self.addCleanup(lambda: [client.close() for client in accepted])
        while len(accepted) <= 40:
            client = daemon.client()
            if not self.accepts(client):
                return accepted
            accepted.append(client)
        self.fail("41 connections were accepted with -c 20")

    def accepts(self, client):
        try:
            client.send(b"version\r\n")
        except (BrokenPipeError, ConnectionResetError):
            pass  # Closed already; what the server said before can still be read.
        try:
            line = client.line()
        except Ended as error:
            self.fail(f"a connection over the limit was closed without a word: {error}")
        if line.startswith(b"VERSION "):
            return True
        self.assertEqual(line, OVER_LIMIT)
        self.assertTrue(client.at_end(), "a connection over the limit stays open")
        client.close()
        return False

    def test_over_the_limit_a_client_is_told_and_closed(self):
        for transport in ("unix", "tcp"):
            with self.subTest(transport=transport):
                with Node("-c", "20", "-t", "2", transport=transport) as daemon:
                    accepted = self.fill(daemon)
                    if daemon.flavour == "ringcached":
                        self.assertEqual(len(accepted), 20)
                    for client in accepted:
                        client.ping()
                        client.close()

    def test_the_limit_is_counted(self):
        with Node("-c", "20", "-t", "2") as daemon:
            accepted = self.fill(daemon)
            for _ in range(4):
                self.assertFalse(self.accepts(daemon.client()))
            stats = accepted[0].stats()
            self.assertEqual(stats["max_connections"], "20")
            self.assertEqual(stats["rejected_connections"], "5")
            if daemon.flavour == "ringcached":
                self.assertEqual(stats["curr_connections"], "20")

    def test_a_place_that_becomes_free_can_be_taken(self):
        with Node("-c", "20", "-t", "2") as daemon:
            accepted = self.fill(daemon)
            accepted.pop().close()

            def taken():
                client = daemon.client()
                if self.accepts(client):
                    accepted.append(client)
                    return True
                return False

            node.until(taken, what="taking the free place")

    def test_closed_connections_are_counted_off(self):
        with Node() as daemon, daemon.client() as watcher:
            before = watcher.stat("curr_connections")
            clients = [daemon.client() for _ in range(50)]
            for client in clients:
                client.ping()
            self.assertGreaterEqual(watcher.stat("curr_connections"), 51)
            for client in clients:
                client.close()
            node.until(lambda: watcher.stat("curr_connections") <= before,
                       what="counting closed connections off")


    def test_running_out_of_files_is_survived(self):
        with Node("-c", "500", "-t", "2") as daemon:
            with daemon.client() as watcher:
                limit = daemon.open_files() + 10  # From now on accept() fails after ten more.
                resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (limit, limit))
                clients = []
                for _ in range(40):
                    try:
                        clients.append(daemon.client())
                    except BlockingIOError:
                        pass  # The queue of those not yet accepted is full.
                node.until(lambda: daemon.open_files() >= limit, what="running out of files")
                for client in clients[:5]:
                    client.ping()
                watcher.ping()
                for client in clients:
                    client.close()
                watcher.ping()

                def served():
                    try:
                        with daemon.client(1) as client:
                            return client.ping()
                    except (OSError, Ended, AssertionError):
                        return False

                node.until(served, what="serving again once files are free")


class Spreading(unittest.TestCase):
    def worker_of(self, daemon, client):
        """The thread that runs most while only this client is busy."""
        before = daemon.thread_run_ns()
        for _ in range(300):
            client.ping()
        after = daemon.thread_run_ns()
        return max(after, key=lambda thread: after[thread] - before.get(thread, 0))

    def test_connections_are_spread_evenly_over_workers(self):
        for transport in ("unix", "tcp"):
            with self.subTest(transport=transport), Node("-t", "4", transport=transport) as daemon:
                clients = [daemon.client() for _ in range(16)]
                for client in clients:
                    client.ping()
                counts = {}
                for client in clients:
                    worker = self.worker_of(daemon, client)
                    counts[worker] = counts.get(worker, 0) + 1
                    client.close()
                print(f"connections per worker over {transport}: {sorted(counts.values())}")
                self.assertEqual(len(counts), 4, "a worker has no connection")
                self.assertLessEqual(max(counts.values()) - min(counts.values()), 1)


class Holder:
    """One client process; see holder.py."""

    def __init__(self, address, count, prefix):
        text = address if isinstance(address, str) else "%s:%d" % address
        self.process = subprocess.Popen(
            [sys.executable, str(HOLDER), text, str(count), prefix],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def expect(self, word):
        line = self.process.stdout.readline().strip()
        if line != word:
            raise AssertionError(f"a holder of connections said {line!r} instead of {word!r}")

    def use_all(self):
        self.process.stdin.write("use\n")
        self.process.stdin.flush()

    def close(self):
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()


class TenThousand(unittest.TestCase):
    COUNT, BYTES_EACH = 10_000, 350

    @unittest.skipIf(node.raise_file_limit() < 12_000, "too few open files are allowed here")
    def test_ten_thousand_connections_are_held_and_each_is_used(self):
        with Node("-c", "10100", "-t", "2", "-m", "64", transport="tcp") as daemon:
            holders = []
            try:
                grown = self.grow(daemon, holders)
            finally:
                for holder in holders:
                    holder.close()
            print(f"{self.COUNT} connections: {grown / self.COUNT:.0f} bytes of RSS each")
            if daemon.flavour == "ringcached":
                self.assertLessEqual(grown / self.COUNT, self.BYTES_EACH)
            with daemon.client() as client:
                node.until(lambda: client.stat("curr_connections") <= 10, 60, "closing all of them")
                client.ping()

    def grow(self, daemon, holders):
        """RSS growth through COUNT connections, beyond what the first hundred warmed up."""
        warm = Holder(daemon.address, 50, "first")
        holders.append(warm)
        warm.expect("ready")
        for _ in range(2):
            warm.use_all()
            warm.expect("used")
        before = daemon.rss_bytes()
        many = [Holder(daemon.address, self.COUNT // 2, "first") for _ in range(2)]
        holders.extend(many)
        for holder in many:
            holder.expect("ready")
        for _ in range(2):
            for holder in many:
                holder.use_all()
            for holder in many:
                holder.expect("used")
        with daemon.client() as client:
            self.assertGreaterEqual(client.stat("curr_connections"), self.COUNT + 50)
        return daemon.rss_bytes() - before


if __name__ == "__main__":
    unittest.main(verbosity=2)
