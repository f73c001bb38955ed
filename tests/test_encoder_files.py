"""Laws of encoder files: what is written is read again, what does not fit is refused by name."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from impasto.engine import EncoderSpec, load_encoder, load_slim, save_encoder
from impasto.engine.encoder.files import METADATA_KEY
from impasto.spec import LAYERS

pytestmark = pytest.mark.usefixtures("one_thread")
Weights = dict[str, Tensor]
SMALL = EncoderSpec(
    "small", ("conv1_1", "relu1_1", "pool1", "conv2_1"), "avg", "replicate", 2.0, "bgr", (0.1, 0.2, 0.3), (1, 2, 3)
)
PICTURE = torch.rand(1, 3, 33, 46, generator=torch.Generator().manual_seed(2))


def small_weights() -> Weights:
    generator = torch.Generator().manual_seed(1)
    shapes = {
        "conv1_1.weight": (4, 3, 3, 3),
        "conv1_1.bias": (4,),
        "conv2_1.weight": (5, 4, 3, 3),
        "conv2_1.bias": (5,),
    }
    return {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A good encoder file."""
    save_encoder(tmp_path / "small.safetensors", SMALL, small_weights())
    return tmp_path / "small.safetensors"


def changed(known: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """With some values replaced; None leaves one out."""
    return {name: value for name, value in (known | change).items() if value is not None}


def rewritten(file: Path, description: dict[str, Any], weights: dict[str, Tensor | None]) -> Path:
    """The file with its description or weights changed."""
    known = {"format": 1} | {field.name: getattr(SMALL, field.name) for field in fields(SMALL)}
    told = json.dumps(changed(known, description))
    save_file(changed(load_file(file), weights), file, {METADATA_KEY: told})
    return file


def test_what_is_saved_is_loaded(file: Path) -> None:
    """Weights come back as the halves they were stored as, and the description word for word."""
    loaded = load_encoder(file)

    assert loaded.spec == SMALL
    for name, weight in small_weights().items():
        stored = loaded.get_parameter(f"steps.{name}")
        assert stored.dtype == torch.float32
        assert not stored.requires_grad
        assert torch.equal(stored, weight.half().float())


def test_single_precision_is_kept_on_demand(tmp_path: Path) -> None:
    """A file may hold fp32, to the bit."""
    save_encoder(tmp_path / "file", SMALL, small_weights(), torch.float32)

    found = load_encoder(tmp_path / "file")

    assert torch.equal(found.get_parameter("steps.conv1_1.weight"), small_weights()["conv1_1.weight"])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_full_disk_is_the_systems_own_error() -> None:
    """Who writes an encoder hears of it as of any other file."""
    with pytest.raises(OSError, match="No space left on device"):
        save_encoder(Path("/dev/full"), SMALL, small_weights())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "encoder file of format 2; this version reads format 1"),
        ({"pooling": "median"}, "pooling is 'median'; max and avg are understood"),
        ({"padding": "mirror"}, "padding is 'mirror'; zeros and replicate are understood"),
        ({"channel_order": "gbr"}, "channel_order is 'gbr'; rgb and bgr are understood"),
        ({"layers": ["conv1_1", "norm1"]}, "layers are named conv.*norm1"),
        ({"gamma": 2.2}, "unexpected keyword argument 'gamma'"),
        ({"name": None}, "'name'"),
        ({"layers": None}, "'layers'"),
        ({"mean": 0.5}, "'float' object is not iterable"),
    ],
)
def test_a_description_that_is_not_understood_is_refused(file: Path, change: dict[str, Any], message: str) -> None:
    """What a file says about itself is checked word by word, and the refusal names the file and the word."""
    with pytest.raises(ValueError, match=rf"small\.safetensors .*{message}"):
        load_encoder(rewritten(file, change, {}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"conv2_1.weight": None}, "weights of conv2_1 are missing"),
        ({"conv2_1.bias": None}, "weights of conv2_1 are missing"),
        ({"conv2_1.weight": torch.zeros(5, 3, 3, 3)}, r"conv2_1 has shape \(5, 3, 3, 3\), expected \(5, 4, 3, 3\)"),
        ({"conv2_1.bias": torch.zeros(6)}, r"conv2_1 has shape \(5, 4, 3, 3\), expected \(6, 4, 3, 3\)"),
    ],
)
def test_weights_that_do_not_fit_are_refused(file: Path, change: dict[str, Tensor | None], message: str) -> None:
    """A weight that is missing or of another shape is named, with the shape had and the shape needed."""
    with pytest.raises(ValueError, match=message):
        load_encoder(rewritten(file, {}, change))


@pytest.mark.parametrize("content", [b"", b"garbage", b"\xff" * 4096, b"PK\x03\x04 a zip"])
def test_garbage_is_refused(tmp_path: Path, content: bytes) -> None:
    """Bytes that are no safetensors file are refused under the file's name."""
    (tmp_path / "mine.safetensors").write_bytes(content)

    with pytest.raises(ValueError, match=r"mine\.safetensors is not a readable safetensors file"):
        load_encoder(tmp_path / "mine.safetensors")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_truncated_file_is_refused(file: Path, share: float) -> None:
    """A file cut short anywhere is refused, not read as far as it goes."""
    whole = file.read_bytes()
    file.write_bytes(whole[: int(share * len(whole))])

    with pytest.raises(ValueError, match=r"small\.safetensors is not a readable safetensors file"):
        load_encoder(file)


def test_a_file_of_somebody_elses_is_refused(tmp_path: Path) -> None:
    """Weights without our description are no encoder."""
    save_file(small_weights(), tmp_path / "other.safetensors")

    with pytest.raises(ValueError, match=r"other\.safetensors has no metadata under 'impasto\.encoder'"):
        load_encoder(tmp_path / "other.safetensors")


def test_a_description_that_is_no_json_is_refused(tmp_path: Path) -> None:
    """A broken description is refused under the file's name."""
    save_file(small_weights(), tmp_path / "odd.safetensors", {METADATA_KEY: "{"})

    with pytest.raises(ValueError, match=r"odd\.safetensors describes its encoder in a way unknown here"):
        load_encoder(tmp_path / "odd.safetensors")


def test_the_shipped_encoder_loads() -> None:
    """The encoder in the package is VGG-19's topology under its name and gives finite features."""
    slim = load_slim()

    features = slim(PICTURE, ["relu4_2", "relu5_1"])

    assert slim.spec.name == "vgg19-slim"
    assert set(LAYERS) == {layer for layer in slim.spec.layers if not layer.startswith("pool")}
    assert [tuple(f.shape[2:]) for f in features.values()] == [(4, 5), (2, 2)]
    assert all(f.isfinite().all() and f.max() > 0 for f in features.values())
