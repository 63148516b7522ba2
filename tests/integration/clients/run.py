#!/usr/bin/env python3
"""Runs scripted sessions of real clients against a daemon: one line per client.

`run.py [--work DIR] [CLIENT...]`, the daemon named by the environment variable RINGCACHED. A
client that is not installed is skipped and says what to install; DIR keeps what is fetched: npm's
packages, and Debian's packages that are unpacked but not installed.
"""

import argparse
import fcntl
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import between
import libmemcached_tools
import monitoring
from harness import HERE, SYSTEM_PYTHON, Skipped, need, node, run, session
from private_root import PrivateRoot

SKIP = 77  # What meson and automake take for "skipped".
DEBIAN_GO, GO_PATH = "/usr/bin/go", "/usr/share/gocode"
SPYMEMCACHED = "/usr/share/java/spymemcached.jar"


def python(module, package, script, *arguments):
    def client(host, port, _):
        need([SYSTEM_PYTHON, "-c", f"import {module}"], package)
        return session([SYSTEM_PYTHON, str(HERE / script), host, port, *arguments])
    return client


def perl(module, package, script):
    def client(host, port, _):
        need(["perl", f"-M{module}", "-e", "1"], package)
        return session(["perl", str(HERE / script), host, port])
    return client


def php(extension, script, *arguments):
    def client(host, port, _):
        need(["php", "-r", f'exit(extension_loaded("{extension}") ? 0 : 1);'],
             f"php-cli php-{extension}")
        return session(["php", str(HERE / script), host, port, *arguments])
    return client


def dalli(host, port, _):
    need(["ruby", "-e", "require 'dalli'"], "ruby ruby-dalli")
    return session(["ruby", str(HERE / "dalli_session.rb"), host, port])


def dalli_meta(host, port, work):
    """Debian 12's Dalli knows no meta commands; Debian 13's does, and is all Ruby."""
    need(["ruby", "--version"], "ruby")
    root = PrivateRoot(work, ["ruby-dalli"], release="trixie")
    [library] = root.path.glob("usr/share/rubygems-integration/all/gems/dalli-*/lib")
    return session(["ruby", "-I", library, HERE / "dalli_session.rb", host, port, "meta"])


def gomemcache(host, port, _):
    if not pathlib.Path(GO_PATH, "src/github.com/bradfitz/gomemcache").exists():
        raise Skipped("not installed; try: apt install golang-github-bradfitz-gomemcache-dev")
    need([DEBIAN_GO, "version"], "golang-go")
    # Debian's way to build with its own packages: no modules, nothing from the network.
    return session([DEBIAN_GO, "run", str(HERE / "gomemcache_session.go"), host, port],
                   env=os.environ | {"GO111MODULE": "off", "GOPATH": GO_PATH, "GOFLAGS": ""})


def spymemcached(host, port, _):
    if not pathlib.Path(SPYMEMCACHED).exists():
        raise Skipped("not installed; try: apt install libspymemcached-java")
    need(["javac", "--version"], "default-jdk-headless")
    return session(["java", "-cp", SPYMEMCACHED, str(HERE / "SpymemcachedSession.java"),
                    host, port])


def install_npm_packages(work):
    """Once for all the clients of npm, which may run at the same time."""
    need(["node", "--version"], "nodejs npm")
    need(["npm", "--version"], "npm")
    work.mkdir(parents=True, exist_ok=True)
    wanted = (HERE / "package-lock.json").read_text()
    complete = work / "complete"
    with open(work / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if complete.exists() and complete.read_text() == wanted:
            return
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, work / name)
        done = run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=work)
        if done.returncode != 0:
            raise Skipped("npm ci failed: " + done.stderr.strip().split("\n")[0])
        complete.write_text(wanted)


def npm(script):
    def client(host, port, work):
        install_npm_packages(work)
        return session(["node", str(HERE / script), host, port, str(work)])
    return client


