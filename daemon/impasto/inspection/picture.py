"""The user's picture as the network will see it, and everything that can be refused before that.

Knows files through ``photo`` and the decoding process, and the pixels' edge. Must not know layers' meaning or how
anything is drawn. The room's face calls it. Fields of violations are `picture`, `a`, `b`, `layers`, `folder`.
"""

import asyncio
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor

from impasto import codec, photo, pixels
from impasto.config import Config, Limits
from impasto.engine import VGG
from impasto.engine.pulse import steady
from impasto.errors import InvalidRequest, Violations
from impasto.image import fit_long_side
from impasto.method.defaults import defaults
from impasto.weights import Shelf
from impasto.worker import opening
from impasto.worker.studio import Picture, open_encoder

NARROW_WEIGHTS = 4_000_000  # VGG-19 has 13 million up to relu5_1, half its width a quarter of them


def load(encoder: str, data_dir: Path | None = None) -> VGG:
    """The encoder of that name; "auto" is what `stylize` would take. `data_dir` is the configured one if None.

    Raises:
        CannotServe: its weights are not here.
    """
    shelf = Shelf(data_dir or Config.load().data_dir)
    return open_encoder(shelf.resolve(encoder), shelf)


@contextmanager
def undivided(encoder: VGG) -> Iterator[None]:
    """While open, a narrow encoder runs on one thread; the process's setting comes back afterwards.

    Its passes over small crops are too short to be shared: on two busy cores, threads that waited for each other made
    a sheet of six layers take 57 s of processor time instead of 9.
    """
    threads = torch.get_num_threads()
    if sum(weight.numel() for weight in encoder.parameters()) < NARROW_WEIGHTS:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def chosen_layers(encoder: VGG, layers: Sequence[str], found: Violations) -> tuple[str, ...]:
    """The layers asked for, or those that style and content use, from the first to the deepest; notes unknown ones."""
    used = defaults(encoder.spec.name).weights
    wanted = tuple(layers) or (*used.style_layers, *used.content_layers)
    for name in dict.fromkeys(wanted):
        if name not in encoder.spec.layers:
            there = ", ".join(encoder.spec.layers)
            found.add("layers", f"has {name!r}; {encoder.spec.name} has {there}", "UNKNOWN_LAYER")
    return tuple(name for name in encoder.spec.layers if name in wanted)


def check_pictures(paths: Mapping[str, Path], size: int, needed: Mapping[str, int], found: Violations) -> None:
    """Notes every picture that is none, or at `size` smaller on a side than one of the layers needs (px by layer)."""
    layer = max(needed, key=lambda name: needed[name], default=None)
    for field, path in paths.items():
        try:
            header = photo.read_metadata(path, field=field)
        except InvalidRequest as error:
            found.found += error.violations
            continue
        width, height = _limited(header.width, header.height, size)
        if layer is not None and min(width, height) < needed[layer]:
            limited = "" if (width, height) == (header.width, header.height) else f" at size {size}"
            told = f"{layer} needs at least {needed[layer]} px on each side: give a larger one, or earlier layers"
            found.add(field, f"is {width}x{height} px{limited}; {told}", "TOO_SMALL")


def check_folder(folder: Path, found: Violations) -> None:
    """Notes a folder that cannot be made or written to."""
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    if not there.is_dir():
        found.add("folder", "cannot be a folder: a file is in its place", "NOT_A_FOLDER")
    elif not os.access(there, os.W_OK | os.X_OK):
        found.add("folder", "may not be written to by you; choose another", "NO_PERMISSION")


def open_picture(path: Path, size: int, field: str) -> Tensor:
    """The picture as (1, 3, H, W) in [0, 1], its long side at most `size` px; what is transparent has the mean colour.

    Raises:
        InvalidRequest: decoding found what the header did not tell.
    """
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as thread:
        raw, limit = Path(folder) / "samples", Limits().max_pixels
        # In a thread of its own, as a notebook's has an event loop already.
        header = thread.submit(lambda: asyncio.run(codec.decode(path, raw, max_pixels=limit, field=field))).result()
        picture = Picture(pixels.open_samples(raw, header), header, field)
        image, _ = opening.lent(picture, _limited(header.width, header.height, size), field, steady)
    return image.clamp(0, 1)


def _limited(width: int, height: int, size: int) -> tuple[int, int]:
    return fit_long_side(width, height, size) if max(width, height) > size else (width, height)
