"""The command line: arguments, progress bar, exit codes, and the only print().

Knows the client, the launcher and the server's front door. Imports what is heavy only in the command that needs it, so
that `impasto --help` is quick. Exit codes: 0 done, 1 it went wrong, 2 the request was wrong, 130 cancelled.
"""

import json
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from impasto import __version__
from impasto.config import Config
from impasto.errors import ImpastoError, InvalidRequest, Violation

if TYPE_CHECKING:
    from impasto.launch import Info
    from impasto.training import TrainingProgress

ENCODERS = click.Choice(["auto", "vgg19", "vgg19-slim"])
CANCELLED = 130  # 128 + SIGINT, as shells expect


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__)
@click.option("--runtime-dir", type=click.Path(path_type=Path), help="Folder of the daemon's socket.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of pictures at rest and the log.")
@click.pass_context
def cli(context: click.Context, runtime_dir: Path | None, data_dir: Path | None) -> None:
    """Paint pictures in the manner of other pictures, on this machine."""
    context.obj = Config.load({"runtime_dir": runtime_dir, "data_dir": data_dir})


@cli.command()
@click.argument("photo", type=click.Path(path_type=Path))
@click.option("--style", required=True, type=click.Path(path_type=Path), help="The picture whose manner is taken.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="PNG, JPEG, WebP or TIFF.")
@click.option(
    "--mask", type=click.Path(path_type=Path), help="Picture of the photo's size: white is painted, black stays."
)
@click.option("--size", type=click.IntRange(1), help="Long side of the result in pixels.  [default: the photo's]")
@click.option("--steps", type=click.IntRange(1), help="More steps, more style.  [default: the encoder's]")
@click.option("--start", type=click.Choice(["content", "noise"]), default="content", help="What it grows from.")
@click.option("--seed", type=click.IntRange(0, 2**64 - 1), help="Of the noise to start from.")
@click.option("--encoder", type=ENCODERS, default="auto", show_default=True, help="The network that looks.")
@click.option("--style-weight", type=float, help="How much the style counts.  [default: the encoder's]")
@click.option("--content-weight", type=float, help="How much the photo counts.  [default: the encoder's]")
@click.option("--stroke-size", type=float, help="Size of strokes, 0.05 to 4.  [default: 1]")
@click.option("--preview", type=click.Path(path_type=Path), help="Keep a file with the picture as it grows.")
@click.pass_obj
def stylize(
    config: Config,
    /,
    photo: Path,
    style: Path,
    output: Path,
    mask: Path | None,
    preview: Path | None,
    start: str,
    **options: float | str | None,
) -> None:
    """Paint PHOTO in the manner of another picture.

    Starts the daemon if none answers. Ctrl-C cancels, in the daemon too. A large photo takes minutes and gigabytes on a
    machine without a GPU: try --size 1024 first.
    """
    from impasto import client  # noqa: PLC0415  # grpc and Pillow: not for --help
    from impasto import photo as photos  # noqa: PLC0415
    from impasto.bar import Bar  # noqa: PLC0415

    pictures = {"PHOTO": photo, "--style": style} | ({"--mask": mask} if mask else {})
    for option, written in (("-o", output), ("--preview", preview)):
        if written is not None:
            _check_written(option, written, pictures)
    metadata, *_ = [photos.read_metadata(path, field=field) for field, path in pictures.items()]
    with _named(OPTIONS), client.connect(config) as daemon, Bar() as show:
        picture = daemon.stylize(
            photo,
            style,
            mask=mask,
            on_progress=show,
            on_preview=None if preview is None else lambda frame: frame.save(preview),
            start=f"START_{start.upper()}",
            **options,
        )
        photos.save(output, picture.header, picture.samples, metadata)
    print(f"{output}: {picture.header.width}x{picture.header.height}")


# What the contract calls a thing, and what the user of the command line typed.
OPTIONS = {
    "spec.content_weight": "--content-weight",
    "spec.style_weight": "--style-weight",
    "spec.stroke_size": "--stroke-size",
    "spec.content": "PHOTO",
    "content": "PHOTO",
    "spec.styles[0].image": "--style",
    "style": "--style",
    "spec.mask": "--mask",
    "mask": "--mask",
    "spec.size": "--size",
    "spec.steps": "--steps",
    "destination": "-o",
}


@contextmanager
def _named(names: Mapping[str, str]) -> Iterator[None]:
    """Errors about fields come out under the names that the user knows."""
    try:
        yield
    except InvalidRequest as error:
        raise error.renamed(names) from error


def _check_written(option: str, path: Path, pictures: Mapping[str, Path]) -> None:
    """Refuses before work starts what could not be written, and what would replace one of the user's own pictures."""
    from impasto import photo as photos  # noqa: PLC0415

    with _named({"destination": option}):
        photos.check_destination(path)
    for name, picture in pictures.items():
        if path.resolve() == picture.resolve():
            raise InvalidRequest([Violation(option, f"would replace {name}; give another name", "WOULD_REPLACE")])


@cli.command()
@click.pass_obj
def jobs(config: Config) -> None:
    """List the daemon's jobs, newest first."""
    from impasto import client  # noqa: PLC0415
    from impasto.v1 import stylize_pb2  # noqa: PLC0415

    with client.connect(config, start=False) as daemon:
        for job in daemon.jobs():
            state = stylize_pb2.JobState.Name(job.state).removeprefix("JOB_STATE_")
            print(f"{job.name}  {state:<9}  step {job.step}/{job.total_steps}  {job.encoder}  {job.error.message}")


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def status(config: Config, as_json: bool) -> None:  # noqa: FBT001  # click passes flags so
    """Tell whether the daemon runs and what it does."""
    from impasto import launch  # noqa: PLC0415
    from impasto.instance import socket_path  # noqa: PLC0415

    info = launch.running(config)
    facts = {"running": info is not None, "socket": str(socket_path(config.runtime_dir))}
    facts |= {} if info is None else _facts(info)
    if as_json:
        print(json.dumps(facts, indent=2))
    else:
        for name, value in facts.items():
            print(f"{name:<14} {value if not isinstance(value, list) else '; '.join(map(_told, value))}")
    sys.exit(0 if info is not None else 1)


@cli.command()
@click.pass_obj
def stop(config: Config) -> None:
    """End the daemon; running jobs are cancelled."""
    from impasto import launch  # noqa: PLC0415

    pid = launch.stop(config)
    print(f"stopped process {pid}" if pid else "no daemon runs")


@cli.command()
@click.option("--threads", type=click.IntRange(0), help="Of a CPU worker; 0 means all cores.")
@click.pass_obj
def serve(config: Config, threads: int | None) -> None:
    """Run the daemon in the foreground; stylize and demo start it by themselves."""
    from dataclasses import replace  # noqa: PLC0415

    from impasto.server import serve as serve_forever  # noqa: PLC0415

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    serve_forever(config if threads is None else replace(config, threads=threads))


@cli.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("out/demo"), show_default=True)
@click.option("--size", type=click.IntRange(64), help="Long side of the largest picture.  [default: 640]")
@click.option("--steps", type=click.IntRange(1), help="Fewer for a quicker look.")
@click.pass_obj
def demo(config: Config, output: Path, size: int | None, steps: int | None) -> None:
    """Draw a scene and some styles by code, and paint the one in the manner of the others."""
    from impasto import client, launch  # noqa: PLC0415
    from impasto.bar import Bar  # noqa: PLC0415
    from impasto.demo import SIZE, Demo  # noqa: PLC0415

    was_running = launch.running(config) is not None
    with client.connect(config) as daemon, Bar() as show:
        written = Demo(daemon, output, size or SIZE, steps, lambda style, progress: show(progress, style)).run()
    if not was_running:
        launch.stop(config)
    for path in written:
        print(path)


