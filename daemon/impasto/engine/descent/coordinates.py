"""Coordinates: the same X seen by the optimiser through another basis, in which its steps are better conditioned.

Knows images and the Fourier transform. Must not know losses, encoders or optimisers. ``stylize`` moves X through one.

J is what it was, and so are its minima; only the path changes. A gradient through a convolutional network is loudest at
the finest frequencies, so the first steps in pixels paint grain, which later steps hardly take back. In coordinates
that are scaled by frequency^-power large forms move first; in coordinates of light and of two colours, with the colours
scaled down, strokes are modelled in light and dark before they are tinted (Olah, Mordvintsev and Schubert 2017,
"Feature Visualization", preconditioning in a decorrelated space; Kolkin et al. 2022, arXiv 2203.13215, on Laplacian
pyramids for the same reason).
"""

import functools

import torch
from torch import Tensor

from impasto.engine.room import MEMORY, Room

LIGHT_AND_COLOUR = ((3**-0.5, 3**-0.5, 3**-0.5), (2**-0.5, 0.0, -(2**-0.5)), (6**-0.5, -2 * 6**-0.5, 6**-0.5))
"""Light, red against blue, green against both: orthonormal rows over RGB."""
ROWS = COLUMNS = 256  # of a large picture at a time


@functools.cache
def _axes(dtype: torch.dtype, device: torch.device) -> Tensor:
    """Made once: a GPU waits for what comes from a list, and what waits cannot be recorded (``replay``)."""
    return torch.tensor(LIGHT_AND_COLOUR, dtype=dtype, device=device)


def light_and_colour(image: Tensor) -> Tensor:
    """RGB (1, 3, H, W) in those axes; lengths stay what they were."""
    return torch.einsum("ij,bjhw->bihw", _axes(image.dtype, image.device), image)


def red_green_blue(axes: Tensor) -> Tensor:
    """The way back."""
    return torch.einsum("ij,bihw->bjhw", _axes(axes.dtype, axes.device), axes)


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
        self._size, self._power, self._in_axes = (height, width), power, colour_gain != 1
        self._plain = not power and not self._in_axes
        self._down = torch.fft.fftfreq(height, dtype=like.dtype, device=like.device)[:, None]
        self._right = torch.fft.rfftfreq(width, dtype=like.dtype, device=like.device)[None]
        self._of_axes = like.new_tensor((1.0, colour_gain, colour_gain)).view(3, 1, 1)

    def image(self, variable: Tensor) -> Tensor:
        """X for a variable; differentiable."""
        return variable if self._plain else self._scaled(variable, self._gain)

    def variable(self, image: Tensor) -> Tensor:
        """The variable for X: the inverse of `image` up to rounding."""
        return image.clone() if self._plain else self._scaled(image, 1 / self._gain)

    def image_(self, variable: Tensor, room: Room = MEMORY) -> Tensor:
        """X written over a variable; the map is its own transpose, so gradients go this way, too.

        For pictures that memory does not hold: of it there are the waves of one channel, and some rows or columns. No
        gradient is known of it. The room rests between those.
        """
        return self._scaled_(variable, room, inverse=False)

    def variable_(self, image: Tensor, room: Room = MEMORY) -> Tensor:
        """The variable written over X, likewise."""
        return self._scaled_(image, room, inverse=True)

    @torch.no_grad()
    def _scaled_(self, values: Tensor, room: Room, *, inverse: bool) -> Tensor:
        if self._plain:
            return values
        if self._in_axes:
            for rows in values.split(ROWS, 2):
                rows.copy_(light_and_colour(rows))
                room.rest()
        for index in range(values.shape[1]):
            gain = self._of_axes[index, 0] if self._in_axes else 1.0
            self._scale_plane_(values[0, index], gain, room, inverse=inverse)
        if self._in_axes:
            for rows in values.split(ROWS, 2):
                rows.copy_(red_green_blue(rows))
                room.rest()
        return values

    def _scale_plane_(self, plane: Tensor, gain: Tensor | float, room: Room, *, inverse: bool) -> None:
        """One channel (H, W): along its rows, along columns and back, along rows."""
        waves = plane.new_empty(self._size[0], self._right.shape[1], dtype=plane.dtype.to_complex())
        for some, rows in zip(waves.split(ROWS), plane.split(ROWS), strict=True):
            some.copy_(torch.fft.rfft(rows))
            room.rest()
        for some, right in zip(waves.split(COLUMNS, 1), self._right.split(COLUMNS, 1), strict=True):
            towards = self._gain_at(right) / self._mean_gain * gain
            turned = torch.fft.fft(some, dim=0)
            some.copy_(torch.fft.ifft(turned.div_(towards) if inverse else turned.mul_(towards), dim=0))
            room.rest()
        for some, rows in zip(waves.split(ROWS), plane.split(ROWS), strict=True):
            rows.copy_(torch.fft.irfft(some, n=self._size[1]))
            room.rest()

    def _gain_at(self, right: Tensor) -> Tensor:
        """(H, n): how far X moves at some frequencies to the right, and all those down; by any scale."""
        frequency = (self._down**2 + right**2).sqrt().clamp_min(1 / max(self._size))  # the mean moves like the slowest
        gain: Tensor = frequency**-self._power
        return gain

    @functools.cached_property
    def _mean_gain(self) -> Tensor:
        """The root of its mean square."""
        squares = [self._gain_at(right).pow(2).sum(dtype=torch.float64) for right in self._right.split(COLUMNS, 1)]
        mean = torch.stack(squares).sum() / (self._down.numel() * self._right.numel())
        root: Tensor = mean.sqrt().to(self._right)
        return root

    @functools.cached_property
    def _gain(self) -> Tensor:
        """(1 or 3, H, W // 2 + 1), of mean square 1 in light."""
        gain = self._gain_at(self._right)
        gain = gain / gain.pow(2).mean().sqrt()
        return gain * self._of_axes if self._in_axes else gain[None]

    def _scaled(self, values: Tensor, gain: Tensor) -> Tensor:
        values = light_and_colour(values) if self._in_axes else values
        scaled: Tensor = torch.fft.irfft2(torch.fft.rfft2(values) * gain, s=self._size)
        return red_green_blue(scaled) if self._in_axes else scaled
