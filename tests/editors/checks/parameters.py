"""Each PF_ type: a plug-in that was registered with it is called through GIMP, and says what its function got."""

import importlib
import re
from typing import Any

from editors.checking import check
from editors.checks.image import picture

fu: Any = importlib.import_module("gimpfu")
gimp: Any = fu.gimp


def seen(name: str, *value: Any) -> str:
    """What scripts/echoes.py's function got for a parameter of that type; without a value, its default."""
    from gimpfu import _door  # noqa: PLC0415
    from gimpfu._wrap import unwrap  # noqa: PLC0415

    procedure = _door.Gimp.get_pdb().lookup_procedure(f"python-fu-echo-{name.replace('_', '-')}")
    config = procedure.create_config()
    config.set_property("run-mode", _door.Gimp.RunMode.NONINTERACTIVE)
    for one in value:
        config.set_property("the-value", unwrap(one))
    result = procedure.run(config)
    assert int(result.index(0)) == fu.PDB_SUCCESS, result.index(1)
    return str(result.index(1))


def file(path: str) -> Any:
    """GIMP's file of a path."""
    from gimpfu._door import Gio  # noqa: PLC0415

    return Gio.File.new_for_path(path)


@check("PF_INT8", "PF_INT16", "PF_INT32", "PF_INT", "PF_REGION")
def whole_numbers() -> None:
    wanted = {"PF_INT8": "7", "PF_INT16": "-300", "PF_INT32": "123456", "PF_INT": "5", "PF_REGION": "3"}
    assert {name: seen(name) for name in wanted} == wanted
    assert seen("PF_INT", -42) == "-42"


@check("PF_FLOAT")
def floats() -> None:
    assert (seen("PF_FLOAT"), seen("PF_FLOAT", -0.125)) == ("2.5", "-0.125")


@check("PF_STRING", "PF_VALUE", "PF_TEXT")
def texts() -> None:
    assert (seen("PF_STRING"), seen("PF_VALUE"), seen("PF_TEXT")) == ("'text'", "'value'", repr("one\ntwo"))
    assert seen("PF_STRING", "é") == repr("é")


@check("PF_COLOR", "PF_COLOUR")
def colours() -> None:
    sky, defaults = fu.gimpcolor.native((0, 128, 255)), {"PF_COLOR": [255, 128, 0, 255], "PF_COLOUR": [0, 0, 255, 255]}
    for name, default in defaults.items():
        for value, wanted in (((sky,), [0, 128, 255, 255]), ((), default)):
            numbers = [float(one) for one in re.findall(r"[\d.]+", seen(name, *value).removeprefix("gimpcolor.RGB"))]
            assert [round(255 * one) for one in numbers] == wanted


@check("PF_TOGGLE", "PF_BOOL")
def truth() -> None:
    assert (seen("PF_TOGGLE"), seen("PF_BOOL")) == ("True", "False")
    assert (seen("PF_TOGGLE", False), seen("PF_BOOL", True)) == ("False", "True")


@check("PF_SLIDER", "PF_SPINNER", "PF_ADJUSTMENT")
def ranges() -> None:
    assert (seen("PF_SLIDER"), seen("PF_SPINNER"), seen("PF_ADJUSTMENT")) == ("0.5", "10", "0.25")
    assert (seen("PF_SLIDER", 0.75), seen("PF_SPINNER", 999), seen("PF_ADJUSTMENT", 1.5)) == ("0.75", "999", "1.5")


@check("PF_FONT", "PF_BRUSH", "PF_PATTERN", "PF_GRADIENT", "PF_PALETTE")
def resources() -> None:
    defaults = {"PF_BRUSH": "2. Hardness 050", "PF_PATTERN": "Pine", "PF_GRADIENT": "Golden", "PF_PALETTE": "Bears"}
    assert {name: seen(name) for name in defaults} == {name: repr(value) for name, value in defaults.items()}
    assert seen("PF_FONT") == "'Sans-serif'"  # GIMP 3's name of 2.10's Sans


