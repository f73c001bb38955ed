"""Runs many checks in one GIMP. This file runs inside GIMP, under GIMP's own Python; the host side is results.py.

A check is a function marked with the names that it shows: `@check("gimp.Image.width", "gimp.Image.height")`. Each
begins without images and with GIMP's context as it was, and ends as "works", as "refused" (NotImplementedError that
names what it refuses) or as "failed", with its traceback. Every answer is written at once: when GIMP dies, what it died
of is known.
"""

import functools
import importlib
import json
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

Check = Callable[[], None]
CHECKS: dict[str, Check] = {}


def check(*names: str) -> Callable[[Check], Check]:
    """Marks a function as showing `names`; the host reads the names from the source, so they are literals."""

    def mark(function: Check) -> Check:
        for name in names:
            if name in CHECKS:
                raise ValueError(f"two checks are named {name}")
            CHECKS[name] = function
        return function

    return mark


def refuses(kind: type[BaseException] | tuple[type[BaseException], ...], call: Callable[[], Any]) -> str:
    """The message of the exception that `call` raises, which must be of that kind."""
    try:
        call()
    except kind as error:
        return str(error)
    raise AssertionError(f"nothing was raised; {kind} was expected")


def is_later() -> bool:
    """Whether this is GIMP 3.2 or newer; within GIMP only."""
    from gi.repository import Gimp  # noqa: PLC0415  # the host reads this module, too

    return bool(Gimp.MINOR_VERSION >= 1)


def check_each(module: str, attribute: str) -> Callable[[Callable[[str], None]], Callable[[str], None]]:
    """Marks a function that takes a name as showing every name of a list elsewhere, which must not need GIMP."""

    def mark(function: Callable[[str], None]) -> Callable[[str], None]:
        for name in getattr(importlib.import_module(module), attribute):
            check(name)(functools.partial(function, name))
        return function

    return mark


def outcome(name: str, function: Check) -> tuple[str, str]:
    """What became of a check: a word and its detail."""
    try:
        function()
    except NotImplementedError as error:
        last = name.split(" ", maxsplit=1)[0].rpartition(".")[2]
        return ("refused", str(error)) if last in str(error) else ("failed", traceback.format_exc())
    except BaseException:  # a check may end in any way, SystemExit too: the others still run
        return "failed", traceback.format_exc()
    return "works", ""


def clean(gimp: Any) -> None:
    """Leaves GIMP without displays and images; pixels that still wait are written before what they belong to goes."""
    if "gimpfu._buffers" in sys.modules:
        sys.modules["gimpfu._buffers"].settle()
    for image in gimp.get_images():
        image.clean_all()
        image.delete()


def main(modules: list[str], wanted: list[str], answers: Path) -> None:
    """Runs the checks of `modules` that are `wanted`, a JSON line each in `answers`."""
    from gi.repository import Gimp  # noqa: PLC0415  # only GIMP's Python has it; the host reads this module, too

    for module in modules:
        importlib.import_module(module)
    became: dict[Check, tuple[str, str]] = {}  # a check that shows several names runs once
    with answers.open("a", encoding="utf-8") as out:
        for name in wanted:
            out.write(json.dumps({"name": name, "outcome": "begun"}) + "\n")
            out.flush()
            began = time.monotonic()
            function = CHECKS[name]
            if became.get(function, ("refused", ""))[0] == "refused":  # a refusal is to name each
                Gimp.context_push()
                became[function] = outcome(name, function)
                Gimp.context_pop()
                clean(Gimp)
            word, detail = became[function]
            answer = {"name": name, "outcome": word, "detail": detail, "seconds": round(time.monotonic() - began, 3)}
            out.write(json.dumps(answer) + "\n")
            out.flush()
    sys.stdout.flush()
