"""Programs that read the statistics: collectd, zabbix-agent2, netdata; memcached-tool; and the
rules of those that Debian does not package.

Each is shown a known load and must report it to the number.
"""

import json
import pathlib
import re
import selectors
import subprocess
import tempfile
import time

from harness import (SYSTEM_PYTHON, Skipped, Work, check, environment, node, running, same,
                     session)
from private_root import PrivateRoot

TOOL = "/usr/share/memcached/scripts/memcached-tool"


def compare(found, what, names):
    """`names`: what the program calls a counter, to memcached's name of it."""
    for name, counter in names.items():
        check(name in found, f"{what} tells no {name}: {sorted(found)}")
        same(int(float(found[name])), Work.EXPECTED[counter], f"{what}: {name}")


COLLECTD = {
    "memcached_command-get": "cmd_get",
    "memcached_command-set": "cmd_set",
    "memcached_command-touch": "cmd_touch",
    "memcached_command-flush": "cmd_flush",
    "memcached_ops-hits": "get_hits",
    "memcached_ops-misses": "get_misses",
    "memcached_ops-evictions": "evictions",
    "memcached_ops-incr_hits": "incr_hits",
    "memcached_ops-incr_misses": "incr_misses",
    "memcached_ops-decr_hits": "decr_hits",
    "memcached_ops-decr_misses": "decr_misses",
    "memcached_ops-delete_hits": "delete_hits",
    "memcached_ops-delete_misses": "delete_misses",
    "memcached_items-current": "curr_items",
}
COLLECTD_OTHERS = {
    "memcached_connections-current", "connections-opened", "uptime", "memcached_octets.rx",
    "memcached_octets.tx", "ps_count.threads", "ps_cputime.user", "df-cache.used",
    "df-cache.free", "total_events-listen_disabled",
}


def read_csv(folder):
    """The first value of each series that is there: `name`, or `name.part` if it has parts."""
    found = {}
    for series in folder.glob("*"):
        lines = [line.split(",") for line in series.read_text().split("\n")]
        name = re.sub(r"-\d{4}-\d\d-\d\d$", "", series.name)
        if len(lines) > 2:  # The heads, the first values, and something after their newline.
            for head, value in zip(lines[0][1:], lines[1][1:]):
                found[name if head == "value" else f"{name}.{head}"] = value
    return found


def whole(found, wanted):
    return found if wanted <= found.keys() else None


def collectd(host, port, work):
    root = PrivateRoot(work, ["collectd-core", "libcap2"])
    with tempfile.TemporaryDirectory() as folder, Work(host, port) as load:
        load.do()
        file = pathlib.Path(folder, "collectd.conf")
        file.write_text(f"""
            BaseDir "{folder}"
            PIDFile "{folder}/pid"
            PluginDir "{root / 'usr/lib/collectd'}"
            TypesDB "{root / 'usr/share/collectd/types.db'}"
            Hostname "here"
            Interval 1
            LoadPlugin csv
            LoadPlugin memcached
            <Plugin csv>
              DataDir "{folder}/csv"
            </Plugin>
            <Plugin memcached>
              <Instance "node">
                Address "{host}"
                Port "{port}"
              </Instance>
            </Plugin>
            """)
        series = pathlib.Path(folder, "csv/here/memcached-node")
        wanted = COLLECTD.keys() | COLLECTD_OTHERS
        with running([root / "usr/sbin/collectd", "-f", "-C", file], folder,
                     env=root.environment()):
            found = node.until(lambda: whole(read_csv(series), wanted), 60,
                               f"collectd tells all of {sorted(wanted)}, which")
        compare(found, "collectd", COLLECTD)
        same(float(found["df-cache.used"]) + float(found["df-cache.free"]),
             float(Work.EXPECTED["limit_maxbytes"]), "collectd: the size of the cache")
        return f"{len(found)} series of collectd's memcached plugin"


