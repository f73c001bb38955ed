"""`embroidery`: folk flowers in satin stitch on dark linen, every thread twisted and shining its own way.

Knows the tools of this room; called by its face alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from impasto.gallery.canvas import STUDY, Canvas, Field, Frame, lit
from impasto.gallery.dab import Brush, Dabs, paint
from impasto.gallery.flow import along_field
from impasto.gallery.noise import clouds, scatter, smooth
from impasto.gallery.palette import ink, ramp, varied

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
    """Stitch the ground, then the flowers over it, in two passes each."""
    work = _pattern(rng)
    flow, canvas = along_field(work.angle), Canvas.primed(frame, ink("0c1226"))
    for spacing, length, width in ((0.0085, 0.046, 0.0068), (0.0072, 0.036, 0.0056)):
        u, v = scatter(spacing, rng)
        heading, reach = flow(u, v), length * rng.uniform(0.7, 1.2, u.shape)
        sheen = 1 + 0.24 * np.cos(2 * (heading - 0.6))
        thread = varied(STUDY.pick(work.colour, u, v) * sheen[:, None], rng, light=0.07, hue=0.015)
        stitches = Dabs.along(flow, u, v, thread, length=_fitting(work.piece, u, v, heading, reach), width=width)
        twine = Brush(0.0016, streak=0.10, ragged=0.0, roundness=5, thickness=0.0046, rim=0, furrow=0.30)
        paint(canvas, stitches, twine, rng)
    return lit(canvas.rgb, canvas.relief, frame.unit, depth=0.9, gloss=0.45)


def _fitting(piece: Field, u: Field, v: Field, heading: Field, length: Field) -> Field:
    """Lengths cut down until both ends of a stitch lie in the piece that it starts in."""
    for _ in range(3):
        out = np.zeros(u.shape, bool)
        for end in (-0.5, 0.5):
            there = _piece_at(piece, u + end * length * np.cos(heading), v + end * length * np.sin(heading))
            out |= there != _piece_at(piece, u, v)
        length = np.where(out, length * 0.6, length)
    return length.astype(np.float32)


def _piece_at(piece: Field, u: Field, v: Field) -> Field:
    row, column = (v * STUDY.unit).astype(np.intp), (u * STUDY.unit).astype(np.intp)
    return np.asarray(piece[row.clip(0, STUDY.height - 1), column.clip(0, STUDY.width - 1)], np.float32)


@dataclass
class _Work:
    """The pattern on the study: direction of the stitches, colour of the thread, and the number of each piece."""

    angle: Field
    colour: Field
    piece: Field

    def fill(self, where: Field, angle: Field, colour: Field, piece: Field | float) -> None:
        """Put new work over what lies there."""
        self.angle[:] = np.where(where, angle, self.angle)
        self.colour[:] = np.where(where[..., None], colour, self.colour)
        self.piece[:] = np.where(where, piece, self.piece)

    def around(self, place: tuple[float, float], reach: float) -> tuple[_Work, Field, Field]:
        """The part of the work within reach of a place (shared, not copied), and where its columns and rows lie."""
        low, high = STUDY.pixels(np.add(place, [[-reach], [reach]])).round().astype(int).clip(0)
        window = slice(low[1], high[1]), slice(low[0], high[0])
        part = _Work(self.angle[window], self.colour[window], self.piece[window])
        return part, STUDY.u[:, window[1]], STUDY.v[window[0]]


def _pattern(rng: Generator) -> _Work:
    """The ground in waves of indigo with gold scrolls, stems, flowers."""
    wave = clouds(STUDY, 0.20, rng, octaves=2)
    down, right = np.gradient(wave)
    angle = np.arctan2(right, -down)
    rings = np.sin(wave * 9)
    ground = ramp("0c1636 16285a 24468a 3a6aa8", 0.45 + 0.28 * rings + 0.08 * smooth(STUDY, 0.02, rng))
    work = _Work(angle.astype(np.float32), ground, np.zeros_like(angle))
    scroll = np.abs(wave % 0.70 - 0.35) < 0.030
    work.fill(scroll, angle, ramp("8a6a2a e0b84a", 0.5 + 0.3 * smooth(STUDY, 0.03, rng)), 1)
    for number, stem in enumerate(_STEMS):
        _stem(work, stem, 10 + 4 * number, rng)
    for number, (u, v, radius, petals, codes) in enumerate(_FLOWERS + _buds(rng)):
        _flower(work, (u, v), radius, petals, codes, 100 + 100 * number)
    return work


def _buds(rng: Generator) -> tuple[tuple[float, float, float, int, str], ...]:
    """Small blossoms strewn where no flower is."""
    codes = [flower[4] for flower in _FLOWERS]
    places = np.stack(scatter(0.115, rng, jitter=0.5), -1).tolist()
    free = [(u, v) for u, v in places if all(np.hypot(u - f[0], v - f[1]) > f[2] + 0.045 for f in _FLOWERS)]
    return tuple((u, v, rng.uniform(0.026, 0.040), 5, codes[int(rng.integers(len(codes)))]) for u, v in free)


def _stem(work: _Work, ends: tuple[float, float, float, float], number: int, rng: Generator) -> None:
    """A bowed stem with paired leaves."""
    u, v, to_u, to_v = ends
    long = np.hypot(to_u - u, to_v - v)
    ahead_u, ahead_v = (to_u - u) / long, (to_v - v) / long
    ahead = ((STUDY.u - u) * ahead_u + (STUDY.v - v) * ahead_v) / long
    bow = 0.05 * np.sin(np.pi * ahead) * rng.choice([-1, 1])
    aside = (STUDY.v - v) * ahead_u - (STUDY.u - u) * ahead_v - bow
    heading, within = np.arctan2(ahead_v, ahead_u), (ahead > 0) & (ahead < 1)
    beat, side = ahead * long / 0.075, np.sign(aside)
    leaf = within & (np.abs(aside) < 0.056 * np.sin(np.pi * (beat % 1)) ** 0.8)
    green = ramp("1f5a3a 3f9a4a 9cc84f d9dc6a", 0.15 + 14 * np.abs(aside) + 0.25 * np.sin(np.floor(beat) * 2.1))
    work.fill(leaf, heading + 0.75 * side, green, number + 0.5 * side + np.floor(beat) / 64)
    stalk = within & (np.abs(aside) < 0.0065)
    work.fill(stalk, heading + 0 * aside, ink("c9c45a"), number + 2)


def _flower(work: _Work, place: tuple[float, float], radius: float, petals: int, codes: str, number: int) -> None:
    """Two rings of petals in long and short stitch, each petal edged, and a heart of knots."""
    work, u, v = work.around(place, 1.25 * radius + 0.01)
    east, south = u - place[0], v - place[1]
    far, turn = np.hypot(east, south) / radius, np.arctan2(south, east)
    edge = max(0.05, 0.0075 / radius)
    for reach, offset, shift in ((1.0, 0.0, 0.0), (0.66, np.pi / petals, 0.35)):
        count = (turn + offset) * petals / (2 * np.pi)
        beat = count % 1 - 0.5
        tip = reach * (0.62 + 0.38 * np.sqrt(np.clip(1 - (2 * beat) ** 2, 0, 1)))
        petal = number + 20 * reach + np.floor(count) % petals / 4
        tone = far / reach * 0.85 + shift * 0.4 + 0.12 * np.cos(beat * 9)
        body = ramp(" ".join(codes.split()[:4]), np.clip(tone, 0, 1))
        work.fill(far < tip + edge, turn + np.pi / 2 - 1.2 * beat, ink(codes.split()[4]), petal + 40)
        work.fill(far < tip - edge, turn + 1.4 * beat, body, petal)
    work.fill(far < 0.24, turn + np.pi / 2, ramp("5a2a1f c97f2a f9dc6a", far / 0.24), number)
