"""Coordinates: the same X seen by the optimiser through another basis, in which its steps are better conditioned.

Knows images and the Fourier transform. Must not know losses, encoders or optimisers. ``stylize`` moves X through one.

J is what it was, and so are its minima; only the path changes. A gradient through a convolutional network is loudest at
the finest frequencies, so the first steps in pixels paint grain, which later steps hardly take back. In coordinates
that are scaled by frequency^-power large forms move first (Olah, Mordvintsev and Schubert 2017, "Feature
Visualization", preconditioning; Kolkin et al. 2022, arXiv 2203.13215, on Laplacian pyramids for the same reason).
"""

import torch
from torch import Tensor


class Coordinates:
    """A linear, invertible map between X (1, 3, H, W) and a variable of the same shape."""

    def __init__(self, height: int, width: int, power: float, like: Tensor) -> None:
        """`power` 0 means pixels themselves; 0.5 favours forms of 16 px over those of 4 px twofold."""
        self._size, self._gain = (height, width), None
        if power:
            down = torch.fft.fftfreq(height, dtype=like.dtype, device=like.device)[:, None]
            right = torch.fft.rfftfreq(width, dtype=like.dtype, device=like.device)[None]
            frequency = (down**2 + right**2).sqrt().clamp_min(1 / max(height, width))  # the mean moves like the slowest
            gain = frequency**-power
            self._gain = gain / gain.pow(2).mean().sqrt()  # (H, W // 2 + 1), of mean square 1

    def image(self, variable: Tensor) -> Tensor:
        """X for a variable; differentiable."""
        return variable if self._gain is None else self._scaled(variable, self._gain)

    def variable(self, image: Tensor) -> Tensor:
        """The variable for X: the inverse of `image` up to rounding."""
        return image.clone() if self._gain is None else self._scaled(image, 1 / self._gain)

    def _scaled(self, values: Tensor, gain: Tensor) -> Tensor:
        scaled: Tensor = torch.fft.irfft2(torch.fft.rfft2(values) * gain, s=self._size)
        return scaled
