"""`woodcut`: mountains, rain clouds and a running sea, carved in lines of swelling width; one red block for the sun.

Every region is a field whose whole numbers are the cuts, and a tone that says how much ink is left between them.
Knows the tools of this room; called by its face alone.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from impasto.gallery.canvas import Field, Frame, mix, step
from impasto.gallery.noise import bristle_texture, clouds, profile, ridges, smooth
from impasto.gallery.palette import ink

_SUN = (0.93, 0.27)
_INK, _RED, _PAPER = ink("1d1a22"), ink("c8442c"), ink("f0e4c9")


def woodcut(frame: Frame, rng: Generator) -> Field:
    """Carve, ink and print."""
    lines, tone, edge, sky = _design(frame, rng)
    swell = 0.13 * smooth(frame, (0.05, 0.05), rng) + 0.05 * smooth(frame, 0.012, rng)
    inked = _carved(
        lines + 0.05 * smooth(frame, 0.02, rng), np.clip(tone + swell * (tone > 0.02) * (tone < 0.98), 0, 1)
    )
    inked = np.maximum(inked, edge)
    inked = inked * (1 - 0.85 * step(1.9, 2.7, clouds(frame, 0.012, rng, octaves=4, gain=0.8)))
    grain = _grain(frame, rng)
    far = np.hypot(frame.u - _SUN[0], frame.v - _SUN[1])
    red = step(0.1285, 0.1265, far + 0.0012 * smooth(frame, 0.01, rng)) * (1 - 0.5 * step(0.4, 1.6, grain)) * sky
    paper = (
        _PAPER * (1 + 0.025 * clouds(frame, 0.01, rng, octaves=4, gain=0.7) + 0.02 * clouds(frame, 0.4, rng))[..., None]
    )
    page = mix(paper, paper * _RED, red * 0.95)
    block = _INK * (1.1 + 0.35 * np.clip(grain, -1, 1.5))[..., None]
    return mix(page, block, inked * (0.97 - 0.10 * step(0.5, 1.8, grain)))


def _carved(lines: Field, tone: Field) -> Field:
    """Ink between the cuts: a share `tone` of each line's pitch, antialiased by the pitch in pixels."""
    away = np.abs(lines - np.floor(lines) - 0.5) * 2
    down, right = np.gradient(lines)
    soft = np.clip(2 * np.hypot(down, right), 1e-3, 0.8)
    inked = np.clip((tone - away) / soft + 0.5, 0, 1)
    return np.where(tone <= 0.02, 0, np.where(tone >= 0.98, 1, inked)).astype(np.float32)


def _grain(frame: Frame, rng: Generator) -> Field:
    """The plank's grain: long fibres, a little bent."""
    texture = bristle_texture(rng, length=40.0, fineness=1.6)
    row = (frame.v * 640 + 3 * smooth(frame, (0.5, 0.2), rng)).astype(np.intp) % len(texture)
    column = np.broadcast_to((frame.u * 640).astype(np.intp), row.shape) % len(texture)
    return texture[row, column]


def _design(frame: Frame, rng: Generator) -> tuple[Field, Field, Field, Field]:
    """Lines, tone and solid contours, from the sky forward; and where the sky stays open."""
    lines, tone, edge = _sky(frame, rng)
    sky = np.ones_like(tone)
    for level, rise, pitch, share in (
        (0.50, 0.16, 0.0085, 0.36),
        (0.60, 0.13, 0.0095, 0.50),
        (0.69, 0.10, 0.0110, 0.66),
    ):
        crest = _skyline(frame, level, rise, rng)
        below = frame.v - crest
        folds = ridges(frame, (0.16, 0.22), rng, octaves=3)
        slope = np.gradient(folds, axis=1) * frame.unit * 0.05
        hatch = (below * (0.75 + 0.0 * folds) + 0.05 * folds) / pitch + frame.u * 22
        shade = np.clip(share + 0.9 * slope - 1.6 * np.clip(below - 0.07, 0, 1) + 0.5 * (folds - 0.5), 0.03, 0.93)
        lines, tone = np.where(below > 0, hatch, lines), np.where(below > 0, shade, tone)
        edge = np.where(below > 0, 0, edge)
        edge = np.maximum(edge, step(0.0042, 0.0030, np.abs(below - 0.002)))
        sky = sky * step(0.001, -0.001, below)
    return *_sea(frame, lines, tone, edge, rng), sky


def _skyline(frame: Frame, level: float, rise: float, rng: Generator) -> Field:
    """Peaks: folded noise along the width, (1, W)."""
    rough = profile(1024, 0.36, rng, octaves=6, gain=0.52)
    line = level - rise * (1 - 1.1 * np.abs(rough))
    return np.interp(frame.u, np.linspace(0, 4 / 3, 1024), line).astype(np.float32)


def _sky(frame: Frame, rng: Generator) -> tuple[Field, Field, Field]:
    """Rays around the sun, broken by banks of cloud that are contoured along their own shape."""
    east, south = frame.u - _SUN[0], frame.v - _SUN[1]
    far = np.hypot(east, south)
    rays = np.arctan2(south, east) * 150 / (2 * np.pi)
    tone = np.clip(0.30 + 0.62 * (far - 0.13), 0, 0.8)
    bank = (
        clouds(frame, (0.34, 0.12), rng, octaves=3, gain=0.4)
        + 1.2 * (frame.v - 0.22)
        - 4.0 * np.exp(-((far / 0.23) ** 2))
    )
    inside = bank > 0.25
    puff = np.where((bank - 0.25) % 0.55 > 0.30, 0.34, 0.10)
    lines, tone = np.where(inside, bank * 13, rays), np.where(inside, puff, tone)
    tone = np.where(far < 0.16, 0, tone)
    slope = np.hypot(*np.gradient(bank)) + 1e-6
    rim = step(3.2, 2.2, np.abs(bank - 0.25) / slope / frame.unit * 1000)
    return lines, tone, np.maximum(rim, step(0.0028, 0.0018, np.abs(far - 0.131)))


def _sea(frame: Frame, lines: Field, tone: Field, edge: Field, rng: Generator) -> tuple[Field, Field, Field]:
    """Rolling waves in front, each crest white, each trough dark, lines running with the water."""
    for level, height, waves, phase in (
        (0.72, 0.016, 14.0, 0.0),
        (0.775, 0.030, 9.0, 1.1),
        (0.85, 0.048, 6.0, 2.6),
        (0.95, 0.07, 4.3, 4.4),
    ):
        wander = frame.u * waves + phase + 0.5 * smooth(frame, (0.4, 2.0), rng)
        crest = level - height * np.abs(np.sin(wander)) ** 0.8 + 0.3 * height * np.sin(2 * wander)
        below = (frame.v - crest) / height
        flow = (below * 0.9 - 0.22 * below * np.cos(wander) ** 2) * height / 0.0088 * (0.6 + 6 * height)
        foam = step(0.30, 0.05, below - 0.22 * clouds(frame, 0.03, rng, octaves=3))
        shade = np.clip(0.36 + 0.42 * below - 0.5 * foam, 0.0, 0.95)
        lines, tone = np.where(below > 0, flow, lines), np.where(below > 0, shade, tone)
        edge = np.where(below > 0, 0, edge)
        edge = np.maximum(edge, step(0.0045, 0.0033, np.abs(frame.v - crest - 0.002)))
    return lines, tone, edge
