"""ICC profiles: a picture's own colours to linear light of sRGB's primaries and back, in floats.

Knows profiles and arrays of floats; the arithmetic is Little CMS's, by way of imagecodecs, which unlike Pillow's has
floats. Must not know tensors, alpha, bit depths or files. ``pixels`` asks it for the conversion that a header needs.

Light is the meeting point because floats of it are not bounded: what sRGB cannot show lies below 0 or above 1 and comes
back from there. There and back, a profile of curves and a matrix (Adobe RGB, Display P3, ProPhoto, eciRGB) loses less
than 1e-6 of the range in grays, and 4e-4, a tenth of a step of 8 bits, in a black channel beside a full one; a curve
that is a table loses what it does not tell apart itself.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias, cast

import imagecodecs
import numpy as np
import numpy.typing as npt

from impasto.image import ImageHeader, PixelFormat, Transfer

Floats: TypeAlias = npt.NDArray[np.float32]
Doubles: TypeAlias = npt.NDArray[np.float64]

BAND_PIXELS = 1 << 20  # converted at a time, half a second's work: in between the caller may breathe
RELATIVE_COLORIMETRIC = 1  # ICC.1 §6.2: white to white, everything else as it is; the only intent that can be undone
ALIKE = 1 / 256  # a profile that differs from sRGB by less, everywhere, is sRGB in other words
CURVES = (b"rTRC", b"gTRC", b"bTRC", b"kTRC")
TABLES = (b"A2B", b"B2A", b"D2B", b"B2D")
MAX_TABLE = 1 << 16  # points of a curve
IDENTITY = b"curv" + bytes(8)  # ICC.1 §10.6: a curve of no points


def breathless() -> None:
    """What is called between bands unless somebody asks for more."""


@dataclass(frozen=True)
class Conversion:
    """Between the colours of one profile and light; `space` is its own: rgb or gray.

    `tables` are the profile's curves, channel by channel, where they are tables: Little CMS would round to their 16
    bits in light, which shows as bands in shadows. `profile` is straight then, and they are interpolated here.
    """

    profile: bytes
    space: str
    tables: tuple[Doubles, ...] = ()

    def to_light(self, values: Floats, breathe: Callable[[], None] = breathless) -> Floats:
        """(H, W, 3 or 1) in the profile's own scale to (H, W, 3) of light."""

        def do(band: Floats) -> Floats:
            for channel, table in enumerate(self.tables):
                band[..., channel] = np.interp(band[..., channel], np.linspace(0, 1, len(table)), table)
            return _transformed(band, self.profile, light(), self.space, "rgb")

        return _banded(values, 3, breathe, do)

    def from_light(self, values: Floats, breathe: Callable[[], None] = breathless) -> Floats:
        """The inverse of `to_light`."""

        def do(band: Floats) -> Floats:
            band = _transformed(band, light(), self.profile, "rgb", self.space)
            for channel, table in enumerate(self.tables):
                band[..., channel] = np.interp(band[..., channel], table, np.linspace(0, 1, len(table)))
            return band

        return _banded(values, 3 if self.space == "rgb" else 1, breathe, do)

    def __repr__(self) -> str:
        return f"<Conversion of {self.space} [a profile of {len(self.profile)} bytes, {len(self.tables)} tables]>"


def conversion(header: ImageHeader) -> Conversion | None:
    """What leads from the header's colours to light; None where they are sRGB's or the profile is of no use.

    A profile is of no use if it is damaged, of another colour space than the samples, or for one direction only (some
    scanners' are): such a picture counts as sRGB, as every editor takes it, and keeps its profile.
    """
    if not header.icc_profile:
        return None
    gray = header.pixel_format in (PixelFormat.GRAY, PixelFormat.GRAY_ALPHA)
    return _usable(header.icc_profile, "gray" if gray else "rgb", header.transfer)


