"""A job that finds less memory than was predicted: once more in smaller tiles, as a new attempt that says so."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from impasto.image import ImageHeader
from impasto.job import Terms
from impasto.spec import StyleUse, StylizeSpec
from impasto.weights import Shelf
from impasto.worker.__main__ import Worker
from impasto.worker.painting import Painting
from impasto.worker.studio import Studio

pytestmark = pytest.mark.usefixtures("one_thread")


class Heard:
    """The pipe to the front, as far as a worker needs it: what it says is remembered."""

    def __init__(self) -> None:
        self.said: list[dict[str, Any]] = []
        self.cancelled: dict[str, Any] = {}
        self.previews: dict[str, int] = {}

    def say(self, event: str, _payload: bytes = b"", **header: Any) -> None:
        """Remembers it."""
        self.said.append({"event": event, **header})

    def alive(self) -> None:
        """Nobody waits."""


@pytest.fixture
def started(tmp_path: Path) -> dict[str, Any]:
    """The verb that starts a job over a picture of 320 x 160 px."""
    header, style = ImageHeader(320, 160), ImageHeader(32, 32)
    random = np.random.default_rng(1)
    pictures = {}
    for field, one in (("content", header), ("styles[0].image", style)):
        path = tmp_path / field
        path.write_bytes(random.integers(0, 255, one.size_bytes, dtype=np.uint8).tobytes())
        pictures[field] = {"path": str(path), "header": one.to_json(), "key": field}
    spec = StylizeSpec("", (StyleUse(""),), encoder="vgg19-slim", steps=2, max_scales=1)
    (tmp_path / "states").mkdir()
    places = {"states": str(tmp_path / "states"), "result": str(tmp_path / "result")}
    verb: dict[str, Any] = {"verb": "start", "job": "jobs/1", "need_bytes": 512 << 20} | places
    return verb | {"spec": spec.to_json(), "terms": asdict(Terms(threads=1)), "pictures": pictures}


def wanting(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Memory runs out in so many steps."""
    advance, left = Painting.advance, iter(range(times))

    def short(self: Painting) -> Any:
        if next(left, None) is not None:
            raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate")
        return advance(self)

    monkeypatch.setattr(Painting, "advance", short)


@pytest.fixture
def worker(tmp_path: Path) -> Worker:
    """A real one, in this process."""
    return Worker(Heard(), Studio(torch.device("cpu"), Shelf(tmp_path)))  # type: ignore[arg-type]


def test_memory_that_runs_out_is_answered_by_smaller_tiles(
    worker: Worker, started: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job goes on in tiles, its settings say so, people are told, and it ends with a picture."""
    wanting(monkeypatch, 1)
    for verb in (started, *[{"verb": "slice", "job": "jobs/1", "seconds": 60.0}] * 2):
        worker._serve(verb)

    said = worker._line.said  # type: ignore[attr-defined]
    first, second = (one for one in said if one["event"] == "begun")
    assert (first["settings"]["tile"], first["again"]) == (0, False)
    assert (second["settings"]["tile"], second["again"]) == (160, True)
    assert "tiles of 160 px" in second["text"]
    assert said[-1]["event"] == "done"
    assert [one["event"] for one in said].count("sliced") == 1


def test_it_is_tried_once(worker: Worker, started: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Who finds no memory again is told what it needs and what is free."""
    wanting(monkeypatch, 2)
    for verb in (started, *[{"verb": "slice", "job": "jobs/1", "seconds": 60.0}] * 2):
        worker._serve(verb)

    last = worker._line.said[-1]  # type: ignore[attr-defined]
    assert (last["event"], last["reason"]) == ("failed", "DEVICE_OUT_OF_MEMORY")


def test_want_of_memory_before_there_is_a_painting_is_told_in_numbers(
    worker: Worker, started: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While pictures are opened, say: what the job needs is known from the front."""

    def short(*_all: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Painting, "__init__", short)
    worker._serve(started)

    last = worker._line.said[-1]  # type: ignore[attr-defined]
    assert (last["event"], last["reason"]) == ("failed", "DEVICE_OUT_OF_MEMORY")
    assert last["message"].startswith("the memory of cpu is full: 320x160 px need about 512 MiB on cpu, and")


def test_a_device_that_never_computes_again_costs_the_process_and_no_job(
    worker: Worker, started: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is said of the job: the front finds the process gone, and another goes on. See ``test_gpu_life``."""
    wanting(monkeypatch, 1)
    monkeypatch.setattr(Studio, "answers", lambda _self: False)

    def gone(code: int) -> None:
        raise SystemExit(code)

    monkeypatch.setattr("os._exit", gone)
    worker._serve(started)
    with pytest.raises(SystemExit, match="70"):
        worker._serve({"verb": "slice", "job": "jobs/1", "seconds": 60.0})

    assert [one["event"] for one in worker._line.said if one["event"] in ("failed", "sliced", "done")] == []  # type: ignore[attr-defined]
