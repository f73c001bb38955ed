"""The docker's texts in other languages: the catalogue has every text, and each translation all of it."""

import ast
import gettext
import string
from pathlib import Path

import pytest

import impasto_docker

PLUGIN = Path(impasto_docker.__file__).parent
LOCALE = PLUGIN / "locale"
LANGUAGES = sorted(path.name for path in LOCALE.iterdir() if path.is_dir())


def texts() -> set[str]:
    """All that the plug-in and the bridge have translated."""
    found = set()
    for path in [*PLUGIN.glob("*.py"), *(PLUGIN / "bridge").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("translated", "tr"):
                (argument,) = node.args
                if isinstance(argument, ast.Constant):
                    found.add(str(argument.value))
    return found


def entries(path: Path) -> dict[str, str]:
    """Texts and their translations in a .po or .pot file, as msgfmt reads it."""
    found: dict[str, str] = {}
    parts: dict[str, str] = {}
    for line in [*path.read_text(encoding="utf-8").splitlines(), 'msgid ""']:
        word, _, rest = line.partition(" ")
        if word == "msgid":
            found[parts.get("msgid", "")] = parts.get("msgstr", "")
            parts = {}
        if word in ("msgid", "msgstr"):
            parts[word], last = ast.literal_eval(rest), word
        elif line.startswith('"'):
            parts[last] += ast.literal_eval(line)
    return {text: translation for text, translation in found.items() if text}


def fields(text: str) -> set[str]:
    """What is put into a text."""
    return {name + form for _, name, form, _ in string.Formatter().parse(text) if name and form is not None}


def test_the_catalogue_has_every_text() -> None:
    """`make translations` was run after the last change of a text."""
    assert set(entries(LOCALE / "impasto_docker.pot")) == texts()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_is_whole(language: str) -> None:
    """What the plug-in reads is what the translator wrote: every text, with the same things put into it."""
    path = LOCALE / language / "LC_MESSAGES" / "impasto_docker.po"
    read = gettext.translation("impasto_docker", str(LOCALE), [language])
    written = entries(path)

    assert set(written) == texts()
    assert {text: read.gettext(text) for text in written} == written
    assert [text for text, translation in written.items() if fields(text) != fields(translation)] == []
