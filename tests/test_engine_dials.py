"""Every control through a whole run, held against plain restatements: J at the start, and where X goes from there.

Without preconditioning the first move of L-BFGS goes along the negative gradient. So the losses of the first step, and
the direction from the start to the first picture, are those of formulas in which the control is prepared by hand.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from golden import gatys, objectives
from golden.objectives import Case
from impasto.engine import VGG, EncoderSpec, Settings, Style, Weights, stylize
from impasto.engine.objective import KEPT
from impasto.method.settings import detailed, dialled

TOLERANCE = 1e-6
Array = npt.NDArray[np.float64]
pytestmark = pytest.mark.usefixtures("one_thread")
LUMA = np.array([0.299, 0.587, 0.114])
BASE = Weights(content=50.0, style=1.0, total_variation=2.0)
PLAIN = {"content": 50.0, "style": 1.0, "tv": 2.0}


@dataclass
class Plain:
    """What the formulas are fed: the pictures that the network sees, where X starts, what of a move is shown."""

    content: Tensor
    style: Tensor
    start: Tensor | None = None
    case: dict[str, Any] = field(default_factory=dict)
    moved: Callable[[Tensor], Tensor] = lambda slope: slope
    strokes: float = 1.0


def statistics(image: Array) -> tuple[Array, Array]:
    """Mean (3,) and covariance (3, 3) of (3, N), the notebook's floor on the diagonal."""
    return image.mean(1, keepdims=True), np.cov(image, bias=True) + 1e-5 * np.eye(3)


def power(matrix: Array, exponent: float) -> Array:
    """A power of a symmetric matrix."""
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * values**exponent) @ vectors.T)


def recoloured(style: Array, content: Array) -> Array:
    """Gatys et al. 2016, equation 1."""
    (mean_s, cov_s), (mean_c, cov_c) = statistics(style), statistics(content)
    return np.asarray(power(cov_c, 0.5) @ power(cov_s, -0.5) @ (style - mean_s) + mean_c)


XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
XYZ /= XYZ.sum(1, keepdims=True)


def lab(rgb: Array) -> Array:
    """CIE Lab of sRGB, a hundredth of its units."""
    light = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    t = XYZ @ light
    x, y, z = np.where(t > 216 / 24389, np.cbrt(t), (24389 / 27 * t + 16) / 116)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)]) / 100


def rgb_of(lab_: Array) -> Array:
    """Back again."""
    light, a, b = 100 * lab_
    y = (light + 16) / 116
    roots = np.stack([y + a / 500, y, y - b / 200])
    t = np.where(roots > 6 / 29, roots**3, (116 * roots - 16) * 27 / 24389)
    linear = np.linalg.solve(XYZ, t)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055)


def by_hand(image: Tensor, change: Callable[[Array], Array]) -> Tensor:
    """A change of (3, N) colours, done to a tensor."""
    flat = image[0].flatten(1).numpy()
    return torch.from_numpy(change(flat)).view_as(image)


def gray(image: Tensor) -> Tensor:
    """Luminance, in all three channels."""
    return by_hand(image, lambda rgb: np.repeat((LUMA @ rgb)[None], 3, 0))


def luminance_case(content: Tensor, style: Tensor) -> Plain:
    """§3.2: gray pictures, the style's light adapted to the content's; what is shown of X is its light."""
    light_s, light_c = (LUMA @ picture[0].flatten(1).numpy() for picture in (style, content))
    gain = np.sqrt((light_c.var() + 1e-5) / (light_s.var() + 1e-5))
    adapted = gain * (light_s - light_s.mean()) + light_c.mean()
    seen = torch.from_numpy(np.repeat(adapted[None], 3, 0)).view_as(style)
    return Plain(gray(content), seen, gray(content), moved=gray)


def half(content: Tensor) -> Tensor:
    """The left half, with a soft edge."""
    width = content.shape[3]
    return (
        ((width / 2 + 2 - torch.arange(width, dtype=torch.float64)) / 4).clamp(0, 1).expand(1, 1, content.shape[2], -1)
    )


def fitting(style: Tensor, content: Tensor, strokes: float) -> Tensor:
    """The style with a long side of so many times the content's, by torch's own resampling."""
    factor = strokes * max(content.shape) / max(style.shape)
    size = [round(side * factor) for side in style.shape[2:]]
    return style if factor >= 1 else F.interpolate(style, size, mode="bicubic", antialias=True)


Control = Callable[[Tensor, Tensor, Tensor], tuple[dict[str, Any], dict[str, Any], Plain]]


