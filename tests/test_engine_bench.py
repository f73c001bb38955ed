"""The bench's opponents: what others do must be the same objective, or beating them would mean nothing."""

import pytest

from bench import contest, peers

pytestmark = pytest.mark.usefixtures("one_thread")


def test_everybody_computes_the_same() -> None:
    """Loss and gradient of each restatement are ours, in float64."""
    for name, off in contest.oracle(64, 1 / 16).items():
        assert max(off) < contest.EQUAL, name


def test_so_do_many_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """SPST's scheme with several blocks, the last of which takes the rest."""
    monkeypatch.setattr(peers.Blocks, "SIDE", 48)
    monkeypatch.setattr(peers.Blocks, "AROUND", 160)

    assert max(contest.oracle(144, 1 / 16)["c SPST"]) < contest.EQUAL
