"""Editors for tests: roots and homes; and whether these tests run at all, which is said aloud."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from editors import chroot, gimp, krita
from editors.krita_seat import Painter, seated
from editors.studio import Studio, studio

REQUIRED = os.environ.get("IMPASTO_EDITORS") == "required"
HERE = Path(__file__).parent
NEEDS = "root"  # the fixture that every test of a real editor depends on
left_out: list[str] = []


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without IMPASTO_EDITORS=required, tests of editors are deselected, not skipped, and counted in the end."""
    if REQUIRED:
        return
    editors = [item for item in items if HERE in item.path.parents and NEEDS in getattr(item, "fixturenames", ())]
    items[:] = [item for item in items if item not in set(editors)]
    config.hook.pytest_deselected(items=editors)
    left_out.extend(item.nodeid for item in editors)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says what was left out, and how to have it run."""
    if left_out:
        terminalreporter.write_line(
            f"{len(left_out)} tests of real editors deselected: they build a Debian root with GIMP in it (as root;"
            " minutes and 1 GB, once). make editors runs them; make test does with IMPASTO_EDITORS=required, as in CI."
        )


@pytest.fixture(scope="session")
def root() -> Path:
    """The root with GIMP; that there is none is a failure, with its reason."""
    return chroot.ensure()


@pytest.fixture(scope="session")
def gimp_home(root: Path, tmp_path_factory: pytest.TempPathFactory) -> gimp.Home:
    """A GIMP home for tests that leave it as they found it."""
    return gimp.new_home(root, tmp_path_factory.mktemp("editors") / "gimp")


@pytest.fixture(scope="session")
def krita_root(root: Path) -> Path:
    """The root with Krita beside GIMP."""
    return chroot.ensure(krita=True)


@pytest.fixture(scope="session")
def native_krita(root: Path) -> Path:
    """Where this machine's own Krita is; the root has the tools of its display."""
    return krita.native().root


@pytest.fixture(scope="session")
def krita_studio(krita_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A Krita of the Debian root with a daemon, for all tests that leave both as they found them."""
    with studio(krita_root, tmp_path_factory.mktemp("krita")) as made:
        yield made


@pytest.fixture(scope="session")
def own_studio(native_krita: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """This machine's Krita, an older one, with a daemon, likewise."""
    with studio(native_krita, tmp_path_factory.mktemp("krita-own")) as made:
        yield made


@pytest.fixture
def painter(krita_studio: Studio, tmp_path: Path) -> Painter:
    """At a new document, the docker in sight, all dials as usual but a short painting of the cheapest style."""
    return seated(krita_studio, tmp_path)
