"""The command-line tools of libmemcached, in text and in binary."""

import pathlib
import re
import tempfile

from harness import check, need, node, run, same


TEXT_ONLY = {"ping", "dump"}


class Tools:
    def __init__(self, host, port, folder, binary):
        self.servers = f"--servers={host}:{port}"
        self.folder = folder
        self.binary = ["--binary"] if binary else []

    def ask(self, tool, *arguments, servers=None):
        options = [servers or self.servers, *([] if tool in TEXT_ONLY else self.binary)]
        return run([f"memc{tool}", *options, *arguments], cwd=self.folder)

    def works(self, tool, *arguments, **options):
        done = self.ask(tool, *arguments, **options)
        same(done.returncode, 0, f"memc{tool} {' '.join(arguments)}, {done.stderr.strip()}: exit")
        return done.stdout

    def fails(self, tool, *arguments, **options):
        check(self.ask(tool, *arguments, **options).returncode != 0,
              f"memc{tool} {' '.join(arguments)} succeeds and should not")


def tools(binary):
    def client(host, port, _):
        need(["memcping", "--help"], "libmemcached-tools")
        with tempfile.TemporaryDirectory() as folder:
            return session_of(Tools(host, port, folder, binary), pathlib.Path(folder))
    return client


def session_of(tools, folder):
    tools.works("ping")
    tools.fails("ping", servers=f"--servers=127.0.0.1:{node.free_port()}")

    texts = {"first": "one", "large": "0123456789abcde\n" * 50_000, "empty": ""}
    for name, text in texts.items():
        (folder / name).write_text(text)
    tools.works("cp", *texts)
    for name, text in texts.items():
        same(tools.works("cat", name), text + "\n", f"cat {name}")
        tools.works("exist", name)
    (folder / "first").write_text("two")
    tools.fails("cp", "--add", "first")
    same(tools.works("cat", "first").strip(), "one", "cat after a refused add")
    tools.works("cp", "--replace", "first")
    same(tools.works("cat", "first").strip(), "two", "cat after replace")
    tools.fails("cat", "none")
    # It asks with `add`, whose item must be past its time at once: asking twice changes nothing.
    for _ in range(2):
        tools.fails("exist", "none")

    tools.works("touch", "--expire=1000", "first")
    tools.fails("touch", "--expire=1000", "none")
    tools.works("rm", "empty")
    tools.fails("rm", "empty")
    tools.fails("exist", "empty")

    listed = tools.works("dump").split()
    check({"first", "large"} <= set(listed), f"memcdump lists {listed}")

    told = dict(re.findall(r"^\s*(\w+): (\S+)$", tools.works("stat"), re.M))
    check(int(told["pid"]) > 0 and int(told["get_hits"]) >= 5, f"memcstat tells {told}")

    tools.works("flush")
    tools.fails("cat", "first")
    return "ping cp cat exist touch rm dump stat flush"
