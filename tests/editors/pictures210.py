"""Small pictures drawn by arithmetic, the same for GIMP 2.10 and GIMP 3: soft colours, hard edges, a little noise."""

SIZE = (32, 24)
MODES = {"rgb": "RGB", "rgba": "RGBA", "gray": "L", "map": "L"}


def noise(x: int, y: int, seed: int) -> int:
    """A number of 0 to 255 that looks random."""
    value = (x * 374761393 + y * 668265263 + seed * 974634777) & 0xFFFFFFFF
    value = ((value ^ (value >> 13)) * 1274126177) & 0xFFFFFFFF
    return (value ^ (value >> 16)) & 255


def colour(x: int, y: int) -> tuple[int, int, int]:
    """Slopes of red and green, a blue disc, a red bar, some noise."""
    red, green, blue = x * 255 // 31, y * 255 // 23, 60
    if (x - 20) ** 2 + (y - 9) ** 2 < 36:
        blue = 220
    if 4 <= x < 8 and 6 <= y < 20:
        red, green, blue = 220, 30, 40
    grain = noise(x, y, 1) // 16 - 8
    return tuple(min(max(value + grain, 0), 255) for value in (red, green, blue))  # type: ignore[return-value]


def samples(name: str) -> bytes:
    """The bytes of a picture, row by row."""
    width, height = SIZE
    places = [(x, y) for y in range(height) for x in range(width)]
    if name == "rgb":
        return bytes(value for place in places for value in colour(*place))
    if name == "rgba":
        return bytes(value for x, y in places for value in (*colour(x, y), min(255, (x + y) * 6)))
    if name == "gray":
        return bytes(sum(colour(*place)) // 3 for place in places)
    return bytes((128 + (x - 16) * 7 + noise(x // 4, y // 4, 2) // 4) & 255 for x, y in places)
