"""UDP: frames in and out, what is dropped without a word, and how large an answer may be."""

import socket
import struct
import subprocess
import unittest

import node
from node import Node
from support import on_ringcached

PAYLOAD_MAX = 1392


class Udp:
    """A UDP client of one server."""

    def __init__(self, port):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.settimeout(20)
        self.sock.connect(("127.0.0.1", port))
        self.last_id = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send(self, payload, count=1, sequence=0):
        self.last_id += 1
        self.sock.send(struct.pack("!HHHH", self.last_id, sequence, count, 0) + payload)
        return self.last_id

    def reply(self, request_id):
        """The payload of the reply to a request, put together from its datagrams."""
        parts = {}
        while True:
            datagram = self.sock.recv(65536)
            got_id, sequence, count, reserved = struct.unpack("!HHHH", datagram[:8])
            assert got_id == request_id and reserved == 0, (got_id, request_id, reserved)
            assert len(datagram) <= PAYLOAD_MAX + 8
            parts[sequence] = datagram[8:]
            if len(parts) == count:
                return b"".join(parts[i] for i in range(count))

    def ask(self, payload):
        return self.reply(self.send(payload))


def udp_node(*options, host="127.0.0.1"):
    """A node on one port for TCP and UDP."""
    port = node.free_port()
    return Node("-l", host, "-p", port, "-U", port, *options, transport=None,
                address=("127.0.0.1", port))


class Requests(unittest.TestCase):
    def test_a_request_is_answered_in_its_frame(self):
        with udp_node() as daemon, Udp(daemon.address[1]) as client:
            self.assertEqual(client.ask(b"set k 5 0 3\r\nabc\r\n"), b"STORED\r\n")
            self.assertEqual(client.ask(b"get k\r\n"), b"VALUE k 5 3\r\nabc\r\nEND\r\n")
            with daemon.client() as stream:
                self.assertEqual(stream.get(b"k"), b"abc")

    def test_a_large_value_fits_one_request_and_many_datagrams_of_reply(self):
        value = bytes(range(256)) * 100
        with udp_node() as daemon, Udp(daemon.address[1]) as client:
            self.assertEqual(client.ask(b"set k 0 0 %d\r\n%s\r\n" % (len(value), value)),
                             b"STORED\r\n")
            self.assertEqual(client.ask(b"get k\r\n"),
                             b"VALUE k 0 %d\r\n%s\r\nEND\r\n" % (len(value), value))

    def test_what_is_no_whole_request_gets_no_answer(self):
        with udp_node() as daemon, Udp(daemon.address[1]) as client:
            client.send(b"version\r\n", count=0)
            client.send(b"version\r\n", count=2)
            client.send(b"")
            client.sock.send(b"\0\1")
            client.send(b"set k 0 0 10\r\nabc")
            client.send(b"versio")
            # The next answer is the one to the next question, so the others had none.
            self.assertRegex(client.ask(b"version\r\n"), rb"^VERSION ")

    @on_ringcached
    def test_an_answer_that_could_flood_others_is_dropped_and_counted(self):
        with udp_node("-o", "udp_anywhere", host="0.0.0.0") as daemon:
            with daemon.client() as stream, Udp(daemon.address[1]) as client:
                stream.set(b"small", b"v" * 1000)
                stream.set(b"large", b"v" * 5000)
                client.send(b"get large\r\n")
                self.assertIn(b"v" * 1000, client.ask(b"get small\r\n"))
                self.assertEqual(stream.stats(b"ringcached")["udp_dropped"], "1")


    @on_ringcached
    def test_a_datagram_cannot_keep_the_worker_for_long(self):
        with udp_node("-R", "1") as daemon, Udp(daemon.address[1]) as client:
            client.send(b"version\r\n" * 300)
            self.assertRegex(client.ask(b"version\r\n"), rb"^VERSION \S+\r\n$")
            with daemon.client() as stream:
                self.assertEqual(stream.stats(b"ringcached")["udp_dropped"], "1")


class Addresses(unittest.TestCase):
    @on_ringcached
    def test_an_address_that_others_reach_is_refused(self):
        done = subprocess.run(
            [node.program(), "-l", "192.0.2.1", "-p", "0", "-U", str(node.free_port())],
            capture_output=True, text=True, timeout=30)
        self.assertNotEqual(done.returncode, 0)

    def test_there_is_no_udp_unless_asked_for(self):
        with Node(transport="tcp") as daemon, Udp(daemon.address[1]) as client:
            with self.assertRaises(OSError):  # The kernel says that nobody is there.
                client.ask(b"version\r\n")


if __name__ == "__main__":
    unittest.main()
