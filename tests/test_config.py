"""Configuration: what counts more wins, and what cannot be meant is refused with where it came from."""

import json
import re
from collections.abc import Mapping
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from harness import Home
from impasto.config import KEYS, Config, write_key
from impasto.errors import InvalidRequest
from impasto.keys import Number

NUMBERS = {name: key for name, key in KEYS.items() if isinstance(key, Number)}


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
    texts = {"weights_url": "https://mirror.example/file.pth", "weights_sha256": "0123abcd", "log_format": "text"}
    texts["client_weights"] = "krita=2,b=0.5"
    numbers = {name: f"{max(key.least, 7):g}" for name, key in NUMBERS.items()}
    folders |= {"server_dir": str(tmp_path / "server")}
    texts |= {"tls_certificate": "/tls/c.pem", "tls_key": "/tls/k.pem", "server": "studio.example:7842"}
    texts |= {"pool": "ray", "ray_address": "head.example:6379", "ray_token_file": "/ray/token"}
    values = folders | texts | numbers | {"listen": "unix"}
    assert set(values) == set(KEYS)
    from_environment = loaded(file, None, **{f"IMPASTO_{name.upper()}": value for name, value in values.items()})

    file.write_text(
        "".join(f"{name} = {value if name in NUMBERS else repr(value)}\n" for name, value in values.items())
    )

    assert loaded(file) == from_environment
    assert from_environment.runtime_dir == tmp_path / "run"
    assert {name: type(getattr(from_environment, name)) for name in NUMBERS} == {
        name: key.kind for name, key in NUMBERS.items()
    }


def test_the_environment_may_hold_other_variables_of_ours(file: Path) -> None:
    """A variable that names no setting is somebody else's business."""
    assert loaded(file, IMPASTO_NO_SKIP="1", IMPASTO_LIMITS="0", PATH="/bin") == Config()


def test_weights_of_clients_are_names_and_numbers(file: Path) -> None:
    """As many as there are; none at first; what is no list of names and numbers is refused."""
    assert loaded(file).weights == {}
    assert loaded(file, None, IMPASTO_CLIENT_WEIGHTS="krita=2,render-7=0.5,idle=0").weights == {
        "krita": 2.0,
        "render-7": 0.5,
        "idle": 0.01,
    }
    for bad in ("krita", "krita=", "=2", "krita=-1", "krita=2,", "a=1;b=2"):
        (told,) = refusals(file, None, IMPASTO_CLIENT_WEIGHTS=bad).values()
        assert told == f"is {bad!r}; names and numbers are needed, like render=0.5,krita=2"


def test_unknown_names_are_refused_with_the_nearest_one(file: Path) -> None:
    """A misspelt key in the file or a flag is told with what was probably meant, all of them at once."""
    file.write_text("thread = 1\nlimits = 3\nData-Dir = '/x'\n")
    told = refusals(file)

    assert set(told) == {"config.toml: thread", "config.toml: limits", "config.toml: Data-Dir"}
    assert told["config.toml: thread"] == "is unknown; did you mean threads?"
    assert told["config.toml: Data-Dir"] == "is unknown; did you mean data_dir?"
    assert "known are blob_hours, client_weights, data_dir, " in told["config.toml: limits"]
    file.unlink()
    assert set(refusals(file, {"gpu": 1})) == {"flags: gpu"}


@pytest.mark.parametrize(("name", "least", "most"), [(name, key.least, key.most) for name, key in NUMBERS.items()])
def test_numbers_are_held_against_their_bounds(name: str, least: float, most: float, file: Path) -> None:
    """The bounds themselves are allowed; what lies beyond, is infinite or is no number is refused."""
    variable = f"IMPASTO_{name.upper()}"

    assert getattr(loaded(file, None, **{variable: str(least)}), name) == least
    assert getattr(loaded(file, None, **{variable: str(most)}), name) == most
    for bad in (str(least - 1), str(most + 1), "nan", "inf", "-inf", "", "four", "0x10", "1e999"):
        (told,) = refusals(file, None, **{variable: bad}).items()
        assert told[0] == f"environment: {name}"
        assert re.match(rf"is {bad!r}; a (whole )?number from {int(least)} to {int(most)} is needed", told[1])


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


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ("0.0.0.0:50051", "0.0.0.0:50051"),
        ("studio.example", "studio.example:7842"),
        ("[::1]:1", "[::1]:1"),
        ("::1", "[::1]:7842"),
        ("127.0.0.1:0", "127.0.0.1:0"),
        ("unix", "unix"),
    ],
)
def test_where_to_listen_is_an_address_or_the_word_for_the_socket(told: str, read: str, file: Path) -> None:
    """With a port or without; whether it may be served is for the daemon to say, which knows certificate and tokens."""
    assert loaded(file, {"listen": told}).listen == read


