"""The command line: arguments, progress bar, exit codes, and the only print().

Knows the client, the launcher and the server's front door. Imports what is heavy only in the command that needs it, so
that `impasto --help` is quick. Exit codes: 0 done, 1 it went wrong, 2 the request was wrong, 130 cancelled.
"""

import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from impasto import __version__
from impasto.config import Config
from impasto.errors import ImpastoError, InvalidRequest

if TYPE_CHECKING:
    from rich.progress import TaskID

    from impasto.client import Progress
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
@click.option("--seed", type=click.IntRange(0), help="Of everything random; the same seed gives the same picture.")
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
    **options: float | str | None,
) -> None:
    """Paint PHOTO in the manner of another picture.

    Starts the daemon if none answers. Ctrl-C cancels, in the daemon too.
    """
    from impasto import client  # noqa: PLC0415  # grpc and Pillow: not for --help
    from impasto import photo as photos  # noqa: PLC0415

    photos.check_destination(output)
    metadata = photos.read_metadata(photo, field="PHOTO")
    photos.read_metadata(style, field="--style")
    with client.connect(config) as daemon, _bar() as show:
        picture = daemon.stylize(
            photo,
            style,
            mask=mask,
            on_progress=show,
            on_preview=None if preview is None else lambda frame: frame.save(preview),
            **options,
        )
        photos.save(output, picture.header, picture.samples, metadata)
    print(f"{output}: {picture.header.width}x{picture.header.height}")


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
    """Run the daemon in the foreground; other commands start it by themselves."""
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
    from impasto.demo import SIZE, Demo  # noqa: PLC0415

    was_running = launch.running(config) is not None
    with client.connect(config) as daemon, _bar() as show:
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


class _bar:  # noqa: N801  # used like the function it stands for
    """A progress bar on a terminal; elsewhere a line for every tenth of the work."""

    def __init__(self) -> None:
        self._printed, self._live = -1, sys.stderr.isatty()
        self._task: TaskID | None = None

    def __enter__(self) -> Callable[..., None]:
        from rich.console import Console  # noqa: PLC0415
        from rich.progress import BarColumn, Progress, TextColumn  # noqa: PLC0415

        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[told]}"))
        self._progress = Progress(*columns, console=Console(stderr=True), disable=not self._live, transient=True)
        self._progress.start()
        return self._show

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def _show(self, progress: "Progress", label: str = "painting") -> None:
        if progress.notice:
            self._progress.print(progress.notice) if self._live else print(progress.notice, file=sys.stderr)
        told = _told_progress(progress)
        if self._task is None:
            self._task = self._progress.add_task(label, total=None, told=told)
        total = progress.total_steps or None
        self._progress.update(self._task, description=label, completed=progress.step, total=total, told=told)
        tenth = 10 * progress.step // max(1, progress.total_steps)
        if not self._live and progress.state == "running" and tenth != self._printed:
            self._printed = tenth
            print(f"{label}: {told}", file=sys.stderr, flush=True)


def _told_progress(progress: "Progress") -> str:
    """One line: where it stands, the losses, the time left."""
    if progress.state == "queued":
        return f"queued, place {progress.queue_position or 1}"
    losses = "  ".join(f"{name} {value:.4g}" for name, value in sorted(progress.losses.items()) if value)
    left = "" if progress.time_left_s is None else f"  {progress.time_left_s:.0f} s left"
    return f"step {progress.step}/{progress.total_steps}  {losses}{left}"


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
    sys.exit(code if isinstance(code, int) else 0)
