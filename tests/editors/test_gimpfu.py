"""Each name of the classic API, tried in a real GIMP: it works, or refuses in words that name it.

The checks themselves are in checks/; all run in one GIMP, and each of their names is a test here.
"""

import pytest

from editors import gimp, results

CHECKS = results.every()
NAMES = [name for names in CHECKS.values() for name in names]


@pytest.fixture(scope="session")
def shown(gimp_home: gimp.Home, tmp_path_factory: pytest.TempPathFactory) -> dict[str, results.Result]:
    """What became of every check, from one run."""
    return results.run(gimp_home, CHECKS, tmp_path_factory.mktemp("checks"))


def test_no_two_checks_show_the_same_name() -> None:
    """A name stands for one check, or a row of the table would be about another."""
    assert sorted(set(NAMES)) == sorted(NAMES)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_the_classic_api(name: str, shown: dict[str, results.Result]) -> None:
    """It works, with pixels or values checked, or it raises NotImplementedError naming itself."""
    assert shown[name].outcome in {"works", "refused"}, f"{shown[name].outcome}: {shown[name].detail}"
