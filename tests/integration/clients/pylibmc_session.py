"""A session of python3-pylibmc (libmemcached) with CAS, binary if the third argument says so."""

import sys
import time

import pylibmc


def refused(command, *arguments):
    """What is not there is told by a false value in text, by an exception in binary."""
    try:
        return not command(*arguments)
    except pylibmc.NotFound:
        return True


def storing(cache):
    assert cache.set("lm:a", "text") and cache.get("lm:a") == "text"
    for value in (1, 10**12, True, {"a": [1, 2]}, b"\0\r\n\xff", ""):
        assert cache.set("lm:a", value) and cache.get("lm:a") == value
    assert not cache.add("lm:a", 1)
    assert cache.add("lm:b", "2") and cache.replace("lm:b", "3")
    assert refused(cache.replace, "lm:none", "3")
    assert cache.append("lm:b", "4") and cache.prepend("lm:b", "2")
    assert cache.get("lm:b") == "234"
    assert cache.get("lm:none") is None
    assert cache.set("lm:z", "long " * 100_000, min_compress_len=1000)
    assert cache.get("lm:z") == "long " * 100_000


def casing(cache):
    cache.set("lm:cas", "1")
    value, token = cache.gets("lm:cas")
    assert value == "1" and cache.cas("lm:cas", "2", token)
    assert not cache.cas("lm:cas", "3", token)
    assert cache.get("lm:cas") == "2"


def counting(cache):
    cache.set("lm:n", 10)
    assert cache.incr("lm:n", 5) == 15 and cache.decr("lm:n") == 14
    cache.set_multi({"lm:n1": 1, "lm:n2": 2})
    cache.incr_multi(["lm:n1", "lm:n2"], delta=3)
    assert cache.get_multi(["lm:n1", "lm:n2"]) == {"lm:n1": 4, "lm:n2": 5}
    try:
        cache.incr("lm:none")
        raise AssertionError("a counter that is not there was counted")
    except pylibmc.NotFound:
        pass


def expiring(cache):
    cache.set("lm:soon", "x", time=1)
    cache.set("lm:touched", "x")
    assert cache.touch("lm:touched", 1)
    time.sleep(2.2)
    assert cache.get("lm:soon") is None and cache.get("lm:touched") is None


def multigetting(cache):
    values = {f"lm:m{n}": f"v{n}" for n in range(500)}
    assert cache.set_multi(values) == []
    assert cache.get_multi(list(values) + ["lm:none"]) == values
    assert cache.delete_multi(list(values)[:250])
    assert len(cache.get_multi(list(values))) == 250
    assert cache.get_multi(["a", "b"], key_prefix="lm:") == {"b": "234", "a": ""}


def deleting(cache):
    cache.set("lm:d", "x")
    assert cache.delete("lm:d") and not cache.delete("lm:d")


def administering(cache):
    (_, stats), = cache.get_stats()
    assert int(stats["cmd_set"] if "cmd_set" in stats else stats[b"cmd_set"]) > 0
    cache.get_stats("items")
    cache.get_stats("slabs")
    time.sleep(2.1)
    assert cache.flush_all() and cache.get("lm:b") is None


def main():
    cache = pylibmc.Client([f"{sys.argv[1]}:{sys.argv[2]}"], binary=sys.argv[3:] == ["binary"],
                           behaviors={"cas": True, "tcp_nodelay": True})
    for part in (storing, casing, counting, expiring, multigetting, deleting, administering):
        part(cache)
    quiet = pylibmc.Client([f"{sys.argv[1]}:{sys.argv[2]}"], behaviors={"_noreply": True})
    quiet.set("lm:q", "1")
    quiet.delete("lm:none")
    assert quiet.get("lm:q") == "1"
    print("with CAS, pickles and compression, and noreply")


main()