@pytest.mark.parametrize(
    "bad", ["", "local", ":1", "a b", "host:99999", "host:-1", "tcp://127.0.0.1:1", "[::1", "[zz]:1", "1:2:3"]
)
def test_what_is_no_address_is_refused_with_what_is_needed(bad: str, file: Path) -> None:
    """The word for this machine is among it."""
    if bad != "local":  # a host may have that name
        told = refusals(file, {"listen": bad})["flags: listen"]
        assert "or 'unix' for this machine alone" in told
    assert loaded(file, {"server": "local"}).elsewhere is False
    assert loaded(file, {"server": "studio.example"}).elsewhere is True


def test_one_key_is_written_and_taken_out_and_nothing_else_changes(file: Path) -> None:
    """Other lines, comments and tables stay as they are; a file that is broken is not touched."""
    environment = {"IMPASTO_CONFIG": str(file)}
    write_key("server", "a.example:1", environment)
    assert file.read_text() == 'server = "a.example:1"\n'
    file.write_text('# server = "x"\nthreads = 2\n server  = "old.example"\n')
    write_key("server", "b.example:2", environment)
    assert file.read_text() == 'server = "b.example:2"\n# server = "x"\nthreads = 2\n'
    assert loaded(file).server == "b.example:2"
    write_key("server", None, environment)
    assert file.read_text() == '# server = "x"\nthreads = 2\n'
    file.write_text("threads = ")
    with pytest.raises(InvalidRequest):
        write_key("server", "c.example", environment)
    assert file.read_text() == "threads = "


def test_each_value_knows_where_it_came_from(file: Path) -> None:
    """File, environment or flags; what is nowhere is a default; two configurations with equal values are equal."""
    file.write_text("threads = 1\nnice = 1\nblob_hours = 24\n")

    config = loaded(file, {"threads": 3, "data_dir": None}, IMPASTO_NICE="2")

    assert config.origins == {"threads": "flags", "nice": "environment", "blob_hours": "config.toml"}
    assert config == Config(threads=3, nice=2)


def test_the_command_prints_every_key(home: Home) -> None:
    """Each with value, default, source and what it is; for programs, too."""
    (home.path / "config.toml").write_text("nice = 3\n")
    home.environment |= {"IMPASTO_CONFIG": str(home.path / "config.toml"), "IMPASTO_THREADS": "2"}
    rows = {row["key"]: row for row in json.loads(home.run("config", "--json").stdout)["keys"]}
    text = home.run("config").stdout

    assert list(rows) == list(KEYS)
    assert [rows["nice"][name] for name in ("value", "default", "source")] == [3, 10, "config.toml"]
    assert [rows["threads"][name] for name in ("value", "default", "source")] == [2, 0, "environment"]
    assert [rows["log_format"][name] for name in ("value", "source")] == ["auto", "default"]
    assert "nice = 3  (default 10, from config.toml)" in text
    assert all(key.told in text for key in KEYS.values())


def test_the_example_is_a_file_of_all_defaults(home: Home) -> None:
    """With every line of it uncommented nothing changes."""
    example = home.run("config", "--example").stdout
    (home.path / "all.toml").write_text(re.sub(r"(?m)^# (\w+ = )", r"\1", example))
    home.environment["IMPASTO_CONFIG"] = str(home.path / "all.toml")
    rows = json.loads(home.run("config", "--json").stdout)["keys"]

    assert {row["source"] for row in rows} == {"config.toml", "environment"}
    assert all(row["value"] == row["default"] for row in rows if row["source"] == "config.toml")


def test_a_misspelt_key_stops_every_command(home: Home) -> None:
    """It is told in one line, with exit code 2."""
    (home.path / "config.toml").write_text("nise = 3\n")
    home.environment["IMPASTO_CONFIG"] = str(home.path / "config.toml")
    done = home.run("status")

    assert done.returncode == 2
    assert done.stderr == "impasto: config.toml: nise: is unknown; did you mean nice?\n"
