"""The wheel: what is in it, and that it works where nothing of this repository is near."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import venv
import zipfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from PIL import Image

import impasto
from harness import alive, picture

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[1]
DEADLINE_S = 120.0


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this tree with the tools that are here."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(REPOSITORY)]
    subprocess.run(command, check=True, capture_output=True, timeout=DEADLINE_S)
    (built,) = out.iterdir()
    return built


def test_the_wheel_has_what_it_needs_and_no_more(wheel: Path) -> None:
    """The package with its stubs, types and weights, the licence; no tests, no logs, nothing by accident."""
    names = set(zipfile.ZipFile(wheel).namelist())
    info = f"impasto-{impasto.__version__}.dist-info/"
    package = {name for name in names if not name.startswith(info)}
    sources = {str(path.relative_to(REPOSITORY / "daemon")) for path in REPOSITORY.glob("daemon/impasto/**/*.py")}
    for folder, _, files in os.walk(REPOSITORY / "plugins", followlinks=True):  # Krita's has a link to the bridge
        sources |= {f"impasto/{Path(folder, file).relative_to(REPOSITORY)}" for file in files if file.endswith(".py")}
    stubs = product(("blob", "image", "server", "stylize"), ("_pb2.py", "_pb2.pyi", "_pb2_grpc.py"))

    assert wheel.name == f"impasto-{impasto.__version__}-py3-none-any.whl"
    assert {"impasto/py.typed", "impasto/encoders/vgg19-slim.safetensors"} <= package
    assert {f"impasto/v1/{name}{end}" for name, end in stubs} <= package
    assert f"{info}licenses/LICENSE" in names
    assert "impasto = impasto.cli:main" in zipfile.ZipFile(wheel).read(f"{info}entry_points.txt").decode()
    assert {name for name in package if name.endswith(".py")} == sources
    assert {"impasto/plugins/gimpfu/pdb210.txt", "impasto/plugins/gimpfu/enums210.txt"} <= package
    assert {name for name in package if name.endswith(".md")} == {"impasto/plugins/gimpfu/README.md"}  # its table
    assert {f"impasto/plugins/krita/impasto_docker.{end}" for end in ("desktop", "action")} <= package
    kinds = {".py", ".pyi", ".typed", ".safetensors", ".txt", ".md", ".desktop", ".action", ".html"}
    kinds |= {".mo", ".po", ".pot"}  # catalogues of Krita's docker
    assert {Path(name).suffix for name in package} <= kinds
    assert not [name for name in names if "test" in name or "pycache" in name]


class Installed:
    """The wheel in an environment of its own, which borrows only the dependencies of ours."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        self.folder = folder
        venv.create(folder / "venv", with_pip=False)
        self.python = folder / "venv" / "bin" / "python"
        variables = {"base": str(folder / "venv"), "platbase": str(folder / "venv")}
        self.site = Path(sysconfig.get_path("purelib", "venv", variables))
        # A path in a .pth file is searched, but .pth files inside it are not read: our editable install stays out.
        (self.site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
        install = [sys.executable, "-m", "pip", "--python", str(self.python), "install", "--no-deps", "--no-index"]
        subprocess.run([*install, "--quiet", str(wheel)], check=True, timeout=DEADLINE_S)
        self.elsewhere = folder / "elsewhere"
        self.elsewhere.mkdir()

    def run(self, *command: str) -> str:
        """What a command prints, run far from the repository, with nothing of the caller's environment that is ours."""
        own = {"RUNTIME_DIR": "run", "DATA_DIR": "data", "CONFIG": "config.toml", "THREADS": "2"}
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("IMPASTO_", "PYTHON"))}
        ours = {f"IMPASTO_{name}": value if value == "2" else str(self.folder / value) for name, value in own.items()}
        environment = inherited | ours | {"TORCH_HOME": str(self.folder / "torch")}  # no other weights than the wheel's
        done = subprocess.run(
            command,
            cwd=self.elsewhere,
            env=environment,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def impasto(self, *arguments: str) -> str:
        """The installed command."""
        return self.run(str(self.python.with_name("impasto")), *arguments)


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Iterator[Installed]:
    """An environment with the wheel, at a short path, as a socket lies in it; its daemon does not outlive the tests."""
    folder = Path(tempfile.mkdtemp(prefix="imp-"))
    installed = Installed(folder, wheel)
    yield installed
    installed.impasto("stop")
    shutil.rmtree(folder)


def test_the_installed_package_is_the_wheels(installed: Installed) -> None:
    """What is imported lies in the fresh environment and not in the repository."""
    told = installed.run(str(installed.python), "-c", "import impasto, torch; print(impasto.__file__, torch.__file__)")
    ours, theirs = map(Path, told.split())

    assert ours == installed.site / "impasto" / "__init__.py"
    assert not theirs.is_relative_to(installed.folder)


def test_the_installed_command_tells_its_version(installed: Installed) -> None:
    """The entry point works."""
    assert impasto.__version__ in installed.impasto("--version")


def test_the_installed_command_paints_a_picture(installed: Installed) -> None:
    """A real picture through a real daemon with the weights of the wheel, and nothing of it is left running."""
    here = installed.elsewhere
    picture(96, 72, seed=1).save(here / "photo.png")
    picture(96, 96, seed=2).save(here / "style.png")

    told = installed.impasto("stylize", "photo.png", "--style", "style.png", "-o", "painted.png", "--steps", "3")
    with Image.open(here / "painted.png") as painted, Image.open(here / "photo.png") as photo:
        size, same = painted.size, painted.tobytes() == photo.tobytes()
    stopped = installed.impasto("stop")

    assert told == "painted.png: 96x72\n"
    assert (size, same) == ((96, 72), False)
    assert stopped.startswith("stopped process ")
    assert not alive(int(stopped.split()[-1]))
