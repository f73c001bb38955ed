"""What a value of the configuration may be, and the words in which it is refused.

Knows types, bounds and shapes. Must not know which keys there are: ``config`` has one of these for each of its own.
"""

import contextlib
import ipaddress
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

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
class Listen(Key):
    """Where the daemon listens; nothing but the Unix socket is served, and the refusal says why."""

    def checked(self, value: object) -> str:
        """The word `unix`."""
        if value == "unix":
            return "unix"
        why = "this version has neither TLS nor tokens"
        who = "any user of this machine" if _is_loopback(str(value)) else "anybody who can reach this machine"
        raise ValueError(
            f"only 'unix' is served: at an address {who} could use the daemon and fetch its pictures, as {why}. From "
            "another machine, forward the socket: ssh -L LOCAL.sock:REMOTE.sock"
        )


def _is_loopback(value: str) -> bool:
    """Whether an address, with a port or without, leads back to this machine alone."""
    for host in (value, _host(value)):
        with contextlib.suppress(ValueError):
            return ipaddress.ip_address(host).is_loopback
    return _host(value) == "localhost"


def _host(address: str) -> str:
    try:
        return urlsplit(address if "//" in address else f"//{address}").hostname or ""
    except ValueError:  # half a bracket
        return ""


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


def listen(told: str) -> Mapping[str, Key]:
    """The metadata of the field that says where the daemon listens."""
    return {KEY: Listen(told)}
