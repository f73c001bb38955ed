"""Fakes: real code, named, scriptable, few."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import grpc
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.engine import Cancelled, Encoder
from impasto.frames import Frame
from impasto.pool import Listener, Worker


class Countdown:
    """A pulse that counts its calls and cancels at the one given."""

    def __init__(self, cancel_at: int | None = None) -> None:
        self.calls, self._cancel_at = 0, cancel_at

    def __call__(self) -> None:
        """Counts, and cancels when it is time."""
        self.calls += 1
        if self.calls == self._cancel_at:
            raise Cancelled


class Recording:
    """An encoder that notes what it was asked for and passes it on to another."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.calls: list[tuple[tuple[int, ...], tuple[str, ...]]] = []

    def __call__(self, image: Tensor, layers: Sequence[str]) -> Mapping[str, Tensor]:
        """Notes the size and the layers, and asks the other."""
        self.calls.append((tuple(image.shape[2:]), tuple(layers)))
        return self._encoder(image, layers)


class OwnEncoder(nn.Module):
    """A user's own encoder: two layers with names of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.edges = nn.Conv2d(3, 6, 3, padding=1).requires_grad_(requires_grad=False)

    def forward(self, image: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        """The two layers, as far as they are asked for."""
        fine = self.edges(image).relu()
        features = {"fine": fine, "coarse": F.avg_pool2d(fine, 4)}
        return {name: features[name] for name in layers}


def colours(image: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
    """An encoder that is a plain function: colours as they are, and blurred."""
    features = {"fine": image, "coarse": F.avg_pool2d(image, 4)}
    return {name: features[name] for name in layers}


class FakeContext:
    """A call as a servicer sees it: it notes how it was ended, and ends by the exception that gRPC's own raises."""

    def __init__(self) -> None:
        self.code: grpc.StatusCode | None = None
        self.message = ""
        self.trailing: Sequence[tuple[str, bytes]] = ()

    async def abort(self, code: grpc.StatusCode, message: str, trailing: Sequence[tuple[str, bytes]] = ()) -> NoReturn:
        """Notes code, message and metadata, and raises."""
        self.code, self.message, self.trailing = code, message, trailing
        raise grpc.aio.AbortError


class FakeWorker(Worker):
    """A worker without a process: notes what it is told."""

    def __init__(self, name: str) -> None:
        self.name, self.ready, self.device, self.description, self.encoders = name, True, f"fake:{name}", "", []
        self.told: list[dict[str, Any]] = []

    def send(self, header: dict[str, Any]) -> None:
        """Notes what would go through the pipe."""
        self.told.append(json.loads(json.dumps(header)))

    def verbs(self, job: str = "") -> list[str]:
        """What it was told to do, all in all or with one job."""
        return [header["verb"] for header in self.told if job in ("", header["job"])]

    def __repr__(self) -> str:
        return f"<FakeWorker {self.name} {self.verbs()}>"


class FakePool:
    """A pool whose workers say what a test makes them say."""

    def __init__(self, *names: str) -> None:
        self.listener: Listener = lambda _worker, _message: None
        self.table = {name: FakeWorker(name) for name in names}

    @property
    def workers(self) -> list[Worker]:
        """All that live."""
        return list(self.table.values())

    def worker(self, name: str) -> Worker | None:
        """The living worker of that name."""
        return self.table.get(name)

    def say(self, name: str, event: str, payload: bytes = b"", **header: Any) -> None:
        """One message of a living worker reaches the listener."""
        self.listener(self.table[name], Frame({"event": event} | header, payload))

    def lose(self, name: str) -> None:
        """A worker dies."""
        self.listener(self.table.pop(name), Frame({"event": "lost"}))

    def restart(self, name: str) -> None:
        """Another worker of that name is ready."""
        self.table[name] = FakeWorker(name)
        self.say(name, "ready")