def matched(way: str, strength: float = 1.0) -> Control:
    """The style recoloured in RGB or Lab."""

    def control(content: Tensor, style: Tensor, _other: Tensor) -> tuple[dict[str, Any], dict[str, Any], Plain]:
        there: Callable[[Array], Array] = lab if way == "lab" else np.asarray
        back: Callable[[Array], Array] = rgb_of if way == "lab" else np.asarray
        flat = content[0].flatten(1).numpy()
        found = by_hand(style, lambda rgb: back(recoloured(there(rgb), there(flat)))).clamp(0, 1)
        settings = {"colour": f"content-match-{way}", "colour_strength": strength}
        return settings, {}, Plain(content, style + strength * (found - style))

    return control


def weighed(**dials: Any) -> Control:
    """Dials that only change weights: J has those that they stand for."""

    def control(content: Tensor, style: Tensor, _other: Tensor) -> tuple[dict[str, Any], dict[str, Any], Plain]:
        weights = dialled(detailed(BASE, dials.get("detail", "balanced")), dials.get("strength"))
        case = {"content": weights.content, "style": weights.style, "tv": weights.total_variation}
        return dials, {}, Plain(content, style, case=case | {"layers": dict(weights.style_layers)})

    return control


CONTROLS: dict[str, Control] = {
    "nothing": lambda c, s, _: ({}, {}, Plain(c, s)),
    "strength 0.3": weighed(strength=0.3),
    "strength 0.8": weighed(strength=0.8),
    "fine": weighed(detail="fine"),
    "coarse, strong": weighed(detail="coarse", strength=0.9),
    "strokes of half the size": lambda c, s, _: ({"style_scale": 0.5}, {}, Plain(c, s, strokes=0.5)),
    "luminance": lambda c, s, _: ({"colour": "content-luminance"}, {}, luminance_case(c, s)),
    "match in RGB": matched("rgb"),
    "match in Lab": matched("lab"),
    "match in Lab by half": matched("lab", 0.5),
    "selection": lambda c, s, _: (
        {}, {"mask": half(c)}, Plain(c, s, case={"selection": half(c)}, moved=lambda slope: half(c) ** 2 * slope)
    ),
    "keep": lambda c, s, _: ({}, {"keep": half(c)}, Plain(c, s, case={"keep": half(c), "kept": KEPT})),
    "go on from a picture": lambda c, s, o: ({}, {"init": o}, Plain(c, s, start=o)),
    "tileable": lambda c, s, _: ({"tileable": True}, {}, Plain(c, s, case={"wraps": True})),
    "two styles": lambda c, s, o: (
        {}, {"style": [Style(s, 3.0), Style(o, 1.0)]}, Plain(c, s, case={"styles": ((3.0, s), (1.0, o))})
    ),
    "regions": lambda c, s, o: (
        {}, {"style": [Style(s, 3.0, half(c)), Style(o, 1.0, 1 - half(c))]},
        Plain(c, s, case={"styles": (), "regions": ((0.75, half(c), s), (0.25, 1 - half(c), o))}),
    ),
    **{
        name: lambda c, s, _, name=name: ({"objective": name}, {}, Plain(c, s, case={"objective": name}))  # type: ignore[misc]
        for name in ("neural-style", "spst", "w2")
    },
}  # fmt: skip


@pytest.mark.parametrize("name", CONTROLS)
def test_a_run_begins_as_the_formulas_say(name: str) -> None:
    """The terms of J at the start, and the gradient that the first move follows."""
    arrays = gatys.inputs()
    content, style = (torch.from_numpy(arrays[key] / 255)[None] for key in ("content", "style"))
    other = 0.3 + 0.4 * torch.from_numpy(arrays["x"]).double()[None].clamp(0, 1)
    asked, pictures, plain = CONTROLS[name](content, style, other)
    start = plain.content if plain.start is None else plain.start
    fit = partial(fitting, content=content, strokes=plain.strokes)
    named: dict[str, Any] = {"styles": ((1.0, plain.style),)} | PLAIN | plain.case
    named["styles"] = tuple((share, fit(picture)) for share, picture in named["styles"])
    named["regions"] = tuple((share, where, fit(picture)) for share, where, picture in named.get("regions", ()))
    case = Case(**named)
    expected, slope = objectives.gradient(start, plain.content, arrays, case)

    spec = EncoderSpec("golden", pooling="avg", padding="zeros")
    encoder = VGG(spec, {key: torch.from_numpy(a) for key, a in arrays.items() if key.startswith("conv")}).double()
    settings = Settings(steps=1, max_scales=1, weights=BASE, **asked)
    (step,) = stylize(encoder, content, pictures.pop("style", style), settings, **pictures)
    first = pictures.get("init", content)
    move, wanted = (step.image - first).flatten(), -plain.moved(slope).flatten()

    for term, value in expected.items():
        assert step.losses[term] == pytest.approx(value, rel=TOLERANCE, abs=1e-12)
    assert float(wanted.norm()) > 0
    assert float((move / move.norm() - wanted / wanted.norm()).norm()) < TOLERANCE
