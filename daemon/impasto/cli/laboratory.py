"""The commands for who wants to know or make what the encoder sees: `inspect`, `measure`, `train-encoder`.

Knows the rooms that they run, and imports them only inside the commands: each loads torch.
"""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from impasto.cli.options import ENCODERS, check_written, named
from impasto.config import Config
from impasto.errors import InvalidRequest, Violation

if TYPE_CHECKING:
    from impasto.inspection import Measurement
    from impasto.training import TrainingProgress

TOLD_STEPS = 25  # of training: a line for each would tell of noise


@click.command("train-encoder")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The .safetensors file to write.")
@click.option("--minutes", type=click.FloatRange(0, min_open=True), default=60.0, show_default=True)
@click.option(
    "--width", type=click.FloatRange(0, 1, min_open=True), default=0.25, show_default=True, help="1 is VGG-19."
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--threads", type=click.IntRange(1), help="Of the CPU.  [default: all cores]")
@click.option("--start", type=click.Path(path_type=Path, exists=True), help="An encoder file to go on from.")
@click.option("--checkpoint", type=click.Path(path_type=Path), help="Go on from here if it is there, and save here.")
@click.option("--sheet", type=click.Path(path_type=Path), help="Also draw the pictures it learns from into this PNG.")
def train_encoder(output: Path, sheet: Path | None, **options: Any) -> None:  # noqa: ANN401  # as click passes them
    """Train the offline encoder on pictures that this program draws itself.

    Ctrl-C ends it; with --checkpoint nothing but the last minutes is lost, and the same command goes on. A curve of the
    losses stands beside the file at the end.
    """
    if output.suffix != ".safetensors" or not os.access(output.absolute().parent, os.W_OK | os.X_OK):
        told = "must end in .safetensors, in a folder that is there and may be written to"
        raise InvalidRequest([Violation("-o", told, "DESTINATION")])
    from impasto import training  # noqa: PLC0415  # torch

    if sheet is not None:
        training.world_sheet(sheet, options["seed"])
        print(sheet)
    try:
        training.train(output, progress=_print_training, **options)
    except training.UnfitStart as error:
        raise InvalidRequest([Violation("--start", str(error), "UNFIT_START")]) from error
    print(output)


def _print_training(progress: "TrainingProgress") -> None:
    if progress.step % TOLD_STEPS != 1:
        return
    losses = "  ".join(f"{name} {value:.3f}" for name, value in progress.losses.items())
    told = f"step {progress.step}  {progress.pictures} pictures  {progress.elapsed_s:.0f} s"
    print(f"{told}  accuracy {progress.accuracy:.3f}  {losses}", flush=True)


@click.command()
@click.argument("picture", type=click.Path(path_type=Path))
@click.option("--layer", "layers", multiple=True, help="May be given again.  [default: those that stylize uses]")
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("out/inspect"), show_default=True)
@click.option("--size", type=click.IntRange(16), default=512, show_default=True, help="Most px of the long side.")
@click.option("--channels", type=click.IntRange(1), default=6, show_default=True, help="The strongest of each layer.")
@click.option("--encoder", type=ENCODERS, default="auto", show_default=True, help="The network that looks.")
@click.pass_obj
def inspect(
    config: Config,
    /,
    picture: Path,
    output: Path,
    layers: tuple[str, ...],
    size: int,
    channels: int,
    encoder: str,
) -> None:
    """Draw what each layer responds to in PICTURE, and how far it sees."""
    from impasto import inspection  # noqa: PLC0415  # torch

    with named({"picture": "PICTURE", "layers": "--layer", "folder": "-o"}):
        inspection.inspect(
            picture,
            output,
            layers=layers,
            encoder=encoder,
            size=size,
            channels=channels,
            on_written=print,
            data_dir=config.data_dir,
        )


@click.command()
@click.argument("a", type=click.Path(path_type=Path))
@click.argument("b", type=click.Path(path_type=Path))
@click.option("--layer", "layers", multiple=True, help="May be given again.  [default: those that stylize uses]")
@click.option("--size", type=click.IntRange(16), default=512, show_default=True, help="Most px of a long side.")
@click.option("--encoder", type=ENCODERS, default="auto", show_default=True, help="The network that looks.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--plot", type=click.Path(path_type=Path), help="Draw the distances into this file.")
@click.pass_obj
def measure(
    config: Config,
    /,
    a: Path,
    b: Path,
    layers: tuple[str, ...],
    size: int,
    encoder: str,
    as_json: bool,  # noqa: FBT001  # click passes flags so
    plot: Path | None,
) -> None:
    """Tell how far B is from A in content and in style, layer by layer.

    Content is compared position by position: B is resized to A's shape for it.
    """
    if plot is not None:
        check_written("--plot", plot, {"A": a, "B": b})
    from impasto import inspection  # noqa: PLC0415  # torch

    with named({"a": "A", "b": "B", "layers": "--layer"}):
        found = inspection.measure(a, b, layers=layers, encoder=encoder, size=size, data_dir=config.data_dir)
    if plot is not None:
        inspection.distance_plot(found.layers, f"{b.name} from {a.name}").save(plot)
    if as_json:
        print(json.dumps(found.to_json(), indent=2))
    else:
        _print_distances(found)


def _print_distances(found: "Measurement") -> None:
    """A table; "relative" can be compared between layers, the losses are those that `stylize` minimises."""
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table("layer")
    for column in ("content loss", "relative", "style loss", "relative"):
        table.add_column(column, justify="right")
    for layer in found.layers:
        values = (layer.content, layer.relative_content, layer.style, layer.relative_style)
        table.add_row(layer.layer, *(f"{value:.4g}" for value in values))
    Console().print(table)
    (width, height), (own_width, own_height) = found.size_a, found.size_b
    resized = f"; B resized from {own_width}x{own_height} for the content" if found.resized else ""
    print(f"encoder {found.encoder}, A at {width}x{height} px{resized}")
    print("relative: divided by A's own norm in that layer; 0 is the same")
