"""A Ray cluster of real nodes in real processes, on loopback addresses of their own; and a front that paints on it.

Nothing here is fake. Each node has a folder of its own, as on another machine, and whatever it starts carries a mark in
its environment, by which it is found, killed and cleaned up: nobody else's Ray is touched.
"""

import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from harness import Daemon, Home, alive, wait_for

CPUS = 2
START_S = 120.0
QUICK = {  # of a node's death: a second at a time, three times; the defaults take a quarter of a minute
    "RAY_health_check_initial_delay_ms": "1000",
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "5000",
    "RAY_health_check_failure_threshold": "3",
}
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_memory_monitor_refresh_ms": "0", "RAY_AUTH_MODE": "token"}


class Node:
    """One node: `ray start` in the foreground, and all that it has started."""

    def __init__(self, folder: Path, token: Path, *options: str) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700)
        self.mark = f"IMPASTO_NODE_DIR={folder}"
        environment = {k: v for k, v in os.environ.items() if not k.startswith("RAY_")} | QUIET | QUICK
        environment |= {"RAY_AUTH_TOKEN_PATH": str(token), "IMPASTO_NODE_DIR": str(folder)}
        few = ("--block", f"--num-cpus={CPUS}", f"--object-store-memory={80 << 20}", "--include-log-monitor=false")
        command = [sys.executable, "-m", "ray.scripts.scripts", "start", *few, *options]
        self.log = folder.with_suffix(".log")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, env=environment, stdout=log, stderr=log, cwd="/", start_new_session=True
            )

    def runs(self) -> bool:
        """Whether it is up."""
        told = self.log.read_text()
        assert self.process.poll() is None, told
        return "block forever" in told

    def pids(self, name: str = "") -> list[int]:
        """Processes that this node has started, or those whose command line matches `name`."""
        found, mark = [], self.mark.encode()
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if mark in (folder / "environ").read_bytes().split(b"\0") and re.search(name, command):
                    found.append(int(folder.name))
        return sorted(pid for pid in found if alive(pid))

    def workers(self) -> list[int]:
        """Processes that paint here."""
        return self.pids(r"-m impasto\.worker ")

    def actors(self) -> list[int]:
        """Ray's, that have one each."""
        return self.pids(r"^ray::Seat")

    def kill(self) -> None:
        """The machine is gone, with all that was on it."""
        while pids := self.pids():
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self.process.wait()


class Cluster:
    """A head and a second node. The mutable state is which nodes live."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="ray-"))
        self.token = self.path / "token"
        self.token.write_text(secrets.token_hex(32))
        self.token.chmod(0o600)
        self._count = 0
        # Ray takes 127.0.0.1 for whatever address the machine has, and some of its ports are fixed: a net of its own.
        self._net = f"127.{secrets.randbelow(250) + 2}.{secrets.randbelow(256)}"
        self.nodes: list[Node] = []
        try:
            self._begin(port=0)
            self.address = (self.path / "t" / "ray_current_cluster").read_text().strip()
            self.join()
        except BaseException:
            self.remove()
            raise

    def _begin(self, port: int) -> None:
        own = (f"--port={port}", f"--temp-dir={self.path / 't'}", "--include-dashboard=false")
        wait_for(self._started("--head", f"--node-ip-address={self._net}.2", *own).runs, "a head", START_S)

    def restart(self) -> None:
        """All machines are gone, and come again where they were."""
        for node in self.nodes:
            node.kill()
        self.nodes.clear()
        self._begin(int(self.address.rpartition(":")[2]))
        self.join()

    def _started(self, *options: str) -> Node:
        self._count += 1
        self.nodes.append(Node(self.path / f"node{self._count}", self.token, *options))
        return self.nodes[-1]

    def join(self) -> Node:
        """One node more."""
        node = self._started(f"--address={self.address}", f"--node-ip-address={self._net}.3")
        wait_for(node.runs, "a second node", START_S)
        return node

    @property
    def options(self) -> tuple[str, ...]:
        """Of a front that is to paint here."""
        return ("--pool", "ray", "--ray-address", self.address, "--ray-token-file", str(self.token))

    def workers(self) -> list[int]:
        """All that paint."""
        return [pid for node in self.nodes for pid in node.workers()]

    def actors(self) -> list[int]:
        """All of Ray's actors that have a worker, or are to."""
        return [pid for node in self.nodes for pid in node.actors()]

    def remove(self) -> None:
        """Ends every process and deletes every folder."""
        for node in self.nodes:
            node.kill()
        shutil.rmtree(self.path, ignore_errors=True)


def front(home: Home, cluster: Cluster, *options: str) -> Daemon:
    """A daemon that paints on the cluster."""
    return Daemon(home, home.command("serve", *cluster.options, *options))