def memccapable(option, kind):
    def client(host, port, _):
        need(["memccapable", "--help"], "libmemcached-tools")
        done = run(["memccapable", "-h", host, "-p", port, option])
        out = done.stdout + done.stderr
        # It prints "KIND NAME ... [pass]" and counts at the end; the count is what is promised.
        passed = len(re.findall(r"\[pass\]", out))
        total = len(re.findall(rf"^{kind} ", out, re.M))
        if done.returncode != 0 or passed != 27 or total != 27:
            raise AssertionError(f"{passed} of {total} checks pass, 27 of 27 should\n{out.strip()}")
        return f"{passed} of {total} checks"
    return client


CLIENTS = {
    "python3-pymemcache": python("pymemcache", "python3-pymemcache", "pymemcache_session.py"),
    "python3-pylibmc": python("pylibmc", "python3-pylibmc", "pylibmc_session.py"),
    "python3-pylibmc binary": python("pylibmc", "python3-pylibmc", "pylibmc_session.py", "binary"),
    "python3-memcache": python("memcache", "python3-memcache", "python_memcache_session.py"),
    "python3-binary-memcached": python("bmemcached", "python3-binary-memcached",
                                       "binary_memcached_session.py"),
    "python3-django": python("django, pymemcache, pylibmc",
                             "python3-django python3-pymemcache python3-pylibmc",
                             "django_session.py"),
    "php-memcached": php("memcached", "php_session.php"),
    "php-memcached binary": php("memcached", "php_session.php", "binary"),
    "php-memcached sessions": php("memcached", "php_sessions.php"),
    "php-memcache": php("memcache", "php_memcache_session.php"),
    "libcache-memcached-perl": perl("Cache::Memcached", "libcache-memcached-perl",
                                    "perl_session.pl"),
    "libcache-memcached-fast-perl": perl("Cache::Memcached::Fast", "libcache-memcached-fast-perl",
                                         "perl_fast_session.pl"),
    "ruby-dalli": dalli,
    "ruby-dalli meta": dalli_meta,
    "gomemcache": gomemcache,
    "libspymemcached-java": spymemcached,
    "npm memcached": npm("node_session.js"),
    "npm memcache-client": npm("memcache_client_session.js"),
    "npm memjs": npm("memjs_session.js"),
    "memccapable -a": memccapable("-a", "ascii"),
    "memccapable -b": memccapable("-b", "binary"),
    "libmemcached-tools": libmemcached_tools.tools(binary=False),
    "libmemcached-tools binary": libmemcached_tools.tools(binary=True),
    "nginx": between.nginx,
    "nutcracker": between.nutcracker,
    "collectd": monitoring.collectd,
    "zabbix-agent2": monitoring.zabbix,
    "netdata": monitoring.netdata,
    "memcached-tool": monitoring.memcached_tool,
    "exporters": monitoring.exporters,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=pathlib.Path,
                        help="folder for what is fetched (default: a temporary one)")
    parser.add_argument("clients", nargs="*", help=f"of: {', '.join(CLIENTS)}; default all")
    chosen = parser.parse_args()
    counts = {"ok": 0, "FAILED": 0, "skipped": 0}
    with tempfile.TemporaryDirectory() as folder:
        work = (chosen.work or pathlib.Path(folder)).resolve()
        for name in chosen.clients or CLIENTS:
            # Each client has its own daemon: their flush_all would reach into each other.
            began = time.monotonic()
            with node.Node("-m", "64", transport="tcp") as daemon:
                host, port = daemon.address[0], str(daemon.address[1])
                try:
                    verdict, text = "ok", CLIENTS[name](host, port, work)
                except Skipped as reason:
                    verdict, text = "skipped", str(reason)
                except (AssertionError, subprocess.TimeoutExpired) as error:
                    verdict, text = "FAILED", str(error)
                if not daemon.alive():
                    verdict, text = "FAILED", "the daemon ended:\n" + daemon.stderr()
            counts[verdict] += 1
            print(f"{name:28} {verdict:8} {time.monotonic() - began:5.1f} s  {text}", flush=True)
    if len(chosen.clients) != 1:
        print(f"{counts['ok']} passed, {counts['FAILED']} failed, "
              f"{counts['skipped']} skipped")
    if counts["FAILED"]:
        return 1
    return 0 if counts["ok"] else SKIP


if __name__ == "__main__":
    sys.exit(main())
