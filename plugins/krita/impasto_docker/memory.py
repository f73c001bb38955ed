"""What the docker remembers from one day to the next: last choices, presets, own styles, results; in one folder.

The folder lies beside Krita's folder of plug-ins, as an update deletes the plug-in's own. One JSON file, exchanged
whole; pictures beside it. Several Kritas may share it: every change is made to what the file says now. Nothing here is
worth an error to a painter: what cannot be read counts as empty (a damaged file is set aside), what cannot be written
is told by the return value. Must never know Qt or Krita. Called by the docker and by the action.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .choices import Choices, Style, Unusable

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_RECENTS, MAX_RESULTS, MAX_PRESETS = 24, 40, 100
FILE_NAME, PICTURES = "settings.json", "pictures"
FRESH_S = 60.0
ANY_NAME = "surrogatepass"  # the path of a picture need not be Unicode
_changing = threading.Lock()  # pictures are kept by threads of their own


def data_folder() -> Path:
    """Where it is kept for this Krita: PACKAGE is …/krita/pykrita/impasto_docker, so …/krita/impasto."""
    return Path(__file__).absolute().parents[2] / "impasto"


def last_settings() -> dict[str, Any]:
    """What was chosen last in this Krita, as a run takes it."""
    return Memory().last().told()


@dataclass(frozen=True)
class Result:
    """A painting that came out: its styles' names, when (local time, ISO), what it was made with, a small picture."""

    title: str
    when: str
    choices: Choices
    thumbnail: str = ""
    kept: bool = False
    elapsed_s: float = 0.0


