"""What a value of the configuration may be, and the words in which it is refused.

Knows types, bounds and shapes. Must not know which keys there are: ``config`` has one of these for each of its own.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from impasto.access.address import Address

KEY = "key"  # where a dataclass's field keeps its own, in its metadata


@dataclass(frozen=True)
class Key:
    """One key: what it is, for people; each kind of key is a subclass."""

    told: str

    def checked(self, value: object) -> object:
        """`value`, from a file, the environment or a flag, in the key's own type.

        Raises:
            ValueError: it cannot be meant; the message says what is needed.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class Number(Key):
    """A number with bounds."""

    kind: type[int] | type[float]
    least: float
    most: float

    def checked(self, value: object) -> float:
        """A number from `least` to `most`; from the environment it comes as text."""
        try:
            number = self.kind(str(value))  # always as text, so that neither 1.5 nor `true` is a whole number
        except ValueError:
            number = math.nan
        if not self.least <= number <= self.most:  # also True for NaN
            whole = "whole " if self.kind is int else ""
            raise ValueError(f"a {whole}number from {_plain(self.least)} to {_plain(self.most)} is needed")
        return number


def _plain(number: float) -> str:
    """As people write it, never 1e+07."""
    return str(int(number)) if number == int(number) else f"{number:g}"


@dataclass(frozen=True)
class Text(Key):
    """A text of a shape."""

    shape: str
    allowed: str

    def checked(self, value: object) -> str:
        """A text that fits `shape` from its beginning to its end."""
        if not isinstance(value, str) or not re.fullmatch(self.shape, value):
            raise ValueError(self.allowed)
        return value


@dataclass(frozen=True)
class Folder(Key):
    """The path of a folder."""

    def checked(self, value: object) -> Path:
        """An absolute path: the daemon leaves the folder that it was started in."""
        if not isinstance(value, str | Path) or not str(value):
            raise ValueError("the path of a folder is needed")
        return Path(value).expanduser().absolute()


@dataclass(frozen=True)
class File(Key):
    """The path of a file, or nothing."""

    def checked(self, value: object) -> str:
        """An absolute path, as text; empty means none."""
        if not isinstance(value, str | Path):
            raise ValueError("the path of a file is needed")
        return str(Path(value).expanduser().absolute()) if str(value) else ""


@dataclass(frozen=True)
class Place(Key):
    """Where something answers: a word that stands for this machine, or an address."""

    word: str

    def checked(self, value: object) -> str:
        """The word, or an address as it is written."""
        if value == self.word:
            return self.word
        try:
            return str(Address.read(str(value)))
        except ValueError as error:
            raise ValueError(f"{error}; or {self.word!r} for this machine alone") from error


def whole(least: int, most: int, told: str) -> Mapping[str, Key]:
    """The metadata of a field that holds a whole number."""
    return {KEY: Number(told, int, least, most)}


def number(least: float, most: float, told: str) -> Mapping[str, Key]:
    """The metadata of a field that holds a number."""
    return {KEY: Number(told, float, least, most)}


def text(shape: str, allowed: str, told: str) -> Mapping[str, Key]:
    """The metadata of a field that holds a text of that shape; `allowed` is the shape for people."""
    return {KEY: Text(told, shape, allowed)}


def choice(names: str, told: str) -> Mapping[str, Key]:
    """The metadata of a field that holds one of several words."""
    return text("|".join(names.split()), f"one of {', '.join(names.split())} is needed", told)


def folder(told: str) -> Mapping[str, Key]:
    """The metadata of a field that holds a folder."""
    return {KEY: Folder(told)}


def file(told: str) -> Mapping[str, Key]:
    """The metadata of a field that holds the path of a file, or nothing."""
    return {KEY: File(told)}


def place(word: str, told: str) -> Mapping[str, Key]:
    """The metadata of a field that holds an address, or a word for this machine."""
    return {KEY: Place(told, word)}
