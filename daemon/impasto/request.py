"""What a caller of the Python API asks for, as the contract's messages, with every mistake told by the caller's names.

Knows the contract. Must not know channels, files or blobs. ``client`` uploads the pictures and calls it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from impasto.errors import Violations
from impasto.v1 import stylize_pb2

T = TypeVar("T")
CHOICES = {"colour": "COLOUR_HANDLING", "detail": "DETAIL", "start": "START", "optimizer": "OPTIMIZER"}
PRIORITIES = ("interactive", "normal", "batch")
LAYERS = ("content_layers", "style_layers")


@dataclass(frozen=True)
class StyleUse(Generic[T]):
    """One style among those of a request: its picture, its share and where it applies, and what errors call them."""

    image: T
    weight: float
    region: T | None
    field: str
    region_field: str


def styles(style: T | Sequence[T], blend: Sequence[float], regions: Sequence[T]) -> list[StyleUse[T]]:
    """The styles with their shares and regions; as many of these as of styles, or none.

    Raises:
        InvalidRequest: there are more or fewer.
    """
    several = isinstance(style, list | tuple)
    images: Sequence[Any] = style if isinstance(style, list | tuple) else [style]
    found = Violations()
    if not images:
        found.add("style", "is empty; one style is needed", "STYLE_MISSING")
    for name, given in (("blend", blend), ("regions", regions)):
        if given and len(given) != len(images):
            found.add(name, f"has {len(given)} entries for {len(images)} styles; one for each is needed", "COUNT")
    found.raise_if_any()
    return [
        StyleUse(
            image,
            blend[index] if blend else 1.0,
            regions[index] if regions else None,
            f"style[{index}]" if several else "style",
            f"regions[{index}]",
        )
        for index, image in enumerate(images)
    ]


def envelope(priority: str, labels: Mapping[str, str]) -> dict[str, Any]:
    """How urgent a request is, and its labels, as fields of the contract's `StylizeRequest`.

    Raises:
        InvalidRequest: a word for the priority that there is not, or labels that are no text.
    """
    found = Violations()
    if priority not in PRIORITIES:
        found.add("priority", f"is {priority!r}; it is one of {', '.join(PRIORITIES)}", "UNKNOWN_PRIORITY")
    if not all(isinstance(part, str) for pair in labels.items() for part in pair):
        found.add("labels", f"are {dict(labels)!r}; names and values must be text", "LABELS")
    found.raise_if_any()
    return {"priority": f"PRIORITY_{priority.upper()}", "labels": dict(labels)}


def plain_spec(options: Mapping[str, Any]) -> stylize_pb2.StylizeSpec:
    """The contract's spec with plain fields set; every option that is none of them is told."""
    plain = {f.name for f in stylize_pb2.StylizeSpec.DESCRIPTOR.fields if f.message_type is None} | set(LAYERS)
    found = Violations()
    options = {name: _worded(name, value) for name, value in options.items()}
    for name, value in options.items():
        if name not in plain:
            found.add(name, f"is no option; there are {', '.join(sorted(plain))}", "OPTION_UNKNOWN")
            continue
        try:
            stylize_pb2.StylizeSpec(**{name: value})
        except (TypeError, ValueError) as error:
            found.add(name, f"is {value!r}, which does not fit: {error}", "OPTION_INVALID")
    found.raise_if_any()
    return stylize_pb2.StylizeSpec(**options)


def _worded(name: str, value: object) -> object:
    """What people write as the contract has it: an enum's "content-luminance", layers as {"relu3_1": 2.0}."""
    if name in LAYERS and isinstance(value, Mapping):
        return [{"layer": layer, "weight": weight} for layer, weight in value.items()]
    if name in CHOICES and isinstance(value, str) and not value.isupper():
        return f"{CHOICES[name]}_{value.replace('-', '_').upper()}"
    return value
