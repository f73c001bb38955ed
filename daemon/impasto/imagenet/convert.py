"""From somebody else's weights to our encoder file: read safely, checked by name and shape, cut, normalised.

Knows the two layouts in which VGG-19 travels, and what each network wants of a picture. Must not know the network or
the shelf. The room's face calls it, once per import and after the checksum; afterwards nobody parses a `.pth` again.
"""

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

import impasto
from impasto import gallery
from impasto.engine import EncoderSpec, normalise, save_encoder
from impasto.engine.encoder import VGG19_BLOCKS, VGG19_CHANNELS
from impasto.engine.memory import wants_memory
from impasto.errors import Corrupted

# Positions of VGG-19's convolutions up to conv5_1 in torchvision's `features`.
TORCHVISION_POSITIONS = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28)
# Caffe's own weights under torchvision's names (jcjohnson's vgg19-d01eb7cb.pth): only the checksum tells them apart.
CAFFE_UNDER_OTHER_NAMES = "d01eb7cb"

PICTURE_SIZE = (256, 192)
"""Of the gallery's pictures over which every filter's mean activation is made 1; all of them, with seed 0."""
LEAST = 0.1
"""No filter is amplified more than one of this share of its layer's median: a filter for fur has little to say about
pictures drawn by code, and would drown the others on a photograph. Not tried with the real weights."""


@dataclass(frozen=True)
class Origin:
    """Where a file came from, for its card: a server or a place, its SHA-256, and what that was compared with."""

    came_from: str
    sha256: str
    expected: str


@torch.no_grad()
def convert(path: Path, target: Path, origin: Origin) -> None:
    """Writes the encoder file `target` from the `.pth` file `path`.

    Raises:
        Corrupted: it holds something else than VGG-19's weights; says what was expected and what was found.
    """
    spec, found = _network(path, origin)
    # In single precision: half would lose what the forward pass, which decides the gradient, is exact about.
    save_encoder(target, spec, normalise(spec, found, _pictures(), least=LEAST), torch.float32)


def _network(path: Path, origin: Origin) -> tuple[EncoderSpec, dict[str, Tensor]]:
    """The thirteen convolutions under our names; the classifier, nine tenths of the file, is let go before they run."""
    state = _state_dict(path)
    names = _names(state)
    source, preprocessing = _preprocessing("features.0.weight" in state, origin.sha256)
    found = {f"{ours}.{part}": _tensor(state, f"{theirs}.{part}", _shape(ours, part)) for ours, theirs, part in names}
    return EncoderSpec("vgg19", card=_card(source, origin), **preprocessing), found


def _state_dict(path: Path) -> Mapping[str, Any]:
    """The tensors by name; torchvision's file is of 2017, before the zip format that alone can be mapped."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except Exception as error:  # pickle and torch raise whatever garbage leads them to
        if wants_memory(error):  # which says nothing about the file
            raise
        raise Corrupted("it is no file of weights that PyTorch can read safely", reason="NOT_WEIGHTS") from error
    if not isinstance(state, Mapping):
        told = f"weights by name are expected, and it holds a {type(state).__name__}"
        raise Corrupted(told, reason="NOT_WEIGHTS")
    return state


def _names(state: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """For each tensor: our convolution, the file's name for it, weight or bias.

    Raises:
        Corrupted: it has neither layout's first tensor.
    """
    ours = EncoderSpec("vgg19").convolutions
    if "features.0.weight" in state:
        theirs = tuple(f"features.{position}" for position in TORCHVISION_POSITIONS)
    elif "conv1_1.weight" in state:
        theirs = ours
    else:
        had = ", ".join(map(str, list(state)[:3])) or "nothing"
        expected = "'features.0.weight' (torchvision) or 'conv1_1.weight' (vgg_conv.pth) is expected"
        raise Corrupted(f"{expected}, and it begins with {had}", reason="NOT_VGG19")
    return [(our, their, part) for our, their in zip(ours, theirs, strict=True) for part in ("weight", "bias")]


def _shape(convolution: str, part: str) -> tuple[int, ...]:
    """What VGG-19 has there (Simonyan and Zisserman 2015, configuration E)."""
    widths = [width for width, count in zip(VGG19_CHANNELS, VGG19_BLOCKS, strict=True) for _ in range(count)]
    index = EncoderSpec("vgg19").convolutions.index(convolution)
    return (widths[index], widths[index - 1] if index else 3, 3, 3) if part == "weight" else (widths[index],)


def _tensor(state: Mapping[str, Any], name: str, shape: tuple[int, ...]) -> Tensor:
    """One tensor, checked.

    Raises:
        Corrupted: it is missing, of another shape, or holds what is no number.
    """
    tensor = state.get(name)
    if not isinstance(tensor, Tensor) or not tensor.is_floating_point():
        had = "is missing" if tensor is None else "holds no floating point numbers"
        raise Corrupted(f"{name} {had}; the shape {shape} is expected", reason="NOT_VGG19")
    if tuple(tensor.shape) != shape:
        raise Corrupted(f"{name} has the shape {tuple(tensor.shape)}, and {shape} is expected", reason="NOT_VGG19")
    wrong = int((~tensor.isfinite()).sum())
    if wrong:
        raise Corrupted(f"{name} holds {wrong} values that are infinite or no numbers", reason="NOT_VGG19")
    return tensor.float()


def _preprocessing(torchvisions_names: bool, sha256: str) -> tuple[str, dict[str, Any]]:  # noqa: FBT001
    """What the weights are, and how they want a picture; both networks pool by maxima and pad with zeros."""
    if torchvisions_names and not sha256.startswith(CAFFE_UNDER_OTHER_NAMES):
        return "torchvision (VGG19_Weights.IMAGENET1K_V1)", {}  # RGB in [0, 1], ImageNet's mean and deviation
    mean = (103.939, 116.779, 123.68)  # Simonyan and Zisserman's own network: BGR in [0, 255], no deviation
    return "Caffe (VGG_ILSVRC_19)", {"scale": 255.0, "channel_order": "bgr", "mean": mean, "std": (1.0, 1.0, 1.0)}


def _card(source: str, origin: Origin) -> dict[str, Any]:
    """How the weights came to be; without a date, so that the same file gives the same bytes."""
    width, height = PICTURE_SIZE
    return {
        "about": "VGG-19 to relu5_1, taught on ImageNet's photographs by others; cut and normalised here",
        "source": source,
        "came_from": origin.came_from,
        "sha256": origin.sha256,
        "compared_with": origin.expected,
        "normalised": f"every filter to mean activation 1 over {len(gallery.CONTENTS + gallery.STYLES)} pictures drawn "
        f"by code at {width}x{height} px (Gatys et al. 2015); amplified at most as one of {LEAST} of the median",
        "code": impasto.__version__,
        "torch": torch.__version__,
    }


def _pictures() -> Tensor:
    """The gallery, (b, 3, h, w) in [0, 1]."""
    width, height = PICTURE_SIZE
    drawn = [np.asarray(gallery.draw(name, width=width, height=height)) for name in gallery.CONTENTS + gallery.STYLES]
    return torch.from_numpy(np.stack(drawn)).permute(0, 3, 1, 2).float() / 255
