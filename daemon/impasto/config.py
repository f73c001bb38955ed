"""Configuration: one frozen `Config`, made from defaults < file < environment < flags.

Knows where things live and the limits that requests are held against. Reading it has no effect on the world: folders
are made by ``instance`` and ``store``. ``cli`` makes one and hands it on.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self

import platformdirs

from impasto.errors import InvalidRequest, Violations

ENVIRONMENT_PREFIX = "IMPASTO_"


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
        data_dir: blobs and the log.
        threads: of a CPU worker; 0 means all cores.
        nice: how far a CPU worker stands back for everything else on the machine.
        worker_silence_s: a worker that says nothing for so long is killed.
        blob_hours: how long pictures are kept that no job uses.
        limits: see `Limits`; not in the file, as clients rely on them.
    """

    runtime_dir: Path = field(default_factory=_runtime_dir)
    data_dir: Path = field(default_factory=lambda: platformdirs.user_data_path("impasto"))
    threads: int = 0
    nice: int = 10
    worker_silence_s: float = 30.0
    blob_hours: float = 24.0
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
        chosen = {name: value for name, value in (flags or {}).items() if value is not None}
        config = cls()
        for origin, values in (("config.toml", _read(path)), ("environment", given), ("flags", chosen)):
            config = replace(config, **_checked(origin, values, names))
        return config


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except tomllib.TOMLDecodeError as error:
        found = Violations()
        found.add("config.toml", f"is no TOML file: {error}", "CONFIG_INVALID")
        raise InvalidRequest(found.found) from error


def _checked(origin: str, values: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    """`values` in the types that `Config` has."""
    types = {"runtime_dir": Path, "data_dir": Path, "threads": int, "nice": int}
    found, checked = Violations(), {}
    for name, value in values.items():
        if name not in names:
            found.add(f"{origin}: {name}", f"is unknown; known are {', '.join(sorted(names))}", "CONFIG_INVALID")
            continue
        try:
            checked[name] = types.get(name, float)(value)
        except (TypeError, ValueError):
            found.add(f"{origin}: {name}", f"is {value!r}, which does not read as a number", "CONFIG_INVALID")
    found.raise_if_any()
    return checked
