"""Coordinates: the same X seen by the optimiser through another basis, in which its steps are better conditioned.

Knows images and the Fourier transform. Must not know losses, encoders or optimisers. ``stylize`` moves X through one.

J is what it was, and so are its minima; only the path changes. A gradient through a convolutional network is loudest at
the finest frequencies, so the first steps in pixels paint grain, which later steps hardly take back. In coordinates
that are scaled by frequency^-power large forms move first; in coordinates of light and of two colours, with the colours
scaled down, strokes are modelled in light and dark before they are tinted (Olah, Mordvintsev and Schubert 2017,
"Feature Visualization", preconditioning in a decorrelated space; Kolkin et al. 2022, arXiv 2203.13215, on Laplacian
pyramids for the same reason).
"""

import torch
from torch import Tensor

LIGHT_AND_COLOUR = ((3**-0.5, 3**-0.5, 3**-0.5), (2**-0.5, 0.0, -(2**-0.5)), (6**-0.5, -2 * 6**-0.5, 6**-0.5))
"""Light, red against blue, green against both: orthonormal rows over RGB."""
ROWS = 256  # of a large picture at a time


def light_and_colour(image: Tensor) -> Tensor:
    """RGB (1, 3, H, W) in those axes; lengths stay what they were."""
    return torch.einsum("ij,bjhw->bihw", image.new_tensor(LIGHT_AND_COLOUR), image)


def red_green_blue(axes: Tensor) -> Tensor:
    """The way back."""
    return torch.einsum("ij,bihw->bjhw", axes.new_tensor(LIGHT_AND_COLOUR), axes)


class Coordinates:
    """A linear, invertible map between X (1, 3, H, W) and a variable of the same shape."""

    def __init__(self, height: int, width: int, power: float, like: Tensor, colour_gain: float = 1.0) -> None:
        """Args say how far X moves for a push of one.

        Args:
            height: of X, in pixels.
            width: of X, in pixels.
            power: 0 means that all frequencies move alike; 0.5 favours forms of 16 px over those of 4 px twofold.
            like: type and device.
            colour_gain: how far colour moves where light moves by one; 1 means pixels' own axes.
        """
        self._size, self._gain, self._in_axes = (height, width), None, colour_gain != 1
        if power or self._in_axes:
            down = torch.fft.fftfreq(height, dtype=like.dtype, device=like.device)[:, None]
            right = torch.fft.rfftfreq(width, dtype=like.dtype, device=like.device)[None]
            frequency = (down**2 + right**2).sqrt().clamp_min(1 / max(height, width))  # the mean moves like the slowest
            gain = frequency**-power
            gain = gain / gain.pow(2).mean().sqrt()  # (H, W // 2 + 1), of mean square 1
            of_axes = like.new_tensor((1.0, colour_gain, colour_gain)).view(3, 1, 1)
            self._gain = gain * of_axes if self._in_axes else gain[None]

    def image(self, variable: Tensor) -> Tensor:
        """X for a variable; differentiable."""
        return variable if self._gain is None else self._scaled(variable, self._gain)

    def variable(self, image: Tensor) -> Tensor:
        """The variable for X: the inverse of `image` up to rounding."""
        return image.clone() if self._gain is None else self._scaled(image, 1 / self._gain)

    def image_(self, variable: Tensor) -> Tensor:
        """X written over a variable, a channel at a time; the map is its own transpose, so gradients go this way, too.

        For pictures that memory does not hold twice; no gradient is known of it.
        """
        return self._scaled_(variable, inverse=False)

    def variable_(self, image: Tensor) -> Tensor:
        """The variable written over X, likewise."""
        return self._scaled_(image, inverse=True)

    @torch.no_grad()
    def _scaled_(self, values: Tensor, *, inverse: bool) -> Tensor:
        if self._gain is None:
            return values
        if self._in_axes:
            for rows in values.split(ROWS, 2):
                rows.copy_(light_and_colour(rows))
        for index in range(values.shape[1]):
            gain, waves = self._gain[min(index, len(self._gain) - 1)], torch.fft.rfft2(values[0, index])
            values[0, index] = torch.fft.irfft2(waves.div_(gain) if inverse else waves.mul_(gain), s=self._size)
        if self._in_axes:
            for rows in values.split(ROWS, 2):
                rows.copy_(red_green_blue(rows))
        return values

    def _scaled(self, values: Tensor, gain: Tensor) -> Tensor:
        values = light_and_colour(values) if self._in_axes else values
        scaled: Tensor = torch.fft.irfft2(torch.fft.rfft2(values) * gain, s=self._size)
        return red_green_blue(scaled) if self._in_axes else scaled
