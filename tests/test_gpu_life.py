"""A GPU's processes: killed, moved, idle, short of memory, broken. Skipped where there is no card, as ``test_gpu``."""

import gc
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from harness import Daemon, Home, alive, inline, long_request, picture, request, wait_for
from impasto.engine import random_encoder, stylize
from impasto.image import ImageHeader
from impasto.method.defaults import defaults
from impasto.scheduling.admission import footprint
from impasto.spec import StyleUse, StylizeSpec
from impasto.v1 import stylize_pb2
from impasto.worker.__main__ import BROKEN as ENDED
from test_daemon import CANCELLED, SUCCEEDED, Stub, created, job, watched
from test_gpu import DEVICE, NO_GPU, measured
from test_life import with_vgg19
from test_sharing import Client, end, goes_on

pytestmark = [NO_GPU, pytest.mark.filterwarnings("default")]

Start = Callable[..., Daemon]
MIB = 1 << 20


def used_by(pid: int) -> str:
    """What the driver says that a process holds, for people."""
    query = ["nvidia-smi", "--query-compute-apps=pid,used_memory", "--format=csv,noheader"]
    lines = subprocess.run(query, capture_output=True, text=True, check=False).stdout.splitlines()
    return next((line for line in lines if line.startswith(f"{pid},")), "nothing")


def saved(home: Home) -> bool:
    """Whether a state of some steps is on the disk."""
    return any(int(path.name[:8]) > 5 for path in (home.config.data_dir / "checkpoints").rglob("*.safetensors"))


def test_a_killed_worker_costs_no_job(start: Start) -> None:
    """After kill -9 of the process that has the card another has it, and the job goes on from its checkpoint."""
    gpu = start()
    worker = gpu.ready()
    with gpu.channel() as channel:
        stub = Stub(channel)
        name = created(stub, long_request())
        wait_for(lambda: saved(gpu.home), "a checkpoint")
        subprocess.run(["kill", "-9", str(worker)], check=True)
        wait_for(lambda: not alive(worker), "the worker's end")
        wait_for(lambda: job(stub, name).attempt == 2 and job(stub, name).state != SUCCEEDED, "a second attempt")
        reached = job(stub, name).step
        wait_for(lambda: job(stub, name).step > reached, "going on")
        went_on = goes_on(stub, name)
        end(stub, name)
        device = job(stub, name).device

    assert went_on
    assert device.startswith(DEVICE)
    assert gpu.ready() != worker


def test_what_a_processor_began_goes_on_here(start: Start) -> None:
    """A daemon without a card is killed; one with a card takes its job up from the checkpoint, and has its picture."""
    home = Home(CUDA_VISIBLE_DEVICES="", IMPASTO_NICE="0")
    first = start(home)
    with first.channel() as channel:
        name = created(Stub(channel), long_request())
        wait_for(lambda: saved(home), "a checkpoint")
        before = job(Stub(channel), name)
    first.end(signal.SIGKILL)
    del home.environment["CUDA_VISIBLE_DEVICES"]
    with start(home).channel() as channel:
        stub = Stub(channel)
        wait_for(lambda: job(stub, name).device.startswith(DEVICE) and job(stub, name).step > before.step, "going on")
        stub.CancelJob(stylize_pb2.CancelJobRequest(name=name, keep_partial_result=True))
        events = watched(stub, name)
    told = [event.notice for event in events if event.notice]
    measured.info("from the processor to the card: %s", told)

    assert before.device == "cpu"
    assert events[-1].job.state == CANCELLED, events[-1].job.error.message
    assert events[-1].job.result.header.width == 160
    assert [notice for notice in told if notice.startswith("it goes on from step ")]


def test_a_small_budget_and_an_idle_end(start: Start) -> None:
    """What can never fit is refused with the numbers, what fits in tiles is painted; then the card is anybody's."""
    daemon = start(Home(IMPASTO_MEMORY_MB="1400", IMPASTO_WORKER_IDLE_S="4"))
    worker = daemon.ready()
    message = request(steps=3)
    message.spec.size, message.spec.max_scales, message.spec.history = 6000, 1, 100  # which keeps it off the disk
    with daemon.channel() as channel:
        _, refusal, _ = Client(channel, "large").refused(message)
        message.spec.size = 1300
        message.spec.ClearField("history")
        painted = watched(Stub(channel), created(Stub(channel), message))[-1].job
    had = used_by(worker)
    wait_for(lambda: not alive(worker), "the idle worker's end")
    wait_for(lambda: used_by(worker) == "nothing", "its memory being free")
    measured.info("refused: %s", refusal)
    measured.info("the worker held %s until it was idle", had)
    spec, sides = StylizeSpec("", (StyleUse(""),), encoder="vgg19-slim", size=1300), (ImageHeader(64, 48),) * 2

    assert "1400 MiB are all that jobs may take" in refusal
    assert footprint(spec, sides[0], sides[1:], at_once=True).tile(1400 * MIB) > 0
    assert painted.state == SUCCEEDED, painted.error.message
    assert "MiB" in had
    assert daemon.info().devices[0].worker_pid == 0


