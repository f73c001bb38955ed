"""README's own words are run: what it shows must work as it stands."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from harness import Daemon, picture

README = Path(__file__).parents[1] / "README.md"
BLOCKS = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)


def test_one_complete_use_stands_before_line_35() -> None:
    """A reader sees how it is used without scrolling."""
    head = "\n".join(README.read_text().splitlines()[:35])

    assert "impasto stylize photo.jpg --style" in head
    assert "picture.save(" in head


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.strip().splitlines()[0])
def test_each_python_block_runs(daemon: Daemon, tmp_path: Path, block: str) -> None:
    """Every Python block runs as it stands beside a photo and a style, without a warning."""
    picture(120, 90, 1).save(tmp_path / "photo.jpg")
    picture(100, 80, 2).save(tmp_path / "starry.png")
    (tmp_path / "block.py").write_text(block)
    done = subprocess.run(
        [daemon.home.command()[0], "-W", "error", "block.py"],
        env=os.environ | daemon.home.environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr


def test_there_are_blocks_to_run() -> None:
    """The test above must not pass because it found nothing."""
    assert len(BLOCKS) == 4
