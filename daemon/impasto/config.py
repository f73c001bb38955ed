"""Configuration: one frozen `Config`, made from defaults < file < environment < flags.

Knows where things live and the limits that requests are held against. Reading it has no effect on the world: folders
are made by ``instance`` and ``store``. ``cli`` makes one and hands it on.
"""

import math
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self

import platformdirs

from impasto.errors import InvalidRequest, Violation, Violations

ENVIRONMENT_PREFIX = "IMPASTO_"

# The numbers of `Config`: their type, the least and the most.
NUMBERS: Mapping[str, tuple[type[int] | type[float], float, float]] = {
    "threads": (int, 0, 1024),
    "nice": (int, 0, 19),
    "worker_silence_s": (float, 6, 3600),  # an idle worker says that it lives every 5 s
    "worker_idle_s": (float, 0, 100_000),
    "blob_hours": (float, 0, 10_000),
}

# The texts of `Config`: what they must look like, for programs and for people.
TEXTS: Mapping[str, tuple[str, str]] = {
    "weights_url": (r"https?://[^\s/@]+/[^\s]+", "an address that begins with https:// (or http://) is needed"),
    "weights_sha256": ("[0-9a-f]{8,64}", "8 to 64 digits of 0 to 9 and a to f are needed"),
}


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
    chunk_bytes: int = 1024 * 1024
    min_side: int = 16


@dataclass(frozen=True)
class Config:
    """What a daemon and its clients agree on.

    Attributes:
        runtime_dir: socket, lock and daemon.json; made with mode 0700.
        data_dir: blobs, the log and fetched encoders.
        threads: of a CPU worker; 0 means all cores.
        nice: how far a CPU worker stands back for everything else on the machine.
        worker_silence_s: a worker that says nothing for so long is killed, unless others took its turns.
        worker_idle_s: after so long without a job the workers end, and their devices' memory is free; 0 means never.
        blob_hours: how long pictures are kept that no job uses.
        weights_url: where `impasto weights fetch` takes torchvision's file from; a mirror of one's own will do.
        weights_sha256: what that file's checksum begins with; the default is the one that its name publishes.
        limits: see `Limits`; not in the file, as clients rely on them.
    """

    runtime_dir: Path = field(default_factory=_runtime_dir)
    data_dir: Path = field(default_factory=lambda: platformdirs.user_data_path("impasto"))
    threads: int = 0
    nice: int = 10
    worker_silence_s: float = 30.0
    worker_idle_s: float = 600.0
    blob_hours: float = 24.0
    weights_url: str = "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth"
    weights_sha256: str = "dcbb9e9d"
    limits: Limits = field(default_factory=Limits)

    @classmethod
    def load(cls, flags: Mapping[str, Any] | None = None, environment: Mapping[str, str] = os.environ) -> Self:
        """Reads file and environment; `flags` with value None do not count.

        Raises:
            InvalidRequest: an unknown name or a value of the wrong type, with where it came from.
        """
        path = Path(environment.get("IMPASTO_CONFIG") or platformdirs.user_config_path("impasto") / "config.toml")
        names = {f.name for f in fields(cls)} - {"limits"}
        given = {k: environment[v] for k in names if (v := ENVIRONMENT_PREFIX + k.upper()) in environment}
        config = cls()
        for origin, values in (("config.toml", _read(path)), ("environment", given)):
            config = replace(config, **_checked(origin, values, names))
        return config.overridden(flags or {})

    def overridden(self, flags: Mapping[str, Any]) -> Self:
        """The same with `flags`, of which those with value None do not count.

        Raises:
            InvalidRequest: as `load` does.
        """
        names = {f.name for f in fields(self)} - {"limits"}
        return replace(self, **_checked("flags", {k: v for k, v in flags.items() if v is not None}, names))


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:  # TOMLDecodeError and UnicodeDecodeError are ValueErrors
        why = f"cannot be read: {error.strerror}" if isinstance(error, OSError) else f"is no TOML file: {error}"
        raise InvalidRequest([Violation("config.toml", why, "CONFIG_INVALID")]) from error


def _checked(origin: str, values: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    """`values` in the types that `Config` has."""
    found, checked = Violations(), dict[str, Any]()
    for name, value in values.items():
        if name not in names:
            found.add(f"{origin}: {name}", f"is unknown; known are {', '.join(sorted(names))}", "CONFIG_INVALID")
        elif name in NUMBERS:
            checked[name] = _number(f"{origin}: {name}", value, *NUMBERS[name], found)
        elif name in TEXTS:
            checked[name] = _text(f"{origin}: {name}", value, *TEXTS[name], found)
        elif isinstance(value, str | Path) and str(value):
            checked[name] = Path(value).expanduser().absolute()  # the daemon leaves the folder it was started in
        else:
            found.add(f"{origin}: {name}", f"is {value!r}; the path of a folder is needed", "CONFIG_INVALID")
    found.raise_if_any()
    return checked


def _text(field: str, value: object, shape: str, allowed: str, found: Violations) -> str:
    """`value` as a text of that shape."""
    if not isinstance(value, str) or not re.fullmatch(shape, value):
        found.add(field, f"is {value!r}; {allowed}", "CONFIG_INVALID")
    return str(value)


def _number(
    field: str, value: object, kind: type[int] | type[float], least: float, most: float, found: Violations
) -> float:
    """`value` as a number; from the environment it comes as text."""
    try:
        number = kind(str(value))  # always as text, so that neither 1.5 nor `true` is a whole number
    except ValueError:
        number = math.nan
    if not least <= number <= most:  # also True for NaN
        allowed = f"a {'whole ' if kind is int else ''}number from {least:g} to {most:g} is needed"
        found.add(field, f"is {value!r}; {allowed}", "CONFIG_INVALID")
    return number