def test_a_print_too_large_for_the_card_is_painted_there_in_tiles(start: Start) -> None:
    """Its arrays lie on the host's disk: within a budget that holds neither them nor, in memory, the smallest tiles.

    Nobody has seen this pass on a real card: it is younger than the last one that was lent. Nothing is told of a
    second attempt, which would be the processor's.
    """
    daemon, message = start(Home(IMPASTO_MEMORY_MB="1400")), request(steps=2)
    message.spec.size, message.spec.max_scales = 2400, 1
    sides = (ImageHeader(64, 48),) * 2
    spec = StylizeSpec("", (StyleUse(""),), encoder="vgg19-slim", size=2400)
    with daemon.channel() as channel:
        events = watched(Stub(channel), created(Stub(channel), message))
    done, told = events[-1].job, [event.notice for event in events if event.notice]
    had = used_by(daemon.ready())
    measured.info("2400 px with 1400 MiB: %.1f device s, the worker held %s; %s", done.device_s, had, told)

    assert footprint(spec, sides[0], sides[1:], at_once=True).spills(1400 * MIB)
    assert done.state == SUCCEEDED, done.error.message
    assert (done.result.header.width, told) == (2400, [])


WORKSPACES = 128 * MIB  # of libraries, which this process has taken before


def weighed(tile: int) -> int:
    """Bytes that torch takes of the card for four steps of vgg19 at 1536 px, in tiles of that side or as a whole."""
    encoder, styles = random_encoder().to(DEVICE), torch.rand(1, 3, 64, 64, device=DEVICE)
    gc.collect()
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    settings = replace(defaults("vgg19"), steps=4, max_scales=1, tile=tile)  # in float32: random weights allow no TF32
    list(stylize(encoder, torch.rand(1, 3, 1536, 1536, device=DEVICE), styles, settings))
    return torch.cuda.max_memory_allocated() - before


def test_want_of_memory_is_answered_by_smaller_tiles(start: Start) -> None:
    """Where the card has less than was predicted a second attempt in tiles of half the side brings the picture."""
    whole, tiled = weighed(0), weighed(768)
    short = (whole + tiled) // 2 + WORKSPACES
    measured.info("vgg19 at 1536 px takes %d MiB, in tiles of 768 px %d MiB", whole // MIB, tiled // MIB)
    assert whole > 1.1 * tiled
    home = with_vgg19()
    # Torch gives the process so little of the card; what the card says of itself, and so the forecast, stays.
    share = short / torch.cuda.get_device_properties(0).total_memory
    home.environment["PYTORCH_ALLOC_CONF"] = f"per_process_memory_fraction:{share:.5f}"
    daemon, message = start(home), request(steps=4)
    message.spec.content.CopyFrom(inline(picture(512, 512, 1)))
    message.spec.size, message.spec.max_scales = 1536, 1
    with daemon.channel() as channel:
        events = watched(Stub(channel), created(Stub(channel), message))
        small = watched(Stub(channel), created(Stub(channel), request()))[-1].job
    last, told = events[-1].job, [event.notice for event in events if event.notice]
    measured.info("with %d MiB: %s; %s", short // MIB, told, last.error.message or "painted")

    assert last.state == SUCCEEDED, last.error.message
    assert last.attempt == 2
    assert [notice for notice in told if "a new attempt is made in tiles of" in notice]
    assert small.state == SUCCEEDED


def python(program: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs a program that may import tests."""
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=os.environ | environment,
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


BROKEN = """
import sys, torch
from pathlib import Path
from test_again import Heard
from impasto.weights import Shelf
from impasto.worker.__main__ import Worker
from impasto.worker.studio import Studio
studio = Studio(torch.device("cuda"), Shelf(Path(sys.argv[1])))
def computes(job, header):
    torch.zeros(1, device="cuda")[torch.tensor([1 << 40], device="cuda")].item()
def mistaken(job, header):
    raise RuntimeError("a mistake of ours")
worker = Worker(Heard(), studio)
worker._carry_out(mistaken, {"job": "jobs/1"})
print([said["event"] for said in worker._line.said], studio.answers(), flush=True)
worker._carry_out(computes, {"job": "jobs/2"})
print("it lives")
"""


def test_a_process_that_lost_its_card_ends(tmp_path: Path) -> None:
    """An error of ours costs the job; one after which CUDA never computes again the process, and so no job."""
    done = python(BROKEN, str(tmp_path))
    measured.info("a broken process: %s", [line for line in done.stderr.splitlines() if "rror" in line][-3:])

    assert done.stdout == "['failed'] True\n", done.stderr
    assert done.returncode == ENDED, done.stderr


OPENED = """
from impasto.worker.__main__ import open_studio
studio, told = open_studio(0, 2, 0, None)
print(studio.device, told, sep="\\n")
"""


def test_a_card_that_computes_nothing_is_left_alone() -> None:
    """With no memory for us on it the processor computes, and the device's description says why."""
    done = python(OPENED, PYTORCH_ALLOC_CONF="per_process_memory_fraction:0.000001")
    measured.info("a card without memory: %s", done.stdout)

    assert done.stdout.startswith("cpu\n"), done.stderr
    assert "2 threads; cuda:0 cannot be used: CUDA out of memory" in done.stdout
