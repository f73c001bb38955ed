"""Encoder files: where weights come from and how they are written.

Knows safetensors files with our metadata, and the encoder in the package. Must not download anything, nor read other
people's formats: ``imagenet`` turns those into ours once. ``painting``, ``imagenet`` and ``training`` call it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from importlib.resources import as_file, files
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from impasto.engine.encoder import VGG, EncoderSpec

METADATA_KEY = "impasto.encoder"


def save_encoder(
    path: Path, spec: EncoderSpec, weights: Mapping[str, Tensor], dtype: torch.dtype = torch.float16
) -> None:
    """Writes weights and what they mean into one safetensors file."""
    metadata = {METADATA_KEY: json.dumps({"format": 1} | asdict(spec))}
    data = save({name: weight.to(dtype).contiguous() for name, weight in weights.items()}, metadata)
    path.write_bytes(data)  # not by safetensors, which tells a full disk by an exception of its own


def load_encoder(path: Path) -> VGG:
    """Reads an encoder file.

    Raises:
        ValueError: it is no safetensors file, not one of ours, or its weights do not fit its topology.
    """
    try:
        with safe_open(path, framework="pt") as file:
            description = (file.metadata() or {}).get(METADATA_KEY)
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # safe_open is no dict
    except (SafetensorError, OSError, ValueError) as error:  # not want of memory, which says nothing about the file
        raise ValueError(f"{path.name} is not a readable safetensors file: {error}") from error
    if description is None:
        raise ValueError(f"{path.name} has no metadata under {METADATA_KEY!r}: it is not an encoder file")
    try:
        spec = EncoderSpec.from_json(json.loads(description))
    except (KeyError, TypeError, ValueError) as error:  # a key too few, too many or of another kind; no JSON
        raise ValueError(f"{path.name} describes its encoder in a way unknown here: {error}") from error
    return VGG(spec, weights)


def load_slim() -> VGG:
    """The encoder that is shipped in the package: works at once, offline."""
    with as_file(files("impasto") / "encoders" / "vgg19-slim.safetensors") as path:
        return load_encoder(path)


def random_encoder(width: float = 1.0, seed: int = 0, **spec: str) -> VGG:
    """VGG-19's topology with seeded He-normal weights: for benchmarks and tests, where the values do not matter."""
    generator = torch.Generator().manual_seed(seed)
    described = EncoderSpec("random", **spec)  # type: ignore[arg-type]  # pooling and padding are the strings given
    weights, channels = {}, 3
    for name in described.convolutions:
        out = max(1, round((64, 128, 256, 512, 512)[int(name[4]) - 1] * width))
        deviation = (2 / (9 * channels)) ** 0.5
        weights[f"{name}.weight"] = torch.randn(out, channels, 3, 3, generator=generator) * deviation
        weights[f"{name}.bias"] = torch.zeros(out)
        channels = out
    return VGG(described, weights)
