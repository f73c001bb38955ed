"""The commands that paint: `stylize` and `demo`.

Knows the client, the launcher and the progress bar. Imports what is heavy only inside the commands, as ``cli`` loads
this for every `--help`.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from impasto.cli.options import ENCODERS, Grouped, GroupedCommand, all_of, check_written, named
from impasto.config import Config
from impasto.image import SampleType

if TYPE_CHECKING:
    from impasto.client import Progress
    from impasto.photo import Metadata

# What the contract calls a thing, and what the user of the command line typed.
OPTIONS = {
    "spec.content_weight": "--content-weight",
    "spec.style_weight": "--style-weight",
    "spec.stroke_size": "--stroke-size",
    "spec.strength": "--strength",
    "spec.detail": "--detail",
    "spec.colour_strength": "--colour-strength",
    "spec.budget_s": "--seconds",
    "spec.content": "PHOTO",
    "content": "PHOTO",
    "spec.styles": "--blend",
    "style": "--style",
    "blend": "--blend",
    "regions": "--region",
    "spec.mask": "--mask",
    "mask": "--mask",
    "spec.keep": "--keep",
    "keep": "--keep",
    "spec.init": "--from",
    "init": "--from",
    "spec.start": "--start",
    "spec.size": "--size",
    "spec.history": "--history",
    "spec.steps": "--steps",
    "destination": "-o",
}
OPTIONS |= {f"spec.styles[{index}].image": "--style" for index in range(16)}
OPTIONS |= {f"spec.styles[{index}].mask": "--region" for index in range(16)}
DEPTHS = {"8": SampleType.U8, "16": SampleType.U16, "half": SampleType.F16, "float": SampleType.F32}
COLOURS = {"style": "style", "keep": "content-luminance", "match": "content-match-lab", "match-rgb": "content-match"}
FILE = click.Path(path_type=Path)
STYLE, WHERE, TIME, EXPERT = "What the style does", "Where", "How long", "For those who know the method"


def _shares(_context: click.Context, _option: click.Parameter, value: str | None) -> list[float]:
    """2,1 as [2.0, 1.0]."""
    try:
        return [float(part) for part in value.split(",")] if value else []
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is no list of numbers like 2,1") from error


def _option(group: str, *names: Any, **attributes: Any) -> Callable[[Any], Any]:  # noqa: ANN401  # click's own
    return click.option(*names, cls=Grouped, group=group, **attributes)


@click.command(cls=GroupedCommand)
@click.argument("photo", type=FILE)
@_option(
    STYLE,
    "--style",
    required=True,
    multiple=True,
    type=FILE,
    help="The picture whose manner is taken: a painting, a fabric, anything. May be given several times.",
)
@_option(
    STYLE,
    "--blend",
    callback=_shares,
    metavar="2,1",
    help="With several styles: how much each of them counts.  [default: all alike]",
)
@_option(
    STYLE,
    "--strength",
    type=float,
    help="How much it is painted: from 0, the photo itself, to 1, all style.  [default: 0.5]",
)
@_option(
    STYLE,
    "--stroke-size",
    type=float,
    help="Size of the strokes, 0.05 to 4: 0.5 is half as large, 2 is twice.  [default: 1]",
)
@_option(
    STYLE,
    "--detail",
    type=click.Choice(["fine", "balanced", "coarse"]),
    help="What is taken of the style: brush marks and grain (fine), motifs and large forms (coarse), or both.  "
    "[default: balanced]",
)
@_option(
    STYLE,
    "--colour",
    type=click.Choice(list(COLOURS)),
    help="Whose colours: the style's, the photo's own (keep), or the style's moved towards the photo's (match; "
    "match-rgb mixes light and colour more).  [default: style]",
)
@_option(
    STYLE,
    "--colour-strength",
    type=float,
    help="With keep or match, how far: from 0, the style's colours, to 1.  [default: 1]",
)
@_option(
    STYLE,
    "--tileable",
    is_flag=True,
    help="A texture that repeats without seams, if both sides are multiples of 16 pixels.",
)
@_option(
    WHERE,
    "--mask",
    type=FILE,
    help="A picture of the photo's size: white is painted, black stays as it is, gray is in between.",
)
@_option(
    WHERE,
    "--keep",
    type=FILE,
    help="Likewise: white is painted, too, but stays close to the photo: faces, straight edges.",
)
@_option(WHERE, "--region", multiple=True, type=FILE, help="Likewise: white is where a style applies; one per --style.")
@_option(TIME, "--seconds", "budget_s", type=float, help="The best picture that so many seconds allow.")
@_option(
    TIME,
    "--steps",
    type=click.IntRange(1),
    metavar="N",
    help="How often the picture is improved: more takes longer and brings more style.  [default: the encoder's]",
)
@_option(
    TIME,
    "--size",
    type=click.IntRange(1),
    metavar="PIXELS",
    help="Long side of the result; half the size takes a quarter of the time.  [default: the photo's]",
)
@_option(
    TIME, "--from", "init", type=FILE, help="Go on from this picture, e.g. an earlier result, with other settings."
)
@_option(
    TIME,
    "--priority",
    type=click.Choice(["interactive", "normal", "batch"]),
    default="normal",
    show_default=True,
    help="What goes first while the machine is busy: what somebody waits for (interactive), or all else (batch).",
)
@_option(
    EXPERT,
    "--start",
    type=click.Choice(["content", "noise"]),
    help="What it grows from: the photo, or noise.  [default: content]",
)
@_option(
    EXPERT,
    "--seed",
    type=click.IntRange(0),
    metavar="N",
    help="With --start noise: the same number, the same picture.  [default: 0]",
)
@_option(EXPERT, "--encoder", type=ENCODERS, default="auto", show_default=True, help="The network that looks.")
@_option(
    EXPERT,
    "--objective",
    type=click.Choice(["gatys", "neural-style", "spst", "w2"]),
    help="Whose formulas say what a style is.  [default: gatys]",
)
@_option(
    EXPERT,
    "--history",
    type=click.IntRange(10, 200),
    metavar="N",
    help="How many steps L-BFGS learns from: more are worth their memory beyond 120 steps at one size.  [default: the"
    " encoder's]",
)
@_option(EXPERT, "--style-weight", type=float, help="In place of --strength.  [default: the encoder's]")
@_option(EXPERT, "--content-weight", type=float, help="In place of --strength.  [default: the encoder's]")
@click.option("-o", "--output", required=True, type=FILE, help="Where the result goes: PNG, JPEG, WebP or TIFF.")
@click.option("--depth", type=click.Choice(list(DEPTHS)), help="Bits per channel.  [default: the photo's]")
@click.option("--preview", type=FILE, help="A file that shows the picture as it grows.")
@click.pass_obj
def stylize(
    config: Config,
    /,
    photo: Path,
    style: tuple[Path, ...],
    output: Path,
    preview: Path | None,
    depth: str | None,
    **options: Any,  # noqa: ANN401  # of many types, each as the client wants it
) -> None:
    """Paint PHOTO in the manner of another picture.

    \b
    impasto stylize photo.jpg --style starry.jpg -o painted.jpg

    \b
    Only what a mask selects, strongly, in the photo's own colours, as a small sketch:
    impasto stylize photo.tif --style starry.jpg --mask sky.png --strength 0.7 \\
        --colour keep --size 640 -o sketch.tif

    The result has the photo's size, depth and colour profile, and the photo itself is never changed. Ctrl-C cancels. On
    a machine without a GPU a large photo takes minutes and gigabytes: try --size 1024 first. What computes is the
    daemon, which is started if none runs.
    """  # noqa: D301  # backslashes: click's mark for lines that stay as they are, and a shell's for one that goes on
    from impasto import client  # noqa: PLC0415  # grpc and Pillow: not for --help
    from impasto import photo as photos  # noqa: PLC0415
    from impasto.bar import Bar  # noqa: PLC0415

    metadata = _checked(_pictures(photo, style, options), output, preview, DEPTHS.get(depth or ""))
    sample_type = DEPTHS[depth] if depth else metadata.sample_type
    options["regions"], options["blend"] = options.pop("region"), options["blend"]
    options["colour"] = COLOURS.get(options["colour"])
    options["tileable"] = options["tileable"] or None
    with named(OPTIONS), client.connect(config) as daemon, (bar := Bar()) as show, _what_was_reached(show) as told:
        picture = daemon.stylize(
            photo,
            style if len(style) > 1 else style[0],
            on_progress=told,
            on_preview=None if preview is None else lambda frame: frame.save(preview),
            on_sent=bar.sent,
            **options,
        )
        photos.save(output, picture.header, picture.samples, metadata, sample_type)
    print(f"{output}: {picture.header.width}x{picture.header.height}")


@contextmanager
def _what_was_reached(show: Callable[["Progress"], None]) -> Iterator[Callable[["Progress"], None]]:
    """Passes events on to `show`; who interrupts, or has no room for the file, hears where the picture is."""
    last: list[Progress] = []

    def told(progress: "Progress") -> None:
        last[:] = [progress]
        show(progress)

    try:
        yield told
    except BaseException as error:  # the disk is full, or memory, or what painted a night went away: it is there still
        if last and last[0].step and (isinstance(error, KeyboardInterrupt) or last[0].state == "succeeded"):
            name = last[0].job.removeprefix("jobs/")
            print(f"what was reached stays for 24 hours: impasto result {name} -o FILE", file=sys.stderr)
        raise


def _pictures(photo: Path, styles: tuple[Path, ...], options: Mapping[str, Any]) -> dict[str, Path]:
    """Every picture that is read, under the name that the user gave it."""
    pictures = {"PHOTO": photo} | {f"--{field}": options[field] for field in ("mask", "keep") if options[field]}
    pictures |= {"--from": options["init"]} if options["init"] else {}
    for option, several in (("--style", styles), ("--region", options["region"])):
        for number, path in enumerate(several, 1):
            pictures[option if len(several) == 1 else f"{option} ({number})"] = path
    return pictures


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
