"""Sky, haze and water for content scenes: lit clouds, far hills, mirrored and broken reflections.

Knows canvases and noise, nothing of what stands in the landscape. Called by the scenes of this room.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from impasto.gallery.canvas import Canvas, Field, Frame, blur, mix, step
from impasto.gallery.noise import clouds, ridges, smooth
from impasto.gallery.palette import ink, ramp


def sky(frame: Frame, sun: tuple[float, float], rng: Generator) -> Field:
    """An afternoon sky: blue above, warm towards the horizon, broken clouds lit from the sun."""
    air = ramp("2f66a8 4f8cc4 8ab8da c6d9dc efdcb8 f4cf9f", frame.v / 0.66 + 0.02 * smooth(frame, 0.3, rng))
    glow = np.hypot(frame.u - sun[0], frame.v - sun[1])
    air = mix(air, ink("ffe9b8"), 0.75 * np.exp(-((glow / 0.22) ** 1.3)))
    body = clouds(frame, (0.42, 0.15), rng, octaves=8, gain=0.56) + 0.5 * smooth(frame, (0.7, 0.3), rng)
    cover = step(0.15, 1.15, body - 0.9 * step(0.5, 0.66, frame.v)) * 0.94
    shade = step(-0.75, 0.65, _facing(body, frame.unit) - 0.22 * np.clip(body - 0.9, 0, 2))
    tone = ramp("7d8ba6 a9b2c4 dcd8d4 fff4df fffaf0", shade)
    tone = mix(tone, ink("ffdfae"), 0.55 * np.exp(-((glow / 0.35) ** 2)))
    return _with_sun(mix(air, tone, cover), glow)


def _facing(body: Field, unit: float) -> Field:
    """How much a cloud's flank faces a light from the upper left."""
    soft = blur(body, unit * 0.006)
    down, right = np.gradient(soft)
    return np.asarray((0.55 * right + 0.8 * down) * unit * 0.022, np.float32)


def _with_sun(rgb: Field, glow: Field) -> Field:
    rgb = mix(rgb, ink("fff3cf"), 0.8 * np.exp(-((glow / 0.06) ** 2)))
    return mix(rgb, ink("fffdf2"), step(0.026, 0.021, glow))


def far_hills(canvas: Canvas, crest: Field, codes: str, rng: Generator) -> None:
    """A wooded range under a crest line (1, W); ridges and hollows are lit from the left, mist lies at its foot."""
    frame = canvas.frame
    crest = crest + 0.010 * clouds(frame, (0.10, 2.0), rng, octaves=3) + 0.0022 * clouds(frame, 0.012, rng, octaves=3)
    folds = ridges(frame, (0.20, 0.12), rng, octaves=6)
    light = np.gradient(blur(folds, frame.unit * 0.0015), axis=1) * frame.unit * 0.030
    woods = clouds(frame, (0.014, 0.010), rng, octaves=3, gain=0.8)
    tone = ramp(codes, 0.42 + np.clip(light, -0.35, 0.35) + 0.12 * woods)
    tone = mix(tone, ink("dccfb8"), 0.55 * step(0.02, 0.22, frame.v - crest))
    canvas.veil(tone, step(-0.0012, 0.0012, frame.v - crest))


def mirror(canvas: Canvas, shore: Field) -> Field:
    """What still water under the shoreline (1, W) would show: the picture turned over at it."""
    frame = canvas.frame
    return frame.pick(canvas.rgb, np.broadcast_to(frame.u, canvas.relief.shape), np.abs(2 * shore - frame.v))


def broken(frame: Frame, still: Field, shore: Field, waves: Field) -> Field:
    """A still reflection broken up by waves: shaken, darker where the eye looks down, tinted by the deep."""
    depth = np.clip(frame.v - shore, 0, 1)
    reach = 0.003 + 0.042 * depth
    shaken = frame.pick(still, frame.u + 0.35 * reach * waves, frame.v + reach * waves)
    deep = ramp("4f7f86 23525f 123644", 0.15 + 1.8 * depth + 0.10 * waves)
    water = mix(shaken * 0.95, deep, np.clip(0.10 + 1.05 * depth - 0.13 * waves, 0, 0.70))
    slope = np.gradient(waves, axis=0) * frame.unit * (0.006 + 0.05 * depth)
    return np.asarray(water * (1 + 0.09 * np.tanh(waves) + 0.22 * np.tanh(slope))[..., None], np.float32)


def glitter(frame: Frame, sun: tuple[float, float], shore: Field, waves: Field) -> Field:
    """How much of the sun each wave throws back: a broken path below it."""
    path = np.exp(-(((frame.u - sun[0]) / (0.05 + 0.16 * np.clip(frame.v - shore, 0, 1))) ** 2))
    return step(0.75, 1.7, waves + 0.55 * path) * path * (frame.v > shore)