@cli.command("train-encoder")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The .safetensors file to write.")
@click.option("--minutes", type=click.FloatRange(0, min_open=True), default=60.0, show_default=True)
@click.option(
    "--width", type=click.FloatRange(0, 1, min_open=True), default=0.5, show_default=True, help="1 is VGG-19."
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--threads", type=click.IntRange(1), help="Of the CPU.  [default: all cores]")
@click.option("--checkpoint", type=click.Path(path_type=Path), help="Go on from here, and save here.")
def train_encoder(
    output: Path, minutes: float, width: float, seed: int, threads: int | None, checkpoint: Path | None
) -> None:
    """Train the offline encoder on pictures that this program draws itself."""
    if output.suffix != ".safetensors" or not os.access(output.absolute().parent, os.W_OK | os.X_OK):
        told = "must end in .safetensors, in a folder that is there and may be written to"
        raise InvalidRequest([Violation("-o", told, "DESTINATION")])
    from impasto import training  # noqa: PLC0415  # torch

    training.train(
        output,
        width=width,
        minutes=minutes,
        seed=seed,
        threads=threads,
        checkpoint=checkpoint,
        progress=_print_training,
    )
    print(output)


def _print_training(progress: "TrainingProgress") -> None:
    losses = "  ".join(f"{name} {value:.3f}" for name, value in progress.losses.items())
    told = f"step {progress.step}  {progress.pictures} pictures  {progress.elapsed_s:.0f} s"
    print(f"{told}  accuracy {progress.accuracy:.3f}  {losses}", flush=True)


def _facts(info: "Info") -> dict[str, Any]:
    devices = [
        {"name": d.name, "description": d.description, "worker_pid": d.worker_pid, "loaded": list(d.loaded_encoders)}
        for d in info.devices
    ]
    encoders = [{"name": e.name, "available": e.available, "description": e.description} for e in info.encoders]
    return {
        "version": info.version,
        "pid": info.pid,
        "uptime_s": round(info.uptime_s, 1),
        "devices": devices,
        "encoder": info.default_encoder,
        "encoders": encoders,
        "queued_jobs": info.queued_jobs,
        "running_jobs": info.running_jobs,
        "instance_id": info.instance_id,
    }


def _told(entry: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in entry.items() if value not in ("", []))


def main() -> None:
    """Runs a command; errors become one clear message each and an exit code."""
    try:
        code = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        print("cancelled", file=sys.stderr)
        sys.exit(CANCELLED)
    except InvalidRequest as error:
        for violation in error.violations:
            print(f"impasto: {violation.field}: {violation.description}", file=sys.stderr)
        sys.exit(2)
    except ImpastoError as error:
        print(f"impasto: {error.message}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:  # a folder that cannot be made, a full disk: the system's own words and the place
        print(f"impasto: {error.filename or 'output'}: {error.strerror or error}", file=sys.stderr)
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)
