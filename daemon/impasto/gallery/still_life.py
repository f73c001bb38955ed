"""`still-life`: a content scene of fruit, a jug and a bottle on a wooden table, by a window on the left.

Knows the tools of this room; called by its face alone.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from impasto.gallery.canvas import Canvas, Field, Frame, blur, mix, step
from impasto.gallery.noise import clouds, smooth
from impasto.gallery.palette import ink, ramp
from impasto.gallery.skins import apple, bottle_glass, bowl_glaze, grape, jug_glaze, pear, peel
from impasto.gallery.solids import Matter, ball, mouth, shadow, vessel

_EDGE = 0.58
"""Where the table meets the wall."""
_JUG = (
    (0.0, 0.070),
    (0.05, 0.085),
    (0.30, 0.128),
    (0.50, 0.122),
    (0.72, 0.070),
    (0.84, 0.058),
    (0.95, 0.068),
    (1.0, 0.076),
)
_BOTTLE = (
    (0.0, 0.062),
    (0.03, 0.066),
    (0.55, 0.066),
    (0.66, 0.058),
    (0.76, 0.026),
    (0.92, 0.021),
    (0.94, 0.026),
    (1.0, 0.025),
)
_BOWL = ((0.0, 0.060), (0.10, 0.066), (0.16, 0.062), (0.45, 0.135), (0.80, 0.178), (1.0, 0.190))
_PEAR = (
    (0.0, 0.030),
    (0.10, 0.060),
    (0.30, 0.074),
    (0.50, 0.064),
    (0.72, 0.036),
    (0.9, 0.026),
    (1.0, 0.012),
)
_ORANGES = ((0.965, 0.600, 0.066), (1.105, 0.605, 0.068), (1.035, 0.565, 0.066), (1.035, 0.625, 0.070))
_LOOSE = (
    (0.245, 0.815, 0.078, "apple"),
    (0.405, 0.865, 0.072, "pear"),
    (0.80, 0.885, 0.058, "lemon"),
    (1.205, 0.855, 0.066, "apple"),
)


def still_life(frame: Frame, rng: Generator) -> Field:
    """Set the table from the wall forward."""
    canvas = Canvas.primed(frame, _wall(frame, rng))
    canvas.veil(_curtain(frame, rng), _curtain_cover(frame))
    table = step(-0.0015, 0.0015, frame.v - _EDGE) + 0 * frame.u
    canvas.veil(_wood(frame, rng), table)
    _cloth(canvas, rng)
    _shadows(canvas)
    _vessels(canvas, rng)
    _fruit(canvas, rng)
    _grapes(canvas, rng)
    return _developed(canvas.rgb, frame, rng)


def _wall(frame: Frame, rng: Generator) -> Field:
    """Plaster, with the window's light lying across it."""
    plaster = ramp("3f4a52 6f7a7c a39f8f", 0.85 - 0.55 * frame.u + 0.10 * clouds(frame, 0.20, rng, octaves=7, gain=0.6))
    slant = frame.u + 0.45 * frame.v
    pane = (
        step(0.30, 0.33, slant)
        * step(0.80, 0.76, slant)
        * step(0.06, 0.085, frame.v + 0.12 * frame.u)
        * step(0.56, 0.52, frame.v + 0.12 * frame.u)
    )
    bars = step(0.006, 0.016, np.abs(slant - 0.55)) * step(0.006, 0.016, np.abs(frame.v + 0.12 * frame.u - 0.30))
    leaves = 1 - 0.5 * step(0.1, 0.9, clouds(frame, 0.11, rng, octaves=4)) * step(0.2, 0.7, slant)
    lit_by = np.asarray(pane * bars * leaves, np.float32)
    return np.asarray(plaster * (1 + 0.62 * lit_by)[..., None] + ink("3a2a10") * (0.45 * lit_by)[..., None], np.float32)


def _curtain_cover(frame: Frame) -> Field:
    edge = 1.13 + 0.045 * np.sin(7 * frame.v + 0.6) - 0.12 * (frame.v - 0.3)
    return step(-0.002, 0.002, frame.u - edge) * (frame.v < 2)


