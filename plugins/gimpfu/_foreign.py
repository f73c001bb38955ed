"""Signatures in 2.10's manner for procedures that only GIMP 3 has: new ones, and other people's plug-ins.

Called by `_pdb`. An array gets the count before it that 2.10 would have had; `drawables` after an image is one
drawable.
"""

from typing import Any

from ._door import Gimp, GObject
from ._gimp3 import procedure
from ._signature import Parameter, Signature

KINDS = {
    "gint": "int32", "guint": "int32", "gchar": "int8", "guchar": "int8", "gboolean": "bool", "gdouble": "float",
    "gchararray": "string", "GFile": "string", "GeglColor": "color", "GimpUnit": "int32", "GimpParasite": "parasite",
    "GimpImage": "image", "GimpDisplay": "display", "GimpDrawable": "drawable", "GimpItem": "item",
    "GimpPath": "vectors",
    "GimpInt32Array": "int32array", "GimpDoubleArray": "floatarray", "GStrv": "stringarray", "GBytes": "int8array",
    "GimpColorArray": "colorarray", "GimpCoreObjectArray": "int32array",
}  # fmt: skip


def _kind(spec: Any) -> str:
    """2.10's word for what GIMP 3 takes."""
    kind = spec.value_type
    if spec.__gtype__.name == "GimpParamChoice" or kind.is_a(Gimp.Resource.__gtype__):
        return "string"
    if kind.is_a(GObject.TYPE_ENUM):
        return "int32"
    if kind.name in KINDS:
        return KINDS[kind.name]
    for native, word in ((Gimp.Layer, "layer"), (Gimp.Channel, "channel"), (Gimp.Drawable, "drawable")):
        if kind.is_a(native.__gtype__):
            return word
    return "item" if kind.is_a(Gimp.Item.__gtype__) else "any"


def _parameters(specs: list[Any]) -> tuple[Parameter, ...]:
    made: list[Parameter] = []
    for position, spec in enumerate(specs):
        kind = _kind(spec)
        if spec.name == "drawables" and position and specs[position - 1].name == "image":
            kind = "drawables"
        elif kind.endswith("array"):
            made.append(Parameter(f"num-{spec.name}", "int32"))
        made.append(Parameter(spec.name, kind))
    return tuple(made)


def foreign_signature(name: str) -> Signature:
    """What 2.10 would have said of a GIMP 3 procedure."""
    found = procedure(name)
    return Signature(name, _parameters(found.get_arguments()), _parameters(found.get_return_values()), foreign=True)
