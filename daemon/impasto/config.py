"""Configuration: one frozen `Config`, made from defaults < file < environment < flags.

Knows where things live, the limits that requests are held against, and where each value came from. Reading it has no
effect on the world: folders are made by ``instance`` and ``store``. ``cli`` makes one and hands it on. A new key is
one field of `Config` with its metadata from ``keys``; file, environment, `impasto config` and the tests find it there.
"""

import difflib
import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self

import platformdirs

from impasto.errors import InvalidRequest, Violation, Violations
from impasto.keys import KEY, Key, choice, file, folder, number, place, text, whole

ENVIRONMENT_PREFIX = "IMPASTO_"
MIB = 1024 * 1024
UNIX, LOCAL = "unix", "local"  # the words for this user's own socket, on either side


def _runtime_dir() -> Path:
    """Where the socket lives: the session's own folder where there is one, else the cache (never a shared /tmp)."""
    session = os.environ.get("XDG_RUNTIME_DIR")
    return Path(session) / "impasto" if session else Path(platformdirs.user_cache_path("impasto")) / "run"


@dataclass(frozen=True)
class Limits:
    """Numbers that requests are held against; told to clients by ``GetServerInfo``."""

    max_pixels: int = 128 * 1024 * 1024
    max_upload_bytes: int = 2 * 1024**3
    max_steps: int = 10_000
    max_styles: int = 8
    max_jobs: int = 256
    max_jobs_per_client: int = 8
    chunk_bytes: int = 1024 * 1024
    min_side: int = 16


