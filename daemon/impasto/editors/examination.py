"""Why a plug-in is not there, or does nothing: every link from an editor to the network, looked at in order.

Looks and never mends: each finding says what to do. Called by the face.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import impasto
from impasto import launch
from impasto.config import Config
from impasto.editors import gimp, krita, kritarc
from impasto.editors.plugin import ENVIRONMENT_FILE
from impasto.errors import ImpastoError
from impasto.weights import Shelf

ANSWER_S = 60.0


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: what it is, how it is, and what to do where that is not well."""

    what: str
    told: str
    advice: str = ""

    @property
    def well(self) -> bool:
        """Whether nothing is to be done."""
        return not self.advice


def examine(config: Config, *, gimps: list[gimp.Place] | None, kritas: list[krita.Place] | None) -> Iterator[Finding]:
    """Everything, one after the other: the editors, then the daemon and its encoders. None: not that editor."""
    if gimps == []:
        yield Finding("profile", "no profile of GIMP 3 here", "start GIMP 3 once, or name its folder with --into")
    for gimp_place in gimps or []:
        yield from _examine_gimp(gimp_place)
    if kritas == []:
        yield Finding("krita", "no Krita here", "start Krita once, or name its folder of resources with --into")
    for krita_place in kritas or []:
        yield from _examine_krita(krita_place)
    yield from _examine_daemon(config)


def _examine_gimp(place: gimp.Place) -> Iterator[Finding]:
    install = "run `impasto install gimp`"
    if place.is_snap:
        yield Finding("profile", str(place.plug_ins), gimp.SNAP)
        return
    if not place.script.is_file():
        yield Finding("plug-in", f"{place.plug_in} is not there", install)
        return
    yield Finding("plug-in", str(place.plug_in))
    if os.name == "posix":
        runs = os.access(place.script, os.X_OK)
        yield Finding("run bit", "set" if runs else "not set: GIMP passes over it", "" if runs else install)
    yield from _examine_environment(place.plug_in / ENVIRONMENT_FILE, install)


def _examine_krita(place: krita.Place) -> Iterator[Finding]:
    install = "run `impasto install krita`"
    if place.is_snap:
        yield Finding("krita", str(place.data), krita.SNAP)
        return
    needed = (place.plug_in / "__init__.py", place.plug_in / "bridge" / "__init__.py", place.desktop, place.action)
    missing = [str(path) for path in needed if not path.is_file()]
    if missing:
        yield Finding("plug-in", f"{missing[0]} is not there", install)
        return
    yield Finding("plug-in", str(place.plug_in))
    if place.config is None:
        yield Finding("enabled", "not to be seen from here", krita.BY_HAND)
    elif not kritarc.enabled(place.config, krita.NAME):
        yield Finding("enabled", f"not in {place.config}: Krita passes over it", f"close Krita, then {install}")
    else:
        yield Finding("enabled", f"in {place.config}")
    yield from _examine_environment(place.plug_in / ENVIRONMENT_FILE, install)


def _examine_environment(path: Path, install: str) -> Iterator[Finding]:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        python, version = str(told["python"]), str(told["version"])
        before = [str(word) for word in told["before"]]
    except (OSError, ValueError, KeyError, TypeError):
        yield Finding("interpreter", f"{path.name} is missing or damaged", install)
        return
    same = version == impasto.__version__
    advice = "" if same else install
    yield Finding(
        "version", version if same else f"the plug-in is of {version}, Impasto is {impasto.__version__}", advice
    )
    if before:
        yield Finding("interpreter", f"{' '.join(before)} {python}, which only that editor can try")
        return
    wrong = _wrong_with(python)
    yield Finding("interpreter", f"{python} {wrong}".strip(), install if wrong else "")


def _wrong_with(python: str) -> str:
    """What is wrong with an interpreter, started as the plug-in does; empty for nothing."""
    command = [python, "-I", "-c", "import impasto"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=ANSWER_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"cannot be started ({error})"
    return "" if done.returncode == 0 else f"has no Impasto ({done.stderr.strip().splitlines()[-1]})"


def _examine_daemon(config: Config) -> Iterator[Finding]:
    way, where = ("server", config.server) if config.elsewhere else ("socket", str(config.runtime_dir))
    try:
        info = launch.running(config)
    except ImpastoError as error:
        yield Finding(way, where, error.message)
    else:
        yield Finding(way, where if config.elsewhere else f"in {where}")
        told, wrong = "does not run; it starts by itself when it is needed", ""
        if config.elsewhere:
            told, wrong = "does not answer", launch.unreachable(config).message
        if info is not None:
            told, wrong = f"runs, version {info.version}", ""
        yield Finding("daemon", told, wrong)
    shelf = Shelf(config.data_dir)
    yield Finding("weights", f"{shelf.default()} ({shelf.path(shelf.default())})")