def _curtain(frame: Frame, rng: Generator) -> Field:
    """Heavy red cloth in long folds, with a woven band."""
    place = frame.u + 0.10 * (frame.v - 0.3) ** 2 + 0.006 * smooth(frame, (0.12, 0.4), rng)
    fold = np.sin(place * 62 + 1.4 * np.sin(place * 23)) + 0.35 * np.sin(place * 143 + 2 * frame.v)
    facing = -np.gradient(fold, axis=1) * frame.unit / 62
    weave = 1 + 0.05 * np.sin(frame.v * 900) + 0.05 * clouds(frame, 0.01, rng, octaves=3)
    band = step(0.020, 0.016, np.abs((frame.v + 0.02 * fold) % 0.16 - 0.08))
    tone = mix(
        ramp("2a0a10 7a1a1f b8382a d8694a", 0.42 + 0.22 * fold + 0.14 * facing), ink("d8b060") * 0.8, 0.55 * band
    )
    return np.asarray(tone * (weave * (0.72 + 0.25 * fold))[..., None], np.float32)


def _wood(frame: Frame, rng: Generator) -> Field:
    """Planks that run away from the eye's left, with rings, knots and wear."""
    depth = (frame.v - _EDGE) / (1 - _EDGE)
    plank = np.clip(frame.v - _EDGE + 0.02, 0, 1) ** 0.8 * 9
    which = np.floor(plank).astype(np.intp).clip(0, 15)
    shift, tint = rng.uniform(0, 9, 16)[which], rng.uniform(-0.16, 0.16, 16)[which]
    bend = 0.05 * smooth(frame, (0.35, 0.06), rng)
    rings = np.sin((frame.v * (46 + 3 * shift) + bend * 60 + shift + 1.2 * smooth(frame, (0.5, 0.02), rng)) * 2)
    fibre = clouds(frame, (0.10, 0.004), rng, octaves=3, gain=0.8)
    tone = (
        0.46 + tint + 0.13 * rings + 0.09 * fibre + 0.06 * clouds(frame, 0.2, rng, octaves=4) - 0.22 * (frame.u - 0.5)
    )
    seam = step(0.045, 0.015, np.abs(plank - np.round(plank))) * 0.75
    wood = mix(ramp("2a160c 5f3418 96602f c9924f e8c488", tone + 0.10 * depth), ink("1a0d07"), seam)
    return np.asarray(wood * (0.80 + 0.25 * step(1.25, 0.1, frame.u))[..., None], np.float32)


def _cloth(canvas: Canvas, rng: Generator) -> None:
    """A white cloth with blue stripes, thrown across the table and hanging over the front."""
    frame = canvas.frame
    wave = 0.02 * smooth(frame, (0.12, 0.12), rng)
    along = frame.u * 0.90 + (frame.v - _EDGE) * 0.95 + wave
    folds = _folds(frame, along, rng)
    cover = (
        step(-0.0015, 0.0015, along - 0.52)
        * step(0.0015, -0.0015, along - 1.22)
        * step(-0.001, 0.001, frame.v - _EDGE - 0.02 - 0.3 * wave)
    )
    drop = blur(cover, frame.unit * 0.008)
    canvas.rgb *= (1 - 0.55 * np.clip(drop - 0.0, 0, 1) * (1 - cover))[..., None]
    down, right = np.gradient(blur(folds, frame.unit * 0.006))
    light = 0.70 - (0.030 * right + 0.040 * down) * frame.unit * 0.8
    place = along + 0.010 * folds
    stripes = sum(
        step(wide, wide * 0.75, np.abs(place - at))
        for at, wide in ((0.60, 0.013), (0.635, 0.005), (1.14, 0.013), (1.105, 0.005))
    )
    cloth = mix(ink("f6f0e4"), ink("35568f"), np.clip(np.asarray(stripes, np.float32), 0, 1) * 0.85)
    linen = 1 + 0.035 * np.sin(frame.u * 1400) * np.sin(frame.v * 1400) + 0.02 * clouds(frame, 0.01, rng, octaves=3)
    canvas.veil(cloth * (np.clip(light, 0.28, 1.08) * linen)[..., None], cover)


def _folds(frame: Frame, along: Field, rng: Generator) -> Field:
    """How the cloth rises: long soft folds along its length, and the creases of having lain folded in four."""
    beside = frame.v * 0.9 - frame.u * 0.35
    soft = np.sin(along * 21 + 2.2 * smooth(frame, (0.3, 0.3), rng)) * 0.55 + 0.35 * clouds(
        frame, (0.22, 0.12), rng, octaves=3
    )
    creases = sum(np.exp(-np.abs(beside - at) / 0.010) for at in (0.22, 0.42, 0.62)) + np.exp(
        -np.abs(along - 0.87) / 0.010
    )
    return np.asarray(soft + 0.35 * creases, np.float32)


