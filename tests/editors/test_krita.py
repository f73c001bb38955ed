"""The plug-in in a real Krita with a real daemon: from a layer to a new one, checked inside (krita_checks.py).

Everything runs in trixie's Krita; what every edition has to pass runs in this machine's own, too.
"""

import pytest

from editors import krita_checks  # noqa: F401  # marks its checks
from editors.krita_stage import CHECKS
from editors.studio import Studio

pytestmark = pytest.mark.timeout(1800)

CORE = [name for name, marked in CHECKS.items() if marked.core]


@pytest.mark.parametrize("name", CHECKS)
def test_a_layer_is_painted(name: str, krita_studio: Studio) -> None:
    """Which samples change, where, at which depth, and what else does not."""
    krita_studio.check(name)


@pytest.mark.parametrize("name", CORE)
def test_a_layer_is_painted_in_the_older_one(name: str, own_studio: Studio) -> None:
    """The core of it."""
    own_studio.check(name)
