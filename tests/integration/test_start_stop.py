"""Starting and stopping: the ready line, signals, and errors that say what to do."""

import re
import signal
import subprocess
import unittest

import node
from node import Node
from support import on_ringcached


def run_to_end(*options):
    """Runs the daemon with options it should refuse (or answer and exit)."""
    return subprocess.run([node.program(), *options], capture_output=True, text=True, timeout=30)


def start_reply_in_flight(daemon, size=1_000_000, copies=8):
    """A client that has seen the beginning of a reply far larger than the socket's buffers."""
    with daemon.client() as writer:
        assert writer.set(b"big", b"v" * size) == b"STORED"
    reader = daemon.client()
    reader.send(b"get" + b" big" * copies + b"\r\n")
    reader.more()
    return reader


class Start(unittest.TestCase):
    def test_a_started_daemon_answers(self):
        with Node() as daemon, daemon.client() as client:
            self.assertRegex(client.ping(), rb"^VERSION \d+\.\d+\.\d+")

    @on_ringcached
    def test_the_ready_line_says_what_runs(self):
        with Node("-m", "64", "-t", "2", transport="tcp") as daemon:
            line = daemon.wait_for_line(r"^ringcached (\d+\.\d+\.\d+\S*) ready: (.*)$")
            self.assertIn("%s:%d" % daemon.address, line.group(2))
            self.assertIn("2 threads", line.group(2))
            self.assertIn(f"pid {daemon.pid}", line.group(2))
            with daemon.client() as client:
                self.assertEqual(client.ping().decode(), f"VERSION {line.group(1)}")

    def test_the_version_is_printed(self):
        done = run_to_end("-V")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"^(ringcached|memcached) \d+\.\d+\.\d+")

    def test_the_long_version_option_says_the_same(self):
        self.assertEqual(run_to_end("--version").stdout, run_to_end("-V").stdout)

    def test_help_names_the_options(self):
        done = run_to_end("-h")
        self.assertEqual(done.returncode, 0)
        for option in ("-p", "-l", "-s", "-m", "-c", "-t", "--port", "--listen"):
            self.assertIn(option, done.stdout)

    @on_ringcached
    def test_help_fits_a_screen(self):
        self.assertLessEqual(run_to_end("--help").stdout.count("\n"), 40)

    @on_ringcached
    def test_long_forms_mean_the_same(self):
        port = node.free_port()
        with Node("--listen", "127.0.0.1", "--port", port, "--memory", "96m", "--threads", "2",
                  "--max-connections", "50", "--item-size-max", "2m", transport=None,
                  address=("127.0.0.1", port)) as daemon, daemon.client() as client:
            settings = client.stats(b"settings")
            self.assertEqual(settings["maxbytes"], str(96 << 20))
            self.assertEqual(settings["num_threads"], "2")
            self.assertEqual(settings["maxconns"], "50")
            self.assertEqual(settings["item_size_max"], str(2 << 20))
            self.assertEqual(settings["tcpport"], str(port))

    def test_short_forms_show_in_the_settings(self):
        with Node("-m", "96", "-t", "2", "-c", "50", "-I", "2m", "-R", "10", "-b", "100",
                  "-v") as daemon, daemon.client() as client:
            settings = client.stats(b"settings")
            self.assertEqual(settings["maxbytes"], str(96 << 20))
            self.assertEqual(settings["num_threads"], "2")
            self.assertEqual(settings["maxconns"], "50")
            self.assertEqual(settings["item_size_max"], str(2 << 20))

    def test_an_item_as_large_as_the_chosen_limit_is_stored(self):
        with Node("-m", "64", "-I", "4m") as daemon, daemon.client() as client:
            value = b"v" * 3_000_000
            self.assertEqual(client.set(b"k", value), b"STORED")
            self.assertEqual(client.get(b"k"), value)
            self.assertEqual(client.set(b"l", b"v" * 4_200_000),
                             b"SERVER_ERROR object too large for cache")

    @on_ringcached
    def test_memory_takes_a_suffix(self):
        with Node("--memory", "1g") as daemon, daemon.client() as client:
            self.assertEqual(client.stats()["limit_maxbytes"], str(1 << 30))

    def test_memory_is_mebibytes_without_a_suffix(self):
        with Node("-m", "100") as daemon, daemon.client() as client:
            self.assertEqual(client.stats()["limit_maxbytes"], str(100 << 20))


