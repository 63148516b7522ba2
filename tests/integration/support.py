"""What the integration tests share beside node.py: skipping, and background work that reports."""

import threading
import unittest

import node

FLAVOUR = node.flavour()
on_ringcached = unittest.skipUnless(FLAVOUR == "ringcached", "memcached promises nothing here")
on_ipv6 = unittest.skipUnless(node.has_ipv6(), "this machine has no IPv6 loopback")


class Background:
    """Runs work(stopped) in a thread until leave; an exception there fails the test here."""

    def __init__(self, work):
        self.stopped = threading.Event()
        self.error = None
        self.thread = threading.Thread(target=self.run, args=(work,), daemon=True)

    def run(self, work):
        try:
            work(self.stopped)
        except BaseException as error:  # Whatever it is, the test shall see it.
            self.error = error

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, value, trace):
        self.stopped.set()
        self.thread.join(30)
        if kind is None:
            if self.thread.is_alive():
                raise AssertionError("background work does not end")
            if self.error:
                raise self.error


def mib(count):
    return f"{count / (1 << 20):.1f} MiB"
