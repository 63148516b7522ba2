"""A session of python3-pymemcache, in its two styles: noreply (its default) and answered."""

import sys
import time

from pymemcache.client.base import Client, PooledClient
from pymemcache.client.hash import HashClient


def storing(cache):
    assert cache.set("py:a", b"1", noreply=False) is True
    assert cache.get("py:a") == b"1"
    assert cache.set("py:a", b"22") is True and cache.get("py:a") == b"22"
    assert cache.add("py:a", b"3", noreply=False) is False
    assert cache.add("py:b", b"3", noreply=False) is True
    assert cache.replace("py:b", b"4", noreply=False) is True
    assert cache.replace("py:none", b"4", noreply=False) is False
    assert cache.append("py:b", b"5", noreply=False) is True
    assert cache.prepend("py:b", b"3", noreply=False) is True
    assert cache.get("py:b") == b"345"
    assert cache.get("py:none") is None and cache.get("py:none", b"else") == b"else"
    assert cache.set("py:empty", b"", noreply=False) and cache.get("py:empty") == b""
    big = bytes(range(256)) * 3900
    assert cache.set("py:big", big, noreply=False) and cache.get("py:big") == big


def casing(cache):
    cache.set("py:cas", b"1", noreply=False)
    value, token = cache.gets("py:cas")
    assert value == b"1"
    assert cache.cas("py:cas", b"2", token) is True
    assert cache.cas("py:cas", b"3", token) is False
    assert cache.cas("py:none", b"3", token) is None
    assert cache.get("py:cas") == b"2"


def counting(cache):
    cache.set("py:n", b"10", noreply=False)
    assert cache.incr("py:n", 5) == 15 and cache.decr("py:n", 20) == 0
    assert cache.incr("py:none", 1) is None
    cache.incr("py:n", 7, noreply=True)
    assert cache.get("py:n").strip() == b"7"


def expiring(cache):
    cache.set("py:soon", b"x", expire=1, noreply=False)
    cache.set("py:touched", b"x", noreply=False)
    assert cache.touch("py:touched", 1, noreply=False) is True
    assert cache.touch("py:none", 1, noreply=False) is False
    time.sleep(2.2)
    assert cache.get("py:soon") is None and cache.get("py:touched") is None


def multigetting(cache):
    values = {f"py:m{n}": b"v%d" % n for n in range(500)}
    assert cache.set_many(values, noreply=False) == []
    assert cache.get_many(list(values) + ["py:none"]) == values
    found = cache.gets_many(["py:m1", "py:m2"])
    assert {k: v[0] for k, v in found.items()} == {"py:m1": b"v1", "py:m2": b"v2"}
    assert cache.delete_many(list(values)) is True
    assert cache.get_many(list(values)) == {}


def deleting(cache):
    cache.set("py:d", b"x", noreply=False)
    assert cache.delete("py:d", noreply=False) is True
    assert cache.delete("py:d", noreply=False) is False


def administering(cache):
    assert b"." in cache.version()
    stats = cache.stats()
    assert stats[b"cmd_set"] > 0 and stats[b"threads"] > 0
    assert cache.stats("settings")[b"maxbytes"] > 0
    cache.stats("items")
    cache.set("py:f", b"x", noreply=False)
    time.sleep(2.1)
    assert cache.flush_all(noreply=False) is True
    assert cache.get("py:f") is None
    assert cache.flush_all(delay=0) is True
    cache.set("py:f", b"y", noreply=False)
    assert cache.get("py:f") == b"y"


def main():
    server = (sys.argv[1], int(sys.argv[2]))
    cache = Client(server, connect_timeout=10, timeout=10)
    for part in (storing, casing, counting, expiring, multigetting, deleting, administering):
        part(cache)
    cache.quit()
    for other in (PooledClient(server, max_pool_size=4), HashClient([server])):
        assert other.set("py:o", b"1") and other.get("py:o") == b"1" and other.delete("py:o")
    print("noreply and answered, pooled and hashed")


main()
