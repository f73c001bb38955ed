"""Gatys' objective restated plainly, in float64, without a line of Impasto: what our engine is compared with.

Written after the authors' notebook (PytorchNeuralStyleTransfer, be6c8e2) and, for the guided Gram matrix, after Gatys
et al. 2017 (arXiv 1611.07865) section 3; VGG-19 at a sixteenth of its width with seeded weights, whose values do not
matter. `gatys.npz` beside it holds plain arrays: pictures, weights, and for each case of `CASES` every term of the loss
(float64) and the gradient to X (float32). Write it again with `python tests/golden/gatys.py`.
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

Arrays = dict[str, npt.NDArray[Any]]

FILE = Path(__file__).with_suffix(".npz")
# (name, filters at a sixteenth of the width); "M" is a pooling.
TABLE: tuple[tuple[str, int], ...] = (
    ("conv1_1", 4), ("conv1_2", 4), ("M", 0),
    ("conv2_1", 8), ("conv2_2", 8), ("M", 0),
    ("conv3_1", 16), ("conv3_2", 16), ("conv3_3", 16), ("conv3_4", 16), ("M", 0),
    ("conv4_1", 32), ("conv4_2", 32), ("conv4_3", 32), ("conv4_4", 32), ("M", 0),
    ("conv5_1", 32),
)  # fmt: skip
STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
IMAGENET: dict[str, Any] = {"order": "rgb", "scale": 1.0, "mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
CAFFE: dict[str, Any] = {"order": "bgr", "scale": 255.0, "mean": (103.939, 116.779, 123.68), "std": (1.0, 1.0, 1.0)}
PLAIN: dict[str, Any] = {"content": 1.0, "style": 1.0, "tv": 0.0, "per_layer": (1.0,) * 5, "guided": False}

CASES: dict[str, dict[str, Any]] = {
    "max_zeros": PLAIN | IMAGENET | {"pool": "max", "pad": "zeros"},
    "avg_replicate": PLAIN | IMAGENET | {"pool": "avg", "pad": "replicate"},
    "guided": PLAIN | IMAGENET | {"pool": "max", "pad": "zeros", "guided": True},
    "weighted_caffe": CAFFE
    | {"pool": "avg", "pad": "zeros", "content": 7e6, "style": 3.0, "tv": 5e9}
    | {"per_layer": (0.5, 2.0, 0.0, 1.0, 0.25), "guided": False},
}


def inputs() -> Arrays:
    """Pictures of 8 bits, a noisy X, a mask of 8 bits with soft and empty places, weights that fit 16 bits."""
    random = np.random.RandomState(19)  # the only numpy generator whose stream is promised for ever
    y, x = np.mgrid[0:48, 0:40]
    content = 120 + 60 * np.sin(x / 7)[None] + 50 * np.cos(y / 5 + np.arange(3)[:, None, None])
    style = random.randint(0, 256, (3, 10, 14)).repeat(4, 1).repeat(4, 2)
    content, style = np.clip(content, 0, 255).astype(np.uint8), style.astype(np.uint8)
    noisy = (content / 255 + 0.15 * random.randn(3, 48, 40)).astype(np.float32)
    mask = (np.clip(x / 20 - 0.4, 0, 1) * 255).astype(np.uint8)
    found: Arrays = {"content": content, "style": style, "x": noisy, "mask": mask}
    channels = 3
    for name, filters in TABLE:
        if name != "M":
            scale = (2 / (9 * channels)) ** 0.5
            found[f"{name}.weight"] = (scale * random.randn(filters, channels, 3, 3)).astype(np.float16)
            found[f"{name}.bias"] = (0.1 * random.randn(filters)).astype(np.float16)
            channels = filters
    return found


def features(image: Tensor, arrays: Arrays, case: dict[str, Any]) -> dict[str, Tensor]:
    """Every relu of VGG-19 up to relu5_1."""
    order = [0, 1, 2] if case["order"] == "rgb" else [2, 1, 0]
    h = image[:, order] * case["scale"] - torch.tensor(case["mean"], dtype=torch.float64)[:, None, None]
    h = h / torch.tensor(case["std"], dtype=torch.float64)[:, None, None]
    found = {}
    for name, _ in TABLE:
        if name == "M":
            h = F.max_pool2d(h, 2, 2) if case["pool"] == "max" else F.avg_pool2d(h, 2, 2)
            continue
        weight, bias = (torch.from_numpy(arrays[f"{name}.{part}"]).double() for part in ("weight", "bias"))
        h = F.pad(h, (1, 1, 1, 1), mode="constant" if case["pad"] == "zeros" else "replicate")
        h = F.conv2d(h, weight, bias).clamp(min=0)
        found[name.replace("conv", "relu")] = h
    return found


def gram(activation: Tensor, guide: Tensor | None) -> Tensor:
    """G = F F^T / N, of T o F where there is a guide T with mean square 1."""
    matrix = activation[0].reshape(activation.shape[1], -1)
    if guide is not None:
        matrix = matrix * (guide / guide.pow(2).mean().sqrt()).reshape(1, -1)
    return torch.mm(matrix, matrix.t()) / matrix.shape[1]


def guide_at(mask: npt.NDArray[Any], height: int, width: int) -> Tensor:
    """T before it is normalised: the root of the mask, shrunk by the mean of blocks."""
    blocks = (mask / 255).reshape(height, mask.shape[0] // height, width, mask.shape[1] // width)
    return torch.from_numpy(np.sqrt(blocks.mean((1, 3))))


def case_of(arrays: Arrays, case: dict[str, Any]) -> Arrays:
    """The terms and the gradient of one case."""
    content, style = (torch.from_numpy(arrays[name] / 255)[None] for name in ("content", "style"))
    x = torch.from_numpy(arrays["x"]).double()[None].requires_grad_()
    f, c, s = features(x, arrays, case), features(content, arrays, case), features(style, arrays, case)
    content_loss = case["content"] * torch.mean((f["relu4_2"] - c["relu4_2"]) ** 2)
    style_losses = []
    for name, weight in zip(STYLE_LAYERS, case["per_layer"], strict=True):
        guide = guide_at(arrays["mask"], *f[name].shape[2:]) if case["guided"] else None
        difference = gram(f[name], guide) - gram(s[name], None)
        style_losses.append(case["style"] * weight * 1e3 / f[name].shape[1] ** 2 * torch.mean(difference**2))
    variation = torch.mean((x[..., 1:, :] - x[..., :-1, :]) ** 2) + torch.mean((x[..., 1:] - x[..., :-1]) ** 2)
    variation = case["tv"] * variation
    torch.stack([content_loss, *style_losses, variation]).sum().backward()
    assert x.grad is not None
    return {
        "content": content_loss.detach().numpy(),
        "style": torch.stack(style_losses).detach().numpy(),
        "tv": variation.detach().numpy(),
        "gradient": x.grad[0].numpy(),
    }


def golden() -> Arrays:
    """Everything that the file holds."""
    arrays = inputs()
    for name, case in CASES.items():
        found = case_of(arrays, case)
        found["gradient"] = found["gradient"].astype(np.float32)
        arrays |= {f"{name}/{key}": value for key, value in found.items()}
    return arrays


if __name__ == "__main__":
    np.savez_compressed(FILE, **golden())  # type: ignore[arg-type]  # its stub takes any array for allow_pickle
