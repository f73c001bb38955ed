"""Round things in window light: balls and turned vessels, shaded pixel by pixel, with their shadows.

One light from the upper left, a window whose panes show in every glaze, a warm table below. Knows canvases, not what
the things are. Called by scenes of this room.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from impasto.gallery.canvas import Canvas, Field, mix, step
from impasto.gallery.palette import ink

_LIGHT = np.array([-0.62, -0.55, 0.56], np.float32)
_TILT = 0.24
"""How far the eye looks down: a ring of radius r shows as an ellipse of height _TILT * r."""

Skin = Callable[[Field, Field], Field]
"""The colour of a surface at its own coordinates: around (-1 to 1, left to right) and up (0 to 1)."""


@dataclass(frozen=True)
class Matter:
    """What a thing is made of."""

    skin: Skin
    gloss: float = 0.5
    """How clearly the window shows in it."""
    glow: float = 0.0
    """How much light goes through it and gathers on the far side, as in glass and grapes."""


def ball(canvas: Canvas, u: float, v: float, radius: float, matter: Matter, *, squash: float = 1.0) -> None:
    """A ball about (u, v); `squash` below 1 makes it flatter."""
    part = canvas.part((u - radius * 1.1, v - radius * 1.1), (u + radius * 1.1, v + radius * 1.1))
    if part is None:
        return
    x, y = (part.frame.u - u) / radius, (part.frame.v - v) / (radius * squash)
    inside = x * x + y * y
    soft = 1.5 / (radius * part.frame.unit)
    z = np.sqrt(np.clip(1 - inside, 0, 1))
    x, y = np.broadcast_to(x, z.shape), np.broadcast_to(y, z.shape)
    _show(part, step(1 + soft, 1 - soft, inside), _Surface(x, y, z, around=x, up=0.5 - 0.5 * y), matter)


Profile = Sequence[tuple[float, float]]
"""The outline of a turned thing: (share of its height, radius) from the foot up."""


def vessel(canvas: Canvas, u: float, foot: float, height: float, profile: Profile, matter: Matter) -> None:
    """The outside of a turned thing standing at (u, foot); `mouth`, drawn before it, is its inside."""
    widest = max(radius for _, radius in profile) * 1.1
    part = canvas.part((u - widest, foot - height - 0.02), (u + widest, foot + widest * _TILT + 0.02))
    if part is None:
        return
    at, radii = (np.array(column, np.float32) for column in zip(*profile, strict=True))
    up = np.broadcast_to((foot - part.frame.v) / height, part.relief.shape)
    for _ in range(3):
        radius = _turned(up, at, radii)
        x = (part.frame.u - u) / radius
        z = np.sqrt(np.clip(1 - x * x, 0, 1))
        up = (foot + _TILT * radius * z - part.frame.v) / height
    slope = (_turned(up + 0.01, at, radii) - _turned(up - 0.01, at, radii)) / (0.02 * height)
    size, soft = np.sqrt(1 + slope * slope), 1.2 / part.frame.unit
    cover = (
        step(soft, -soft, (np.abs(x) - 1) * radius)
        * step(-soft, soft, up * height)
        * step(soft, -soft, (up - 1) * height)
    )
    _show(part, cover, _Surface(x / size, slope / size, z / size, around=x, up=up), matter)


def _turned(place: Field, at: Field, values: Field) -> Field:
    """A profile through its points without corners: linear, averaged over a short span."""
    return np.asarray(sum(np.interp(place + d, at, values) for d in (-0.03, -0.015, 0, 0.015, 0.03)) / 5, np.float32)


def mouth(canvas: Canvas, u: float, v: float, radius: float, matter: Matter) -> None:
    """The opening of a vessel about (u, v): a lip that catches the light around a dark inside."""
    part = canvas.part((u - radius * 1.1, v - radius * 0.5), (u + radius * 1.1, v + radius * 0.5))
    if part is None:
        return
    frame = part.frame
    far = np.hypot((frame.u - u) / radius, (frame.v - v) / (radius * _TILT))
    soft = 1.5 / (radius * frame.unit)
    lip = np.clip(np.asarray(matter.skin(np.array([[0]], np.float32), np.array([[1]], np.float32))) * 1.15 + 0.05, 0, 1)
    part.veil(lip, step(1 + soft, 1 - soft, far))
    depth = np.clip(0.30 + 0.35 * (frame.u - u) / radius, 0.08, 0.8)
    part.veil(lip * np.broadcast_to(depth, far.shape)[..., None], step(0.86 + soft, 0.86 - soft, far))


@dataclass(frozen=True)
class _Surface:
    """What the eye meets at each pixel: the normal (x right, y down, z towards the eye) and the skin's coordinates."""

    x: Field
    y: Field
    z: Field
    around: Field
    up: Field


