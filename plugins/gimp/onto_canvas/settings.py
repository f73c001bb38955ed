"""What is remembered in a GIMP profile from one run to the next: named presets, and style pictures by their content.

A file of JSON beside GIMP's own settings; `impasto uninstall gimp` removes it. Knows files; must never know GIMP. What
cannot be read counts as nothing and is never written over (a damaged file is set aside), what cannot be written is not
kept: a painting never fails for it.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

NAME = "impasto-neural-style.json"  # as impasto.editors.gimp removes it; a test compares
MOST_RECENT = 32


class Settings:
    """The file, read anew for every question: several GIMPs may share a profile."""

    def __init__(self, folder: str) -> None:
        """In that folder, GIMP's own."""
        self.path = Path(folder) / NAME

    def presets(self) -> dict[str, dict[str, Any]]:
        """All of them by their names, in the order of these."""
        return {name: told for name, told in sorted(self._read("presets", {}).items()) if isinstance(told, dict)}

    def keep_preset(self, name: str, told: Mapping[str, Any]) -> bool:
        """Adds one, or replaces the one of that name; whether it could be written."""
        return self._write(presets=self.presets() | {name: dict(told)})

    def drop_preset(self, name: str) -> bool:
        """Removes one, likewise."""
        return self._write(presets={kept: told for kept, told in self.presets().items() if kept != name})

    def used(self, path: str, digest: str) -> None:
        """A style picture was used: where it lies, and the SHA-256 of what it is."""
        recent = [entry for entry in self._recent() if entry["path"] != path]
        self._write(recent=[{"path": path, "sha256": digest}, *recent][:MOST_RECENT])

    def find(self, path: str, digest: str) -> str | None:
        """Where the picture of that content is now, if it is anywhere it was seen.

        That is where it was, where a picture of the same content was used since, or under its name in a folder from
        which styles were used.
        """
        places = [entry["path"] for entry in self._recent() if entry["sha256"] == digest]
        folders = dict.fromkeys(Path(entry["path"]).parent for entry in self._recent())
        places += [str(folder / Path(path).name) for folder in folders]
        return next((place for place in dict.fromkeys([path, *places]) if _digest(place) == digest), None)

    def _recent(self) -> list[dict[str, str]]:
        found = self._read("recent", [])
        return [entry for entry in found if isinstance(entry, dict) and {"path", "sha256"} <= set(entry)]

    def _read(self, key: str, empty: Any) -> Any:  # noqa: ANN401  # JSON
        try:
            found = self._told().get(key)
        except OSError:
            return empty
        return found if isinstance(found, type(empty)) else empty

    def _told(self) -> dict[str, Any]:
        """All that the file says; nothing where there is none.

        Raises:
            OSError: there is one that cannot be read, or is damaged and cannot be set aside: not to be written over.
        """
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError:  # cut short or no JSON: kept for whoever wants to look, and begun anew
            self.path.replace(self.path.with_suffix(".damaged"))
            return {}
        return found if isinstance(found, dict) else {}

    def _write(self, **changed: Any) -> bool:  # noqa: ANN401  # JSON
        part = self.path.with_suffix(f".{os.getpid()}.part")
        with suppress(OSError):
            told = self._told() | changed
            part.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
            part.replace(self.path)
            return True
        return False


def _digest(path: str) -> str:
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        return ""