@lru_cache(maxsize=8)
def _usable(profile: bytes, space: str, transfer: Transfer) -> Conversion | None:
    if profile[36:40] != b"acsp" or profile[16:20] != {"rgb": b"RGB ", "gray": b"GRAY"}[space]:
        return None
    linear = transfer is Transfer.LINEAR
    try:
        tables = () if linear else _tables(profile)
        found = Conversion(linearised(profile) if linear or tables else profile, space, tables)
        probe = _probe(1 if space == "gray" else 3)
        seen = found.to_light(probe)
        found.from_light(seen)
    except (ValueError, RuntimeError, struct.error):
        return None
    expected = probe if linear else _srgb_to_light(probe)
    return None if float(np.abs(_curved(seen) - _curved(expected)).max()) < ALIKE else found


@lru_cache(maxsize=1)
def light() -> bytes:
    """The profile of linear light with sRGB's primaries."""
    return linearised(imagecodecs.cms_profile("srgb"))


def linearised(profile: bytes) -> bytes:
    """The same primaries with samples proportional to light: its curves become straight, its tables are not looked at.

    This is what editors mean by a linear layer in a picture of that profile.

    Raises:
        ValueError: it has no curves.
        struct.error: it is damaged.
    """
    padded = profile + bytes(-len(profile) % 4)
    out, curves = bytearray(padded + IDENTITY), 0
    for at, name, _ in _tags(profile):
        if name in CURVES:
            struct.pack_into(">II", out, at + 4, len(padded), len(IDENTITY))
            curves += 1
        elif name[:3] in TABLES:
            out[at : at + 4] = b"none"
    if curves == 0:
        raise ValueError("the profile has no curves")
    struct.pack_into(">I", out, 0, len(out))
    return bytes(out)


def _tags(profile: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Of each tag: where it stands in the table of tags, its name, and where its data are."""
    for number in range(min(struct.unpack_from(">I", profile, 128)[0], 1000)):
        at = 132 + 12 * number
        name, where = struct.unpack_from(">4sI", profile, at)
        yield at, name, where


def _tables(profile: bytes) -> tuple[Doubles, ...]:
    """The curves of a profile without tables of colours, if they are tables themselves; else nothing."""
    tags = {name: where for _, name, where in _tags(profile)}
    found = []
    for name in (name for name in CURVES if name in tags):
        kind, count = struct.unpack_from(">4s4xI", profile, tags[name])
        if kind != b"curv" or not 2 <= count <= MAX_TABLE or any(tag[:3] in TABLES for tag in tags):
            return ()
        entries = np.frombuffer(profile, ">u2", count, tags[name] + 12) / 65535
        # Strictly rising, or there is no way back; where it was flat, by next to nothing.
        found.append((np.maximum.accumulate(entries) + 1e-7 * np.arange(count) / count).astype(np.float64))
    return tuple(found)


def _banded(values: Floats, channels: int, breathe: Callable[[], None], do: Callable[[Floats], Floats]) -> Floats:
    height, width = values.shape[:2]
    out = np.empty((height, width, channels), np.float32)
    rows = max(1, BAND_PIXELS // width)
    for top in range(0, height, rows):
        out[top : top + rows] = do(values[top : top + rows].copy())
        breathe()
    return out


def _transformed(values: Floats, profile: bytes, other: bytes, space: str, other_space: str) -> Floats:
    values = np.ascontiguousarray(values[..., 0] if space == "gray" else values)
    found = imagecodecs.cms_transform(
        values, profile, other, colorspace=space, outcolorspace=other_space, intent=RELATIVE_COLORIMETRIC
    )
    return cast("Floats", found.reshape(*found.shape[:2], -1))


def _probe(channels: int) -> Floats:
    """A lattice over all colours, or a ramp of grays: (N, 1, channels)."""
    steps = np.linspace(0, 1, 33 if channels == 1 else 6, dtype=np.float32)
    return np.stack(np.meshgrid(*[steps] * channels), -1).reshape(-1, 1, channels)


def _srgb_to_light(values: Floats) -> Floats:
    """IEC 61966-2-1, for values in [0, 1]."""
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4).astype(np.float32)


def _curved(values: Floats) -> Floats:
    """Light as the eye weighs it, near enough to compare by."""
    return np.asarray(np.maximum(values, 0) ** np.float32(1 / 2.4), np.float32)
