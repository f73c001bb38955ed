"""An encoded picture becomes raw samples, once, in a process that may die: this is that process's parent.

Decoders are the part of the daemon that strangers' bytes reach first. So the front never decodes: it starts one short
child per upload (``__main__``, the only file that opens an encoded picture with Pillow), which limits its own memory,
time and output before it looks at a byte, and prints one line of JSON. Knows processes, limits and what a child's end
means; must never import Pillow, torch or grpc. Called by the servicer that receives uploads.
"""

import asyncio
import json
import os
import struct
import sys
from pathlib import Path
from typing import Any

from impasto.errors import EngineFault, InvalidRequest, Violation
from impasto.image import MAX_ICC_PROFILE_BYTES, ImageHeader, SampleType

__all__ = ["check_finite", "decode", "shows"]

# By path and not by -m, which would import this module, and asyncio with it: a third of the child's whole start.
_CHILD = Path(__file__).with_name("__main__.py")
_LOOKING = Path(__file__).parents[1] / "decoding" / "looking.py"
_STRUCT = {SampleType.U8: "B", SampleType.U16: "H", SampleType.F16: "e", SampleType.F32: "f"}
_GLANCE_PIXELS = 1024
# -S: no site, no .pth files of other packages; what we need is on the path that _environment hands over.
_PYTHON = (sys.executable, "-P", "-s", "-S")
_PACKAGE_ROOT = str(Path(__file__).parents[2])
# A header's JSON is a hexadecimal colour profile and little else; more than this is no answer of ours.
_MAX_REPLY_BYTES = 2 * MAX_ICC_PROFILE_BYTES + 4096


async def decode(
    source: Path, destination: Path, *, max_pixels: int, field: str, timeout_s: float = 30.0
) -> ImageHeader:
    """Decodes the PNG, JPEG, WebP or TIFF file `source` into packed raw samples at `destination`.

    The picture comes upright (EXIF orientation is applied), as gray, gray_alpha, rgb or rgba, at its own depth: u8, u16
    (PNG, TIFF), f16 or f32 (TIFF). Floats without a profile count as linear.
    No child and, unless it succeeds, no `destination` outlives the call, cancelled or not.

    Args:
        source: the encoded file; its name does not matter.
        destination: where to write; replaced when it exists.
        max_pixels: the most pixels accepted; it sets the child's limits of memory, processor time and output, too.
        field: path of the request's field that a refusal names.
        timeout_s: seconds from start to end, beyond which the child is killed.

    Raises:
        InvalidRequest: the file's fault, by reason: NOT_AN_IMAGE, TRUNCATED, TOO_LARGE, ANIMATED, DEPTH_UNSUPPORTED,
            NOT_FINITE, DECODE_LIMIT (time or memory).
        EngineFault: ours: the child could not start, or its answer and its output do not agree.
    """
    try:
        code, reply = await _run(_command(source, destination, max_pixels), timeout_s)
        return _accepted(code, reply, destination, max_pixels, field)
    except TimeoutError:
        _discard(destination)
        raise _decode_limit(field, f"took longer than the {timeout_s:g} s allowed") from None
    except BaseException:
        _discard(destination)
        raise


async def check_finite(samples: Path, header: ImageHeader, *, field: str, timeout_s: float = 60.0) -> None:
    """Refuses raw float samples of which some are infinite or no numbers; in a child, for the front has no numpy.

    Raises:
        InvalidRequest: NOT_FINITE, with the count.
        EngineFault: ours: the child could not start or gave no number.
    """
    count = await _look("not_finite", samples, header, timeout_s)
    if count:
        told = f"has {count} samples that are infinite or not numbers; none are allowed"
        raise InvalidRequest([Violation(field, told, "NOT_FINITE")])


async def shows(samples: Path, header: ImageHeader, *, as_mask: bool, timeout_s: float = 60.0) -> bool:
    """Whether there is anything in a raw picture: a place that a mask selects, or one that is not transparent.

    Most pictures tell at the first glance; only of those that do not, a child looks at every pixel.

    Raises:
        EngineFault: ours: the child could not start or gave no number.
    """
    if not as_mask and not header.pixel_format.has_alpha:
        return True
    if _glance(samples, header, as_mask=as_mask):
        return True
    return await _look("lit" if as_mask else "seen", samples, header, timeout_s) > 0


