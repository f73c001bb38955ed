"""The preconditioner: how far X should move for a push of one, by frequency and by place, learned on the way.

Knows pairs of moves of X and of what they changed in J's gradient, and the Fourier transform. Must not know J, or how
pairs are used: ``limited_memory`` asks for it as the first guess of the inverse Hessian, in place of a number.

A network's gradient is louder at some frequencies and in some places than in others, by factors of ten to a hundred,
and which ones depends on encoder, picture and scale. A diagonal matrix D that fits all pairs best, in the sense that
changes D^½ y are as large as moves D^-½ s, has the root of their powers' ratio on its diagonal, sqrt(s² / y²); here it
is D = A F* B F A, with such roots over places (A, smoothed) and over half octaves of frequency (B, in Fourier's basis
F), so it is symmetric and positive. Barzilai and Borwein's (1988) scaling is the same with one number for all; a
diagonal from pairs is Zhu, Nazareth and Wolkowicz's (1999, "The quasi-Cauchy relation and diagonal updating").
"""

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, pad

SMOOTHED_PX = 25  # the side of the square over which places are averaged
BANDS_AN_OCTAVE = 2
LEAST_SHARE = 1e-6  # of the mean: where nothing moves, as outside a selection, nothing can be learned


class Preconditioner:
    """D, a symmetric positive map on flattened images (C, H, W); the identity until it has learned.

    The mutable state is A and the bands of B, which are made anew at every `learn`.
    """

    def __init__(self, like: Tensor) -> None:
        """`like`: (..., C, H, W), of which every vector is a flattened one."""
        self._shape = tuple(like.shape[-3:])
        self._places: Tensor | None = None  # (H, W)
        self._bands: Tensor | None = None  # by number of band
        self._band = _bands(like.shape[-2], like.shape[-1], like.device)

    @property
    def learned(self) -> bool:
        """Whether it is anything but the identity."""
        return self._bands is not None

    def __call__(self, vectors: Tensor) -> Tensor:
        """D of each of (n, C * H * W), or of one."""
        if self._bands is None or self._places is None:
            return vectors
        images = vectors.reshape(-1, *self._shape) * self._places
        waves = torch.fft.rfft2(images).mul_(self._bands[self._band])
        moved: Tensor = torch.fft.irfft2(waves, s=self._shape[1:]).mul_(self._places)
        return moved.reshape(vectors.shape)

    def learn(self, pairs: Sequence[tuple[Tensor, Tensor]]) -> None:
        """From pairs, moves s and changes y, as matrices of some rows each."""
        images = [tuple(one.view(-1, *self._shape) for one in pair) for pair in pairs]
        moved, changed = _powers(images)
        self._places = _ratio(_smoothed(moved), _smoothed(changed)).pow(0.25)
        scaled = ((torch.fft.rfft2(s / self._places), torch.fft.rfft2(y * self._places)) for s, y in images)
        self._bands = _ratio(*(self._by_band(one) for one in _powers(scaled))).pow(0.5)

    def _by_band(self, power: Tensor) -> Tensor:
        """Sums over (H, W // 2 + 1)."""
        sums = power.new_zeros(int(self._band.max()) + 1)
        return sums.index_add_(0, self._band.flatten(), power.flatten())

    def state_dict(self) -> dict[str, Any]:
        """What it has learned."""
        return {"places": self._places, "bands": self._bands}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse."""
        self._places, self._bands = (
            None if state[name] is None else state[name].to(self._band.device) for name in ("places", "bands")
        )


def _bands(height: int, width: int, device: torch.device) -> Tensor:
    """(H, W // 2 + 1): each frequency's band, whole numbers; the mean is in that of the slowest."""
    longest = max(height, width)
    down, right = torch.fft.fftfreq(height, device=device)[:, None], torch.fft.rfftfreq(width, device=device)[None]
    waves = ((down**2 + right**2).sqrt() * longest).clamp_min(1)
    band: Tensor = (waves.log2() * BANDS_AN_OCTAVE).round().long()
    return band


def _powers(pairs: Iterable[Sequence[Tensor]]) -> tuple[Tensor, Tensor]:
    """Sums over pairs and channels of squares of s and of y; each pair counts alike, as if its y were 1 long."""
    sums = []
    for s, y in pairs:
        moved, changed = s.abs().square(), y.abs().square()
        weight = 1 / changed.sum((1, 2, 3), keepdim=True)
        sums.append(torch.stack([(moved * weight).sum((0, 1)), (changed * weight).sum((0, 1))]))
    moved, changed = torch.stack(sums).sum(0)
    return moved, changed


def _smoothed(plane: Tensor) -> Tensor:
    """(H, W), averaged over a square around each place, mirrored at the border."""
    side = min(SMOOTHED_PX, min(plane.shape) // 2 * 2 - 1)
    if side < 3:
        return plane
    around = pad(plane[None, None], (side // 2,) * 4, mode="reflect")
    return avg_pool2d(avg_pool2d(around, (side, 1), 1), (1, side), 1)[0, 0]


def _ratio(moved: Tensor, changed: Tensor) -> Tensor:
    ratio: Tensor = (moved + LEAST_SHARE * moved.mean()) / (changed + LEAST_SHARE * changed.mean())
    return ratio