class Refusals(unittest.TestCase):
    @on_ringcached
    def test_a_misspelt_option_is_refused_with_the_right_one(self):
        done = run_to_end("--memori", "64")
        self.assertEqual(done.returncode, 64)
        self.assertIn("--memori", done.stderr)
        self.assertRegex(done.stderr, r"--memory\b")

    @on_ringcached
    def test_an_unknown_option_is_a_usage_error(self):
        self.assertEqual(run_to_end("--frobnicate").returncode, 64)

    @on_ringcached
    def test_a_bad_value_is_named(self):
        for options in (("-m", "abc"), ("--memory", "12xb"), ("-t", "none"), ("-c", "-3"),
                        ("-p", "70000"), ("-I", "huge")):
            with self.subTest(options=options):
                done = run_to_end(*options)
                self.assertEqual(done.returncode, 64, done.stderr)
                self.assertIn(options[1], done.stderr)

    @on_ringcached
    def test_a_missing_value_is_a_usage_error(self):
        self.assertEqual(run_to_end("--port").returncode, 64)

    def test_a_port_in_use_is_named(self):
        with Node(transport="tcp") as daemon:
            taken = daemon.command_line_used
            done = subprocess.run(taken, capture_output=True, text=True, timeout=30)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("ddress already in use", done.stderr)
            if daemon.flavour == "ringcached":
                self.assertIn("%s:%d" % daemon.address, done.stderr)
            with daemon.client() as client:  # The one that runs is not disturbed.
                client.ping()

    @on_ringcached
    def test_an_address_of_another_machine_is_named(self):
        done = run_to_end("-l", "192.0.2.1", "-p", str(node.free_port()))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("192.0.2.1", done.stderr)

    @on_ringcached
    def test_a_socket_folder_that_is_not_there_is_named(self):
        done = run_to_end("-s", "/nonexistent-folder/sock")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("/nonexistent-folder/sock", done.stderr)


class Stop(unittest.TestCase):
    def test_sigterm_ends_with_0(self):
        with Node() as daemon:
            self.assertEqual(daemon.stop(), 0)

    def test_sigint_ends_with_0(self):
        with Node() as daemon:
            daemon.signal(signal.SIGINT)
            self.assertEqual(daemon.wait_for_exit(), 0)

    def test_sigterm_ends_with_idle_clients_connected(self):
        with Node() as daemon:
            clients = [daemon.client() for _ in range(20)]
            for client in clients:
                client.ping()
            self.assertEqual(daemon.stop(), 0)
            for client in clients:
                self.assertTrue(client.at_end())
                client.close()

    @on_ringcached
    def test_sigterm_lets_replies_in_flight_finish(self):
        for transport in ("unix", "tcp"):
            with self.subTest(transport=transport), Node(transport=transport) as daemon:
                reader = start_reply_in_flight(daemon)
                daemon.signal(signal.SIGTERM)
                node.until(lambda: refuses(daemon), what="refusing new clients")
                for _ in range(8):
                    self.assertEqual(reader.line(), b"VALUE big 0 1000000")
                    self.assertEqual(reader.exactly(1_000_002), b"v" * 1_000_000 + b"\r\n")
                self.assertEqual(reader.line(), b"END")
                self.assertTrue(reader.at_end())
                self.assertEqual(daemon.wait_for_exit(), 0)
                reader.close()

    def test_a_client_that_never_reads_cannot_hold_the_end_up_for_ever(self):
        with Node() as daemon:
            reader = start_reply_in_flight(daemon, copies=64)
            self.assertEqual(daemon.stop(), 0)
            reader.close()

    @on_ringcached
    def test_a_second_signal_ends_at_once(self):
        with Node() as daemon:
            reader = start_reply_in_flight(daemon, copies=64)
            daemon.signal(signal.SIGTERM)
            node.until(lambda: refuses(daemon), what="refusing new clients")
            self.assertTrue(daemon.alive(), "the drain was to wait for the reader")
            daemon.signal(signal.SIGTERM)
            # Far below the time a drain may take: the hang would be seen as an exception here.
            daemon.wait_for_exit(2)
            reader.close()

    @on_ringcached
    def test_the_unix_socket_file_is_gone_after_a_stop(self):
        with Node() as daemon:
            daemon.stop()
            self.assertFalse(re.search(r"sock$", " ".join(f.name for f in daemon.folder.iterdir())))


def refuses(daemon):
    try:
        daemon.client().close()
        return False
    except OSError:
        return True


if __name__ == "__main__":
    unittest.main(verbosity=2)