def _glance(path: Path, header: ImageHeader, *, as_mask: bool) -> bool:
    """Whether the first pixels show something for sure."""
    channels, pixels = header.pixel_format.channels, min(header.pixels, _GLANCE_PIXELS)
    with path.open("rb") as file:
        samples = file.read(pixels * channels * header.sample_type.size_bytes)
    values = struct.unpack(f"<{pixels * channels}{_STRUCT[header.sample_type]}", samples)
    first = 0 if as_mask else channels - 1
    return any(min(values[at + first : at + channels]) > 0 for at in range(0, len(values), channels))


async def _look(question: str, samples: Path, header: ImageHeader, timeout_s: float) -> int:
    """What the child that looks at samples answers."""
    kind = (header.sample_type.dtype, str(header.pixel_format.channels))
    try:
        code, reply = await _run([*_PYTHON, str(_LOOKING), question, str(samples), *kind], timeout_s)
        count = int(reply)
    except (TimeoutError, ValueError) as error:
        raise EngineFault("the process that looks at samples gave no answer") from error
    if code:
        raise EngineFault(f"the process that looks at samples failed (exit {code})")
    return count


def _command(source: Path, destination: Path, max_pixels: int) -> list[str]:
    return [*_PYTHON, str(_CHILD), str(source), str(destination), str(max_pixels)]


def _environment() -> dict[str, str]:
    """The parent's import path and nothing else of its environment: a decoder needs no token, proxy or home."""
    path = [entry for entry in sys.path if Path(entry).is_absolute()]
    if _PACKAGE_ROOT not in path:
        path.append(_PACKAGE_ROOT)
    environment = {"PYTHONPATH": os.pathsep.join(path)}
    if "SYSTEMROOT" in os.environ:  # without it no Windows process can load its libraries
        environment["SYSTEMROOT"] = os.environ["SYSTEMROOT"]
    return environment


async def _run(command: list[str], timeout_s: float) -> tuple[int, bytes]:
    """The child's exit status and its standard output, of which no more is read than an answer can have.

    Raises:
        TimeoutError: `timeout_s` seconds were over; like on any other way out, the child is gone by then.
    """
    async with asyncio.timeout(timeout_s):
        child = await asyncio.create_subprocess_exec(
            *command,
            env=_environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C in the daemon's terminal is for the daemon, which then cancels us
        )
        try:
            return await _answer(child)
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()


async def _answer(child: asyncio.subprocess.Process) -> tuple[int, bytes]:
    assert child.stdout is not None
    reply, killed = b"", False
    while part := await child.stdout.read(1 << 16):  # to the end in any case: wait() waits for that, too
        reply = (reply + part)[:_MAX_REPLY_BYTES]
        if len(reply) == _MAX_REPLY_BYTES and not killed:
            # Still talking: it is not our program any more that runs there. Once only: a second kill() would poll, and
            # could so take the exit status from under asyncio, which then reports 255.
            child.kill()
            killed = True
    return await child.wait(), reply


def _accepted(code: int, reply: bytes, destination: Path, max_pixels: int, field: str) -> ImageHeader:
    """The header in a child's answer, believed only as far as the file it wrote agrees."""
    if code < 0:  # killed by a signal: by its own limits, by the kernel for memory, or by a crash of a decoder
        raise _decode_limit(field, f"needs more memory or time than a picture of {max_pixels} pixels may take")
    if code > 0:
        raise EngineFault(f"the decoding process failed (exit {code}); the daemon's machine may be out of disk space")
    try:
        answer: dict[str, Any] = json.loads(reply)
        if "error" in answer:
            told = answer["error"]
            numbers = (None if told.get(name) is None else int(told[name]) for name in ("actual", "limit"))
            raise InvalidRequest([Violation(field, told["message"], told["reason"], *numbers)])
        header = ImageHeader.from_json(answer["header"])
        agrees = header.pixels <= max_pixels and destination.stat().st_size == header.size_bytes
    except (ValueError, KeyError, TypeError, RecursionError, OSError) as error:
        raise EngineFault("the decoding process gave no usable answer") from error
    if not agrees:
        raise EngineFault("the decoding process wrote another picture than it announced")
    return header


def _decode_limit(field: str, what: str) -> InvalidRequest:
    advice = "save it again with another program, or smaller"
    return InvalidRequest([Violation(field, f"{what}; {advice}", "DECODE_LIMIT")])


def _discard(destination: Path) -> None:
    destination.unlink(missing_ok=True)
