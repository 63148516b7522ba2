"""A session of python3-binary-memcached: the binary protocol, quiet sets closed by a noop."""

import sys
import time

import bmemcached


def main():
    cache = bmemcached.Client((f"{sys.argv[1]}:{sys.argv[2]}",))
    for value in ("text", 7, b"\0\r\n\xff", "", {"list": [1, 2]}):
        assert cache.set("bm:a", value) and cache.get("bm:a") == value
    assert not cache.add("bm:a", "x") and cache.add("bm:b", "b")
    assert cache.replace("bm:b", "c") and not cache.replace("bm:none", "c")
    assert cache.get("bm:none") is None
    big = bytes(range(256)) * 3900
    assert cache.set("bm:big", big, compress_level=0) and cache.get("bm:big") == big

    value, token = cache.gets("bm:b")
    assert value == "c" and cache.cas("bm:b", "d", token)
    assert not cache.cas("bm:b", "e", token) and cache.get("bm:b") == "d"

    # A counter that is not there begins at its default.
    assert cache.incr("bm:n", 5, default=10) == 10 and cache.incr("bm:n", 5) == 15
    assert cache.decr("bm:n", 20) == 0

    values = {f"bm:m{n}": f"v{n}" for n in range(500)}
    assert cache.set_multi(values) == []
    assert cache.get_multi(list(values) + ["bm:none"]) == values
    assert cache.delete_multi(list(values)) and cache.get_multi(list(values)) == {}
    assert cache.set("bm:d", "x") and cache.delete("bm:d") and cache.get("bm:d") is None

    cache.set("bm:soon", "x", time=1)
    time.sleep(2.2)
    assert cache.get("bm:soon") is None
    (stats,) = cache.stats().values()
    assert int(stats["cmd_set"]) > 500
    for part in ("items", "slabs", "settings"):
        cache.stats(part)
    assert cache.flush_all() and cache.get("bm:b") is None
    cache.disconnect_all()
    print("binary: set get gets cas add replace incr delete multi expiry large stats flush")


main()