def _shadows(canvas: Canvas) -> None:
    for u, v, radius, long in ((0.545, 0.715, 0.085, 3.2), (0.765, 0.665, 0.066, 4.2), (1.035, 0.76, 0.11, 2.2)):
        shadow(canvas, u, v, radius, length=long)
    for u, v, radius, _ in _LOOSE:
        shadow(canvas, u + 0.01, v + 0.80 * radius, radius * 0.82)


def _vessels(canvas: Canvas, rng: Generator) -> None:
    """The bottle behind, the jug, and the bowl with its oranges."""
    frame = canvas.frame
    mouth(canvas, 0.765, 0.155, 0.025, Matter(lambda x, _: ink("7a1f2a") + 0 * x[..., None]))
    vessel(canvas, 0.765, 0.655, 0.50, _BOTTLE, Matter(bottle_glass, gloss=0.95, glow=0.9))
    _handle(canvas)
    jug, bowl = Matter(jug_glaze, gloss=0.85), Matter(bowl_glaze, gloss=0.8)
    mouth(canvas, 0.545, 0.30, 0.076, jug)
    vessel(canvas, 0.545, 0.70, 0.40, _JUG, jug)
    mouth(canvas, 1.035, 0.640, 0.190, bowl)
    for u, v, radius in _ORANGES:
        ball(canvas, u, v, radius, Matter(peel("b8500f f08a1f ffb84a", frame, rng), gloss=0.45))
    vessel(canvas, 1.035, 0.755, 0.115, _BOWL, bowl)


def _handle(canvas: Canvas) -> None:
    """The jug's handle: a bent tube on its left."""
    frame = canvas.frame
    far = np.hypot((frame.u - 0.455) / 0.062, (frame.v - 0.445) / 0.085) - 1
    tube = np.abs(far) * 0.065 / 0.013
    light = np.clip(0.62 - 0.45 * far * 0.065 / 0.013 * -1 * np.sign(frame.u - 0.455 + 0.0), 0.2, 1.1)
    canvas.veil(ink("dfe6ea") * (light * (1 - 0.35 * tube**2))[..., None], step(1.05, 0.9, tube))


def _fruit(canvas: Canvas, rng: Generator) -> None:
    """Apples, a pear and a lemon, loose on the table."""
    frame = canvas.frame
    for u, v, radius, kind in _LOOSE:
        if kind == "apple":
            ball(canvas, u, v, radius, Matter(apple(rng), gloss=0.8), squash=0.93)
            _stalk(canvas, u, v - 0.80 * radius, 0.045)
        elif kind == "lemon":
            ball(canvas, u + 0.055, v + 0.008, 0.016, Matter(peel("c9a51f f2d43a fff08a", frame, rng), gloss=0.3))
            ball(canvas, u, v, radius, Matter(peel("c9a51f f2d43a fff08a", frame, rng), gloss=0.4), squash=0.78)
        else:
            vessel(canvas, u, v + 0.062, 0.205, _PEAR, Matter(pear(rng), gloss=0.5))
            _stalk(canvas, u, v - 0.135, 0.05)


def _stalk(canvas: Canvas, u: float, v: float, long: float) -> None:
    t = np.linspace(0, 1, 8)
    spine_u, spine_v = u + 0.018 * t**2, v - long * t
    width = 0.0035 - 0.001 * t
    outline = np.concatenate([np.stack([spine_u - width, spine_v], -1), np.stack([spine_u + width, spine_v], -1)[::-1]])
    canvas.lay(outline, ink("3f2a1a"))


def _grapes(canvas: Canvas, rng: Generator) -> None:
    """A bunch lying in front: far grapes first."""
    spots = [
        (0.565 + 0.135 * a, 0.905 + 0.045 * b) for a, b in rng.uniform(-1, 1, (46, 2)) if abs(a) * 0.9 + abs(b) < 1.15
    ]
    shadow(canvas, 0.575, 0.935, 0.13, length=1.5)
    for u, v in sorted(spots, key=lambda spot: spot[1]):
        ball(canvas, u, v - 0.02 * rng.random(), 0.0235 * rng.uniform(0.9, 1.1), grape(rng.random()))


def _developed(rgb: Field, frame: Frame, rng: Generator) -> Field:
    """What a lens and film add: a falling off to the corners and a fine grain."""
    corner = np.hypot((frame.u - 0.6) / 0.95, (frame.v - 0.5) / 0.75)
    grain = 1 + 0.014 * clouds(frame, 0.004, rng, octaves=2)
    return np.asarray(np.clip(rgb, 0, 1.2) * ((1.06 - 0.30 * corner**2) * grain)[..., None], np.float32)
