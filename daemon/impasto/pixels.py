"""The edge between pictures and tensors: bit depth, alpha, profile, transfer, gray or colour, more light than white.

Knows raw samples (numpy) and float tensors. Must not know the network, jobs or files' formats. ``worker``'s paintings
call it. What is not painted keeps the very samples it had; nothing passes through 8 bits on the way.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from impasto import profiles
from impasto.errors import InvalidRequest, Violations
from impasto.image import ImageHeader, PixelFormat, SampleType, Transfer
from impasto.profiles import breathless

Samples = npt.NDArray[np.generic]
Breathe: TypeAlias = Callable[[], None]
Room: TypeAlias = Callable[..., Tensor]

BAND_PIXELS = 1 << 22  # of a picture at a time
MAX_HALF = 65504.0
SHOULDER = 0.1  # k of `compressed`
LUMA_RED, LUMA_BLUE = 0.2126, 0.0722  # ITU-R BT.709, the primaries of sRGB; green has the rest


def open_samples(path: Path, header: ImageHeader) -> Samples:
    """The raw samples of a blob, (H, W, C) in their own type, read from disk as they are needed."""
    return np.memmap(path, dtype=header.sample_type.dtype, mode="r", shape=header.shape)


def colour(
    samples: Samples, header: ImageHeader, field: str, breathe: Breathe = breathless, room: Room = torch.empty
) -> Tensor:
    """The colours as the network sees them: (1, 3, H, W) float32, alpha left out, gray repeated.

    That is perceptual RGB on the sRGB scale, whatever profile or transfer the samples have: [0, 1] for all that sRGB
    can show, beyond it for wider gamuts and light brighter than white, see `compressed`.

    Args:
        samples: (H, W, C), as `open_samples` gives them.
        header: theirs.
        field: what a refusal names.
        breathe: called every half a second, as a large picture with a profile takes minutes; may raise to stop.
        room: makes the array of that shape, float32, in which the colours are to lie.

    Raises:
        InvalidRequest: a sample is infinite or not a number; names `field` and how many.
    """
    light, bad = room(1, 3, header.height, header.width), 0
    for rows in _bands(header):
        values = _unit(samples[rows], header)
        bad += int((~torch.isfinite(values)).sum())
        if not bad:
            light[:, :, rows] = _perceived(values, header, breathe)
    if bad > 0:
        found = Violations()
        found.add(field, f"has {bad} samples that are infinite or not numbers; none are allowed", "NOT_FINITE")
        raise InvalidRequest(found.found)
    return light


def _perceived(values: Tensor, header: ImageHeader, breathe: Breathe) -> Tensor:
    """What `colour` says of some rows, from their samples with white at 1."""
    light, alpha = _split(values, header.pixel_format)
    if header.premultiplied_alpha and alpha is not None:
        light = torch.where(alpha > 0, light / alpha.clamp_min(1e-6), light)
    convert = profiles.conversion(header)
    if convert is not None:
        light = _tensor(convert.to_light(_array(light), breathe))
    if convert is not None or header.transfer is Transfer.LINEAR:
        light = srgb_from_linear(light)
    return compressed(light)


def opaque(
    samples: Samples, header: ImageHeader, field: str, breathe: Breathe = breathless, room: Room = torch.empty
) -> Tensor:
    """Like `colour`, with transparent places filled by the mean of the opaque ones: what a style lends to nobody."""
    light = colour(samples, header, field, breathe, room)
    alpha = coverage(samples, header, room)
    if alpha is None or alpha.sum() == 0:
        return light
    mean = _mean(light, alpha)
    for rows in _bands(header):
        light[:, :, rows] = light[:, :, rows] * alpha[:, :, rows] + mean * (1 - alpha[:, :, rows])
    return light


def shown(
    samples: Samples, header: ImageHeader, field: str, breathe: Breathe = breathless, room: Room = torch.empty
) -> Tensor:
    """Like `colour`, with the mean of what is seen where nothing is: colours hidden by alpha 0 are not the picture's.

    Unlike `opaque` it leaves thin places their own colour, which is what a result is made of.
    """
    light = colour(samples, header, field, breathe, room)
    alpha = coverage(samples, header, room)
    if alpha is None or alpha.sum() == 0:
        return light
    mean = _mean(light, alpha)
    for rows in _bands(header):
        light[:, :, rows] = torch.where(alpha[:, :, rows] > 0, light[:, :, rows], mean)
    return light


def _mean(light: Tensor, weight: Tensor) -> Tensor:
    size = max(1, BAND_PIXELS // light.shape[3])
    parts = zip(light.split(size, 2), weight.split(size, 2), strict=True)
    return torch.stack([(some * share).sum((2, 3), keepdim=True) for some, share in parts]).sum(0) / weight.sum()


def coverage(samples: Samples, header: ImageHeader, room: Room = torch.empty) -> Tensor | None:
    """Alpha as (1, 1, H, W) in [0, 1], if the picture has any; `room` as in `colour`."""
    if not header.pixel_format.has_alpha:
        return None
    alpha = room(1, 1, header.height, header.width)
    for rows in _bands(header):
        alpha[:, :, rows] = _unit(samples[rows, :, -1:], header).clamp(0, 1)
    return alpha


def mask(samples: Samples, header: ImageHeader, room: Room = torch.empty) -> Tensor:
    """A picture's luminance times its alpha as (1, 1, H, W) in [0, 1]: white is to be painted, black is exactly 0."""
    found = room(1, 1, header.height, header.width)
    for rows in _bands(header):
        light, alpha = _split(torch.nan_to_num(_unit(samples[rows], header)), header.pixel_format)
        gray = light if light.shape[1] == 1 else luminance(light)
        gray = gray if alpha is None or header.premultiplied_alpha else gray * alpha
        found[:, :, rows] = gray.clamp(0, 1)
    return found


