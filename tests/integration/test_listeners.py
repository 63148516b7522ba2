"""Where the daemon listens: several addresses at once, IPv6, unix sockets and their files."""

import os
import pathlib
import signal
import socket
import stat
import tempfile
import unittest

import node
from node import Client, Node
from support import on_ipv6, on_ringcached


class Listeners(unittest.TestCase):
    def same_store_behind(self, addresses):
        """What one address stores, every other sees."""
        for number, address in enumerate(addresses):
            with Client(address) as client:
                self.assertEqual(client.set(b"k%d" % number, b"v%d" % number), b"STORED")
        for address in addresses:
            with Client(address) as client:
                for number in range(len(addresses)):
                    self.assertEqual(client.get(b"k%d" % number), b"v%d" % number)

    def test_two_addresses_in_one_option(self):
        one, two = node.free_port(), node.free_port()
        with Node("-l", f"127.0.0.1:{one},127.0.0.1:{two}", transport=None,
                  address=("127.0.0.1", one)):
            self.same_store_behind([("127.0.0.1", one), ("127.0.0.1", two)])

    def test_two_options(self):
        one, two = node.free_port(), node.free_port()
        with Node("-l", f"127.0.0.1:{one}", "-l", f"127.0.0.1:{two}", transport=None,
                  address=("127.0.0.1", one)):
            self.same_store_behind([("127.0.0.1", one), ("127.0.0.1", two)])

    @on_ipv6
    def test_ipv4_and_ipv6_on_one_port(self):
        port = node.free_port("::1")
        with Node("-l", "127.0.0.1", "-l", "::1", "-p", port, transport=None,
                  address=("127.0.0.1", port)):
            self.same_store_behind([("127.0.0.1", port), ("::1", port)])

    @on_ipv6
    def test_ipv6_with_a_port_in_brackets(self):
        port = node.free_port("::1")
        with Node("-l", f"[::1]:{port}", transport=None, address=("::1", port)):
            self.same_store_behind([("::1", port)])

    @on_ringcached
    def test_tcp_and_a_unix_socket_together(self):
        port = node.free_port()
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/sock"
            with Node("-l", f"127.0.0.1:{port}", "-s", path, transport=None,
                      address=("127.0.0.1", port)):
                self.same_store_behind([("127.0.0.1", port), path])

    def test_many_addresses(self):
        ports = [node.free_port() for _ in range(8)]
        with Node("-l", ",".join(f"127.0.0.{n + 1}:{port}" for n, port in enumerate(ports)),
                  transport=None, address=("127.0.0.1", ports[0])):
            self.same_store_behind([(f"127.0.0.{n + 1}", p) for n, p in enumerate(ports)])

    def test_a_listener_may_be_kept_to_one_protocol(self):
        ports = [node.free_port() for _ in range(3)]
        addresses = [("127.0.0.1", port) for port in ports]
        binary, text = b"\x80\x0b" + bytes(22), b"get " + b"k" * 40 + b"\r\n"
        with Node("-l", ",".join(f"proto[{name}]:127.0.0.1:{port}" for name, port
                                 in zip(("ascii", "binary", "negotiating"), ports)),
                  transport=None, address=addresses[0]):
            self.assertEqual(self.first_bytes(addresses[0], text), b"END\r\n")
            self.assertEqual(self.first_bytes(addresses[0], binary + b"\r\n"), b"ERROR\r\n")
            self.assertEqual(self.first_bytes(addresses[1], binary)[:2], b"\x81\x0b")
            self.assertEqual(self.first_bytes(addresses[1], text), b"")
            self.assertEqual(self.first_bytes(addresses[2], text), b"END\r\n")
            self.assertEqual(self.first_bytes(addresses[2], binary)[:2], b"\x81\x0b")

    @staticmethod
    def first_bytes(address, request):
        """What comes back at once; nothing if the server closes instead."""
        with socket.create_connection(address, timeout=10) as peer:
            peer.sendall(request)
            try:
                return peer.recv(4096)
            except ConnectionResetError:
                return b""

    @on_ringcached
    def test_the_default_is_loopback_only(self):
        port = node.free_port()
        with Node("-p", port, transport=None, address=("127.0.0.1", port)) as daemon:
            inodes = {os.readlink(f) for f in pathlib.Path(f"/proc/{daemon.pid}/fd").iterdir()}
            rows = [line.split() for name in ("tcp", "tcp6")
                    for line in pathlib.Path(f"/proc/net/{name}").read_text().split("\n")[1:-1]]
            listening = {row[1].rpartition(":")[0] for row in rows
                         if row[3] == "0A" and f"socket:[{row[9]}]" in inodes}
            loopback = {"0100007F", "00000000000000000000000001000000"}
            self.assertTrue(listening)
            self.assertLessEqual(listening, loopback)


class UnixSocket(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = f"{folder.name}/sock"

    def mode(self):
        return stat.S_IMODE(pathlib.Path(self.path).stat().st_mode)

    def test_only_the_owner_may_connect(self):
        with Node(address=self.path):
            self.assertEqual(self.mode(), 0o700)

    def test_the_mode_can_be_chosen(self):
        with Node("-a", "0770", address=self.path):
            self.assertEqual(self.mode(), 0o770)

    def test_a_stale_socket_file_is_replaced(self):
        with socket.socket(socket.AF_UNIX) as left_behind:
            left_behind.bind(self.path)
        with Node(address=self.path) as daemon, daemon.client() as client:
            client.ping()

    def test_the_file_of_a_killed_daemon_is_no_obstacle(self):
        with Node(address=self.path) as daemon:
            daemon.signal(signal.SIGKILL)
            daemon.wait_for_exit()
            self.assertTrue(pathlib.Path(self.path).exists())
            with Node(address=self.path) as second, second.client() as client:
                client.ping()

    def test_a_file_that_is_no_socket_is_left_alone(self):
        pathlib.Path(self.path).write_text("precious")
        with self.assertRaises(AssertionError) as caught:
            Node(address=self.path)
        self.assertIn(self.path, str(caught.exception))
        self.assertEqual(pathlib.Path(self.path).read_text(), "precious")

    @on_ringcached
    def test_a_socket_in_use_is_not_taken_away(self):
        with Node(address=self.path) as first:
            with self.assertRaises(AssertionError) as caught:
                # Ready when the process ends or accepts; the first one must be who answers.
                second = Node("-v", address=self.path)
                second.wait_for_exit(5)
                raise AssertionError(second.stderr())
            self.assertIn(self.path, str(caught.exception))
            self.assertTrue(first.alive())
            with first.client() as client:
                client.ping()


if __name__ == "__main__":
    unittest.main(verbosity=2)
