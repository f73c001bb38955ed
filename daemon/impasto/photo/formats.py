"""The formats, what each can hold, and how a refusal is worded.

Knows names and numbers. Standard library only. Reading and writing beside it share this.
"""

from impasto.errors import InvalidRequest, Unsupported, Violation
from impasto.image import SampleType

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".tif": "TIFF", ".tiff": "TIFF"}
DEPTHS = {
    "PNG": (SampleType.U8, SampleType.U16),
    "JPEG": (SampleType.U8,),
    "WEBP": (SampleType.U8,),
    "TIFF": tuple(SampleType),
}
DESTINATION = "destination"  # the field that refusals of a result's file name
MAX_DPI = 65_535  # what JPEG's two bytes hold


def refused(field: str, message: str, reason: str) -> InvalidRequest:
    """A refusal of one thing."""
    return InvalidRequest([Violation(field, message, reason)])


def check_depth(kind: str, sample_type: SampleType) -> None:
    """Refuses a format that would cut the samples.

    Raises:
        Unsupported: FORMAT_UNSUPPORTED.
    """
    if sample_type not in DEPTHS[kind]:
        holds = " and ".join(depth.value for depth in DEPTHS[kind])
        fitting = " or ".join(end for end in (".png", ".tif") if sample_type in DEPTHS[FORMATS[end]])
        told = f"is {kind}, in which {holds} is allowed, and the picture has {sample_type.value}: use {fitting}"
        raise Unsupported([Violation(DESTINATION, f"{told}, or ask for fewer bits", "FORMAT_UNSUPPORTED")])
