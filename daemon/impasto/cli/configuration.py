"""The command `config`: every key with its value, its default, where the value came from and what it is.

Knows the configuration alone. What it prints with `--example` is a configuration file of all defaults.
"""

import json
from pathlib import Path
from typing import Any

import click

from impasto.config import ENVIRONMENT_PREFIX, KEYS, Config, config_file


@click.command("config")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--example", is_flag=True, help="A configuration file of all defaults, each explained.")
@click.pass_obj
def configuration(config: Config, as_json: bool, example: bool) -> None:  # noqa: FBT001  # click passes flags so
    """Tell every key of the configuration: value, default, where it came from."""
    rows = [_row(config, name) for name in KEYS]
    if as_json:
        print(json.dumps({"file": str(config_file()), "keys": rows}, indent=2))
    elif example:
        print(_example(rows))
    else:
        _show(rows)


def _row(config: Config, name: str) -> dict[str, Any]:
    value, default = (_plain(getattr(of, name)) for of in (config, Config()))
    source = config.origins.get(name, "default")
    return {"key": name, "value": value, "default": default, "source": source, "told": KEYS[name].told}


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value


def _toml(value: object) -> str:
    return json.dumps(value)  # numbers and basic strings are written alike in both


def _example(rows: list[dict[str, Any]]) -> str:
    lines = ["# Impasto's configuration: every key, with its default. Uncomment what is to be different."]
    for row in rows:
        lines += ["", f"# {row['told']}", f"# {row['key']} = {_toml(row['default'])}"]
    return "\n".join(lines)


def _show(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        changed = "" if row["source"] == "default" else f"  (default {_toml(row['default'])}, from {row['source']})"
        print(f"{row['key']} = {_toml(row['value'])}{changed}\n    {row['told']}")
    state = "is read" if config_file().exists() else "is not there"
    print(f"\n{config_file()} {state}; {ENVIRONMENT_PREFIX}THREADS=2 and its like count more, flags most.")
