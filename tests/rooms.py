"""Two network namespaces and a cable between them: what is done to it, the kernels' own TCP has to bear.

A server runs in the nearer one, at `SERVER`, an artist's machine is the farther one. Knows Linux's tools and nothing of
Impasto. Called by tests of bad networks.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Self

from harness import wait_for

SERVER = "10.77.0.1"
ADDRESSES = f"""
set -e
ip link set lo up
ip addr add {SERVER} peer 10.77.0.2 dev near
ip link set near up
nsenter -t {{far}} -n sh -c 'ip link set lo up; ip addr add 10.77.0.2 peer {SERVER} dev far; ip link set far up'
"""
WIRE = "ip link add near type veth peer name far netns {far}"


def why_not(*, bad: bool = False) -> str:
    """Why there can be no rooms here, with a `bad` cable; empty where there can."""
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-Urn", "true"], check=False).returncode:
        return "this machine lets nobody make network namespaces"
    if bad and subprocess.run(["unshare", "-Urn", "sh", "-c", ": <> /dev/net/tun"], check=False).returncode:
        return "this machine has no /dev/net/tun that may be opened, which a bad cable is made of"
    return ""


def network(pid: object) -> str:
    """The network namespace of a process."""
    return str(Path(f"/proc/{pid}/ns/net").readlink())


class Rooms:
    """The two, and the cable: a perfect one, or one that delays and loses what it carries."""

    def __init__(self, delay_s: float = 0.0, loss: float = 0.0) -> None:
        """`delay_s` each way; `loss` is the chance of a packet to be lost."""
        self._holders = [subprocess.Popen(["unshare", "-Urn", "sleep", "600"])]
        self.near = self._holders[0].pid
        self._settled(self.near)
        self._holders.append(subprocess.Popen([*self.into(self.near), "unshare", "-n", "sleep", "600"]))
        self.far = self._holders[1].pid
        self._settled(self.far)
        self._cable: subprocess.Popen[str] | None = None
        if delay_s or loss:
            self._lay_bad(delay_s, loss)
        else:
            self.run(WIRE.format(far=self.far))
        self.run(ADDRESSES.format(far=self.far))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _lay_bad(self, delay_s: float, loss: float) -> None:
        program = str(Path(__file__).with_name("cable.py"))
        words = [*self.into(self.near), sys.executable, program, str(self.far), str(delay_s), str(loss)]
        self._cable = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._cable.stdout is not None
        with self._cable.stdout as told:
            assert told.readline() == "made\n", "there is no cable"

    def _settled(self, pid: int) -> None:
        own = network("self")
        known = {own, *(network(other.pid) for other in self._holders[:-1])}
        wait_for(lambda: network(pid) not in known, "a namespace of its own")
        wait_for(lambda: Path(f"/proc/{pid}/comm").read_text().strip() == "sleep", "its holder")

    @staticmethod
    def into(pid: int) -> list[str]:
        """What stands before a command that is to run in the namespace of that process."""
        return ["nsenter", "-t", str(pid), "-U", "-n", "--preserve-credentials"]

    @property
    def server(self) -> tuple[str, ...]:
        """Before a command on the server's side."""
        return tuple(self.into(self.near))

    @property
    def artist(self) -> list[str]:
        """Before one on the artist's."""
        return self.into(self.far)

    @property
    def artist_as_root(self) -> tuple[str, ...]:
        """Likewise before one that is to stay this machine's root, as who mounts things must."""
        return ("nsenter", "-t", str(self.far), "-n")

    def run(self, script: str) -> None:
        """Runs a few lines of shell on the server's side."""
        done = subprocess.run([*self.into(self.near), "sh", "-c", script], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def cut(self) -> None:
        """From now on nothing comes through; both ends wait for each other."""
        self.run("ip link set near down")

    def reset(self) -> None:
        """Breaks every connection under way, as a router that starts anew does: both ends hear of it."""
        assert self._cable is not None, "a perfect cable breaks nothing"
        assert self._cable.stdin is not None
        self._cable.stdin.write("reset\n")
        self._cable.stdin.flush()

    def mend(self) -> None:
        """The cable is whole again."""
        self.run(f"ip link set near up; ip route replace 10.77.0.2 dev near src {SERVER}")

    def sent_bytes(self) -> int:
        """How much has gone from the artist's side to the server's, headers of packets included."""
        lines = Path(f"/proc/{self.far}/net/dev").read_text().splitlines()
        return next(int(line.split(":")[1].split()[8]) for line in lines if line.strip().startswith("far:"))

    def close(self) -> None:
        """Ends both, and all that is still in them loses its network."""
        if self._cable is not None and self._cable.stdin is not None:
            self._cable.stdin.close()
            self._cable.wait()
        for holder in reversed(self._holders):
            holder.kill()
            holder.wait()
