"""The commands about ImageNet's weights: `weights fetch`, `import`, `list`, `remove`.

Knows the room that brings them and the shelf they come to; imports what is heavy only inside the commands, as ``cli``
loads this for every `--help`.
"""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from impasto.cli.options import named
from impasto.config import Config

if TYPE_CHECKING:
    from impasto.weights import Shelf

MB = 1_000_000  # as downloads are told everywhere


@click.group()
def weights() -> None:
    """Bring ImageNet's VGG-19 here; without it the shipped encoder is used."""


@weights.command()
@click.option("--url", help="A mirror's address.  [default: weights_url, torchvision's own]")
@click.option("--sha256", help="What the file's checksum begins with.  [default: weights_sha256]")
@click.option("--retries", type=click.IntRange(0), default=4, show_default=True, help="After a broken transfer.")
@click.pass_obj
def fetch(config: Config, url: str | None, sha256: str | None, retries: int) -> None:
    """Download torchvision's VGG-19 (548 MB, of which 52 MB are kept).

    An interrupted download goes on where it stopped. A file in torch's own cache is taken instead.
    """
    from impasto import imagenet  # noqa: PLC0415
    from impasto.bar import TransferBar  # noqa: PLC0415
    from impasto.weights import Shelf  # noqa: PLC0415

    shelf = Shelf(config.data_dir)
    if shelf.available("vgg19"):
        print(f"vgg19 is here already: {_source(shelf)}; `impasto weights remove` makes room for another")
        return
    with named({"flags: weights_url": "--url", "flags: weights_sha256": "--sha256", "url": "--url"}):
        asked = config.overridden({"weights_url": url, "weights_sha256": sha256})
        with TransferBar() as show:
            try:
                imagenet.fetch(shelf, asked.weights_url, asked.weights_sha256, retries=retries, on_progress=show)
            except KeyboardInterrupt:
                print("what has arrived is kept; the same command goes on from there", file=sys.stderr)
                raise
    print(f"vgg19 is here: {_source(shelf)}")


@weights.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--sha256", default="", help="What its checksum begins with.  [default: as its name says]")
@click.pass_obj
def import_(config: Config, file: Path, sha256: str) -> None:
    """Take VGG-19 from FILE: torchvision's, or Gatys' vgg_conv.pth."""
    from impasto import imagenet  # noqa: PLC0415
    from impasto.bar import TransferBar  # noqa: PLC0415
    from impasto.weights import Shelf  # noqa: PLC0415

    shelf = Shelf(config.data_dir)
    with named({"flags: weights_sha256": "--sha256", "file": "FILE"}):
        config.overridden({"weights_sha256": sha256 or None})
        with TransferBar() as show:
            imagenet.import_file(file, shelf, sha256, on_progress=show)
    print(f"vgg19 is here: {_source(shelf)}")


@weights.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def list_(config: Config, as_json: bool) -> None:  # noqa: FBT001  # click passes flags so
    """Tell which encoders are here: size, source, checksum."""
    from impasto import fetching  # noqa: PLC0415
    from impasto.spec import ENCODERS  # noqa: PLC0415
    from impasto.weights import Shelf  # noqa: PLC0415

    shelf = Shelf(config.data_dir)
    entries, under_way = [_entry(shelf, name) for name in ENCODERS], fetching.look(shelf)
    if as_json:
        print(json.dumps({"encoders": entries, "fetch": under_way and vars(under_way)}, indent=2))
        return
    for entry in entries:
        print("  ".join(_cells(entry)))
    if under_way is not None:
        of = f" of {under_way.total_bytes / MB:.1f}" if under_way.total_bytes else ""
        print(f"fetch {under_way.state}: {under_way.received_bytes / MB:.1f}{of} MB")


@weights.command()
@click.pass_obj
def remove(config: Config) -> None:
    """Remove the fetched or imported encoder, and what is left of a download."""
    from impasto import imagenet  # noqa: PLC0415
    from impasto.weights import Shelf  # noqa: PLC0415

    removed = imagenet.remove(Shelf(config.data_dir))
    print(f"removed {' and '.join(removed)}" if removed else "there is nothing to remove")


def _entry(shelf: "Shelf", name: str) -> dict[str, Any]:
    from impasto.weights import card, sha256_of  # noqa: PLC0415

    path = shelf.path(name)
    if not shelf.available(name):
        return {"name": name, "available": False, "description": shelf.description(name)}
    told = card(path)
    size, sha256 = path.stat().st_size, sha256_of(path)
    origin = {key: told[key] for key in ("source", "came_from") if key in told}
    compared = {"source_sha256": told.get("sha256", ""), "source_checked": bool(told.get("compared_with"))}
    here = {"name": name, "available": True, "bytes": size, "sha256": sha256}
    return here | {"description": shelf.description(name)} | (origin | compared if origin else {})


def _cells(entry: dict[str, Any]) -> list[str]:
    name = f"{entry['name']:<10}"
    if not entry["available"]:
        return [name, "absent ", entry["description"]]
    return [name, f"{entry['bytes'] / MB:5.1f} MB", f"sha256 {entry['sha256'][:16]}", entry["description"]]


def _source(shelf: "Shelf") -> str:
    entry = _entry(shelf, "vgg19")
    if "source" not in entry:
        return f"{entry['bytes'] / MB:.1f} MB from an unknown source"
    compared = "as expected" if entry["source_checked"] else "compared with nothing: give --sha256 to have it checked"
    origin = f"{entry['source']} from {entry['came_from']}"
    return f"{entry['bytes'] / MB:.1f} MB, {origin}, sha256 {entry['source_sha256'][:16]} ({compared})"
