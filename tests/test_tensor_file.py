"""A safetensors file written as a stream: the library reads it, and finds what went in."""

from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from impasto.worker import tensor_file


def test_the_library_reads_what_was_written(tmp_path: Path) -> None:
    """Every type, scalars, empty ones, views that lie in pieces, more than one piece long; and the metadata."""
    generator = torch.Generator().manual_seed(1)
    random = torch.rand(3, 500, 301, generator=generator)
    tensors = {
        **{str(dtype): (random[0, :7, :5] * 200).to(dtype) for dtype in tensor_file.DTYPES},
        "scalar": torch.tensor(0.1),
        "whole number": torch.tensor(7),
        "empty": torch.empty(0, 3),
        "long": random,
        "in pieces": random.transpose(1, 2)[:, ::2],
        "with a gradient": random[:1].clone().requires_grad_(),
    }
    path = tmp_path / "state"
    checksum = tensor_file.write(path, dict(tensors), {"told": "\u00fc {}"})

    with safe_open(path, framework="pt") as file:
        assert file.metadata() == {"told": "\u00fc {}"}
        assert set(file.keys()) == set(tensors)
        for name, tensor in tensors.items():
            found = file.get_tensor(name)
            assert found.dtype == tensor.dtype
            assert torch.equal(found, tensor)
    assert checksum == tensor_file.checksum_of(path)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_type_that_has_no_name_is_a_fault_of_ours(tmp_path: Path) -> None:
    """Better than a state that cannot be read."""
    with pytest.raises(KeyError):
        tensor_file.write(tmp_path / "state", {"odd": torch.zeros(2, dtype=torch.complex64)}, {})
