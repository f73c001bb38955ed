"""Fakes: real code, named, scriptable, few."""

import asyncio
import json
import math
import queue
import random
import re
import socket
import struct
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NoReturn, Self

import grpc
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from impasto.cluster.folder import Folder
from impasto.engine import Cancelled, Encoder
from impasto.frames import Frame
from impasto.scheduling.pool import Listener, Worker


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


class EmulatedTF32(TorchFunctionMode):
    """While open, a processor multiplies as a GPU does that has TF32: where torch's own settings let a GPU do so.

    Factors of convolutions and matrix products in float32 are rounded to ten bits of mantissa; sums stay float32. It
    gives the cosines that an H100 gave (0.9983 for 0.9982, 0.9994 for 0.9995, see engine/LOG.md), which truncating does
    not. Nothing else of a GPU is played: not its kernels, its order of sums or its graphs.
    """

    LOST = 1 << 13  # of float32's 23 bits of mantissa

    def __torch_function__(
        self, func: Any, _types: object, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:  # as torch has it
        """Runs any function of torch, those that a GPU runs in TF32 with rounded factors."""
        if func is torch.conv2d and torch.backends.cudnn.allow_tf32:
            args = (*map(self._rounded, args[:2]), *args[2:])
        elif func is Tensor.addmm_ and torch.backends.cuda.matmul.allow_tf32:
            args = (args[0], *map(self._rounded, args[1:3]), *args[3:])
        return func(*args, **(kwargs or {}))

    def _rounded(self, factor: Tensor) -> Tensor:
        """To the nearest, halves away from zero; what is no float32 as it is."""
        if factor.dtype is not torch.float32:
            return factor
        bits = factor.detach().view(torch.int32) + self.LOST // 2
        return (bits & -self.LOST).view(torch.float32)


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
        super().__init__(name)
        self.ready, self.device = True, f"fake:{name}"
        self.told: list[dict[str, Any]] = []
        self.precision = "float32"

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
        self.resting: list[Worker] = []

    def start(self) -> None:
        """They are there already."""

    async def stop(self) -> None:
        """They stay."""

    @property
    def workers(self) -> list[Worker]:
        """All that live."""
        return list(self.table.values())

    def worker(self, name: str) -> Worker | None:
        """The living worker of that name."""
        return self.table.get(name)

    async def rest(self, busy: Collection[str] = ()) -> list[Worker]:
        """Idle workers end; each is heard to be lost."""
        for name in [name for name in self.table if name not in busy]:
            self.table[name].resting = True
            self.resting.append(self.table[name])
            self.lose(name)
        return list(self.resting)

    def wake(self) -> None:
        """Who rested comes back, and is ready."""
        for worker in self.resting:
            self.restart(worker.name)
        self.resting = []

    def say(self, name: str, event: str, payload: bytes = b"", **header: Any) -> None:
        """One message of a living worker reaches the listener."""
        self.listener(self.table[name], Frame({"event": event} | header, payload))

    def lose(self, name: str, *untouched: str) -> None:
        """A worker dies, before it took those jobs in."""
        self.listener(self.table.pop(name), Frame({"event": "lost", "untouched": list(untouched)}))

    def restart(self, name: str) -> None:
        """Another worker of that name is ready."""
        self.table[name] = FakeWorker(name)
        self.say(name, "ready")


@dataclass
class Asked:
    """One request as a `WeightsServer` saw it, and how many bytes of the file it was answered with."""

    range: str
    if_range: str
    sent: int = 0


@dataclass
class WeightsServer:
    """A real HTTP server on this machine that hands out one file, well or in the way that it is told to.

    Attributes:
        body: the file.
        ranges: whether it understands Range.
        etag: what it names the file's version, if anything.
        drops: each answer breaks off after so many bytes of its own; when the list is used up they are whole.
        garbage: sent in place of HTTP.
        status: in place of success.
        kind: the Content-Type.
        elsewhere: where it sends everybody.
        silent: it takes requests and says nothing.
        hold_at: the byte of the file before which it waits for `released`.
        asked: every request.
    """

    body: bytes
    ranges: bool = True
    etag: str = '"first"'
    drops: list[int] = field(default_factory=list)
    garbage: bytes = b""
    status: int = 0
    kind: str = "application/octet-stream"
    elsewhere: str = ""
    silent: bool = False
    hold_at: int | None = None
    released: threading.Event = field(default_factory=threading.Event)
    asked: list[Asked] = field(default_factory=list)

    def __enter__(self) -> Self:
        script = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # as http.server wants it
                script._answer(self)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that goes is no error here
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    @property
    def url(self) -> str:
        """Where the file is."""
        return f"http://127.0.0.1:{self._http.server_port}/vgg19.pth"

    def _answer(self, call: BaseHTTPRequestHandler) -> None:
        asked = Asked(call.headers.get("Range", ""), call.headers.get("If-Range", ""))
        self.asked.append(asked)
        if self.silent:
            self.released.wait(60)
        elif self.garbage:
            call.wfile.write(self.garbage)
        elif self.status or self.elsewhere:
            call.send_response(self.status or 302, "As Told")
            call.send_header("Location", self.elsewhere)
            call.end_headers()
        else:
            self._send(call, asked)

    def _send(self, call: BaseHTTPRequestHandler, asked: Asked) -> None:
        match, size = re.fullmatch(r"bytes=(\d+)-", asked.range), len(self.body)
        start = int(match[1]) if match and self.ranges and asked.if_range in ("", self.etag) else 0
        if start and start >= size:
            call.send_response(416)
            call.end_headers()
            return
        call.send_response(206 if start else 200)
        if start:
            call.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        if self.etag:
            call.send_header("ETag", self.etag)
        call.send_header("Content-Type", self.kind)
        call.send_header("Content-Length", str(size - start))
        call.end_headers()
        self._pour(call, asked, start)

    def _pour(self, call: BaseHTTPRequestHandler, asked: Asked, start: int) -> None:
        end = start + self.drops.pop(0) if self.drops else len(self.body)
        hold = self.hold_at
        if hold is not None and start < hold < end:
            call.wfile.write(self.body[start:hold])
            asked.sent, start = hold - start, hold
            self.released.wait(120)
        call.wfile.write(self.body[start:end])
        asked.sent += len(self.body[start:end])


class Wire:
    """A network between two ends of this machine, as bad as it is told to be: every byte passes through real sockets.

    Attributes:
        port: where the near end connects to; on 127.0.0.1.
        target: the port that it leads to, which may change.
        delay_s: that everything takes, each way.
        loss: the chance of a piece to be lost: it comes when it has been sent again, and what follows waits for it.
        sent: bytes from the near end to the far one.
        holds: is set once it holds back what was to come, as `hold` asked for.
    """

    RESENT_S = 0.2  # the least that TCP waits before it sends again

    def __init__(self, target: int, *, delay_s: float = 0.0, loss: float = 0.0) -> None:
        self.target, self.delay_s, self.loss, self.sent = target, delay_s, loss, 0
        self._chance, self._whole, self._over = random.Random(7), threading.Event(), threading.Event()
        self._whole.set()
        self._allowed, self.holds, self._flows = math.inf, threading.Event(), threading.Event()
        self._lines: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._whole.set()
        self._flows.set()
        self._listener.close()
        self._reset()

    def cut(self) -> None:
        """From now on nothing passes; every connection is reset, and a new one leads nowhere."""
        self._whole.clear()
        self._reset()
        self._allowed = math.inf
        self._flows.set()

    def hold(self, after_bytes: int) -> None:
        """Once so many bytes more have come to the near end, no more do until the line is cut."""
        self.holds.clear()
        self._flows.clear()
        self._allowed = after_bytes

    def mend(self) -> None:
        """New connections pass again."""
        self._whole.set()

    def _reset(self) -> None:
        for line in self._lines:
            with suppress(OSError):
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset, no end
                line.shutdown(socket.SHUT_RDWR)
            line.close()
        self._lines.clear()

    def _accept(self) -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                near, _ = self._listener.accept()
                if not self._whole.is_set():
                    near.close()
                    continue
                try:
                    far = socket.create_connection(("127.0.0.1", self.target), 10)
                except OSError:  # nobody is there, as when a daemon has died
                    near.close()
                    continue
                self._lines += [near, far]
                for one, other, counted in ((near, far, True), (far, near, False)):
                    threading.Thread(target=self._carry, args=(one, other, counted), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket, counted: bool) -> None:
        """Reads at one end, and has another thread write at the other when it is due."""
        pieces: queue.Queue[tuple[float, bytes]] = queue.Queue(64)
        threading.Thread(target=self._deliver, args=(pieces, other, not counted), daemon=True).start()
        data = b"-"
        while data:
            try:
                data = one.recv(16384)
            except OSError:
                data = b""
            self.sent += len(data) if counted else 0
            lost_s = self.RESENT_S if self._chance.random() < self.loss else 0.0
            pieces.put((time.monotonic() + self.delay_s + lost_s, data))

    def _deliver(self, pieces: "queue.Queue[tuple[float, bytes]]", line: socket.socket, back: bool) -> None:
        data = b"-"
        while data:
            due, data = pieces.get()
            time.sleep(max(0.0, due - time.monotonic()))
            self._allowed -= len(data) if back else 0
            if back and self._allowed < 0:
                self.holds.set()
                self._flows.wait()
            with suppress(OSError):  # the end is gone; what comes is thrown away
                line.sendall(data) if data else line.shutdown(socket.SHUT_WR)


class FakeSystemctl:
    """A systemctl that notes what it is asked and refuses what it is told to: systemd's user manager needs a login."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._log = folder, folder / "asked"
        folder.mkdir()
        (folder / "systemctl").write_text(
            '#!/bin/sh\ncd "$(dirname "$0")"\nshift\necho "$@" >> asked\n'
            'if [ -e "refuse-$1" ]; then cat "refuse-$1" >&2; exit 1; fi\n'
        )
        (folder / "systemctl").chmod(0o755)

    def refuse(self, verb: str, words: str) -> None:
        """From now on it refuses `verb` with these words."""
        (self.folder / f"refuse-{verb}").write_text(words)

    def asked(self) -> list[str]:
        """What it was asked, `--user` left out."""
        return self._log.read_text().splitlines() if self._log.exists() else []


class FakeSeat:
    """A node without Ray and without a worker: its folder is real, and what the worker would hear is written down.

    Attributes:
        told: orders that have come.
        fault: what moving files raises, if anything.
        pieces: of files that have come.
        held: files travel no further than here until it is set; `reached` that one has come so far.
    """

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.told: list[dict[str, Any]] = []
        self.pieces: list[bytes] = []
        self.fault: Exception | None = None
        self.held: asyncio.Event | None = None
        self.reached = asyncio.Event()

    async def call(self, method: str, *arguments: Any) -> Any:
        """As `impasto.cluster.seat` answers."""
        await asyncio.sleep(0)
        if method == "say":
            return self.told.append(arguments[0])
        if method in ("put", "get") and self.fault is not None:
            raise self.fault
        if method in ("put", "get") and self.held is not None:
            self.reached.set()
            await self.held.wait()
        if method == "put":
            name, offset, data, whole = arguments
            self.pieces.append(data)
            return self.folder.put(name, offset, data, whole=whole)
        return getattr(self.folder, method)(*arguments)
