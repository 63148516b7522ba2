"""A session of Django's cache backends, PyMemcacheCache and PyLibMCCache, and its sessions."""

import sys
import time

import django
from django.conf import settings

SERVER = f"{sys.argv[1]}:{sys.argv[2]}"
BACKENDS = {"default": "PyMemcacheCache", "pylibmc": "PyLibMCCache"}


def work(cache, name):
    assert cache.set("dj:a", {"list": [1, 2]}, 100) is None
    assert cache.get("dj:a") == {"list": [1, 2]} and cache.get("dj:none", "else") == "else"
    assert not cache.add("dj:a", 1) and cache.add("dj:b", "ü€", version=2)
    assert cache.get("dj:b") is None and cache.get("dj:b", version=2) == "ü€"
    assert cache.get_or_set("dj:c", lambda: "made", 100) == "made" and cache.has_key("dj:c")
    cache.set("dj:n", 10)
    assert cache.incr("dj:n", 5) == 15 and cache.decr("dj:n", 4) == 11
    try:
        cache.incr("dj:none")
        raise AssertionError(f"{name} counted what is not there")
    except ValueError:
        pass
    values = {f"dj:m{n}": n for n in range(200)}
    assert cache.set_many(values, 100) == [] and cache.get_many(values) == values
    cache.delete_many(values)
    assert cache.get_many(values) == {}
    assert cache.delete("dj:a") and not cache.delete("dj:a")
    big = "v" * 900_000
    cache.set("dj:big", big)
    assert cache.get("dj:big") == big
    cache.set("dj:soon", "x", 1)
    cache.set("dj:touched", "x", 100)
    assert cache.touch("dj:touched", 1)
    time.sleep(2.2)
    assert cache.get("dj:soon") is None and cache.get("dj:touched") is None
    cache.clear()
    assert cache.get("dj:c") is None


def main():
    settings.configure(
        SESSION_ENGINE="django.contrib.sessions.backends.cache",
        CACHES={alias: {"BACKEND": f"django.core.cache.backends.memcached.{name}",
                        "LOCATION": SERVER, "KEY_PREFIX": alias}
                for alias, name in BACKENDS.items()})
    django.setup()
    from django.contrib.sessions.backends.cache import SessionStore
    from django.core.cache import caches
    for alias, name in BACKENDS.items():
        work(caches[alias], name)
    session = SessionStore()
    session["user"] = 42
    session.save()
    assert SessionStore(session.session_key)["user"] == 42
    session.delete()
    assert not SessionStore().exists(session.session_key)
    print(f"Django {django.get_version()}: {', '.join(BACKENDS.values())} and sessions")


main()
