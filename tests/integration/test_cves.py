"""The classes of bugs that memcached's advisories are about, one test each, under their numbers.

Each sends what once broke memcached, in the form that would break the same thing here, and asks
three things: was it answered in the right way, is the daemon alive, and do others notice nothing.
Features that ringcached does not have (SASL, the proxy) are attacked all the same: what is said to
them has to be as harmless as any other bytes.
"""

import re
import struct
import time
import unittest

from node import Ended, Node
from test_udp import Udp, udp_node

HEADER = struct.Struct(">BBHBBHIIQ")
UNKNOWN, INVALID, NOT_FOUND, TOO_LARGE = 0x81, 0x04, 0x01, 0x03


def packet(opcode, key=b"", extras=b"", value=b"", keylen=None, extlen=None, bodylen=None, cas=0):
    """A packet; lengths follow from its parts unless they shall lie."""
    return HEADER.pack(
        0x80, opcode, len(key) if keylen is None else keylen,
        len(extras) if extlen is None else extlen, 0, 0,
        len(extras) + len(key) + len(value) if bodylen is None else bodylen, 0xfeed, cas,
    ) + extras + key + value


NOOP = packet(0x0a)


def status_of(client):
    """Of the next packet, which is taken off."""
    head = HEADER.unpack(client.exactly(HEADER.size))
    client.exactly(head[6])
    return head[5]


class Attacked(unittest.TestCase):
    """A node with a witness, who must find the daemon as it was."""

    options = ("-m", "64", "-t", "1")

    def setUp(self):
        self.node = Node(*self.options)
        self.addCleanup(self.node.close)
        self.witness = self.node.client()
        self.addCleanup(self.witness.close)
        self.assertEqual(self.witness.set(b"witness", b"was here"), b"STORED")

    def tearDown(self):
        self.assertTrue(self.node.alive(), self.node.stderr())
        self.assertEqual(self.witness.get(b"witness"), b"was here")

    def client(self):
        client = self.node.client()
        self.addCleanup(client.close)
        return client

    def status_and_end(self, sent):
        """The status that a packet gets, after which the connection ends."""
        client = self.client()
        client.send(sent)
        status = status_of(client)
        self.assertTrue(client.at_end())
        return status


