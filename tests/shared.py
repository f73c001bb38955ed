"""A real daemon that serves the network, and artists' machines that were connected to it by the real command."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import grpc

from harness import Daemon, Home
from impasto.access.address import Address
from impasto.access.connection import Connection
from impasto.access.tokens import Register
from impasto.client import Client, Picture, connect
from impasto.config import Config
from impasto.instance import read_note


def painted_alone(paint: Callable[[Client, int], Picture], clients: int) -> dict[int, bytes]:
    """Each client's picture as one worker of this machine paints it, with one thread: what many workers must equal."""
    home = Home(IMPASTO_WORKERS="1", IMPASTO_THREADS="1", IMPASTO_NICE="0")
    daemon = Daemon(home)
    with daemon.client() as client:
        painted = {seed: paint(client, seed).samples for seed in range(clients)}
    daemon.end()
    home.remove()
    return painted


class Studio:
    """A shared machine: its home, a token for each artist, and its daemon.

    Attributes:
        tokens: by the owner's name.
    """

    def __init__(self, *artists: str, options: tuple[str, ...] = (), **environment: str) -> None:
        self.home = Home(IMPASTO_NICE="0", **environment)
        self.home.config.data_dir.mkdir(mode=0o700)
        self.tokens = {name: Register(self.home.config.data_dir).add(name) for name in artists}
        self._options = options
        self.daemon = self.start()

    def start(self, *options: str, listen: str = "127.0.0.1:0", before: tuple[str, ...] = ()) -> Daemon:
        """Another life of its daemon, in the foreground; `before` stands before its command."""
        command = self.home.command("serve", "--listen", listen, *self._options, *options)
        self.daemon = Daemon(self.home, [*before, *command])
        return self.daemon

    @property
    def port(self) -> int:
        """Where the daemon listens now."""
        note = read_note(self.home.config.runtime_dir)
        assert note is not None
        return Address.read(note.listens).port

    @property
    def certificate(self) -> str:
        """Its own, as PEM."""
        return (self.home.config.data_dir / "tls" / "certificate.pem").read_text()

    def channel(self, token: str, certificate: str = "") -> grpc.Channel:
        """A channel with that token, which trusts that certificate, else the right one."""
        address = Address("127.0.0.1", self.port)
        return Connection(address, certificate or self.certificate, pinned=True, token=token).channel(())

    def remove(self) -> None:
        """Ends it all."""
        self.daemon.end()
        self.home.remove()


class Desk:
    """An artist's machine, connected to a studio."""

    def __init__(self, studio: Studio, name: str, port: int = 0, host: str = "127.0.0.1") -> None:
        self.home = Home()
        self.file, self.folder = self.home.path / "config.toml", self.home.path / "server"
        own = {"HOME": str(self.home.path)}  # an account in which editors are looked for
        self.home.environment |= own | {"IMPASTO_CONFIG": str(self.file), "IMPASTO_SERVER_DIR": str(self.folder)}
        for known in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "GIMP3_DIRECTORY"):
            self.home.environment.pop(known, None)
        (self.home.path / "token").write_text(studio.tokens[name])
        fingerprint = self.fingerprint(studio.certificate)
        words = ("--fingerprint", fingerprint, "--token-file", str(self.home.path / "token"))
        self.command = ("connect", f"{host}:{port or studio.port}", *words)

    @staticmethod
    def fingerprint(pem: str) -> str:
        """As the server's owner would tell it."""
        from impasto.access.certificate import fingerprint  # noqa: PLC0415

        return fingerprint(pem)

    def connect(self) -> "Desk":
        """Runs the one line."""
        done = self.home.run(*self.command)
        assert done.returncode == 0, done.stderr
        return self

    @property
    def config(self) -> Config:
        """As every command on this machine reads it."""
        return Config.load(None, self.home.environment)

    def client(self) -> Client:
        """The Python client, as a script on this machine has it."""
        return connect(self.config)

    def facts(self) -> Mapping[str, object]:
        """What `impasto status` tells programs."""
        told: dict[str, object] = json.loads(self.home.run("status", "--json").stdout)
        return told

    def remove(self) -> None:
        """Deletes it; no daemon was ever started there."""
        assert not Path(self.home.config.runtime_dir, "daemon.json").exists()
        self.home.remove()