class Memory:
    """The folder; nothing is held here, so that two windows never disagree."""

    def __init__(self, where: Path | None = None) -> None:
        self._folder = where if where is not None else data_folder()

    @property
    def path(self) -> Path:
        """The file, for whoever is told of it."""
        return self._folder / FILE_NAME

    # the last choices

    def last(self) -> Choices:
        """What was chosen last; as usual where nothing was."""
        return _readable(Choices.read, self._read().get("last")) or Choices()

    def remember(self, choices: Choices) -> bool:
        """Keeps them as the last; whether they could be written."""
        return self._change(lambda all_: all_.update(last=choices.told()))

    # presets

    def presets(self) -> dict[str, Choices]:
        """All that can be read, by name, in alphabetical order."""
        found = self._read().get("presets")
        read = {name: _readable(Choices.read, told) for name, told in _dict(found).items()}
        return {name: read[name] for name in sorted(read, key=str.casefold) if read[name]}

    def save_preset(self, name: str, choices: Choices) -> bool:
        """Keeps choices by a name, in place of an older preset of that name. False for no name or too many."""
        name, kept, told = name.strip(), self.presets(), choices.told()
        if not name or (name not in kept and len(kept) >= MAX_PRESETS):
            return False
        return self._change(lambda all_: all_.update(presets={**_dict(all_.get("presets")), name: told}))

    def remove_preset(self, name: str) -> bool:
        """Forgets one; its styles stay on the wall."""
        return self._change(lambda all_: _dict(all_.get("presets")).pop(name, None))

    # own styles

    def recents(self) -> list[Style]:
        """Own pictures, the newest first; those whose file has gone are left out."""
        found = [_readable(Style.read, told) for told in _list(self._read().get("recents"))]
        return [style for style in found if style and is_file(style.path)]

    def add_recent(self, style: Style) -> bool:
        """Puts a picture in front; the oldest beyond the limit is forgotten, but none because its disk is away."""
        return self._change(lambda all_: all_.update(recents=[style.told(), *_others(all_, style)][:MAX_RECENTS]))

    def forget_recent(self, style: Style) -> bool:
        """Takes a picture off the wall; a file of the user's own stays, a copy that was made here goes."""
        return self._change(lambda all_: all_.update(recents=_others(all_, style)))

    def keep_picture(self, data: bytes, name: str) -> Style | None:
        """Keeps a PNG file's bytes as a style, the same picture once only; None if the disk does not let us."""
        path = self._write_picture(data)
        return Style(name, str(path)) if path else None

    # results

    def results(self) -> list[Result]:
        """What was painted, the newest first."""
        found = [_readable(_result, told) for told in _list(self._read().get("results"))]
        return [result for result in found if result]

    def add_result(self, result: Result, thumbnail: bytes = b"") -> Result:
        """Puts a result in front, with a PNG file's bytes for its small picture; as it was written."""
        path = self._write_picture(thumbnail) if thumbnail else None
        kept = Result(**{**result.__dict__, "thumbnail": str(path) if path else result.thumbnail})
        told = {**asdict(kept), "choices": kept.choices.told()}
        self._change(lambda all_: all_.update(results=[told, *_list(all_.get("results"))][:MAX_RESULTS]))
        return kept

    def forget_results(self) -> bool:
        """Empties the history; the paintings themselves are in their documents."""
        return self._change(lambda all_: all_.update(results=[]))

    # the folder

    def _read(self) -> dict[str, Any]:
        try:
            return self._told()
        except OSError:
            return {}

    def _told(self) -> dict[str, Any]:
        """All that the file says; nothing where there is none.

        Raises:
            OSError: there is one that cannot be read, or is damaged and cannot be set aside: not to be written over.
        """
        path = self.path
        try:
            return _dict(json.loads(path.read_text(encoding="utf-8", errors=ANY_NAME)))
        except FileNotFoundError:
            return {}
        except ValueError:  # cut short or no JSON: kept for whoever wants to look, and begun anew
            path.replace(path.with_suffix(".damaged"))
            return {}

    def _change(self, change: Callable[[dict[str, Any]], Any]) -> bool:
        """Changes what the file says, whole or not at all, and clears away pictures that nothing names any more."""
        with _changing:
            try:
                all_ = self._told()
                change(all_)
                text = json.dumps(all_, indent=1, ensure_ascii=False)
                self._folder.mkdir(parents=True, exist_ok=True)
                _exchange(self.path, text.encode(errors=ANY_NAME))
            except OSError:
                return False
            self._sweep(text)
        return True

    def _sweep(self, text: str) -> None:
        """Only what we made, and only what has not just been made: a style is kept before it is chosen."""
        for path in (self._folder / PICTURES).glob("*.png"):
            with contextlib.suppress(OSError):
                if path.name not in text and path.stat().st_mtime < time.time() - FRESH_S:
                    path.unlink()

    def _write_picture(self, data: bytes) -> Path | None:
        path = self._folder / PICTURES / f"{hashlib.sha256(data).hexdigest()[:24]}.png"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _exchange(path, data)
        except OSError:
            return None
        return path

    def __repr__(self) -> str:
        return f"<Memory [{self._folder}]>"


def is_file(path: str) -> bool:
    """Whether there is one that we may look at: `Path.is_file` raises where a folder is closed to us."""
    try:
        return Path(path).is_file()
    except OSError:
        return False


def _exchange(path: Path, data: bytes) -> None:
    """Writes a file whole or not at all."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _others(all_: Mapping[str, Any], style: Style) -> list[Any]:
    """What is written of own pictures but that one, as it is written: a newer version may know more of them."""
    kept = []
    for told in _list(all_.get("recents")):
        other = _readable(Style.read, told)
        if other is None or other.key != style.key:
            kept.append(told)
    return kept


def _result(told: Mapping[str, Any]) -> Result:
    return Result(
        title=str(told["title"]),
        when=str(told["when"]),
        choices=Choices.read(told["choices"]),
        thumbnail=str(told.get("thumbnail", "")),
        kept=bool(told.get("kept")),
        elapsed_s=float(told.get("elapsed_s", 0.0)),
    )


def _readable(read: Callable[[Any], Any], told: object) -> Any:  # noqa: ANN401  # what `read` gives, or None
    """What was written, if it can still be read."""
    try:
        return read(told) if isinstance(told, dict) else None
    except (Unusable, KeyError, TypeError, ValueError):
        return None


def _dict(told: object) -> dict[str, Any]:
    return told if isinstance(told, dict) else {}


def _list(told: object) -> list[Any]:
    return told if isinstance(told, list) else []
