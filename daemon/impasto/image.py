"""What a picture is outside the network: a header and tightly packed samples.

Knows the arithmetic of raw pictures (sizes in bytes, channels, limits), nothing of files, tensors or gRPC. Standard
library only, so that the command line, the front, the codec process and the worker can share it.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Self

from impasto.errors import Violations

MAX_ICC_PROFILE_BYTES = 4 * 1024 * 1024
MAX_SIDE = 1 << 20  # a side beyond this is a lie or a mistake; it also keeps products far below 2**63


class PixelFormat(Enum):
    """Which channels a pixel has, in their order in memory."""

    GRAY = "gray"
    GRAY_ALPHA = "gray_alpha"
    RGB = "rgb"
    RGBA = "rgba"

    @property
    def channels(self) -> int:
        """Samples per pixel, alpha included."""
        return {"gray": 1, "gray_alpha": 2, "rgb": 3, "rgba": 4}[self.value]

    @property
    def has_alpha(self) -> bool:
        """Whether the last channel is coverage."""
        return self in (PixelFormat.GRAY_ALPHA, PixelFormat.RGBA)


class SampleType(Enum):
    """How one sample is stored: little-endian, integers over their whole range, floats with 1.0 as white."""

    U8 = "u8"
    U16 = "u16"
    F16 = "f16"
    F32 = "f32"

    @property
    def size_bytes(self) -> int:
        """Bytes per sample."""
        return {"u8": 1, "u16": 2, "f16": 2, "f32": 4}[self.value]

    @property
    def white(self) -> float:
        """The sample that is white, and an opaque alpha."""
        return {"u8": 255.0, "u16": 65535.0, "f16": 1.0, "f32": 1.0}[self.value]

    @property
    def is_float(self) -> bool:
        """Whether samples may be beyond black and white, infinite, or no numbers."""
        return self in (SampleType.F16, SampleType.F32)

    @property
    def dtype(self) -> str:
        """The numpy name of the type, byte order included."""
        return {"u8": "|u1", "u16": "<u2", "f16": "<f2", "f32": "<f4"}[self.value]


class Transfer(Enum):
    """How sample values relate to light."""

    SRGB = "srgb"  # perceptual: the sRGB curve, or whatever the ICC profile says
    LINEAR = "linear"  # proportional to light, as GIMP's and Krita's linear layers are


@dataclass(frozen=True)
class ImageHeader:
    """Shape and meaning of a raw picture: rows from the top, no padding, `width*height*channels` samples."""

    width: int
    height: int
    pixel_format: PixelFormat = PixelFormat.RGB
    sample_type: SampleType = SampleType.U8
    transfer: Transfer = Transfer.SRGB
    premultiplied_alpha: bool = False
    icc_profile: bytes = b""

    @property
    def pixels(self) -> int:
        """Number of pixels."""
        return self.width * self.height

    @property
    def size_bytes(self) -> int:
        """Length of the packed samples in bytes."""
        return self.pixels * self.pixel_format.channels * self.sample_type.size_bytes

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, channels), as numpy stores it."""
        return self.height, self.width, self.pixel_format.channels

    def resized(self, width: int, height: int) -> Self:
        """The same kind of picture at another size."""
        return replace(self, width=width, height=height)

    def check(self, found: Violations, field: str, max_pixels: int) -> None:
        """Notes in `found` whatever of this header cannot be accepted, with the numbers had and allowed."""
        for name, side in (("width", self.width), ("height", self.height)):
            if not 1 <= side <= MAX_SIDE:
                found.add(f"{field}.{name}", f"is {side} px; 1 to {MAX_SIDE} are allowed", "SIDE_OUT_OF_RANGE")
        if self.pixels > max_pixels:
            had = f"{self.width}x{self.height} = {self.pixels} pixels"
            told = f"has {had}; at most {max_pixels} are allowed"
            found.add(field, told, "TOO_LARGE", actual=self.pixels, limit=max_pixels)
        if len(self.icc_profile) > MAX_ICC_PROFILE_BYTES:
            size, most = len(self.icc_profile), MAX_ICC_PROFILE_BYTES
            told = f"has {size} bytes; at most {most} are allowed"
            found.add(f"{field}.icc_profile", told, "TOO_LARGE", actual=size, limit=most)
        if self.premultiplied_alpha and not self.pixel_format.has_alpha:
            found.add(f"{field}.premultiplied_alpha", f"is set, but {self.pixel_format.value} has no alpha", "NO_ALPHA")

    def to_json(self) -> dict[str, Any]:
        """A JSON-able form, for frames between our own processes and for the store."""
        return {
            "width": self.width,
            "height": self.height,
            "pixel_format": self.pixel_format.value,
            "sample_type": self.sample_type.value,
            "transfer": self.transfer.value,
            "premultiplied_alpha": self.premultiplied_alpha,
            "icc_profile": self.icc_profile.hex(),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The inverse of `to_json`.

        Raises:
            KeyError, ValueError: the data did not come from `to_json`.
        """
        return cls(
            width=int(data["width"]),
            height=int(data["height"]),
            pixel_format=PixelFormat(data["pixel_format"]),
            sample_type=SampleType(data["sample_type"]),
            transfer=Transfer(data["transfer"]),
            premultiplied_alpha=bool(data["premultiplied_alpha"]),
            icc_profile=bytes.fromhex(data["icc_profile"]),
        )


def content_digest(header: ImageHeader, chunks: Iterable[bytes]) -> str:
    """SHA-256 of header and samples, as 64 hexadecimal digits: the same picture has the same wherever it is told."""
    digest = hashlib.sha256(json.dumps(header.to_json(), sort_keys=True).encode())
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


def fit_long_side(width: int, height: int, long_side: int) -> tuple[int, int]:
    """The size whose longer side is `long_side` px and whose aspect is nearest to width:height, no side below 1 px."""
    scale = long_side / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))
