"""The commands that paint: `stylize` and `demo`.

Knows the client, the launcher and the progress bar. Imports what is heavy only inside the commands, as ``cli`` loads
this for every `--help`.
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from impasto.cli.options import ENCODERS, all_of, check_written, named
from impasto.config import Config
from impasto.image import SampleType

if TYPE_CHECKING:
    from impasto.photo import Metadata

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
DEPTHS = {"8": SampleType.U8, "16": SampleType.U16, "half": SampleType.F16, "float": SampleType.F32}


@click.command()
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
@click.option("--depth", type=click.Choice(list(DEPTHS)), help="Bits per channel.  [default: the photo's]")
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
    depth: str | None,
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
    metadata = _checked(pictures, output, preview, DEPTHS.get(depth or ""))
    sample_type = DEPTHS[depth] if depth else metadata.sample_type
    with named(OPTIONS), client.connect(config) as daemon, Bar() as show:
        picture = daemon.stylize(
            photo,
            style,
            mask=mask,
            on_progress=show,
            on_preview=None if preview is None else lambda frame: frame.save(preview),
            start=f"START_{start.upper()}",
            **options,
        )
        photos.save(output, picture.header, picture.samples, metadata, sample_type)
    print(f"{output}: {picture.header.width}x{picture.header.height}")


def _checked(
    pictures: Mapping[str, Path], output: Path, preview: Path | None, sample_type: SampleType | None
) -> "Metadata":
    """What the photo says about itself, if all files are there and results can be written: asked before any work."""
    from impasto import photo as photos  # noqa: PLC0415

    metadata: dict[str, photos.Metadata] = {}

    def read(field: str) -> None:
        metadata[field] = photos.read_metadata(pictures[field], field=field)

    def written() -> None:
        own = metadata["PHOTO"].sample_type if "PHOTO" in metadata else SampleType.U8
        check_written("-o", output, pictures, sample_type or own)

    def shown() -> None:
        if preview is not None:
            check_written("--preview", preview, pictures)

    reads: list[Callable[[], None]] = [partial(read, field) for field in pictures]
    all_of([*reads, written, shown])
    return metadata["PHOTO"]


@click.command()
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