class Text(Attacked):
    def test_cve_2009_1255_no_statistic_tells_an_address_of_memory(self):
        for sub in (b"", b"settings", b"items", b"slabs", b"conns"):
            for name, value in self.witness.stats(sub).items():
                self.assertNotRegex(value, r"0x[0-9a-f]{6,}|\b[0-9a-f]{8,}-[0-9a-f]{8,}\b", name)
        self.assertTrue(self.witness.ask(b"stats maps").endswith(b"ERROR"))

    def test_cve_2013_0179_keys_without_an_end_are_logged_whole_and_no_further(self):
        with Node(*self.options, "-vv") as loud, loud.client() as client:
            client.send(packet(0x04, b"k" * 250) + packet(0x00, b"\xff%s%n\0") + NOOP)
            self.assertEqual([status_of(client) for _ in range(3)], [NOT_FOUND, NOT_FOUND, 0])
            self.assertTrue(loud.alive())

    def test_cve_2018_1000127_one_item_may_be_read_by_more_than_a_counter_holds(self):
        value = b"v" * 20000  # Sent from where it lies, so that each reading holds on to it.
        self.assertEqual(self.witness.set(b"large", value), b"STORED")
        reader = self.client()
        reader.send(b"get" + b" large" * 4000 + b"\r\n")  # 80 MB that it does not read.
        time.sleep(0.2)
        self.assertEqual(self.witness.set(b"large", b"new"), b"STORED")
        self.assertEqual(self.witness.get(b"large"), b"new")
        for _ in range(4000):
            head = reader.line()
            self.assertRegex(head, rb"VALUE large 0 (?:20000|3)$")
            reader.exactly(int(head.split()[3]) + 2)
        self.assertEqual(reader.line(), b"END")

    def test_cve_2019_11596_commands_without_their_words_are_refused(self):
        client = self.client()
        for words in ("lru", "lru mode", "lru tune", "lru tune 1", "lru temp_ttl", "slabs",
                      "slabs reassign", "slabs reassign 1", "slabs automove", "lru_crawler",
                      "lru_crawler sleep", "lru_crawler tocrawl", "lru_crawler metadump",
                      "lru_crawler crawl", "verbosity", "cache_memlimit", "extstore", "cas", "set",
                      "incr", "decr", "touch", "gat", "delete", "get", "mg", "ms", "ma", "md",
                      "slabs automove 0 0 0 0", "extstore free_memchunks", "stats detail",
                      "stats cachedump", "stats cachedump 1", "ms a", "slabs automove window"):
            answer = client.ask(words.encode())
            self.assertRegex(answer, rb"ERROR|^OK|BADCLASS|MEMLIMIT", words)

    def test_cve_2019_15026_a_unix_peer_without_a_name_is_listed_as_such(self):
        self.client().ping()
        listed = self.witness.stats(b"conns")
        addresses = [value for name, value in listed.items() if name.endswith(":addr")]
        self.assertGreaterEqual(len(addresses), 2)
        for address in addresses:
            self.assertRegex(address, r"^unix:[!-~]*$")

    def test_cve_2020_22570_meta_commands_of_odd_shapes_are_refused(self):
        client = self.client()
        for line in (b"mg", b"mg ", b"mg  ", b"mg a" + b" v" * 60,
                     b"mg " + b"=" * 4 + b" b", b"mg YQ b", b"mg a O" + b"x" * 200, b"mg a T",
                     b"mg a N", b"mn" * 20, b"ma a M", b"ma a D", b"md a !", b"me", b"mg a C",
                     b"ms a", b"ms", b"ms a x", b"ms a -1", b"ms a 4294967296", b"m", b"mx a"):
            self.assertRegex(client.ask(line), rb"ERROR", line)

    def test_cve_2023_46852_a_multiget_beyond_any_buffer_is_served(self):
        client = self.client()
        client.send(b"get" + b" nothing" * 20000 + b" witness\r\n")
        self.assertEqual(client.read_value(), b"was here")

    def test_cve_2023_46853_a_line_needs_no_carriage_return(self):
        client = self.client()
        client.send(b"get witness\nmg witness v\nset a 0 0 1\nx\r\n\nget a\n")
        self.assertEqual(client.read_value(), b"was here")
        self.assertEqual(client.line(), b"VA 8")
        self.assertEqual([client.line(), client.line()], [b"was here", b"STORED"])
        self.assertRegex(client.line(), rb"ERROR")
        self.assertEqual(client.read_value(), b"x")

    def test_1_6_44_a_crawl_whose_client_reads_nothing_harms_no_one(self):
        fill = self.client()
        for number in range(20000):
            fill.send(b"set %s%d 0 0 1 noreply\r\nx\r\n" % (b"k" * 200, number))
        fill.ping()
        for _ in range(3):
            self.client().send(b"lru_crawler metadump all\r\n")
        gone = self.node.client()
        gone.send(b"lru_crawler metadump all\r\n")
        gone.close()
        self.witness.ping()

    def test_1_6_45_lines_of_nothing_but_spaces_are_refused(self):
        client = self.client()
        for spaces in (1, 2, 100, 101, 1000, 2000):
            self.assertRegex(client.ask(b" " * spaces), rb"ERROR")
        for _ in range(3):
            self.assertRegex(client.ask(b""), rb"ERROR")

    def test_1_6_45_a_refused_meta_set_leaves_nothing_behind(self):
        client = self.client()
        for _ in range(2000):
            client.send(b"ms a 10000 T0 T0\r\n" + b"v" * 10000 + b"\r\n"
                        b"ms a 10000 MX\r\n" + b"v" * 10000 + b"\r\n"
                        b"ms a 10000\r\n" + b"v" * 10000 + b"zz")
            self.assertEqual([client.line()[:12] for _ in range(3)], [b"CLIENT_ERROR"] * 3)
        self.assertLessEqual(self.witness.stat("bytes"), 10000)
        self.assertIsNone(self.witness.get(b"a"))

    def test_1_6_45_prefixes_are_counted_up_to_a_limit(self):
        self.witness.ask(b"stats detail on")
        client = self.client()
        before = self.node.rss_bytes()
        for number in range(0, 200000, 1000):
            client.send(b"get" + b"".join(b" p%d:x" % n for n in range(number, number + 1000))
                        + b"\r\n")
            self.assertEqual(client.line(), b"END")
        self.witness.ask(b"stats detail off")
        self.assertLess(self.node.rss_bytes() - before, 48 << 20)

    def test_1_6_45_a_watcher_that_leaves_is_forgotten(self):
        for _ in range(20):
            watcher = self.node.client()
            watcher.send(b"watch fetchers mutations\r\n")
            self.witness.get(b"witness")
            watcher.close()
            self.assertEqual(self.witness.get(b"witness"), b"was here")


