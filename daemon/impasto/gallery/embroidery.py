"""`embroidery`: folk flowers in satin stitch on dark linen, every thread twisted and shining its own way.

Knows the tools of this room; called by its face alone.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from impasto.gallery.canvas import STUDY, Canvas, Field, Frame, lit
from impasto.gallery.dab import Brush, Dabs, paint
from impasto.gallery.flow import along_field
from impasto.gallery.noise import clouds, scatter, smooth
from impasto.gallery.palette import ramp, varied

_FLOWERS = (
    (0.67, 0.46, 0.245, 10, "f9e27a f2a03a e0452f b01f3a f6c9b0"),
    (0.25, 0.27, 0.155, 8, "fff3c9 f5b8c8 e0608f a0286a f2d0dc"),
    (1.09, 0.27, 0.160, 8, "fdf0b8 9fd0e8 3f8fd0 2a4fa0 d6e8f2"),
    (0.26, 0.76, 0.150, 9, "fff0c0 c8a0e0 8a4fb8 5a2a8a e4d4f0"),
    (1.10, 0.76, 0.165, 9, "fdeebc ffc45a ee7f2f c9472a fae0b0"),
    (0.67, 0.08, 0.075, 6, "fff3c9 f2a03a e0452f b01f3a f6e0b0"),
    (0.67, 0.90, 0.080, 6, "fff3c9 7fc8d8 2f8fa8 1f5a7a e0f0f0"),
    (0.03, 0.52, 0.085, 7, "fff3c9 f2c03a e0802f b04f2a f6e0b0"),
    (1.31, 0.52, 0.085, 7, "fff3c9 e87f9f c03a6a 8a1f4a f6d0e0"),
)
"""Place, radius, petals, and thread colours from the heart outwards."""
_STEMS = ((0.67, 0.46, 0.25, 0.27), (0.67, 0.46, 1.09, 0.27), (0.67, 0.46, 0.26, 0.76), (0.67, 0.46, 1.10, 0.76),
          (0.67, 0.46, 0.67, 0.08), (0.67, 0.46, 0.67, 0.90), (0.25, 0.27, 0.03, 0.52), (1.09, 0.27, 1.31, 0.52),
          (0.26, 0.76, 0.03, 0.52), (1.10, 0.76, 1.31, 0.52))  # fmt: skip


def embroidery(frame: Frame, rng: Generator) -> Field:
    """Weave the linen, then stitch the ground and the flowers."""
    angle, colour, stitched = _pattern(rng)
    canvas = Canvas.primed(frame, _linen(frame, rng))
    flow = along_field(angle)
    for spacing, length, width in ((0.0085, 0.050, 0.0068), (0.0075, 0.040, 0.0058)):
        u, v = scatter(spacing, rng)
        kept = STUDY.pick(stitched, u, v) > 0.5
        u, v = u[kept], v[kept]
        sheen = 1 + 0.24 * np.cos(2 * (flow(u, v) - 0.6))
        thread = varied(STUDY.pick(colour, u, v) * sheen[:, None], rng, light=0.07, hue=0.015)
        stitches = Dabs.along(flow, u, v, thread, length=length * rng.uniform(0.7, 1.2, u.shape), width=width)
        paint(
            canvas,
            stitches,
            Brush(bristle=0.0016, streak=0.10, ragged=0.0, roundness=5, thickness=0.0046, rim=0, furrow=0.30),
            rng,
        )
    return lit(canvas.rgb, canvas.relief, frame.unit, depth=0.9, gloss=0.45)


def _linen(frame: Frame, rng: Generator) -> Field:
    """Warp over weft over warp, in uneven yarn."""
    pitch = 0.0105
    across = frame.u / pitch + 0.25 * smooth(frame, (0.02, 0.2), rng)
    down = frame.v / pitch + 0.25 * smooth(frame, (0.2, 0.02), rng)
    over = (np.floor(across) + np.floor(down)) % 2 < 1
    warp, weft = np.sin(np.pi * (across % 1)), np.sin(np.pi * (down % 1))
    round_ = np.where(over, warp * (0.7 + 0.3 * weft), weft * (0.7 + 0.3 * warp))
    tone = 0.25 + 0.55 * round_ + 0.10 * clouds(frame, 0.02, rng, octaves=4) + np.where(over, 0.05, 0)
    return ramp("070d1f 16244a 2a3f72 41588c", tone)


def _pattern(rng: Generator) -> tuple[Field, Field, Field]:
    """The study: direction of the stitches, their colour, and where there are any."""
    shape = (STUDY.height, STUDY.width)
    angle, colour, stitched = (
        np.zeros(shape, np.float32),
        np.zeros((*shape, 3), np.float32),
        np.zeros(shape, np.float32),
    )
    work = angle, colour, stitched
    for stem in _STEMS:
        work = _stem(*work, *stem, rng)
    for u, v, radius, petals, codes in _FLOWERS:
        work = _flower(*work, u, v, radius, petals, codes)
    return work


def _stem(
    angle: Field, colour: Field, stitched: Field, u: float, v: float, to_u: float, to_v: float, rng: Generator
) -> tuple[Field, Field, Field]:
    """A bowed stem with paired leaves."""
    long = np.hypot(to_u - u, to_v - v)
    ahead_u, ahead_v = (to_u - u) / long, (to_v - v) / long
    ahead = ((STUDY.u - u) * ahead_u + (STUDY.v - v) * ahead_v) / long
    bow = 0.05 * np.sin(np.pi * ahead) * rng.choice([-1, 1])
    aside = (STUDY.v - v) * ahead_u - (STUDY.u - u) * ahead_v - bow
    heading = np.arctan2(ahead_v, ahead_u)
    within = (ahead > 0) & (ahead < 1)
    beat = ahead * long / 0.075
    leaf_at, side = beat - np.floor(beat), np.sign(aside)
    leaf = within & (np.abs(aside) < 0.052 * np.sin(np.pi * leaf_at) ** 0.8) & (np.abs(aside) > 0.004)
    stalk = within & (np.abs(aside) < 0.0075)
    green = ramp("1f5a3a 3f9a4a 9cc84f d9dc6a", 0.2 + 14 * np.abs(aside) + 0.25 * np.sin(beat * 2.1))
    where = leaf | stalk
    angle = np.where(where, heading + np.where(leaf & ~stalk, 0.75 * side, 0), angle)
    colour = np.where(where[..., None], np.where(stalk[..., None], np.float32([0.55, 0.62, 0.22]), green), colour)
    return angle, colour, np.where(where, 1, stitched)


def _flower(
    angle: Field, colour: Field, stitched: Field, u: float, v: float, radius: float, petals: int, codes: str
) -> tuple[Field, Field, Field]:
    """Two rings of petals in long and short stitch, and a heart of knots."""
    east, south = STUDY.u - u, STUDY.v - v
    far, turn = np.hypot(east, south) / radius, np.arctan2(south, east)
    for reach, offset, shift in ((1.0, 0.0, 0.0), (0.66, np.pi / petals, 0.35)):
        beat = ((turn + offset) * petals / (2 * np.pi)) % 1 - 0.5
        tip = reach * (0.62 + 0.38 * np.sqrt(np.clip(1 - (2 * beat) ** 2, 0, 1)))
        inside = far < tip
        outline = inside & ((far > tip - 0.07) | (np.abs(beat) > 0.5 - 0.025 / np.maximum(far, 0.1)))
        tone = ramp(
            " ".join(codes.split()[:4]), np.clip(far / reach * 0.85 + shift * 0.4 + 0.12 * np.cos(beat * 9), 0, 1)
        )
        tone = np.where(outline[..., None], ramp(codes, np.float32(1.0)), tone)
        angle = np.where(inside, turn + 1.4 * beat + np.where(outline, 1.35, 0), angle)
        colour, stitched = np.where(inside[..., None], tone, colour), np.where(inside, 1, stitched)
    heart = far < 0.24
    angle = np.where(heart, turn + np.pi / 2, angle)
    colour = np.where(heart[..., None], ramp("5a2a1f c97f2a f9dc6a", far / 0.24), colour)
    return angle.astype(np.float32), colour.astype(np.float32), stitched
