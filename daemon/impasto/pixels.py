"""The edge between pictures and tensors: bit depth, alpha, transfer, gray or colour.

Knows raw samples (numpy) and float tensors. Must not know the network, jobs or files' formats. ``worker``'s paintings
call it. What is not painted keeps the very samples it had; nothing passes through 8 bits on the way.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from impasto.errors import InvalidRequest, Violations
from impasto.image import ImageHeader, PixelFormat, SampleType, Transfer

Samples = npt.NDArray[np.generic]

WHITE = {SampleType.U8: 255.0, SampleType.U16: 65535.0, SampleType.F16: 1.0, SampleType.F32: 1.0}
LUMA_RED, LUMA_BLUE = 0.2126, 0.0722  # ITU-R BT.709, the primaries of sRGB; green has the rest


def open_samples(path: Path, header: ImageHeader) -> Samples:
    """The raw samples of a blob, (H, W, C) in their own type, read from disk as they are needed."""
    return np.memmap(path, dtype=header.sample_type.dtype, mode="r", shape=header.shape)


def colour(samples: Samples, header: ImageHeader, field: str) -> Tensor:
    """The colours as perceptual RGB in [0, 1]: (1, 3, H, W) float32, alpha left out, gray repeated.

    Raises:
        InvalidRequest: a sample is infinite or not a number; names `field` and how many.
    """
    values = _unit(samples, header)
    if (bad := int((~torch.isfinite(values)).sum())) > 0:
        found = Violations()
        found.add(field, f"has {bad} samples that are infinite or not numbers; none are allowed", "NOT_FINITE")
        raise InvalidRequest(found.found)
    light, alpha = _split(values, header.pixel_format)
    if header.premultiplied_alpha and alpha is not None:
        light = torch.where(alpha > 0, light / alpha.clamp_min(1e-6), light)
    if header.transfer is Transfer.LINEAR:
        light = srgb_from_linear(light)
    return light.clamp(0, 1).expand(-1, 3, -1, -1).contiguous()


def opaque(samples: Samples, header: ImageHeader, field: str) -> Tensor:
    """Like `colour`, with transparent places filled by the mean of the opaque ones: what a style lends to nobody."""
    light = colour(samples, header, field)
    alpha = coverage(samples, header)
    if alpha is None or alpha.sum() == 0:
        return light
    mean = (light * alpha).sum((2, 3), keepdim=True) / alpha.sum()
    return light * alpha + mean * (1 - alpha)


def coverage(samples: Samples, header: ImageHeader) -> Tensor | None:
    """Alpha as (1, 1, H, W) in [0, 1], if the picture has any."""
    alpha = _split(_unit(samples, header), header.pixel_format)[1]
    return None if alpha is None else alpha.clamp(0, 1)


def mask(samples: Samples, header: ImageHeader) -> Tensor:
    """A picture's luminance times its alpha as (1, 1, H, W) in [0, 1]: white is to be painted, black is exactly 0."""
    light, alpha = _split(torch.nan_to_num(_unit(samples, header)), header.pixel_format)
    gray = light if light.shape[1] == 1 else luminance(light)
    return (gray if alpha is None or header.premultiplied_alpha else gray * alpha).clamp(0, 1)


def luminance(light: Tensor) -> Tensor:
    """(1, 3, H, W) to (1, 1, H, W); written so that a gray is itself to the bit."""
    red, green, blue = light[:, :1], light[:, 1:2], light[:, 2:]
    return green + LUMA_RED * (red - green) + LUMA_BLUE * (blue - green)


def samples_of(image: Tensor, header: ImageHeader, alpha: Tensor | None) -> Samples:
    """The picture as (H, W, C) samples of `header`'s kind.

    Args:
        image: (1, 3, H, W) perceptual RGB; what lies outside [0, 1] is clamped.
        header: of the result, its size that of the image.
        alpha: (1, 1, H, W) in [0, 1]; needed if the header has alpha.
    """
    light = image.detach().float().cpu().clamp(0, 1)
    if header.transfer is Transfer.LINEAR:
        light = linear_from_srgb(light)
    if header.pixel_format in (PixelFormat.GRAY, PixelFormat.GRAY_ALPHA):
        light = luminance(light)
    if header.pixel_format.has_alpha:
        assert alpha is not None
        light = torch.cat([light * alpha if header.premultiplied_alpha else light, alpha], 1)
    values = light[0].permute(1, 2, 0).numpy() * np.float32(WHITE[header.sample_type])
    if header.sample_type in (SampleType.U8, SampleType.U16):
        values = np.rint(values)
    return values.astype(header.sample_type.dtype)


def keep_unpainted(result: Samples, original: Samples, painted: Tensor) -> Samples:
    """`result` with the original's very samples where the mask (1, 1, H, W) is 0; all of the same size."""
    return np.where(painted[0, 0, :, :, None].numpy() == 0, original, result)


def keep_alpha(result: Samples, original: Samples, header: ImageHeader) -> Samples:
    """`result` with the very alpha samples that the original had (same size only)."""
    if header.pixel_format.has_alpha:
        result[..., -1] = original[..., -1]
    return result


def srgb_from_linear(light: Tensor) -> Tensor:
    """IEC 61966-2-1: light in [0, 1] to the perceptual scale."""
    light = light.clamp_min(0)
    return torch.where(light <= 0.0031308, light * 12.92, 1.055 * light.clamp_min(1e-8) ** (1 / 2.4) - 0.055)


def linear_from_srgb(value: Tensor) -> Tensor:
    """The inverse of `srgb_from_linear`."""
    return torch.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def _unit(samples: Samples, header: ImageHeader) -> Tensor:
    """(1, C, H, W) float32 with white at 1."""
    # A copy: the blob's own memory is read-only, which torch does not take.
    values = torch.from_numpy(np.array(samples, dtype=np.float32)) / WHITE[header.sample_type]
    return values.permute(2, 0, 1)[None].contiguous()


def _split(values: Tensor, pixel_format: PixelFormat) -> tuple[Tensor, Tensor | None]:
    return (values[:, :-1], values[:, -1:]) if pixel_format.has_alpha else (values, None)
