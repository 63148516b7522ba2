"""Programs that stand between clients and the daemon: nginx, and nutcracker (twemproxy)."""

import contextlib
import http.client
import pathlib
import tempfile
import zlib

from harness import check, node, running, same
from private_root import PrivateRoot


def accepts(address):
    """True once somebody listens there."""
    try:
        node.Client(address).close()
        return True
    except OSError:
        return False


def nginx(host, port, work):
    root = PrivateRoot(work, ["nginx", "nginx-common"])
    front = ("127.0.0.1", node.free_port())
    with tempfile.TemporaryDirectory() as folder, node.Client((host, int(port))) as cache:
        temporary = "\n".join(f"{kind}_temp_path {folder}/{kind};" for kind in
                              ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        pathlib.Path(folder, "nginx.conf").write_text(f"""
            daemon off;
            master_process off;
            pid {folder}/pid;
            events {{ worker_connections 64; }}
            http {{
              access_log off;
              {temporary}
              upstream cache {{
                server {host}:{port};
                keepalive 2;
              }}
              server {{
                listen {front[0]}:{front[1]};
                location / {{
                  set $memcached_key $uri$is_args$args;
                  memcached_pass cache;
                  memcached_gzip_flag 2;
                  error_page 404 = @origin;
                }}
                location @origin {{ return 404 "origin"; }}
              }}
            }}
            """)
        with running([root / "usr/sbin/nginx", "-p", folder, "-c", f"{folder}/nginx.conf",
                      "-e", "stderr"], folder, env=root.environment()):
            node.until(lambda: accepts(front), 30, "nginx accepts connections, which")
            return pages(front, cache)


def pages(front, cache):
    browser = http.client.HTTPConnection(*front, timeout=30)

    def get(path):
        browser.request("GET", path)
        answer = browser.getresponse()
        return answer.status, answer.read(), answer.getheader("Content-Encoding")

    texts = {
        "/": b"hello",
        "/empty": b"",
        "/a%20blank?x=1&y=2": b"in the middle\r\nEND\r\nVALUE / 0 5\r\n",
        "/" + "k" * 249: bytes(range(256)),
        "/large": bytes(range(251)) * 4000,
    }
    for path, text in texts.items():
        same(cache.set(path.encode(), text), b"STORED", f"set {path}")
    for path, text in texts.items():
        check(get(path) == (200, text, None), f"GET {path[:20]} gives another page")
    same(get("/none"), (404, b"origin", None), "GET of a page that is not there")
    packed = zlib.compress(b"packed")
    cache.set(b"/packed", packed, flags=2)
    same(get("/packed"), (200, packed, "gzip"), "GET of a page whose flags say gzip")
    before = cache.stat("total_connections")
    for _ in range(200):
        same(get("/")[1], b"hello", "GET once more")
        same(get("/none")[0], 404, "GET of nothing once more")
    same(cache.stat("total_connections"), before, "connections after 400 more requests")
    browser.close()
    return f"{len(texts)} pages, misses to the origin, gzip by flags, kept connections"


KEYS = [b"ring:%d" % number for number in range(300)]


class Proxy:
    """nutcracker in front of three nodes, as a client sees it.

    While a node has just died and is not yet left out, and once a second when it is tried again,
    nutcracker answers SERVER_ERROR, and closes a connection whose request for many keys it could
    only answer in part.
    """

    def __init__(self, nodes, front):
        self.nodes = nodes
        self.front = front

    def found(self):
        """The keys that have their value, all asked for in one request; None while it fails."""
        with node.Client(self.front) as client, contextlib.suppress(node.Ended):
            client.send(b"get " + b" ".join(KEYS) + b"\r\n")
            found = set()
            while (line := client.line()) != b"END":
                if line.startswith(b"SERVER_ERROR"):
                    return None
                _, key, _, length = line.split()
                same(client.exactly(int(length) + 2), b"of " + key + b"\r\n", "a value")
                found.add(key)
            return found
        return None

    def store(self):
        """Stores every key in one go, or says False while it fails."""
        with node.Client(self.front) as client, contextlib.suppress(node.Ended):
            client.send(b"".join(b"set %s 0 0 %d\r\nof %s\r\n" % (key, len(key) + 3, key)
                                 for key in KEYS))
            answers = [client.line() for _ in KEYS]
            for answer in answers:
                check(answer == b"STORED" or answer.startswith(b"SERVER_ERROR"), f"set: {answer}")
            return all(answer == b"STORED" for answer in answers)
        return False

    def finds_all(self, when):
        node.until(lambda: self.found() == set(KEYS), 30, f"the proxy finds all keys {when}, which")

    def says(self, line, answer):
        with node.Client(self.front) as client:
            same(client.ask(line), answer, line.decode().split(" ")[0])


def nutcracker(host, port, work):
    root = PrivateRoot(work, ["nutcracker", "libyaml-0-2"])
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        others = [stack.enter_context(node.Node("-m", "64", transport="tcp")) for _ in range(2)]
        addresses = [(host, int(port)), *(other.address for other in others)]
        servers = "\n".join(f"    - {a[0]}:{a[1]}:1 node{n}" for n, a in enumerate(addresses))
        front = ("127.0.0.1", node.free_port())
        file = pathlib.Path(folder, "nutcracker.yml")
        file.write_text(f"ring:\n  listen: {front[0]}:{front[1]}\n  hash: murmur\n"
                        "  distribution: ketama\n  auto_eject_hosts: true\n  timeout: 5000\n"
                        "  server_retry_timeout: 1000\n  server_failure_limit: 1\n"
                        f"  servers:\n{servers}\n")
        stack.enter_context(running(
            [root / "usr/sbin/nutcracker", "-c", file, "-p", f"{folder}/pid", "-o",
             f"{folder}/said", "-a", "127.0.0.1", "-s", node.free_port()],
            folder, env=root.environment()))
        node.until(lambda: accepts(front), 30, "nutcracker accepts connections, which")
        return dies_and_returns(Proxy(addresses, front), others[0])


def items_of(address):
    with node.Client(address) as direct:
        return direct.stat("curr_items")


def dies_and_returns(proxy, victim):
    check(proxy.store(), "a set through the proxy fails")
    proxy.finds_all("at first")
    shares = [items_of(address) for address in proxy.nodes]
    same(sum(shares), len(KEYS), "items of the three nodes")
    check(min(shares) > len(KEYS) // 10, f"a node has next to none: {shares}")
    proxy.says(b"set ring:n 0 0 1\r\n5", b"STORED")
    proxy.says(b"incr ring:n 3", b"8")
    proxy.says(b"delete ring:n", b"DELETED")
    proxy.says(b"touch ring:1 100", b"TOUCHED")

    victim.kill()
    rest = node.until(lambda: proxy.found(), 30, "the proxy does without the dead node, which")
    # The others' keys stay theirs: that is what consistent hashing is for.
    same(len(rest), len(KEYS) - shares[1], "keys still found")
    node.until(proxy.store, 30, "every key can be stored on two nodes, which")
    proxy.finds_all("on two nodes")

    victim.start()
    node.until(lambda: proxy.store() and items_of(victim.address) == shares[1], 30,
               "the returned node has its share again, which")
    proxy.finds_all("after the return")
    return f"{len(KEYS)} keys on three nodes as {shares}, one killed and back"