def luminance(light: Tensor) -> Tensor:
    """(1, 3, H, W) to (1, 1, H, W); written so that a gray is itself to the bit."""
    red, green, blue = light[:, :1], light[:, 1:2], light[:, 2:]
    return green + LUMA_RED * (red - green) + LUMA_BLUE * (blue - green)


def samples_of(
    image: Tensor,
    header: ImageHeader,
    alpha: Tensor | None,
    reach: tuple[float, float] = (0.0, 1.0),
    breathe: Breathe = breathless,
) -> Samples:
    """The picture as (H, W, C) samples of `header`'s kind, in its own profile and transfer.

    Args:
        image: (1, 3, H, W) as `colour` makes it.
        header: of the result, its size that of the image.
        alpha: (1, 1, H, W) in [0, 1]; needed if the header has alpha.
        reach: the least and the greatest value that counts, see `reach_of`; what lies outside is clamped.
        breathe: as in `colour`.
    """
    light = expanded(image.detach().float().cpu().clamp(*reach))
    convert, gray = profiles.conversion(header), header.pixel_format in (PixelFormat.GRAY, PixelFormat.GRAY_ALPHA)
    if convert is not None or header.transfer is Transfer.LINEAR:
        light = linear_from_srgb(light)
    if gray:
        light = luminance(light)
    if convert is not None:
        light = _tensor(convert.from_light(_array(light.expand(-1, 3, -1, -1)), breathe))
    if header.pixel_format.has_alpha:
        assert alpha is not None
        light = torch.cat([light * alpha if header.premultiplied_alpha else light, alpha], 1)
    return _stored(_array(light), header.sample_type)


def _stored(values: npt.NDArray[np.float32], sample_type: SampleType) -> Samples:
    if sample_type in (SampleType.U8, SampleType.U16):
        values = np.rint(values.clip(0, 1) * np.float32(sample_type.white))
    elif sample_type is SampleType.F16:
        values = values.clip(-MAX_HALF, MAX_HALF)  # beyond it a half is infinite
    return values.astype(sample_type.dtype)