@dataclass(frozen=True)
class Config:
    """What a daemon and its clients agree on; what each key is stands in its metadata.

    Attributes:
        limits: see `Limits`; not in the file, as clients rely on them.
        origins: where each key's value came from, if not from the defaults: "config.toml", "environment" or "flags".
    """

    runtime_dir: Path = field(
        default_factory=_runtime_dir, metadata=folder("socket, lock and daemon.json; made with mode 0700")
    )
    data_dir: Path = field(
        default_factory=lambda: platformdirs.user_data_path("impasto"),
        metadata=folder("pictures at rest, jobs, fetched encoders and the log"),
    )
    listen: str = field(
        default=UNIX, metadata=place(UNIX, "where else than on its Unix socket the daemon listens; needs tokens")
    )
    tls_certificate: str = field(default="", metadata=file("PEM, to be known by there; empty: one that is made once"))
    tls_key: str = field(default="", metadata=file("PEM, of tls_certificate"))
    server: str = field(
        default=LOCAL, metadata=place(LOCAL, "whose daemon commands and editors use; `impasto connect` sets it")
    )
    server_dir: Path = field(
        default_factory=lambda: platformdirs.user_config_path("impasto") / "server",
        metadata=folder("that server's certificate and your token; made with mode 0700"),
    )
    workers: int = field(
        default=0,
        metadata=whole(0, 256, "at once: on a CPU so many, else one for each GPU or so many of them"),
    )
    pool: str = field(
        default=LOCAL, metadata=choice("local ray", "where workers are: on this machine, or on those of a Ray cluster")
    )
    ray_address: str = field(
        default="",
        metadata=text(
            r"(\S+:\d{1,5})?", "HOST:PORT is needed, like head.example:6379", "of the cluster's head, HOST:PORT"
        ),
    )
    ray_token_file: str = field(
        default="", metadata=file("what the cluster's nodes were started with, mode 0600; empty: they ask for none")
    )
    ray_orphan_s: float = field(
        default=30.0,
        metadata=number(5, 3600, "a worker on the cluster whose daemon has been silent for so long ends itself"),
    )
    threads: int = field(
        default=0, metadata=whole(0, 1024, "of a CPU worker; 0 means all cores, divided between the workers")
    )
    nice: int = field(default=10, metadata=whole(0, 19, "how far a CPU worker stands back for everything else"))
    memory_mb: int = field(
        default=0,
        metadata=whole(
            0,
            100_000_000,
            "of each device, for all jobs together, 500 beside for its worker; 0: most of what is free at its start",
        ),
    )
    client_weights: str = field(
        default="",
        metadata=text(
            r"([^=,\s]+=\d+(\.\d+)?(,[^=,\s]+=\d+(\.\d+)?)*)?",
            "names and numbers are needed, like render=0.5,krita=2",
            "shares of a busy device, by client or by its kind, like render=0.5,krita=2; who is not named has 1",
        ),
    )
    max_jobs: int = field(
        default=Limits.max_jobs, metadata=whole(1, 1_000_000, "unfinished ones of all clients together")
    )
    worker_silence_s: float = field(
        default=30.0,  # an idle worker says that it lives every 5 s
        metadata=number(6, 3600, "a worker that says nothing for so long is killed, unless others took its turns"),
    )
    worker_idle_s: float = field(
        default=600.0,
        metadata=number(
            0, 10_000_000, "after so long without a job a worker ends, its device's memory is free; 0: never"
        ),
    )
    blob_hours: float = field(default=24.0, metadata=number(0, 10_000, "how long pictures stay that no job uses"))
    disk_quota_mb: int = field(
        default=20 * 1024, metadata=whole(64, 100 * 1024 * 1024, "MiB that pictures and checkpoints at rest may take")
    )
    disk_share_mb: int = field(
        default=0, metadata=whole(0, 100 * 1024 * 1024, "MiB of those that each token may have; 0 means half of them")
    )
    exit_idle_s: float = field(
        default=3600.0,
        metadata=number(0, 10_000_000, "a daemon that a client started ends after so long without work; 0 means never"),
    )
    log_format: str = field(
        default="auto", metadata=choice("auto text json", "one line an event; auto is text on a terminal, else json")
    )
    log_bytes: int = field(
        default=4 * MIB, metadata=whole(64 * 1024, 1024 * MIB, "a log file that has grown so large is put aside once")
    )
    weights_url: str = field(
        default="https://download.pytorch.org/models/vgg19-dcbb9e9d.pth",
        metadata=text(
            r"https?://[^\s/@]+/[^\s]+",
            "an address that begins with https:// (or http://) is needed",
            "where `impasto weights fetch` takes torchvision's file from; a mirror of one's own will do",
        ),
    )
    weights_sha256: str = field(
        default="dcbb9e9d",  # the one that the file's name publishes
        metadata=text(
            "[0-9a-f]{8,64}", "8 to 64 digits of 0 to 9 and a to f are needed", "what that file's checksum begins with"
        ),
    )
    limits: Limits = field(default_factory=Limits)
    origins: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    @property
    def elsewhere(self) -> bool:
        """Whether commands and editors use the daemon of another machine."""
        return self.server != LOCAL

    @property
    def here(self) -> Self:
        """The same for this machine's own daemon."""
        return replace(self, server=LOCAL)

    @property
    def weights(self) -> dict[str, float]:
        """`client_weights` by name; a weight of 0 counts as very little, as nobody is to wait for ever."""
        pairs = (pair.partition("=") for pair in self.client_weights.split(",") if pair)
        return {name: max(0.01, float(weight)) for name, _, weight in pairs}

    @property
    def share_mb(self) -> int:
        """What each token may have of the disk, in MiB."""
        return min(self.disk_share_mb or self.disk_quota_mb // 2, self.disk_quota_mb)

    @classmethod
    def load(cls, flags: Mapping[str, Any] | None = None, environment: Mapping[str, str] = os.environ) -> Self:
        """Reads file and environment; `flags` with value None do not count.

        Raises:
            InvalidRequest: an unknown name or a value of the wrong type, with where it came from.
        """
        given = {k: environment[v] for k in KEYS if (v := ENVIRONMENT_PREFIX + k.upper()) in environment}
        config = cls()._with("config.toml", _read(config_file(environment)))
        return config._with("environment", given).overridden(flags or {})

    def overridden(self, flags: Mapping[str, Any]) -> Self:
        """The same with `flags`, of which those with value None do not count.

        Raises:
            InvalidRequest: as `load` does.
        """
        return self._with("flags", {k: v for k, v in flags.items() if v is not None})

    def _with(self, origin: str, values: Mapping[str, Any]) -> Self:
        checked = _checked(origin, values)
        limits = replace(self.limits, max_jobs=checked.get("max_jobs", self.max_jobs))
        return replace(self, **checked, limits=limits, origins={**self.origins, **dict.fromkeys(checked, origin)})


KEYS: Mapping[str, Key] = {f.name: f.metadata[KEY] for f in fields(Config) if KEY in f.metadata}


def config_file(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the configuration file is, or would be."""
    return Path(environment.get("IMPASTO_CONFIG") or platformdirs.user_config_path("impasto") / "config.toml")


def write_key(name: str, value: str | None, environment: Mapping[str, str] = os.environ) -> Path:
    """Sets one key in the configuration file, or takes it out; every other line stays as it is. Which file that is.

    Raises:
        InvalidRequest: the file cannot be read as it is.
    """
    path = config_file(environment)
    before = _read(path)
    lines = path.read_text().splitlines() if path.exists() else []
    kept = [line for line in lines if not re.match(rf"\s*{name}\s*=", line)] if name in before else lines
    # A key belongs to the table above it: ours come first.
    text = "\n".join([f"{name} = {json.dumps(value)}", *kept] if value is not None else kept)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(f"{text}\n" if text else "")
    part.replace(path)
    return path


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:  # TOMLDecodeError and UnicodeDecodeError are ValueErrors
        why = f"cannot be read: {error.strerror}" if isinstance(error, OSError) else f"is no TOML file: {error}"
        raise InvalidRequest([Violation("config.toml", why, "CONFIG_INVALID")]) from error


def _checked(origin: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` in the types that `Config` has."""
    found, checked = Violations(), dict[str, Any]()
    for name, value in values.items():
        if name not in KEYS:
            found.add(f"{origin}: {name}", f"is unknown; {_nearest(name)}", "CONFIG_INVALID")
            continue
        try:
            checked[name] = KEYS[name].checked(value)
        except ValueError as error:
            found.add(f"{origin}: {name}", f"is {value!r}; {error}", "CONFIG_INVALID")
    found.raise_if_any()
    return checked


def _nearest(name: str) -> str:
    """What was meant, probably; else all that could be."""
    near = difflib.get_close_matches(name.lower().replace("-", "_"), KEYS, n=1)
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(KEYS))}"
