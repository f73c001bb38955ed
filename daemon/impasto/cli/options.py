"""What several commands share: option types, and refusals under the names that the user typed.

Knows click and our errors. Must not know what any command does. The commands beside it call it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from impasto.errors import InvalidRequest, Violation, Violations
from impasto.image import SampleType

ENCODERS = click.Choice(["auto", "vgg19", "vgg19-slim"])
OTHERS = "Options"
UNITS = {f"{letter}{i}B": (1024 if i else 1000) ** power for power, letter in enumerate("KMGT", 1) for i in ("", "i")}


class Grouped(click.Option):
    """An option that stands under a heading of its own in the help."""

    def __init__(self, *names: Any, group: str = OTHERS, **attributes: Any) -> None:  # noqa: ANN401  # click's own
        super().__init__(*names, **attributes)
        self.group = group


class GroupedCommand(click.Command):
    """A command whose help has its options by group, in the order of each group's first."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes one section for each group; --help and its like come last."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx) if isinstance(parameter, click.Option) else None
            if record is not None:
                groups.setdefault(getattr(parameter, "group", OTHERS), []).append(record)
        for group, records in sorted(groups.items(), key=lambda item: item[0] == OTHERS):
            with formatter.section(group):
                formatter.write_dl(records)


class Mebibytes(click.ParamType):  # type: ignore[type-arg]  # generic in the newest click alone
    """An amount of memory or disk with its unit, as 2GiB, 1500MiB or 4GB; in MiB."""

    name = "SIZE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:  # noqa: ANN401
        """Refuses what has no unit or is less than one MiB."""
        found = re.fullmatch(r"(\d+(?:\.\d+)?) ?([KMGT]i?B)", str(value))
        mebibytes = int(float(found[1]) * UNITS[found[2]]) >> 20 if found else 0
        if not mebibytes:
            self.fail(f"{value!r} is no amount; write it as 2GiB or 1500MiB", param, ctx)
        return mebibytes


@contextmanager
def named(names: Mapping[str, str]) -> Iterator[None]:
    """Errors about fields come out under the names that the user knows."""
    try:
        yield
    except InvalidRequest as error:
        raise error.renamed(names) from error


def all_of(checks: Iterable[Callable[[], None]]) -> None:
    """Makes every check; where some refuse, everything that they refuse is told at once."""
    found = Violations()
    for check in checks:
        try:
            check()
        except InvalidRequest as error:
            found.found += error.violations
    found.raise_if_any()


def check_written(
    option: str, path: Path, pictures: Mapping[str, Path], sample_type: SampleType = SampleType.U8
) -> None:
    """Refuses before work starts what could not be written, and what would replace one of the user's own pictures."""
    from impasto import photo as photos  # noqa: PLC0415

    with named({"destination": option}):
        photos.check_destination(path, sample_type)
    for name, picture in pictures.items():
        if path.resolve() == picture.resolve():
            raise InvalidRequest([Violation(option, f"would replace {name}; give another name", "WOULD_REPLACE")])
