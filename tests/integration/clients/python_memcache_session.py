"""A session of python3-memcache, which ends its lines with a blank before CRLF."""

import sys
import time

import memcache


def main():
    server = f"{sys.argv[1]}:{sys.argv[2]}"
    cache = memcache.Client([server], cache_cas=True)
    for value in ("text", 7, 10**12, b"\0\r\n\xff", "", {"list": [1, 2]}, True):
        assert cache.set("pm:a", value) and cache.get("pm:a") == value
    assert not cache.add("pm:a", 1) and cache.add("pm:b", "b")
    assert cache.append("pm:b", "c") and cache.prepend("pm:b", "a") and cache.get("pm:b") == "abc"
    assert cache.replace("pm:b", "d") and not cache.replace("pm:none", "d")
    assert cache.get("pm:none") is None
    big = "long " * 190_000
    assert cache.set("pm:big", big) and cache.get("pm:big") == big

    late = memcache.Client([server], cache_cas=True)
    assert cache.gets("pm:b") == "d" and late.gets("pm:b") == "d"
    assert cache.cas("pm:b", "e") and not late.cas("pm:b", "f") and cache.get("pm:b") == "e"

    cache.set("pm:n", 10)
    assert cache.incr("pm:n", 5) == 15 and cache.decr("pm:n", 20) == 0
    assert cache.incr("pm:none") is None

    values = {f"m{n}": f"v{n}" for n in range(500)}
    assert cache.set_multi(values, key_prefix="pm:") == []
    assert cache.get_multi(list(values) + ["none"], key_prefix="pm:") == values
    assert cache.delete_multi(list(values), key_prefix="pm:") == 1
    assert cache.get_multi(list(values), key_prefix="pm:") == {}
    assert cache.set("pm:d", 1) and cache.delete("pm:d") and cache.get("pm:d") is None

    cache.set("pm:soon", "x", time=1)
    cache.set("pm:touched", "x")
    assert cache.touch("pm:touched", 1)
    time.sleep(2.2)
    assert cache.get("pm:soon") is None and cache.get("pm:touched") is None
    (_, stats), = cache.get_stats()
    assert int(stats["cmd_set"]) > 500
    cache.flush_all()
    assert cache.get("pm:b") is None
    print("set get gets cas add replace append incr delete touch multi expiry large stats")


main()
