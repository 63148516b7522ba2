"""What no client should send: the daemon answers or closes, and others notice nothing."""

import random
import unittest

from node import Ended, Node

ROUNDS = 400
WORDS = (b"get", b"gets", b"set", b"add", b"cas", b"append", b"incr", b"touch", b"delete", b"gat",
         b"stats", b"version", b"verbosity", b"noreply", b"a", b"b", b"0", b"1", b"-1",
         b"10", b"4294967296", b"2147483647", b"99999999999999999999", b"", b"\0", b"\x80", b"\t",
         b"k" * 250, b"k" * 251, b"x" * 2100, b"HTTP/1.1", b"END", b"VALUE")
# Not flush_all: the witness would rightly lose its value.
ENDS = (b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b"", b" \r\n", b"\r\r\n", b"\r\nx\r\n")


def line_of(source):
    words = [source.choice(WORDS) for _ in range(source.randrange(8))]
    line = b" ".join(words) + source.choice(ENDS)
    for _ in range(source.choice((0, 0, 0, 1, 3))):  # And some bytes of it wrong.
        if line:
            at = source.randrange(len(line))
            line = line[:at] + bytes([source.randrange(256)]) + line[at + 1:]
    return line


class Garbage(unittest.TestCase):
    def pour(self, make, name):
        seed = random.randrange(10**6)
        print(f"{name}: seed {seed}")
        source = random.Random(seed)
        with Node("-m", "64", "-t", "2") as daemon, daemon.client() as witness:
            for number in range(ROUNDS):
                with daemon.client() as client:
                    try:
                        for _ in range(source.randrange(1, 6)):
                            client.send(make(source))
                    except OSError:
                        pass  # Closing a connection that talks like this is fine.
                self.assertEqual(witness.set(b"w", b"%d" % number), b"STORED", f"seed {seed}")
                self.assertEqual(witness.get(b"w"), b"%d" % number, f"seed {seed}")
            self.assertTrue(daemon.alive())
            self.assertEqual(daemon.stop(), 0)

    def test_random_bytes(self):
        self.pour(lambda source: source.randbytes(source.randrange(1, 3000)), "random bytes")

    def test_random_words_of_the_protocol(self):
        self.pour(lambda s: b"".join(line_of(s) for _ in range(s.randrange(1, 40))),
                  "random words")

    def test_every_single_byte_as_the_first(self):
        with Node("-m", "64") as daemon, daemon.client() as witness:
            for first in range(256):
                with daemon.client() as client:
                    client.send(bytes([first]) + b"get a b c\r\n" + b"\0" * 40 + b"\r\n")
                with daemon.client() as client:
                    client.send(bytes([first]))
                witness.ping()

    def test_a_client_may_leave_after_any_byte_of_a_pipeline(self):
        text = (b"set a 0 0 5\r\nvalue\r\nget a b\r\nincr a 1\r\ndelete a noreply\r\n"
                b"gat 0 a\r\nstats\r\nset a 0 0 5 noreply\r\nvalue\r\n")
        with Node("-m", "64") as daemon, daemon.client() as witness:
            for cut in range(1, len(text)):
                with daemon.client() as client:
                    client.send(text[:cut])
                witness.ping()

    def test_the_end_of_a_stream_is_answered_in_full(self):
        text = b"set a 0 0 5\r\nvalue\r\nget a\r\n" + b"get a" + b" a" * 500 + b"\r\n"
        with Node("-m", "64") as daemon:
            for _ in range(50):
                with daemon.client() as client:
                    client.send(text)
                    client.sock.shutdown(1)
                    self.assertEqual(client.line(), b"STORED")
                    self.assertEqual(client.read_value(), b"value")
                    for _ in range(501):
                        self.assertEqual(client.line(), b"VALUE a 0 5")
                        self.assertEqual(client.line(), b"value")
                    self.assertEqual(client.line(), b"END")
                    with self.assertRaises(Ended):
                        client.line()


if __name__ == "__main__":
    unittest.main(verbosity=2)
