"""Each name of the classic API, tried in a real GIMP: it works, or refuses in words that name it.

The checks themselves are in checks/; all run in one GIMP, and each of their names is a test here.
"""

from pathlib import Path

import pytest

from editors import chroot, results, table

CHECKS = results.every()
NAMES = [name for names in CHECKS.values() for name in names]


@pytest.fixture(scope="session")
def shown(
    root: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> dict[str, results.Result]:
    """What became of every check that is asked for, from one run."""
    names = {item.name for item in request.session.items}
    asked = {item.callspec.params.get("name") for item in request.session.items if hasattr(item, "callspec")}
    wanted = {module: [name for name in shown_by if name in asked] for module, shown_by in CHECKS.items()}
    if test_the_readme_says_what_was_tried.__name__ in names:
        wanted = CHECKS
    folder = tmp_path_factory.mktemp("checks")
    return results.run(results.home(root, folder / "home"), wanted, folder)


def test_no_two_checks_show_the_same_name() -> None:
    """A name stands for one check, or a row of the table would be about another."""
    assert sorted(set(NAMES)) == sorted(NAMES)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_the_classic_api(name: str, shown: dict[str, results.Result]) -> None:
    """It works, with pixels or values checked, or it raises NotImplementedError naming itself."""
    assert shown[name].outcome in {"works", "refused"}, f"{shown[name].outcome}: {shown[name].detail}"


@pytest.mark.skipif(chroot.SUITE != "trixie", reason="the README's table is of GIMP 3.0's run; 3.2 refuses less")
@pytest.mark.timeout(1800)
def test_the_readme_says_what_was_tried(shown: dict[str, results.Result]) -> None:
    """The table in the shim's README is the one of this run: python tests/editors/table.py writes it."""
    _, _, written = table.README.read_text(encoding="utf-8").partition(table.BEGIN)

    assert written.strip() == table.table(shown).strip()
