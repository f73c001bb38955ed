"""What the codec's child judges by: refusals, and the limits that hold for a picture of any format and depth.

Knows headers and profiles, no library that decodes. Standard library only, and apart from ``codec``, whose face would
cost the child the import of asyncio. ``codec.__main__`` and ``deep`` beside it call it.
"""

from impasto.image import MAX_ICC_PROFILE_BYTES, MAX_SIDE


class Refused(Exception):
    """The file cannot be accepted: a reason for programs and a message for people, which names no path."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


def judge_size(width: int, height: int, max_pixels: int) -> None:
    """Refuses what is too large to be decoded."""
    if width * height > max_pixels:
        raise too_large(f"{width}x{height} = {width * height}", max_pixels)
    if max(width, height) > MAX_SIDE:
        raise Refused("SIDE_OUT_OF_RANGE", f"has a side of {max(width, height)} px; at most {MAX_SIDE} are allowed")


def too_large(had: str, max_pixels: int) -> Refused:
    """The refusal of a picture of `had` pixels."""
    return Refused("TOO_LARGE", f"has {had} pixels; at most {max_pixels} are allowed: make it smaller")


def fitting(profile: bytes, *, gray: bool) -> bytes:
    """The profile if it speaks of these channels, else nothing.

    Raises:
        Refused: it is larger than any header may hold.
    """
    if len(profile) > MAX_ICC_PROFILE_BYTES:
        had = f"has a colour profile of {len(profile)} bytes; at most {MAX_ICC_PROFILE_BYTES} are allowed"
        raise Refused("TOO_LARGE", f"{had}: convert it to sRGB")
    return profile if colour_space(profile) == (b"GRAY" if gray else b"RGB ") else b""


def colour_space(profile: bytes) -> bytes:
    """The four letters of an ICC profile's colour space; empty when it is no profile."""
    return profile[16:20] if profile[36:40] == b"acsp" else b""
