"""The plug-in in a real GIMP with a real daemon, put there by `impasto install gimp`."""

import json
from pathlib import Path

import pytest

from editors import chroot, gimp, results
from harness import Daemon, Home

pytestmark = pytest.mark.timeout(1800)

NEWEST = ("painted_newest",) if chroot.SUITE == "sid" else ()  # GIMP 3.2's own layers
FILES = ("painted", "painted_through", "painted_places", "painted_styles", *NEWEST)
CHECKS = {f"editors.{name}": results.names_in(Path(__file__).with_name(f"{name}.py")) for name in FILES}
NAMES = [name for names in CHECKS.values() for name in names]
PLUG_IN = "impasto_neural_style"
# Freed memory is overwritten at once: GIMP crashes always, and not seldom, where it is looked at again.
UNFORGIVING = {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=0:glibc.malloc.perturb=165"}


def installed(home: gimp.Home, daemon: Daemon) -> gimp.Home:
    """The home with the plug-in in it, which works with this daemon."""
    return put(home, daemon.home)


def put(home: gimp.Home, place: Home) -> gimp.Home:
    """Puts the plug-in into a home, from where Impasto is reached as from a sandbox: this GIMP is in a root."""
    done = place.run("install", "gimp", "--into", str(home.config))
    assert done.returncode == 0, done.stdout + done.stderr
    environment = home.config / "plug-ins" / PLUG_IN / "impasto-environment.json"
    told = json.loads(environment.read_text())
    environment.write_text(json.dumps(told | {"before": ["chroot", "/host"]}))
    home.host = True
    home.extra |= place.variables
    return home


@pytest.fixture(scope="module")
def painted(
    root: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> dict[str, results.Result]:
    """What became of every check that is asked for, from one run of GIMP."""
    asked = {item.callspec.params.get("name") for item in request.session.items if hasattr(item, "callspec")}
    folder = tmp_path_factory.mktemp("plug-in")
    place = Home()
    daemon = Daemon(place)
    try:
        home = installed(gimp.new_home(root, folder / "home"), daemon)
        home.extra |= UNFORGIVING
        wanted = {module: [name for name in names if name in asked] for module, names in CHECKS.items()}
        return results.run(home, wanted, folder)
    finally:
        daemon.end()
        place.remove()


@pytest.mark.parametrize("name", NAMES)
def test_a_layer_is_painted(name: str, painted: dict[str, results.Result]) -> None:
    """Which samples change, where, at which depth, and what else does not."""
    assert painted[name].outcome == "works", painted[name].detail
