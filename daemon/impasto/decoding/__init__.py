"""What the codec's child judges by: refusals, and the limits that hold for a picture of any format and depth.

Knows headers and profiles, no library that decodes. Standard library only, and apart from ``codec``, whose face would
cost the child the import of asyncio. ``codec.__main__`` and ``deep`` beside it call it.
"""

from impasto.image import MAX_ICC_PROFILE_BYTES, MAX_SIDE


class Refused(Exception):
    """The file cannot be accepted: a reason for programs and a message for people, which names no path.

    Of what is too large `actual` and `limit` are how much it was and how much is allowed.
    """

    def __init__(self, reason: str, message: str, actual: int | None = None, limit: int | None = None) -> None:
        super().__init__(message)
        self.reason, self.message = reason, message
        self.actual, self.limit = actual, limit


def judge_size(width: int, height: int, max_pixels: int) -> None:
    """Refuses what is too large to be decoded."""
    if width * height > max_pixels:
        raise too_large(f"{width}x{height} = {width * height}", max_pixels, width * height)
    if max(width, height) > MAX_SIDE:
        raise Refused("SIDE_OUT_OF_RANGE", f"has a side of {max(width, height)} px; at most {MAX_SIDE} are allowed")


def too_large(had: str, max_pixels: int, actual: int | None = None) -> Refused:
    """The refusal of a picture of `had` pixels, `actual` if they are known."""
    told = f"has {had} pixels; at most {max_pixels} are allowed: make it smaller"
    return Refused("TOO_LARGE", told, actual, max_pixels)


def fitting(profile: bytes, *, gray: bool) -> bytes:
    """The profile if it speaks of these channels, else nothing.

    Raises:
        Refused: it is larger than any header may hold.
    """
    if len(profile) > MAX_ICC_PROFILE_BYTES:
        size, most = len(profile), MAX_ICC_PROFILE_BYTES
        told = f"has a colour profile of {size} bytes; at most {most} are allowed: convert it to sRGB"
        raise Refused("TOO_LARGE", told, size, most)
    return profile if colour_space(profile) == (b"GRAY" if gray else b"RGB ") else b""


def colour_space(profile: bytes) -> bytes:
    """The four letters of an ICC profile's colour space; empty when it is no profile."""
    return profile[16:20] if profile[36:40] == b"acsp" else b""