def zabbix(host, port, work):
    root = PrivateRoot(work, ["zabbix-agent2"])
    with tempfile.TemporaryDirectory() as folder, Work(host, port) as load:
        load.do()
        file = pathlib.Path(folder, "agent.conf")
        file.write_text(f"Server={host}\nHostname=here\nLogType=console\n"
                        f"ControlSocket={folder}/sock\n")

        def item(key):
            said = session([root / "usr/sbin/zabbix_agent2", "-c", file, "-t", key],
                           env=root.environment())
            match = re.match(re.escape(key) + r"\s*\[s\|(.*)\]$", said, re.S)
            check(match, f"zabbix says: {said}")
            return match[1]

        where = f"tcp://{host}:{port}"
        same(item(f"memcached.ping[{where}]"), "1", "memcached.ping")
        same(item(f"memcached.ping[tcp://{host}:{node.free_port()}]"), "0",
             "memcached.ping where nobody listens")
        found = json.loads(item(f"memcached.stats[{where}]"))
        compare(found, "zabbix", {name: name for name in Work.EXPECTED})
        settings = json.loads(item(f"memcached.stats[{where},,,settings]"))
        same(settings["maxbytes"], str(Work.EXPECTED["limit_maxbytes"]), "settings: maxbytes")
        items = json.loads(item(f"memcached.stats[{where},,,items]"))
        numbers = [int(value) for name, value in items.items() if name.endswith(":number")]
        same(sum(numbers), Work.EXPECTED["curr_items"], "items: the sum of the classes")
        json.loads(item(f"memcached.stats[{where},,,slabs]"))
        return f"ping, {len(found)} statistics, settings, items and slabs over the binary protocol"


def netdata_charts(command, environ, wanted):
    """What the collector prints until it has told all of `wanted`: it never ends by itself."""
    found = {}
    process = subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        with selectors.DefaultSelector() as ready:
            ready.register(process.stdout, selectors.EVENT_READ)
            deadline = time.monotonic() + 60
            while not wanted <= found.keys():
                check(ready.select(max(0, deadline - time.monotonic())),
                      f"netdata tells nothing of {sorted(wanted - found.keys())}")
                line = process.stdout.readline()
                check(line, f"netdata ended without {sorted(wanted - found.keys())}")
                match = re.match(r"SET '(\w+)' = (-?\d+)", line)
                if match:
                    found[match[1]] = match[2]
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    return found


def netdata(host, port, work):
    root = PrivateRoot(work, ["netdata-plugins-python", "python3-yaml", "python3-six"])
    with tempfile.TemporaryDirectory() as folder, Work(host, port) as load:
        load.do()
        jobs = pathlib.Path(folder, "python.d")
        jobs.mkdir()
        pathlib.Path(folder, "python.d.conf").write_text("default_run: no\nmemcached: yes\n")
        (jobs / "memcached.conf").write_text(
            f"node:\n  name: node\n  host: {host}\n  port: {port}\n")
        environ = root.environment() | environment(
            NETDATA_USER_CONFIG_DIR=folder, NETDATA_LIB_DIR=folder, NETDATA_LOCK_DIR=folder,
            NETDATA_STOCK_CONFIG_DIR=root / "usr/lib/netdata/conf.d",
            NETDATA_PLUGINS_DIR=root / "usr/lib/netdata/plugins.d",
            PYTHONPATH=root.environment()["PYTHONPATH"])
        counters = {name: name for name in Work.EXPECTED}
        for unasked in ("cmd_flush", "limit_maxbytes"):
            del counters[unasked]
        others = {"avail", "used", "curr_connections", "total_connections", "bytes_read",
                  "bytes_written", "reclaimed"}
        plugin = str(root / "usr/lib/netdata/plugins.d/python.d.plugin")
        found = netdata_charts([SYSTEM_PYTHON, plugin, "memcached", "1"], environ,
                               counters.keys() | others)
        compare(found, "netdata", counters)
        same(int(found["avail"]) + int(found["used"]), Work.EXPECTED["limit_maxbytes"],
             "netdata: the size of the cache")
        return f"{len(found)} dimensions of netdata's memcached charts"


