"""The controls through a real daemon: what the Python API and the command line ask for is what is painted."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from harness import Daemon
from impasto.errors import InvalidRequest

SIZE = (64, 48)


def picture(seed: int, kind: str = "RGB") -> bytes:
    """Blocks of random colour, as a PNG file."""
    shape = (6, 8) if kind == "L" else (6, 8, 3)
    blocks = np.random.RandomState(seed).randint(0, 256, shape).astype(np.uint8)
    return encoded(blocks.repeat(8, 0).repeat(8, 1))


def half() -> bytes:
    """The left half."""
    mask = np.zeros(SIZE[::-1], np.uint8)
    mask[:, :32] = 255
    return encoded(mask)


def encoded(samples: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(samples).save(file, "PNG")
    return file.getvalue()


PLAIN: dict[str, Any] = {"content": picture(1), "style": picture(2)}
CONTROLS: dict[str, dict[str, Any]] = {
    "strength": {"strength": 0.2},
    "detail": {"detail": "coarse"},
    "tileable": {"tileable": True},
    "colour": {"colour": "content-luminance"},
    "colour_strength": {"colour": "content-match-lab", "colour_strength": 0.5},
    "objective": {"objective": "w2"},
    "layers": {"style_layers": {"relu1_1": 1.0, "relu2_1": 0.5}},
    "content layers": {"content_layers": {"relu2_1": 1.0}, "content_weight": 9.0},
    "optimizer": {"optimizer": "adam"},
    "scales": {"max_scales": 1, "size": 128},
    "keep": {"keep": half(), "content_weight": 50.0},
    "init": {"init": picture(5)},
    "two styles": {"style": [picture(2), picture(3)]},
    "blend": {"style": [picture(2), picture(3)], "blend": [1, 5]},
    "regions": {"style": [picture(2), picture(3)], "regions": [half(), half()]},
}


def test_each_control_changes_the_picture(daemon: Daemon) -> None:
    """None of them is lost on the way, and no two do the same."""
    with daemon.client() as client:
        painted = [client.stylize(**(PLAIN | {"steps": 3} | more)).samples for more in ({}, *CONTROLS.values())]

    assert len(set(painted)) == len(painted)


def test_no_strength_gives_the_photo_back(daemon: Daemon) -> None:
    """To a level of 256."""
    with daemon.client() as client:
        found = client.stylize(picture(1), picture(2), steps=10, strength=0.0)

    content = np.array(Image.open(io.BytesIO(picture(1)))).astype(int)
    assert np.abs(np.frombuffer(found.samples, np.uint8).reshape(content.shape) - content).max() <= 1


def test_a_budget_ends_the_job(daemon: Daemon) -> None:
    """Steps are done until the time is over, and the last event has them all."""
    seen: list[tuple[int, int]] = []
    with daemon.client() as client:
        client.stylize(
            picture(1), picture(2), budget_s=1.0, on_progress=lambda told: seen.append((told.step, told.total_steps))
        )

    assert 1 < seen[-1][0] == seen[-1][1] < 2000


@pytest.mark.parametrize(
    ("asked", "field", "told"),
    [
        ({"blend": [1, 2]}, "blend", "has 2 entries for 1 styles"),
        ({"style": [picture(2), picture(3)], "regions": [half()]}, "regions", "has 1 entries for 2 styles"),
        ({"style": []}, "style", "is empty"),
        ({"detail": "huge"}, "detail", "does not fit"),
        ({"style_layers": {"relu1_1": "much"}}, "style_layers", "does not fit"),
        ({"style_layers": 3}, "style_layers", "does not fit"),
    ],
)
def test_what_does_not_go_together_is_told(daemon: Daemon, asked: dict[str, Any], field: str, told: str) -> None:
    """Before anything is sent, by the caller's own names."""
    with daemon.client() as client, pytest.raises(InvalidRequest) as refused:
        client.stylize(**(PLAIN | asked))

    assert [(v.field, told in v.description) for v in refused.value.violations] == [(field, True)]


def test_the_command_line_has_them_too(daemon: Daemon, tmp_path: Path) -> None:
    """Two styles in their regions, with colours kept, going on from a picture."""
    for name, data in (("photo", picture(1)), ("a", picture(2)), ("b", picture(3)), ("left", half())):
        (tmp_path / f"{name}.png").write_bytes(data)
    path = {name: str(tmp_path / f"{name}.png") for name in ("photo", "a", "b", "left", "out")}

    done = daemon.home.run(
        "stylize", path["photo"], "--style", path["a"], "--style", path["b"], "--blend", "2,1", "-o", path["out"],
        "--region", path["left"], "--region", path["left"], "--keep", path["left"], "--colour", "keep", "--steps", "2",
        "--colour-strength", "0.7", "--from", path["photo"], "--strength", "0.4", "--detail", "fine", "--tileable",
    )  # fmt: skip
    wrong = daemon.home.run("stylize", path["photo"], "--style", path["a"], "--blend", "2,1", "-o", path["out"])

    assert done.returncode == 0, done.stderr
    with Image.open(path["out"]) as painted:
        assert painted.size == SIZE
    assert wrong.returncode == 2
    assert "--blend: has 2 entries for 1 styles" in wrong.stderr
