"""Debian packages unpacked into a folder of their own, not installed.

For packages that bring services (nothing is started, nothing is left on the system) and for those
of another Debian release. No root is needed, only apt. What a folder holds is kept for the next
run; a lock lets sessions run at the same time.
"""

import fcntl
import os
import shutil

from harness import Skipped, run


class PrivateRoot:
    """`packages` in a folder below `work`, from the system's release or from another one.

    apt resolves no dependencies here: `packages` names all that a plain system may lack.
    """

    def __init__(self, work, packages, release=None):
        if not shutil.which("apt-get"):
            raise Skipped("apt is not here to fetch " + " ".join(packages))
        self.release = release
        self.shared = work / "roots"
        self.path = self.shared / "-".join([packages[0], *([release] if release else [])])
        self.shared.mkdir(parents=True, exist_ok=True)
        complete = self.path / "complete"
        with open(self.shared / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not complete.exists() or complete.read_text().split() != packages:
                self.fill(packages)
                complete.write_text(" ".join(packages))

    def fill(self, packages):
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir()
        # The system's lists of packages may be absent or too old, so there is a second try with
        # lists of our own, which touch nothing of the system's.
        done = None if self.release else self.apt([], "download", *packages)
        if done is None or done.returncode != 0:
            done = self.apt(self.own_lists(self.release), "download", *packages)
        if done.returncode != 0:
            raise Skipped("cannot be fetched: " + done.stderr.strip().split("\n")[-1])
        for archive in self.path.glob("*.deb"):
            unpacked = run(["dpkg", "-x", archive, self.path])
            if unpacked.returncode != 0:
                raise AssertionError(unpacked.stderr)
            archive.unlink()

    def apt(self, options, *words):
        # As root apt would fetch as a user who cannot write into our folder.
        own = ["-o", "APT::Sandbox::User=root"] if os.geteuid() == 0 else []
        return run(["apt-get", *own, *options, *words], cwd=self.path)

    def own_lists(self, release=None):
        """Options of apt with which it keeps its lists in our folder, for the system's sources or
        for another release from the same mirror."""
        own = self.shared / f"apt-{release or 'own'}"
        (own / "lists/partial").mkdir(parents=True, exist_ok=True)
        (own / "cache/archives/partial").mkdir(parents=True, exist_ok=True)
        settings = {"Dir::State::Lists": own / "lists", "Dir::Cache": own / "cache",
                    "Acquire::Languages": "none"}
        if release:
            sources = own / "sources.list"
            sources.write_text(f"deb {self.mirror()} {release} main\n")
            settings |= {"Dir::Etc::SourceList": sources, "Dir::Etc::SourceParts": "/dev/null"}
        options = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
        self.apt(options, "update", "--quiet")
        return options

    def mirror(self):
        """Where the system's own packages come from: other releases lie beside them."""
        words = ["indextargets", "--format", "$(ORIGIN) $(SITE) $(RELEASE)",
                 "Created-By: Packages"]
        for options in (lambda: [], self.own_lists):  # apt only tells what it has lists of.
            for line in self.apt(options(), *words).stdout.split("\n"):
                if line.startswith("Debian ") and "-" not in line.split(" ")[2]:
                    return line.split(" ")[1]
        raise Skipped("no mirror of Debian is set up here")

    def environment(self):
        """For programs in here: their libraries, unless the system's loader finds them anyway."""
        folders = [*self.path.glob("lib/*-linux-gnu*"), *self.path.glob("usr/lib/*-linux-gnu*")]
        return os.environ | {
            "LD_LIBRARY_PATH": ":".join(str(folder) for folder in folders),
            "PYTHONPATH": str(self.path / "usr/lib/python3/dist-packages"),
        }

    def __truediv__(self, inner):
        return self.path / inner
