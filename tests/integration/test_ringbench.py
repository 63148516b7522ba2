"""ringbench from outside: what it prints, and what it ends with, against a real server."""

import csv
import json
import os
import re
import subprocess
import unittest
import xml.etree.ElementTree

import node
from node import Node

RINGBENCH = os.environ["RINGBENCH"]
SMALL = ["--keys", "500", "--warm-up", "10ms", "-n", "4000", "-c", "4"]


def address(daemon):
    where = daemon.address
    return where if isinstance(where, str) else f"{where[0]}:{where[1]}"


def items(daemon):
    with daemon.client() as client:
        return client.stat("curr_items")


def ringbench(*arguments):
    return subprocess.run(
        [RINGBENCH, *arguments], capture_output=True, text=True, timeout=120,
        stdin=subprocess.DEVNULL,
    )


class Run(unittest.TestCase):
    def run_well(self, *arguments):
        run = ringbench(*arguments)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertNotIn("error", run.stderr)
        return run.stdout

    def test_a_plain_run_over_both_kinds_of_socket(self):
        for transport in ("unix", "tcp"):
            with self.subTest(transport), Node("-t", "1", transport=transport) as daemon:
                out = self.run_well(address(daemon), *SMALL)
                self.assertRegex(out, r"(?m)^Totals +[1-9]\d* +[1-9]\d* +0 ")
                self.assertIn("Hit ratio   1.0000", out)
                self.assertIn("0 errors, 0 refused, 0 wrong values", out)
                self.assertIn(f"process {daemon.pid}", out)
                self.assertRegex(out, r"Server CPU  \d+\.\d\d us per request")
                self.assertEqual(items(daemon), 500)

    def test_depth_multiget_threads_and_sizes(self):
        with Node("-t", "2") as daemon:
            for load in (
                ["--depth", "16", "-p", "zipf"],
                ["--multiget", "20", "-r", "1:0", "-p", "hot:0.1:0.9:1"],
                ["--threads", "2", "--value-size", "etc"],
                ["--value-size", "10:9,100k-300k:1", "--depth", "4", "-n", "500"],
                ["--ttl", "1000"],
            ):
                with self.subTest(load):
                    out = self.run_well(address(daemon), *SMALL, *load)
                    self.assertIn("Hit ratio   1.0000", out)

    def test_every_protocol(self):
        with Node("-t", "1") as daemon:
            for protocol in ("classic", "meta", "binary"):
                for load in ([], ["--multiget", "10"], ["--depth", "16"], ["--ttl", "1000"]):
                    with self.subTest(protocol=protocol, load=load):
                        prefix = ["--key-prefix", protocol]
                        out = self.run_well(address(daemon), *SMALL, "-P", protocol, *prefix, *load)
                        self.assertIn("Hit ratio   1.0000", out)
                        self.assertIn(", version 2.", out)

    def test_misses_are_counted_in_every_protocol(self):
        with Node("-t", "1") as daemon:
            for protocol in ("classic", "meta", "binary"):
                for keys in ("1", "10"):
                    with self.subTest(protocol=protocol, keys=keys):
                        out = self.run_well(address(daemon), *SMALL, "-P", protocol, "--no-fill",
                                            "-r", "1:0", "--multiget", keys)
                        self.assertIn("Hit ratio   0.0000", out)

    def test_the_wrong_protocol_is_named(self):
        with Node("-t", "1") as daemon:
            run = ringbench(address(daemon), *SMALL, "-P", "resp")
            self.assertEqual(run.returncode, 1)
            self.assertIn("--protocol", run.stderr)

    def test_an_open_loop_keeps_its_rate(self):
        with Node("-t", "1") as daemon:
            for arrivals in ("poisson", "constant"):
                with self.subTest(arrivals):
                    out = self.run_well(address(daemon), *SMALL, "-R", "1000", "-n", "1000",
                                        "--arrivals", arrivals)
                    self.assertIn("open loop at 1000 requests/s", out)
                    self.assertIn("Hit ratio   1.0000", out)
                    # A busy machine may be late, and late is allowed to be; early is not.
                    total = float(re.search(r"(?m)^Totals +(\d+) ", out).group(1))
                    self.assertLess(total, 1200)

    def test_search_finds_a_rate(self):
        with Node("-t", "1") as daemon:
            # A goal that any machine holds: the search goes up until the server is full.
            out = self.run_well(address(daemon), "--keys", "100", "--warm-up", "10ms",
                                "-t", "100ms", "--search", "p50=30s")
            self.assertIn("The highest rate that held p50 = 30 s: ", out)
            self.assertIn("Held\n", out)
            never = ringbench(address(daemon), "--keys", "100", "--warm-up", "10ms",
                              "-t", "50ms", "--search", "p50=0.001us")
            self.assertEqual(never.returncode, 1)
            self.assertIn("No rate held p50 = 0.001 us", never.stdout)

    def test_a_trace_is_replayed_read_through(self):
        with Node("-t", "1") as daemon:
            trace = daemon.folder / "trace.bin"
            words = [(n % 100) | (50 << 32) for n in range(1000)]
            trace.write_bytes(b"".join(word.to_bytes(8, "little") for word in words))
            out = self.run_well(address(daemon), "--trace", str(trace), "-c", "1")
            self.assertIn("Hit ratio   0.9000", out)
            self.assertEqual(items(daemon), 100)
            cut = self.run_well("compare", address(daemon), address(daemon), "--trace", str(trace),
                                "-n", "200", "--key-prefix", "other", "-c", "1")
            self.assertRegex(cut, r"(?m)^Hit ratio +(0\.5000 +1\.0000|1\.0000 +0\.5000)$")

    def test_comparing_servers(self):
        with Node("-t", "1") as one, Node("-t", "1", transport="tcp") as two:
            out = self.run_well("compare", f"one={address(one)}", f"two={address(two)},{two.pid}",
                                "--keys", "500", "--warm-up", "10ms", "-c", "4", "--rounds", "12",
                                "--slice", "20ms")
            self.assertIn("12 rounds of 20 ms for each server, in random order", out)
            for name in ("Requests/s", "Server CPU us/request", "Latency p99 us"):
                self.assertRegex(
                    out, rf"(?m)^{name} +[\d.]+ +[\d.]+ +\d+\.\d\d \[\d+\.\d\d-\d+\.\d\d\]$")
            self.assertRegex(out, r"(?m)^Hit ratio +1\.0000 +1\.0000$")
            self.assertEqual((items(one), items(two)), (500, 500))

    def test_comparing_with_a_server_that_is_not_there(self):
        with Node("-t", "1") as daemon:
            run = ringbench("compare", address(daemon), f"127.0.0.1:{node.free_port()}")
            self.assertEqual(run.returncode, 1)
            self.assertIn("no server is there", run.stderr)

    def test_json_csv_and_a_page(self):
        with Node("-t", "1") as one, Node("-t", "1") as two:
            page = one.folder / "page.html"
            kinds = {
                "run": [address(one), *SMALL],
                "search": [address(one), *SMALL[:4], "-t", "50ms", "--search", "p50=30s"],
                "compare": ["compare", address(one), address(two), *SMALL[:4], "--rounds", "3",
                            "--slice", "20ms"],
            }
            for kind, arguments in kinds.items():
                with self.subTest(kind):
                    data = json.loads(self.run_well(*arguments, "--json", "--html", str(page)))
                    self.check_page(page.read_text(), data, kind)
                    rows = list(csv.reader(self.run_well(*arguments, "--csv").splitlines()))
                    self.assertGreater(len(rows), 3)
                    self.assertEqual({len(row) for row in rows}, {len(rows[0])})

    def check_page(self, page, data, kind):
        found = re.search(r'<script type="application/json" id="data">\n(.*?)</script>', page, re.S)
        self.assertEqual(json.loads(found.group(1)), data)
        drawings = re.findall(r"<svg.*?</svg>", page, re.S)
        self.assertEqual(len(drawings), 4 if kind == "compare" else 2)
        for drawing in drawings:
            xml.etree.ElementTree.fromstring(drawing)
        for reference in ("http", "src=", "href=", "url("):
            self.assertNotIn(reference, page)

    def test_a_page_that_cannot_be_written(self):
        with Node("-t", "1") as daemon:
            run = ringbench(address(daemon), *SMALL, "--html", "/no/such/folder/page.html")
            self.assertEqual(run.returncode, 1)
            self.assertIn("--html /no/such/folder/page.html: No such file", run.stderr)
            self.assertIn("Totals", run.stdout)

    def test_values_that_changed_fail_the_run(self):
        with Node("-t", "1") as daemon:
            with daemon.client() as client:
                for number in range(500):
                    self.assertEqual(client.set(b"k%015d" % number, b"x" * 100), b"STORED")
            run = ringbench(address(daemon), *SMALL, "--no-fill", "-r", "1:0")
            self.assertEqual(run.returncode, 1)
            self.assertIn("4,000 answers were not right; the first: a wrong value: xxx", run.stderr)
            self.assertIn("4,000 wrong values", run.stdout)

    def test_refused_sets_fail_the_run(self):
        with Node("-t", "1", "-I", "1k") as daemon:
            run = ringbench(address(daemon), *SMALL, "--value-size", "2k")
            self.assertEqual(run.returncode, 1)
            self.assertIn("500 of the keys could not be stored; the first: SERVER_ERROR",
                          run.stderr)

    def test_a_server_that_is_not_there(self):
        run = ringbench(f"127.0.0.1:{node.free_port()}")
        self.assertEqual(run.returncode, 1)
        self.assertEqual(run.stdout, "")
        self.assertRegex(run.stderr, r"Connection refused; no server is there: start one")

    def test_a_server_that_dies_ends_the_run(self):
        with Node("-t", "1", transport="tcp") as daemon:
            run = subprocess.Popen(
                [RINGBENCH, address(daemon), "--keys", "100", "-t", "60", "--progress"],
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            )
            self.assertRegex(run.stderr.readline(), r"^ +1 s +[\d,]+ requests/s  server +\d+ % CPU")
            daemon.kill()
            self.assertRegex(run.communicate(timeout=60)[1], r"error: .*(closed|reset)")
            self.assertEqual(run.returncode, 1)

    def test_progress_is_silent_without_a_terminal(self):
        with Node("-t", "1") as daemon:
            run = ringbench(address(daemon), *SMALL)
            self.assertFalse(re.search(r"requests/s", run.stderr))

    def test_usage(self):
        for wrong in (["--depth", "0"], ["--value-size", "x"], ["--popularity", "x"],
                      ["--protocol", "x"], ["--trace", "/no/such/file"], ["--unknown"]):
            with self.subTest(wrong):
                run = ringbench(*wrong)
                self.assertEqual(run.returncode, 2)
                self.assertTrue(run.stderr.startswith("ringbench: error: "), run.stderr)
        self.assertEqual(ringbench("--help").returncode, 0)


if __name__ == "__main__":
    unittest.main()