def memcached_tool(host, port, _):
    """Debian's memcached brings it; it speaks text of its own kind: bare newlines, blanks."""
    if not pathlib.Path(TOOL).exists():
        raise Skipped("not installed; try: apt install memcached")
    with Work(host, port) as load:
        load.do()

        def ask(mode):
            return session(["perl", TOOL, f"{host}:{port}", mode])

        compare(dict(re.findall(r"^\s+(\w+)\s+(\d+)$", ask("stats"), re.M)), "memcached-tool",
                {name: name for name in Work.EXPECTED})
        settings = dict(re.findall(r"^\s+(\w+)\s+(\S+)$", ask("settings"), re.M))
        same(settings.get("maxbytes"), str(Work.EXPECTED["limit_maxbytes"]), "maxbytes")
        # One line for each class with items: its number, then the size of its pieces, then more.
        classes = re.findall(r"^\s*\d+\s+\d\S*[BKM]\s.*$", ask("display"), re.M)
        same(sum(int(line.split()[4]) for line in classes), Work.EXPECTED["curr_items"],
             "items in display")
        added = re.findall(r"^add (\S+) \d+ \d+ (\d+)\r?$", ask("dump"), re.M)
        expected = [(f"work:{n}", "100") for n in range(1, 10)] + [("work:n", "1")]
        same(sorted(added), expected, "keys and lengths in dump")
    return "display, stats, settings and a dump of every item"


# What Prometheus' memcached_exporter and telegraf insist on, neither of which Debian packages.
INSISTED = {"cmd_set", "cas_hits", "cas_badval"}  # In every class of `stats slabs`.
TEXTS = {"version", "libevent", "product"}  # The values that are no numbers.
READ = {
    "accepting_conns", "auth_cmds", "auth_errors", "bytes", "bytes_read", "bytes_written",
    "cas_badval", "cas_hits", "cas_misses", "cmd_flush", "cmd_get", "cmd_set", "cmd_touch",
    "conn_yields", "connection_structures", "crawler_items_checked", "crawler_reclaimed",
    "curr_connections", "curr_items", "decr_hits", "decr_misses", "delete_hits", "delete_misses",
    "direct_reclaims", "evicted_active", "evicted_unfetched", "evictions", "expired_unfetched",
    "get_expired", "get_flushed", "get_hits", "get_misses", "hash_bytes", "hash_is_expanding",
    "hash_power_level", "incr_hits", "incr_misses", "limit_maxbytes", "listen_disabled_num",
    "lru_crawler_starts", "max_connections", "moves_to_cold", "moves_to_warm",
    "moves_within_lru", "pid", "pointer_size", "reclaimed", "rejected_connections",
    "rusage_system", "rusage_user", "threads", "time", "total_connections", "total_items",
    "touch_hits", "touch_misses", "uptime", "version",
}


def scrape(client, sub):
    """One reply of `stats`, read as strictly as the exporter reads it."""
    client.send(b"stats " + sub + b"\r\n" if sub else b"stats\r\n")
    found = {}
    while (line := client.line().decode()) != "END":
        words = line.split(" ")
        check(len(words) == 3 and words[0] == "STAT", f"not three words: {line!r}")
        found[words[1]] = words[2]
    return found


def exporters(host, port, _):
    with Work(host, port) as load:
        load.do()
        client = load.client
        general, slabs, items, settings = (scrape(client, sub) for sub in
                                           (b"", b"slabs", b"items", b"settings"))
        check(READ <= general.keys(), f"stats lacks {sorted(READ - general.keys())}")
        for name, value in general.items():
            check(re.fullmatch(r"[a-z0-9_]+", name), f"the name of a statistic: {name!r}")
            check(name in TEXTS or re.fullmatch(r"-?\d+(\.\d{6})?", value),
                  f"{name} is no number: {value!r}")
        compare(general, "stats", {name: name for name in Work.EXPECTED})
        check(re.fullmatch(r"\d+\.\d+\.\d+", general["version"]), "version is not x.y.z")
        for name in ("rusage_user", "rusage_system"):
            check(re.fullmatch(r"\d+\.\d{6}", general[name]), f"{name}: {general[name]}")
        classes = {}
        for name, value in slabs.items():
            if ":" in name:
                number, part = name.split(":")
                classes.setdefault(int(number), {})[part] = int(value)
        for number, parts in classes.items():
            check(INSISTED <= parts.keys(), f"class {number} lacks a counter")
        for name, value in items.items():
            kind, number, _ = name.split(":")
            check(kind == "items" and number.isdigit() and value.isdigit(), f"items: {name}")
        same(int(settings["maxbytes"]), Work.EXPECTED["limit_maxbytes"], "maxbytes")
    return f"{len(general)} statistics, {len(classes)} classes, as the exporters parse them"