def _show(canvas: Canvas, cover: Field, surface: _Surface, matter: Matter) -> None:
    """Shade the covered pixels: lamp, cool air, warm light back from the table, light gone through, the window."""
    x, y, z = surface.x, surface.y, surface.z
    facing = x * _LIGHT[0] + y * _LIGHT[1] + z * _LIGHT[2]
    lamp = np.clip((facing + 0.18) / 1.18, 0, 1) ** 1.25
    colour = np.clip(matter.skin(surface.around, surface.up), 0, 1)
    warm = ink("fff0d8") * (1.18 * lamp)[..., None] + ink("7f8fb0") * (0.16 + 0.14 * np.clip(-y, 0, 1))[..., None]
    warm = warm + ink("b8703f") * (0.28 * np.clip(y, 0, 1) * np.clip(0.4 + x, 0, 1))[..., None]
    through = matter.glow * np.clip(-facing + 0.25, 0, 1) ** 1.5 * (0.35 + 0.65 * z)
    rgb = colour * (warm + through[..., None] * np.array([1.2, 1.15, 0.9], np.float32))
    edge = (1 - z) ** 3
    rgb = mix(rgb, ink("cfd4dc"), 0.22 * matter.gloss * edge * np.clip(0.3 - y, 0, 1))
    rgb = mix(rgb, ink("fffdf6"), matter.gloss * _window(x, y, z))
    canvas.veil(rgb, cover)


def _window(x: Field, y: Field, z: Field) -> Field:
    """The window's mirror image: four panes where the reflected eye ray meets it, and a soft bloom about them."""
    east, south = 2 * z * x, 2 * z * y
    across, down = (east + 0.62) / 0.20, (south + 0.60) / 0.26
    pane = step(1.0, 0.85, np.abs(across)) * step(1.0, 0.85, np.abs(down))
    bars = step(0.05, 0.12, np.abs(across)) * step(0.04, 0.10, np.abs(down))
    bloom = np.exp(-(across**2 + down**2) * 0.45)
    return np.asarray(np.where(z > 0.05, 0.88 * pane * bars + 0.16 * bloom, 0), np.float32)


def shadow(canvas: Canvas, u: float, v: float, radius: float, *, length: float = 2.4, depth: float = 0.74) -> None:
    """What a thing standing at (u, v) takes from the table: a dark foot and a shadow falling to the right."""
    frame = canvas.frame
    east, south = frame.u - u, (frame.v - v) / 0.34
    along, aside = (east * 0.93 + south * 0.36), (south * 0.93 - east * 0.36)
    reach = np.clip(along / (radius * length), 0, 1)
    wide = radius * (1.0 + 0.15 * reach)
    soft = 0.12 + 0.75 * reach
    strip = (
        step(1 + soft, 1 - soft, np.abs(aside) / wide)
        * step(1.0, 0.45, along / (radius * length))
        * step(-1.05, -0.6, along / radius)
    )
    foot = np.exp(-((np.hypot(east, south) / (radius * 1.02)) ** 6))
    dark = np.clip(depth * strip * (1 - 0.45 * reach) + 0.5 * foot, 0, 0.86)
    canvas.rgb *= 1 - dark[..., None] * np.array([0.93, 0.9, 0.82], np.float32)
