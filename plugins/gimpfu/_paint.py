"""`gimp`'s functions about what one paints with: colours, gradients, fonts, the context that holds them.

Part of the module `gimp`, which `_gimp` puts together.
"""

from collections.abc import Sequence
from typing import Any

from . import gimpcolor
from ._door import Gegl, Gimp
from ._error import done, error


def context_push() -> None:
    """Remembers the context; what is set after counts until `context_pop`."""
    done(Gimp.context_push(), "push the context")


def context_pop() -> None:
    """Takes the last remembered context back."""
    done(Gimp.context_pop(), "pop the context")


def get_foreground() -> gimpcolor.RGB:
    """The foreground colour."""
    return gimpcolor.from_native(Gimp.context_get_foreground())


def get_background() -> gimpcolor.RGB:
    """The background colour."""
    return gimpcolor.from_native(Gimp.context_get_background())


def _colour(values: tuple[Any, ...]) -> Any:
    """A colour given as one value or as its components."""
    if len(values) not in (1, 3, 4):
        raise TypeError(f"a colour is one value or 3 numbers, got {len(values)}")
    return gimpcolor.native(values[0] if len(values) == 1 else values)


def set_foreground(*color: Any) -> None:
    """Sets the foreground colour: an RGB, a tuple, a name, or three numbers."""
    done(Gimp.context_set_foreground(_colour(color)), f"set the foreground to {color!r}")


def set_background(*color: Any) -> None:
    """Sets the background colour: an RGB, a tuple, a name, or three numbers."""
    done(Gimp.context_set_background(_colour(color)), f"set the background to {color!r}")


def gradients_get_list(filter: str = "") -> tuple[str, ...]:
    """Names of gradients, those that match a regular expression."""
    return tuple(gradient.get_name() for gradient in Gimp.gradients_get_list(filter))


def context_get_gradient() -> str:
    """Name of the gradient in use."""
    return str(Gimp.context_get_gradient().get_name())


def _gradient(name: str) -> Any:
    found = Gimp.Gradient.get_by_name(name)
    if found is None:
        raise error(f"there is no gradient '{name}': gimp.gradients_get_list() has all names")
    return found


def context_set_gradient(name: str) -> None:
    """Uses the gradient of that name."""
    done(Gimp.context_set_gradient(_gradient(name)), f"use gradient '{name}'")


gradients_get_gradient = context_get_gradient
gradients_set_gradient = context_set_gradient

Sample = tuple[float, float, float, float]


def _samples(colours: Sequence[Any]) -> list[Sample]:
    found = [gimpcolor.from_native(colour) for colour in colours]
    return [(colour.r, colour.g, colour.b, colour.a) for colour in found]


def gradient_get_uniform_samples(name: str, num_samples: int, reverse: int = 0) -> list[Sample]:
    """Colours of a gradient at equal distances: red, green, blue, alpha, each 0 to 1."""
    return _samples(_gradient(name).get_uniform_samples(num_samples, bool(reverse)))


def gradient_get_custom_samples(name: str, positions: Sequence[float], reverse: int = 0) -> list[Sample]:
    """Colours of a gradient at positions from 0 to 1."""
    return _samples(_gradient(name).get_custom_samples([float(one) for one in positions], bool(reverse)))


def gradients_sample_uniform(num: int, reverse: int = 0) -> list[Sample]:
    """Colours of the gradient in use at equal distances."""
    return gradient_get_uniform_samples(context_get_gradient(), num, reverse)


def gradients_sample_custom(positions: Sequence[float], reverse: int = 0) -> list[Sample]:
    """Colours of the gradient in use at positions from 0 to 1."""
    return gradient_get_custom_samples(context_get_gradient(), positions, reverse)


def fonts_get_list(filter: str = "") -> tuple[str, ...]:
    """Names of fonts, those that match a regular expression."""
    return tuple(font.get_name() for font in Gimp.fonts_get_list(filter))


def fonts_refresh() -> None:
    """Looks for fonts anew."""
    done(Gimp.fonts_refresh(), "refresh the fonts")


def checks_get_shades(type: int) -> tuple[int, int]:
    """The two grays of a checkerboard, 0 to 255: CHECK_TYPE_LIGHT_CHECKS and so on."""
    light, dark = Gegl.Color.new("white"), Gegl.Color.new("black")
    answer = Gimp.checks_get_colors(Gimp.CheckType(type), light, dark)
    colours = answer if isinstance(answer, tuple) else (light, dark)
    first, second = (gimpcolor.from_native(colour)[0] for colour in colours[-2:])
    return first, second
