"""`stained-glass`: a great flower of coloured glass in lead, lit from behind.

Knows the tools of this room; called by its face alone.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from impasto.gallery.canvas import Field, Frame, blur, lit, mix, step
from impasto.gallery.cells import cells
from impasto.gallery.noise import clouds, smooth
from impasto.gallery.palette import ink, ramp

_HEART = (0.58, 0.47)
_RINGS = (
    *((8, 0.022), (16, 0.035), (16, 0.050), (32, 0.042), (16, 0.050), (16, 0.062), (48, 0.050), (24, 0.050)),
    *(
        (24, 0.062),
        (64, 0.055),
        (32, 0.055),
        (40, 0.070),
        (72, 0.060),
        (48, 0.070),
        (56, 0.080),
        (64, 0.080),
        (72, 0.080),
    ),
)
"""Panes in each ring, and how far it lies from the one before: jewels and long petals by turns."""


def stained_glass(frame: Frame, rng: Generator) -> Field:
    """Cut the panes, set them in lead, put the sun behind."""
    bent_u, bent_v = _bent(frame, rng)
    panes = cells(bent_u, bent_v, *_cuts(rng))
    u, v = panes.u, panes.v
    chance = rng.random((3, u.size), np.float32)
    glass = _glass(u, v, chance)[panes.nearest]
    inner = step(0.0, 0.05, panes.edge)
    streaks = clouds(frame, (0.14, 0.02), rng, octaves=5, gain=0.7) * 0.5 + clouds(frame, 0.03, rng, octaves=4) * 0.5
    glow = 0.62 + 0.38 * inner + 0.16 * streaks + 0.22 * (chance[2][panes.nearest] - 0.5)
    glow = glow + 0.35 * np.exp(-(((frame.u - _HEART[0]) ** 2 + (frame.v - _HEART[1]) ** 2) / 0.12))
    light = glass ** (1.5 - 0.55 * glow)[..., None] * (0.55 + 0.62 * glow)[..., None]
    bubbles = step(1.9, 2.5, clouds(frame, 0.008, rng, octaves=2))
    light = light * (1 + 0.35 * bubbles)[..., None]
    width = 0.0046 + 0.0007 * smooth(frame, 0.03, rng)
    lead = step(width + 0.0012, width - 0.0012, panes.edge)
    dome = np.sqrt(np.clip(1 - (panes.edge / width) ** 2, 0, 1)) * 0.006
    ripple = 0.0011 * clouds(frame, 0.014, rng, octaves=3) * (1 - lead)
    came = ink("23242a") * (1 + 0.35 * clouds(frame, 0.01, rng, octaves=4, gain=0.8))[..., None]
    window = lit(mix(light, came, lead), dome * lead + ripple, frame.unit, depth=1.0, gloss=0.7)
    return np.asarray(
        window + 0.20 * blur(np.clip(light, 0, 1) ** 2 * (1 - lead)[..., None], frame.unit * 0.012), np.float32
    )


def _bent(frame: Frame, rng: Generator) -> tuple[Field, Field]:
    """The plane in which the cuts are straight: turned the more the farther out, and waved a little."""
    east, south = frame.u - _HEART[0], frame.v - _HEART[1]
    far, turn = np.hypot(east, south), np.arctan2(south, east)
    turn = turn + 1.1 * far**1.3 + 0.10 * np.sin(8 * turn) * step(0.05, 0.3, far)
    waver = 0.010 * smooth(frame, 0.14, rng) * step(0.2, 0.6, far)
    return (_HEART[0] + far * np.cos(turn) + waver).astype(np.float32), (_HEART[1] + far * np.sin(turn)).astype(
        np.float32
    )


def _cuts(rng: Generator) -> tuple[Field, Field]:
    """The panes' centres: rings of petals around the heart, then shards along a slow turn."""
    u, v, far = [np.array([_HEART[0]], np.float32)], [np.array([_HEART[1]], np.float32)], 0.03
    for ring, (count, deep) in enumerate(_RINGS):
        turn = 2 * np.pi * (np.arange(count) + 0.5 * (ring % 2)) / count
        far, loose = far + deep, 0.001 + 0.0022 * max(0, ring - 4)
        reach = far + loose * rng.standard_normal(count)
        u.append((_HEART[0] + reach * np.cos(turn + loose * rng.standard_normal(count))).astype(np.float32))
        v.append((_HEART[1] + reach * np.sin(turn)).astype(np.float32))
    return np.concatenate(u), np.concatenate(v)


def _glass(u: Field, v: Field, chance: Field) -> Field:
    """Each pane's colour, by its ring and where it lies."""
    east, south = u - _HEART[0], v - _HEART[1]
    far, angle = np.hypot(east, south), np.arctan2(south, east)
    flower = ramp("fff2b0 ffd23f f58a1f e0312f b5134f 7a1f8a", far / 0.34 + 0.08 * (chance[0] - 0.5))
    shards = ramp(
        "0f3fa8 1f7fd0 1fb5b0 2fa85a 9cc42f 1f6fd8 2a2f9c 0f3fa8",
        (angle / (2 * np.pi) + 0.5 + 0.9 * far + 0.16 * chance[1]) % 1,
    )
    colour = np.where((far < 0.36)[:, None], flower, shards)
    return np.where(
        ((chance[1] > 0.90) & (far > 0.36))[:, None], ramp("ffd86a f2ead0 ff9a5a", chance[0]), colour
    ).astype(np.float32)