@check("PF_FILE", "PF_FILENAME", "PF_DIRNAME")
def files() -> None:
    assert (seen("PF_FILE"), seen("PF_FILENAME"), seen("PF_DIRNAME")) == ("''", "''", "'/tmp'")
    for name in ("PF_FILE", "PF_FILENAME", "PF_DIRNAME"):
        assert seen(name, file("/tmp")) == "'/tmp'"
    assert seen("PF_FILENAME", file("/tmp/not yet there.png")) == "'/tmp/not yet there.png'"


@check("PF_RADIO")
def radio() -> None:
    assert (seen("PF_RADIO"), seen("PF_RADIO", "a")) == ("'b'", "'a'")
    assert (seen("PF_RADIO_of_ints"), seen("PF_RADIO_of_ints", 9)) == ("5", "9")


@check("PF_OPTION")
def option() -> None:
    assert (seen("PF_OPTION"), seen("PF_OPTION", 2)) == ("1", "2")


@check("PF_IMAGE", "PF_LAYER", "PF_DRAWABLE", "PF_CHANNEL", "PF_VECTORS", "PF_DISPLAY")
def objects() -> None:
    image = picture()
    layer = image.layers[0]
    channel, path = gimp.Channel(image, "red", 40, 30, 50, (255, 0, 0)), gimp.Vectors(image, "way")
    image.add_channel(channel)
    image.add_vectors(path)
    given = {"PF_IMAGE": image, "PF_LAYER": layer, "PF_DRAWABLE": layer, "PF_CHANNEL": channel, "PF_VECTORS": path}
    assert {name: seen(name, value) for name, value in given.items()} == {name: repr(v) for name, v in given.items()}
    assert {name: seen(name) for name in (*given, "PF_DISPLAY")} == dict.fromkeys((*given, "PF_DISPLAY"), "None")


@check("PF_ constants have 2.10's numbers")
def numbers() -> None:
    wanted = {
        "INT8": 2, "INT16": 1, "INT32": 0, "INT": 0, "FLOAT": 3, "STRING": 4, "VALUE": 4, "COLOR": 10, "COLOUR": 10,
        "REGION": 11, "DISPLAY": 12, "IMAGE": 13, "LAYER": 14, "CHANNEL": 15, "DRAWABLE": 16, "VECTORS": 19,
        "TOGGLE": 1000, "BOOL": 1000, "SLIDER": 1001, "SPINNER": 1002, "ADJUSTMENT": 1002, "FONT": 1003, "FILE": 1004,
        "BRUSH": 1005, "PATTERN": 1006, "GRADIENT": 1007, "RADIO": 1008, "TEXT": 1009, "PALETTE": 1010,
        "FILENAME": 1011, "DIRNAME": 1012, "OPTION": 1013,
    }  # fmt: skip
    assert {name: getattr(fu, f"PF_{name}") for name in wanted} == wanted


@check("results: PF_INT", "results: PF_FLOAT", "results: PF_STRING", "results: PF_COLOR", "results: PF_TOGGLE",
       "results: PF_FONT")  # fmt: skip
def results() -> None:
    got = {
        name: fu.pdb[f"python-fu-give-PF-{name}"]() for name in ("INT", "FLOAT", "STRING", "COLOR", "TOGGLE", "FONT")
    }
    assert (got["INT"], got["FLOAT"], got["STRING"], bool(got["TOGGLE"])) == (7, 0.5, "told", True)
    assert tuple(got["COLOR"])[0:3] == (255, 0, 0)
    assert got["FONT"] == "Sans-serif"


@check("results: PF_IMAGE", "results: PF_LAYER", "results: several, none, too few")
def further_results() -> None:
    from editors.checking import refuses  # noqa: PLC0415

    assert fu.pdb.python_fu_give_image().width == 8
    assert fu.pdb.python_fu_give_layer().name == "made"
    assert fu.pdb.python_fu_give_two() == (1, "two")
    assert fu.pdb.python_fu_give_none(3) is None
    assert "registered 2 results" in refuses(RuntimeError, fu.pdb.python_fu_give_too_few)
