"""A safetensors file, written as a stream: every byte once, its checksum on the way.

Knows tensors and the format (a length of 8 bytes, a header as JSON, the bytes one after another). Must not know what
the tensors are. ``checkpoint`` writes by it and reads by the library, which checks every header. The library's own
writer makes a copy of all first, and a checksum had to read them again: of 282 MiB it took 0.19 to 0.73 s of a thread
and 0.05 for the sum, this takes 0.13 for both. A state is written every few seconds beside the work, and takes that
from it.
"""

import json
import os
import struct
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor
from xxhash import xxh3_64

ALIGNED_BYTES = 8  # of the header, so that what follows is aligned, too
PART_BYTES = 1 << 20
DTYPES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.bfloat16: "BF16",
    torch.float16: "F16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}


def write(path: Path, tensors: dict[str, Tensor], metadata: Mapping[str, str]) -> str:
    """Writes them, for this user alone; on the disk when it returns. Its checksum, as `checksum_of` tells it.

    Each leaves `tensors` once it is written, so that its memory is free if nobody else holds it.

    Raises:
        OSError: the disk is full or fails.
        KeyError: a tensor is of a type that has no name here.
    """
    checksum = xxh3_64()
    with path.open("wb") as file:
        path.chmod(0o600)
        with _beside_the_work(tensors.values()):
            for piece in _pieces(tensors, metadata):
                checksum.update(piece)
                file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return checksum.hexdigest()


def checksum_of(path: Path) -> str:
    """The file's XXH3 of 64 bits, in hexadecimal digits."""
    checksum = xxh3_64()
    with path.open("rb") as file:
        while data := file.read(PART_BYTES):
            checksum.update(data)
    return checksum.hexdigest()


_BESIDE: dict[torch.device, torch.cuda.Stream] = {}


def _beside_the_work(tensors: Iterable[Tensor]) -> AbstractContextManager[object]:
    """While open, tensors of a GPU come here beside whatever it computes, once they themselves are there.

    In the stream that the work is in, each would wait for the step under way, and the next step for it.
    """
    devices = {tensor.device for tensor in tensors if tensor.is_cuda}
    if not devices:
        return nullcontext()
    (device,) = devices  # a job has one
    if device not in _BESIDE:  # one for good: torch gives out 32 in turns, and another may be recording in its own
        _BESIDE[device] = torch.cuda.Stream(device)
    stream = _BESIDE[device]
    stream.wait_stream(torch.cuda.default_stream(device))
    return torch.cuda.stream(stream)


def _pieces(tensors: dict[str, Tensor], metadata: Mapping[str, str]) -> Iterator[bytes | memoryview]:
    """The file from its beginning to its end; of large types first, so that all are aligned."""
    names = sorted(tensors, key=lambda name: -tensors[name].element_size())
    yield _header({name: tensors[name] for name in names}, metadata)
    for name in names:
        yield from _parts(tensors.pop(name))


def _header(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> bytes:
    ends = [0]
    for tensor in tensors.values():
        ends.append(ends[-1] + tensor.nbytes)
    told: dict[str, object] = {"__metadata__": dict(metadata)}
    for (name, tensor), offsets in zip(tensors.items(), pairwise(ends), strict=True):
        told[name] = {"dtype": DTYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": offsets}
    text = json.dumps(told).encode()
    text += b" " * (-len(text) % ALIGNED_BYTES)
    return struct.pack("<Q", len(text)) + text


def _parts(tensor: Tensor) -> Iterator[memoryview]:
    """Its bytes when it is its turn, in pieces; without a copy where it lies in this machine's memory as a whole."""
    if not tensor.numel():
        return
    data = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data
    yield from (data[start : start + PART_BYTES] for start in range(0, len(data), PART_BYTES))
