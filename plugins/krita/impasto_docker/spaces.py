"""Colour spaces of Krita's layers: which travel as they are, what is said of their samples, and conversions by Krita.

RGBA and gray of any depth travel with their profile; others (CMYK, Lab, XYZ, YCbCr) are made RGBA floats of linear
light by Krita itself, through their own profile, in a document that nobody sees. Floats, because sRGB has no room for
every colour of a press. Knows Krita; must never know Impasto. Called by `document` and `placing`.
"""

from __future__ import annotations

import array
import contextlib
import struct
import tempfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from .binding import krita

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .binding import QByteArray

# What Krita calls depths, what travels, and bytes per sample.
DEPTHS = {"U8": ("u8", 1), "U16": ("u16", 2), "F16": ("f16", 2), "F32": ("f32", 4)}
PIXEL_FORMATS = {"RGBA": "rgba", "GRAYA": "gray_alpha"}
CHANNELS = {"RGBA": 4, "GRAYA": 2, "CMYKA": 5, "LABA": 4, "XYZA": 4, "YCBCRA": 4}  # alpha is the last of each
# Profiles that need not be sent: what they mean has a word.
SRGB = ("sRGB-elle-V2-srgbtrc.icc", "sRGB built-in", "Gray-D50-elle-V2-srgbtrc.icc")
LINEAR = ("sRGB-elle-V2-g10.icc", "Gray-D50-elle-V2-g10.icc")


class Space(NamedTuple):
    """A colour space as Krita names it: model, depth, profile."""

    model: str
    depth: str
    profile: str

    @property
    def native(self) -> bool:
        """Whether its samples travel as they are."""
        return self.model in PIXEL_FORMATS

    @property
    def channels(self) -> int:
        """Samples a pixel, alpha included."""
        return CHANNELS[self.model]

    @property
    def sample_bytes(self) -> int:
        """Bytes a sample."""
        return DEPTHS[self.depth][1]

    @property
    def pixel_bytes(self) -> int:
        """Bytes a pixel."""
        return self.channels * self.sample_bytes

    @property
    def swapped(self) -> bool:
        """Whether blue comes first: in integers only."""
        return self.model == "RGBA" and self.depth in ("U8", "U16")


BETWEEN = Space("RGBA", "F32", "sRGB-elle-V2-g10.icc")


def of(thing: Any) -> Space:  # noqa: ANN401  # a node or a document of Krita's
    """The colour space of a layer or of a document."""
    return Space(thing.colorModel(), thing.colorDepth(), thing.colorProfile())


def told(space: Space) -> dict[str, Any]:
    """What is said of samples in a space that is native: pixel format, sample type, transfer and profile."""
    header: dict[str, Any] = {"pixel_format": PIXEL_FORMATS[space.model], "sample_type": DEPTHS[space.depth][0]}
    if space.profile in LINEAR:
        header["transfer"] = "linear"
    elif space.profile not in SRGB:
        header["icc_profile"] = profile_bytes(space.model, space.profile)
    return header


def swapped(piece: bytes | bytearray | memoryview, sample_bytes: int) -> bytes:
    """Red and blue exchanged in whole pixels of four samples; the order of either side to the other."""
    samples = array.array("B" if sample_bytes == 1 else "H", bytes(piece))
    samples[0::4], samples[2::4] = samples[2::4], samples[0::4]
    return samples.tobytes()


@contextlib.contextmanager
def hidden(space: Space, width: int, height: int, samples: QByteArray | None = None) -> Iterator[Any]:
    """A document that nobody sees, with a layer of those samples, or an empty one, on top; gone afterwards."""
    document = krita.Krita.instance().createDocument(width, height, "Impasto", *space, 72.0)
    try:
        layer = document.createNode("layer", "paintlayer")
        document.rootNode().addChildNode(layer, None)
        if samples is not None:
            layer.setPixelData(samples, 0, 0, width, height)
        document.waitForDone()
        yield document
    finally:
        document.setModified(False)  # or it would ask
        document.close()


def converted(samples: QByteArray, size: tuple[int, int], before: Space, after: Space) -> QByteArray:
    """The same picture in another space, by Krita."""
    with hidden(before, *size, samples) as document:
        document.setColorSpace(*after)
        document.waitForDone()
        found: QByteArray = document.topLevelNodes()[-1].pixelData(0, 0, *size)
        return found


_profiles: dict[tuple[str, str], bytes] = {}


def profile_bytes(model: str, profile: str) -> bytes:
    """A profile's own bytes, empty where there is no way to them.

    Krita's scripts are told a profile's name alone; a PNG file that Krita writes has it inside. Any depth's will do.
    """
    known = _profiles.get((model, profile))
    if known is None:
        known = _profiles[model, profile] = _exported_profile(model, profile)
    return known


def _exported_profile(model: str, profile: str) -> bytes:
    wanted = krita.InfoObject()
    for name, value in {"saveSRGBProfile": True, "forceSRGB": False, "alpha": True, "compression": 1}.items():
        wanted.setProperty(name, value)
    with tempfile.TemporaryDirectory(prefix="impasto-") as folder:
        path = Path(folder) / "profile.png"
        with hidden(Space(model, "U8", profile), 16, 16) as document:
            document.setBatchmode(True)  # Krita's own signature
            document.exportImage(str(path), wanted)
        return png_profile(path.read_bytes()) if path.exists() else b""


def png_profile(data: bytes) -> bytes:
    """The ICC profile in a PNG file's bytes (PNG, third edition, §11.3.2.3); empty if it has none."""
    at = 8
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"iCCP":
            _, _, rest = data[at + 8 : at + 8 + length].partition(b"\0")
            return zlib.decompress(rest[1:])
        at += 12 + length
    return b""