class Binary(Attacked):
    def test_cve_2011_4971_a_negative_body_length_ends_the_connection(self):
        for opcode in (0x00, 0x01, 0x04, 0x05, 0x0e, 0x10, 0x1c):
            status = self.status_and_end(packet(opcode, b"a", bodylen=0xffffffff))
            self.assertIn(status, (INVALID, UNKNOWN), f"opcode {opcode:#x}")

    def test_cve_2016_8704_an_append_with_less_body_than_key_ends_the_connection(self):
        for opcode in (0x0e, 0x0f, 0x19, 0x1a):
            self.assertEqual(
                self.status_and_end(packet(opcode, b"a" * 250, keylen=250, bodylen=1)), UNKNOWN)

    def test_cve_2016_8705_an_update_with_less_body_than_extras_ends_the_connection(self):
        for opcode in (0x01, 0x02, 0x03, 0x11, 0x12, 0x13):
            self.assertEqual(
                self.status_and_end(packet(opcode, b"a", b"\0" * 8, bodylen=2)), UNKNOWN)

    def test_cve_2016_8706_sasl_with_less_body_than_key_ends_the_connection(self):
        for opcode in (0x21, 0x22):
            self.assertEqual(
                self.status_and_end(packet(opcode, b"PLAIN", keylen=200, bodylen=5)), UNKNOWN)

    def test_cve_2013_7239_repeated_sasl_requests_change_nothing(self):
        client = self.client()
        for _ in range(5):
            client.send(packet(0x21, b"PLAIN", value=b"\0user\0wrong") + NOOP)
            self.assertEqual([status_of(client), status_of(client)], [UNKNOWN, 0])

    def test_cve_2020_10931_extras_longer_than_any_are_refused(self):
        for opcode in (0x01, 0x05, 0x08, 0x1c, 0x1d):
            self.assertEqual(self.status_and_end(packet(opcode, b"a", b"\1" * 255)), INVALID)

    def test_cve_2026_47783_sasl_tells_nothing_of_users_and_passwords(self):
        client, answers = self.client(), set()
        for secret in (b"\0root\0a", b"\0root\0" + b"a" * 5000, b"", b"\0nobody\0"):
            client.send(packet(0x21, b"PLAIN", value=secret))
            head = client.exactly(HEADER.size)
            answers.add(head + client.exactly(HEADER.unpack(head)[6]))
        self.assertEqual(len(answers), 1)

    def test_1_6_42_a_body_length_at_the_edge_of_its_sign_is_believed_or_refused(self):
        for body in (0x7fffffff, 0x80000000, 0x80000001, 0xfffffffe, (1 << 30) + 1):
            self.assertEqual(
                self.status_and_end(packet(0x01, b"a", b"\0" * 8, bodylen=body)), INVALID)
        client = self.client()
        client.send(packet(0x01, b"a", b"\0" * 8, bodylen=1 << 30))
        self.assertEqual(status_of(client), TOO_LARGE)

    def test_1_6_42_a_huge_token_of_authentication_is_skipped(self):
        client = self.client()
        client.send(packet(0x21, b"PLAIN", value=b"t" * 100000) + NOOP)
        self.assertEqual([status_of(client), status_of(client)], [UNKNOWN, 0])

    def test_1_6_43_pipelined_gets_of_one_item_are_all_answered(self):
        self.assertEqual(self.witness.set(b"large", b"v" * 5000), b"STORED")
        count, client = 70000, self.client()
        get = packet(0x09, b"large")
        for _ in range(count // 1000):
            client.send(get * 1000)
            for _ in range(1000):
                self.assertEqual(status_of(client), 0)


class Udps(unittest.TestCase):
    def test_cve_2018_1000115_udp_is_off_and_never_beyond_the_loopback(self):
        with Node("-m", "64", transport="tcp") as daemon:
            with daemon.client() as client:
                self.assertEqual(client.stats(b"settings")["udpport"], "0")
            with Udp(daemon.address[1]) as client:
                client.sock.settimeout(1)
                with self.assertRaises(OSError):
                    client.send(b"version\r\n")
                    client.sock.recv(100)

    def test_cve_2022_48571_requests_of_several_datagrams_are_dropped(self):
        with udp_node("-m", "64") as daemon, Udp(daemon.address[1]) as client:
            for count in (0, 2, 3, 0xffff):
                for sequence in (0, 1, count):
                    client.send(b"set k 0 0 3\r\nabc\r\n", count=count, sequence=sequence)
                    client.send(b"", count=count, sequence=sequence)
            # The first and only answer is the one to a whole request.
            self.assertEqual(client.ask(b"get k\r\n"), b"END\r\n")
            self.assertTrue(daemon.alive())


class Authentication(unittest.TestCase):
    def test_cve_2021_37519_a_line_like_that_of_a_password_file_is_a_plain_value(self):
        with Node("-m", "64") as daemon, daemon.client() as client:
            for secret in (b"user pass", b"u" * 20000 + b" p", b":" * 300, b"\n\n\n"):
                self.assertEqual(client.set(b"auth", secret), b"STORED")
                self.assertEqual(client.get(b"auth"), secret)
            self.assertRegex(client.ask(b""), rb"ERROR")
            client.send(b"quit\r\n")
            with self.assertRaises(Ended):
                client.line()
            self.assertFalse(re.search("assert|Sanitizer", daemon.stderr()))


if __name__ == "__main__":
    unittest.main(verbosity=2)
