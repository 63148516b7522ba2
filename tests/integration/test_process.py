"""The options that concern the process, and what an administrator allows: background, pid file,
port file, shutdown, flush_all, idle clients, and the name memcached."""

import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

import node
from node import Client, Node
from support import on_ringcached


def ends(pid):
    try:
        os.kill(pid, 0)
        return False
    except ProcessLookupError:
        return True


class Background(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="rc-test-"))
        self.socket = str(self.folder / "sock")
        self.pid_file = self.folder / "pid"

    def start(self, *options):
        root = ["-u", "root"] if os.geteuid() == 0 else []
        return subprocess.run(
            [node.program(), "-d", "-U", "0", *root, *options],
            capture_output=True, text=True, timeout=30, cwd=self.folder)

    @on_ringcached
    def test_the_command_returns_when_the_daemon_serves(self):
        done = self.start("-s", "sock", "-P", "pid")
        self.assertEqual(done.returncode, 0, done.stderr)
        pid = int(self.pid_file.read_text())
        try:
            with Client(self.socket) as client:  # No waiting: it serves already.
                client.ping()
            self.assertEqual(os.readlink(f"/proc/{pid}/cwd"), "/")
            self.assertEqual(os.getsid(pid), pid)
        finally:
            os.kill(pid, signal.SIGTERM)
        node.until(lambda: ends(pid), what="the end of the daemon")
        self.assertFalse(self.pid_file.exists())

    @on_ringcached
    def test_a_start_that_fails_is_reported_by_the_command(self):
        done = self.start("-s", "/nonexistent-folder/sock")
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nonexistent-folder/sock", done.stderr)

    @on_ringcached
    def test_a_pid_file_that_cannot_be_written_is_named(self):
        done = self.start("-s", self.socket, "-P", "/nonexistent-folder/pid")
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nonexistent-folder/pid", done.stderr)


class Ports(unittest.TestCase):
    def test_the_port_that_was_taken_is_written_down(self):
        with tempfile.TemporaryDirectory(prefix="rc-test-") as folder:
            port_file = pathlib.Path(folder) / "ports"
            os.environ["MEMCACHED_PORT_FILENAME"] = str(port_file)
            try:
                with Node("-l", "127.0.0.1", "-p", "-1", transport=None):
                    node.until(port_file.exists, what="the port file")
                    word, port = port_file.read_text().splitlines()[0].rsplit(" ", 1)
                    self.assertEqual(word, "TCP INET:")
                    with Client(("127.0.0.1", int(port))) as client:
                        client.ping()
            finally:
                del os.environ["MEMCACHED_PORT_FILENAME"]


class Permissions(unittest.TestCase):
    def test_shutdown_is_refused_unless_allowed(self):
        with Node() as daemon, daemon.client() as client:
            client.send(b"shutdown\r\n")
            self.assertIn(b"ERROR: shutdown not enabled", client.line())
            client.ping()

    def test_shutdown_ends_the_daemon_where_it_is_allowed(self):
        for command in (b"shutdown\r\n", b"shutdown graceful\r\n"):
            with self.subTest(command=command), Node("-A") as daemon, daemon.client() as client:
                client.send(b"shutdown soon\r\n")
                self.assertEqual(client.line(), b"CLIENT_ERROR invalid shutdown mode")
                client.send(command)
                self.assertTrue(client.at_end())
                self.assertEqual(daemon.wait_for_exit(), 0)

    def test_flush_all_can_be_forbidden(self):
        with Node("-F") as daemon, daemon.client() as client:
            client.set(b"k", b"v")
            client.send(b"flush_all\r\n")
            self.assertEqual(client.line(), b"CLIENT_ERROR flush_all not allowed")
            self.assertEqual(client.get(b"k"), b"v")
            self.assertEqual(client.stats(b"settings")["flush_enabled"], "no")


class Idle(unittest.TestCase):
    @on_ringcached  # memcached looks only now and then.
    def test_a_client_that_asks_for_nothing_is_closed_and_counted(self):
        with Node("-o", "idle_timeout=1") as daemon, daemon.client() as idle:
            idle.ping()
            with daemon.client() as busy:
                def is_counted():
                    return busy.stats().get("idle_kicks") == "1"
                node.until(is_counted, what="the end of the idle client")
            self.assertTrue(idle.at_end())


class Name(unittest.TestCase):
    @on_ringcached
    def test_under_the_name_memcached_the_version_and_the_defaults_are_memcacheds(self):
        with tempfile.TemporaryDirectory(prefix="rc-test-") as folder:
            link = pathlib.Path(folder) / "memcached"
            link.symlink_to(pathlib.Path(node.program()).resolve())
            said = subprocess.run([link, "-V"], capture_output=True, text=True, timeout=30)
            self.assertRegex(said.stdout, r"^memcached \d+\.\d+\.\d+\n$")
            with Node("-u", "root", binary=str(link)) as daemon, daemon.client() as client:
                self.assertEqual(client.stats()["limit_maxbytes"], str(64 << 20))
                self.assertEqual(client.stats()["threads"], "4")
                comm = pathlib.Path(f"/proc/{daemon.pid}/comm").read_text()
                self.assertEqual(comm, "memcached\n")


if __name__ == "__main__":
    unittest.main()
