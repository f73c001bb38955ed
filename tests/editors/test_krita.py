"""The plug-in in a real Krita with a real daemon: from a layer to a new one, checked inside (krita_checks.py).

Everything runs in trixie's Krita; what every edition has to pass runs in this machine's own, too.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from editors import krita_checks  # noqa: F401  # marks its checks
from editors.krita_stage import CHECKS
from editors.studio import Studio, studio

pytestmark = pytest.mark.timeout(1800)

CORE = [name for name, marked in CHECKS.items() if marked.core]


@pytest.fixture(scope="module")
def debian(krita_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A Krita of the Debian root, with a daemon."""
    with studio(krita_root, tmp_path_factory.mktemp("krita")) as opened:
        yield opened


@pytest.fixture(scope="module")
def own(native_krita: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """This machine's Krita, with a daemon."""
    with studio(native_krita, tmp_path_factory.mktemp("krita")) as opened:
        yield opened


@pytest.mark.parametrize("name", CHECKS)
def test_a_layer_is_painted(name: str, debian: Studio) -> None:
    """Which samples change, where, at which depth, and what else does not."""
    debian.check(name)


@pytest.mark.parametrize("name", CORE)
def test_a_layer_is_painted_in_the_older_one(name: str, own: Studio) -> None:
    """The core of it."""
    own.check(name)