def reach_of(image: Tensor) -> tuple[float, float]:
    """The range that a result painted over `image` may have: black to white, and as far beyond as `image` goes."""
    return min(0.0, float(image.min())), max(1.0, float(image.max()))


def keep_unpainted(result: Samples, original: Samples, painted: Tensor) -> Samples:
    """`result` with the original's very samples where the mask (1, 1, H, W) is 0; all of the same size."""
    return np.where(painted[0, 0, :, :, None].numpy() == 0, original, result)


def keep_alpha(result: Samples, original: Samples, header: ImageHeader) -> Samples:
    """`result` with the very alpha samples that the original had (same size only)."""
    if header.pixel_format.has_alpha:
        result[..., -1] = original[..., -1]
    return result


def srgb_from_linear(light: Tensor) -> Tensor:
    """IEC 61966-2-1: light, 1 at white, to the perceptual scale; negative light as its mirror image (as scRGB does)."""
    size = light.abs()
    curved = torch.where(size <= 0.0031308, size * 12.92, 1.055 * size.clamp_min(1e-8) ** (1 / 2.4) - 0.055)
    return curved.copysign(light)


def linear_from_srgb(value: Tensor) -> Tensor:
    """The inverse of `srgb_from_linear`."""
    size = value.abs()
    return torch.where(size <= 0.04045, size / 12.92, ((size + 0.055) / 1.055) ** 2.4).copysign(value)


def compressed(value: Tensor) -> Tensor:
    """Tone mapping: what is beyond black or white, on the perceptual scale, is brought near; the rest stays itself.

    1 + k·ln(1 + (v - 1)/k) above white, mirrored below black: slope 1 at the joint, and logarithmic beyond it, as eyes
    and film are, so that an error of X stays in proportion to the light it is made in. White is the same value for
    every picture, an HDR content and a plain style speak of the same tones, and it can be undone: curves that approach
    a bound (Reinhard's, the filmic ones) have an inverse that explodes there. With k = 0.1, light of 16 times white
    is 1.3, of 1000 times 1.5, which is about as far from white as VGG-19's mean colour is.
    """
    if bool(((value >= 0) & (value <= 1)).all()):
        return value
    over, under = (value - 1).clamp_min(0), (-value).clamp_min(0)
    return value.clamp(0, 1) + SHOULDER * (torch.log1p(over / SHOULDER) - torch.log1p(under / SHOULDER))


def expanded(value: Tensor) -> Tensor:
    """The inverse of `compressed`."""
    if bool(((value >= 0) & (value <= 1)).all()):
        return value
    over, under = (value - 1).clamp_min(0), (-value).clamp_min(0)
    return value.clamp(0, 1) + SHOULDER * (torch.expm1(over / SHOULDER) - torch.expm1(under / SHOULDER))


def _bands(header: ImageHeader) -> Iterator[slice]:
    """Some rows at a time: a picture that is taken as a whole is in memory four times."""
    size = max(1, BAND_PIXELS // header.width)
    return (slice(first, min(first + size, header.height)) for first in range(0, header.height, size))


def _unit(samples: Samples, header: ImageHeader) -> Tensor:
    """(1, C, H, W) float32 with white at 1."""
    # A copy: the blob's own memory is read-only, which torch does not take.
    values = torch.from_numpy(np.array(samples, dtype=np.float32)) / header.sample_type.white
    return values.permute(2, 0, 1)[None].contiguous()


def _array(light: Tensor) -> npt.NDArray[np.float32]:
    """(1, C, H, W) to (H, W, C)."""
    return cast("npt.NDArray[np.float32]", light[0].permute(1, 2, 0).numpy())


def _tensor(light: npt.NDArray[np.float32]) -> Tensor:
    """(H, W, C) to (1, C, H, W)."""
    return torch.from_numpy(light).permute(2, 0, 1)[None].contiguous()


def _split(values: Tensor, pixel_format: PixelFormat) -> tuple[Tensor, Tensor | None]:
    return (values[:, :-1], values[:, -1:]) if pixel_format.has_alpha else (values, None)
