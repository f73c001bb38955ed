"""Configuration: what counts more wins, and what cannot be meant is refused with where it came from."""

import re
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest

from impasto.config import NUMBERS, TEXTS, Config
from impasto.errors import InvalidRequest


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the configuration file of a test may be."""
    return tmp_path / "config.toml"


def loaded(file: Path, flags: Mapping[str, object] | None = None, **environment: str) -> Config:
    """What is read with that file, that environment and those flags, and nothing of the machine's own."""
    return Config.load(flags, {"IMPASTO_CONFIG": str(file)} | environment)


def refusals(file: Path, flags: Mapping[str, object] | None = None, **environment: str) -> dict[str, str]:
    """What is wrong, by where it stands; all of one reason."""
    with pytest.raises(InvalidRequest) as caught:
        loaded(file, flags, **environment)
    assert {violation.reason for violation in caught.value.violations} == {"CONFIG_INVALID"}
    return {violation.field: violation.description for violation in caught.value.violations}


def test_without_anything_the_defaults_hold(file: Path) -> None:
    """No file and an empty environment are no error."""
    assert loaded(file) == Config()


def test_file_environment_and_flags_win_in_this_order(file: Path) -> None:
    """Defaults < file < environment < flags, each name on its own."""
    file.write_text("threads = 1\nnice = 1\nblob_hours = 1.5\n")

    config = loaded(file, {"threads": 3, "nice": None}, IMPASTO_THREADS="2", IMPASTO_NICE="2")

    assert (config.threads, config.nice, config.blob_hours) == (3, 2, 1.5)
    assert config.worker_silence_s == Config().worker_silence_s


def test_every_name_can_be_set_in_the_file_and_in_the_environment(file: Path, tmp_path: Path) -> None:
    """All names but the limits, on which clients rely, in both places, in the types that Config has."""
    folders = {"runtime_dir": str(tmp_path / "run"), "data_dir": str(tmp_path / "data")}
    texts = {"weights_url": "https://mirror.example/file.pth", "weights_sha256": "0123abcd"}
    values = folders | texts | dict.fromkeys(NUMBERS, "7")
    assert set(texts) == set(TEXTS)
    assert set(values) == {field.name for field in fields(Config)} - {"limits"}
    from_environment = loaded(file, None, **{f"IMPASTO_{name.upper()}": value for name, value in values.items()})

    file.write_text(
        "".join(f"{name} = {value if name in NUMBERS else repr(value)}\n" for name, value in values.items())
    )

    assert loaded(file) == from_environment
    assert from_environment.runtime_dir == tmp_path / "run"
    assert {name: type(getattr(from_environment, name)) for name in NUMBERS} == {
        name: kind for name, (kind, _, _) in NUMBERS.items()
    }


def test_the_environment_may_hold_other_variables_of_ours(file: Path) -> None:
    """A variable that names no setting is somebody else's business."""
    assert loaded(file, IMPASTO_NO_SKIP="1", IMPASTO_LIMITS="0", PATH="/bin") == Config()


def test_unknown_names_are_refused_with_the_known_ones(file: Path) -> None:
    """A misspelt setting in the file or a flag is told, all of them at once."""
    file.write_text("thread = 1\nlimits = 3\n")

    assert set(refusals(file)) == {"config.toml: thread", "config.toml: limits"}
    assert "known are blob_hours, data_dir, " in refusals(file)["config.toml: thread"]
    file.unlink()
    assert set(refusals(file, {"gpu": 1})) == {"flags: gpu"}


@pytest.mark.parametrize(("name", "least", "most"), [(name, low, high) for name, (_, low, high) in NUMBERS.items()])
def test_numbers_are_held_against_their_bounds(name: str, least: float, most: float, file: Path) -> None:
    """The bounds themselves are allowed; what lies beyond, is infinite or is no number is refused."""
    variable = f"IMPASTO_{name.upper()}"

    assert getattr(loaded(file, None, **{variable: str(least)}), name) == least
    assert getattr(loaded(file, None, **{variable: str(most)}), name) == most
    for bad in (str(least - 1), str(most + 1), "nan", "inf", "-inf", "", "four", "0x10", "1e999"):
        (told,) = refusals(file, None, **{variable: bad}).items()
        assert told[0] == f"environment: {name}"
        assert re.match(rf"is {bad!r}; a (whole )?number from {least:g} to {most:g} is needed", told[1])


@pytest.mark.parametrize("value", ["true", "1.5", "'many'", "[1]", "{a = 1}", "1979-05-27"])
def test_a_value_of_another_type_is_refused(value: str, file: Path) -> None:
    """The file's types are checked, too: a fraction or a truth value is no number of threads."""
    file.write_text(f"threads = {value}\n")

    assert set(refusals(file)) == {"config.toml: threads"}


@pytest.mark.parametrize("value", ["1", "true", "''", "['a']"])
def test_a_path_must_be_one(value: str, file: Path) -> None:
    """A folder's setting that is no text, or empty, is refused as that."""
    file.write_text(f"data_dir = {value}\n")

    assert refusals(file)["config.toml: data_dir"].endswith("; the path of a folder is needed")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("weights_url", "ftp://mirror.example/file.pth", "an address that begins with https://"),
        ("weights_url", "file:///etc/passwd", "an address that begins with https://"),
        ("weights_url", "", "an address that begins with https://"),
        ("weights_url", "https://name:secret@mirror.example/f", "an address that begins with https://"),
        ("weights_sha256", "dcbb", "8 to 64 digits"),
        ("weights_sha256", "DCBB9E9D", "8 to 64 digits"),
        ("weights_sha256", "0" * 65, "8 to 64 digits"),
    ],
)
def test_a_text_must_have_its_shape(name: str, value: str, told: str, file: Path) -> None:
    """What cannot be the address of a mirror, or a checksum, is refused with what is needed."""
    assert told in refusals(file, {name: value})[f"flags: {name}"]


@pytest.mark.parametrize("content", [b"threads = ", b"[", b"\xff\xfe", b"threads = 1\nthreads = 2\n"])
def test_a_file_that_is_no_toml_is_refused(content: bytes, file: Path) -> None:
    """A broken file is an error and not a reason to use the defaults."""
    file.write_bytes(content)

    assert refusals(file)["config.toml"].startswith("is no TOML file: ")


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """Neither is an unreadable one."""
    assert refusals(tmp_path)["config.toml"] == "cannot be read: Is a directory"


def test_reading_changes_nothing(file: Path, tmp_path: Path) -> None:
    """No folder is made, and what was read cannot be changed."""
    config = loaded(file, IMPASTO_RUNTIME_DIR=str(tmp_path / "run"), IMPASTO_DATA_DIR=str(tmp_path / "data"))

    assert list(tmp_path.iterdir()) == []
    with pytest.raises(FrozenInstanceError):
        config.threads = 2  # type: ignore[misc]


def test_the_socket_lives_in_the_sessions_own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where the session has a folder of its own, the daemon's is inside; elsewhere in the user's cache."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert Config().runtime_dir == tmp_path / "impasto"

    monkeypatch.delenv("XDG_RUNTIME_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert Config().runtime_dir == tmp_path / "cache" / "impasto" / "run"
