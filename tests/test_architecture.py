"""The doors between rooms: who may import whom, and who may know which of the foreign packages."""

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

import impasto

ROOT = Path(impasto.__file__).parent
PACKAGE = ROOT.name
ROOT_ROOM = PACKAGE  # impasto/__init__.py: the version and nothing else

# Foreign packages that only some rooms may know, under the name that the table uses.
FOREIGN = {
    "torch": "torch",
    "torchvision": "torchvision",
    "safetensors": "safetensors",
    "xxhash": "xxhash",
    "numpy": "numpy",
    "PIL": "PIL",
    "tifffile": "tifffile",
    "imagecodecs": "imagecodecs",
    "grpc": "grpc",
    "grpc_health": "grpc",
    "grpc_reflection": "grpc",
    "grpc_status": "grpc",
    "google": "google",  # google.protobuf and google.rpc: messages, no network
    "click": "click",
    "rich": "rich",
    "platformdirs": "platformdirs",
    "fissix": "fissix",
    "cryptography": "cryptography",
    "ray": "ray",
}


@dataclass(frozen=True)
class Door:
    """What a room may see: rooms of ours and foreign packages, each a list of words."""

    ours: str = ""
    foreign: str = ""


# A room is a module, or a folder with all that is in it; the most exact name counts.
DOORS = {
    ROOT_ROOM: Door(),
    "__main__": Door("cli"),
    "access": Door(),
    "access.address": Door(),
    "access.certificate": Door("errors folders", "cryptography"),
    "access.connection": Door("access.address access.certificate config errors folders", "grpc"),
    "access.front": Door("access access.address access.certificate access.tokens config errors owner", "grpc"),
    "access.tokens": Door("errors owner"),
    "adoption": Door(f"{ROOT_ROOM} errors", "fissix"),
    "bar": Door("", "click rich"),
    "cli": Door(
        f"{ROOT_ROOM} access access.address access.certificate access.connection access.front access.tokens adoption"
        " bar client config demo editors errors fetching folders forgetting image imagenet inspection instance launch"
        " logs photo pipe refusals server service spec training v1 weights",
        "click rich",
    ),
    "client": Door("config errors image launch pictures refusals request v1 wire", "grpc google"),
    "cluster": Door(),
    "cluster.__main__": Door("cluster.line cluster.placement cluster.slot cluster.telling", "ray"),
    "cluster.folder": Door("folders", "platformdirs"),
    "cluster.joining": Door("cluster.pool cluster.telling config errors"),
    "cluster.line": Door("frames"),
    "cluster.luggage": Door("frames spec weights"),
    "cluster.placement": Door("cluster.slot frames", "ray"),
    "cluster.pool": Door("cluster.telling frames scheduling.pool scheduling.process"),
    "cluster.seat": Door(f"{ROOT_ROOM} cluster.folder frames scheduling.process", "ray"),
    "cluster.slot": Door(f"{ROOT_ROOM} cluster.luggage cluster.seat errors frames weights", "ray"),
    "cluster.telling": Door(),
    "codec": Door("errors image"),
    "codec.__main__": Door("decoding decoding.deep image", "PIL"),
    "config": Door("errors keys", "platformdirs"),
    "decoding": Door("image"),
    "decoding.deep": Door("decoding image png", "PIL imagecodecs numpy tifffile"),
    "decoding.looking": Door("", "numpy"),
    "demo": Door("client gallery", "PIL"),
    "draining": Door("errors scheduling.orders scheduling.pool scheduling.scheduler store"),
    "editors": Door(f"{ROOT_ROOM} adoption config errors launch weights"),
    "engine": Door(
        "engine.descent engine.encoder engine.large engine.margin engine.memory engine.objective engine.passage"
        " engine.pulse engine.pyramid engine.room engine.scratch malloc method",
        "torch",
    ),
    "engine.closeness": Door("engine.encoder engine.objective engine.pulse method", "torch"),
    "engine.descent": Door("engine.memory engine.objective engine.room engine.scratch method", "torch"),
    "engine.encoder": Door("engine.pulse", "torch safetensors"),
    "engine.large": Door("engine.encoder engine.margin engine.room", "torch"),
    "engine.margin": Door("", "torch"),
    "engine.memory": Door("engine.encoder engine.objective engine.passage method"),
    "engine.objective": Door("engine.encoder engine.large engine.passage engine.pyramid engine.room method", "torch"),
    "engine.passage": Door("engine.encoder engine.pulse engine.room", "torch"),
    "engine.pulse": Door(),
    "engine.pyramid": Door(),
    "engine.room": Door("", "torch"),
    "engine.scratch": Door("engine.pulse malloc", "torch"),
    "errors": Door(),
    "fetching": Door("errors weights"),
    "folders": Door("errors"),
    "forgetting": Door("config errors instance job owner scheduling.scheduler store"),
    "frames": Door(),
    "gallery": Door("", "numpy PIL"),
    "image": Door("errors"),
    "imagenet": Door(f"{ROOT_ROOM} errors fetching imagenet.convert spec weights"),
    "imagenet.convert": Door(f"{ROOT_ROOM} engine engine.encoder engine.memory errors gallery", "torch numpy"),
    "inspection": Door(
        "engine engine.encoder engine.objective errors inspection.overview inspection.picture inspection.plot"
        " inspection.sheet",
        "torch PIL",
    ),
    "inspection.overview": Door("inspection inspection.paper inspection.plot", "torch PIL"),
    "inspection.paper": Door("", "torch PIL"),
    "inspection.picture": Door(
        "codec config engine engine.pulse errors image method photo pixels worker.opening worker.studio weights",
        "torch",
    ),
    "inspection.plot": Door("inspection inspection.paper", "PIL"),
    "inspection.sheet": Door("inspection inspection.overview inspection.paper inspection.plot", "torch PIL"),
    "instance": Door("errors folders"),
    "job": Door("image owner spec"),
    "keys": Door("access.address"),
    "launch": Door(f"{ROOT_ROOM} access.connection config errors folders instance logs refusals v1", "grpc"),
    "logs": Door(),
    "malloc": Door(),
    "method": Door("spec"),
    "owner": Door(),
    "photo": Door("errors image photo.deep png", "PIL"),
    "photo.deep": Door("image png profiles", "PIL imagecodecs numpy"),
    "pictures": Door("errors image photo v1 wire"),
    "pipe": Door(f"{ROOT_ROOM} config frames pipe.outbox pipe.session"),
    "pipe.connection": Door("client config errors launch"),
    "pipe.outbox": Door("frames"),
    "pipe.enlarging": Door("image pictures", "numpy PIL"),
    "pipe.painting": Door("client errors frames pipe.connection pipe.enlarging pipe.outbox pipe.styles"),
    "pipe.session": Door(
        "client config errors frames image malloc pipe.connection pipe.outbox pipe.painting pipe.styles pipe.words"
    ),
    "pipe.styles": Door("errors gallery image", "PIL"),
    "pipe.words": Door("errors"),
    "pixels": Door("errors image profiles", "torch numpy"),
    "png": Door(),
    "profiles": Door("image", "numpy imagecodecs"),
    "refusals": Door("errors v1", "grpc google"),
    "request": Door("errors v1"),
    "rpc": Door(
        f"{ROOT_ROOM} codec config errors fetching forgetting image job method owner scheduling.pool"
        " scheduling.scheduler scheduling.terms spec store v1 weights wire",
        "grpc google",
    ),
    "scheduling": Door(),
    "scheduling.admission": Door("config errors image job method spec"),
    "scheduling.backlog": Door(
        "scheduling.admission config scheduling.demand scheduling.device errors scheduling.fairness image job"
        " scheduling.decision scheduling.terms store"
    ),
    "scheduling.decision": Door("scheduling.fairness"),
    "scheduling.demand": Door(
        "scheduling.admission scheduling.fairness scheduling.forecast image job scheduling.decision"
    ),
    "scheduling.device": Door(),
    "scheduling.fairness": Door(),
    "scheduling.forecast": Door("scheduling.fairness"),
    "scheduling.orders": Door("image job scheduling.terms"),
    "scheduling.local_pool": Door("frames scheduling.pool scheduling.process"),
    "scheduling.pool": Door("frames scheduling.device"),
    "scheduling.process": Door("frames malloc scheduling.vitals"),
    "scheduling.scheduler": Door(
        "scheduling.backlog config errors image job scheduling.orders scheduling.pool scheduling.decision"
        " scheduling.terms store"
    ),
    "scheduling.terms": Door("scheduling.admission scheduling.device job method"),
    "scheduling.vitals": Door(),
    "server": Door(
        f"{ROOT_ROOM} access.front cluster.joining cluster.pool config draining errors folders instance logs malloc"
        " owner rpc scheduling.local_pool scheduling.pool scheduling.scheduler store v1 weights",
        "grpc",
    ),
    "service": Door("errors"),
    "spec": Door("config errors image"),
    "store": Door("errors image job owner"),
    "training": Door(f"{ROOT_ROOM} engine engine.encoder pixels training.curve training.sheet", "torch safetensors"),
    "training.curve": Door("", "PIL"),
    "training.sheet": Door("training", "torch PIL"),
    "v1": Door("", "grpc google"),
    "weights": Door("errors spec"),
    "wire": Door("errors image job spec v1", "google"),
    "worker": Door(),
    "worker.__main__": Door(
        "worker.again engine errors method worker.line worker.painting worker.saving spec worker.studio weights",
        "torch",
    ),
    "worker.again": Door("engine engine.memory image method spec worker.painting worker.studio"),
    "worker.budget": Door("engine engine.pyramid"),
    "worker.checkpoint": Door("engine worker.tensor_file", "torch safetensors"),
    "worker.line": Door("frames"),
    "worker.material": Door(
        "engine engine.encoder engine.large engine.memory engine.scratch errors image worker.opening pixels"
        " worker.studio",
        "torch",
    ),
    "worker.opening": Door("engine engine.encoder image pixels worker.studio", "torch"),
    "worker.painting": Door(
        "worker.budget worker.checkpoint engine engine.large engine.memory engine.pyramid engine.room errors image"
        " worker.material method pixels worker.result worker.saving "
        "spec worker.studio",
        "torch numpy",
    ),
    "worker.result": Door("engine image pixels worker.studio", "torch numpy"),
    "worker.saving": Door("worker.checkpoint engine"),
    "worker.studio": Door("engine engine.closeness errors image malloc method pixels spec weights", "torch"),
    "worker.tensor_file": Door("", "torch xxhash"),
}
# The plug-ins live in foreign interpreters: what each folder may see beside the standard library and itself.
PLUGINS = Path(__file__).parents[1] / "plugins"
PLUGIN_DOORS = {
    "bridge": "",
    "gimpfu": "gi",
    "gimp": "gi gimpfu bridge onto_canvas",
    "krita": "bridge krita PyQt5 PyQt6",
}
MAX_FILE_LINES = 320
MAX_FUNCTION_LINES = 45
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def modules(root: Path) -> dict[str, Path]:
    """Every module below `root` by its name within the package, the package itself by its own."""
    found = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(part for part in parts if part != "__init__") or root.name] = path
    return found


def room_of(module: str, doors: Mapping[str, Door]) -> str | None:
    """The row that stands for a module."""
    names = module.split(".")
    ancestors = [".".join(names[:end]) for end in range(len(names), 0, -1)]
    return next((name for name in ancestors if name in doors), None)


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes at any depth, save what only a type checker sees."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            for other in child.orelse:
                yield other
                yield from statements(other)
        else:
            yield child
            yield from statements(child)


def imports(path: Path, module: str, known: Mapping[str, Path]) -> Iterator[str]:
    """Full names of what a file imports, wherever in it; `from a import b` is a.b where that is a module."""
    package = [PACKAGE, *(module.split(".") if module != PACKAGE else [])]
    if path.name != "__init__.py":
        package = package[:-1]
    for node in statements(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            base = ".".join(filter(None, (start, node.module)))
            inside = {f"{PACKAGE}.{name}" for name in known}
            yield from (deep if (deep := f"{base}.{alias.name}") in inside else base for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            yield f"{ast.unparse(node)} (a door that no table can see)"


def trespasses(module: str, known: Mapping[str, Path], doors: Mapping[str, Door]) -> list[str]:
    """What a module imports and its row does not allow."""
    room = room_of(module, doors)
    if room is None:
        return [f"{module} has no row in the table of doors"]
    wrong = []
    for name in imports(known[module], module, known):
        top, _, rest = name.partition(".")
        if top == PACKAGE:
            seen = room_of(rest or ROOT_ROOM, doors)
            if seen != room and seen not in doors[room].ours.split():
                wrong.append(f"{module} imports {name}; {room} may see {doors[room].ours or 'no other room'}")
        elif "(" in name or (top in FOREIGN and FOREIGN[top] not in doors[room].foreign.split()):
            wrong.append(f"{module} imports {name}; {room} may know {doors[room].foreign or 'nothing foreign'}")
    return wrong


MODULES = modules(ROOT)
PLUGIN_FILES = {str(path.relative_to(PLUGINS.parent)): path for path in sorted(PLUGINS.rglob("*.py"))}
OURS = {name: path for name, path in MODULES.items() if not name.startswith("v1.")} | PLUGIN_FILES  # not generated


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_through_its_doors(module: str) -> None:
    """Each module sees the rooms and foreign packages of its row, also where it imports lazily, and no others."""
    assert trespasses(module, MODULES, DOORS) == []


@pytest.mark.parametrize("name", PLUGIN_FILES)
def test_a_plugin_sees_its_host_and_the_standard_library(name: str) -> None:
    """An editor's interpreter has nothing else: no package of ours, and nothing from an index."""
    room, found = name.split("/")[1], set()
    for node in statements(ast.parse(PLUGIN_FILES[name].read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add((node.module or "").partition(".")[0])

    assert found <= sys.stdlib_module_names | {room, *PLUGIN_DOORS[room].split()}


def test_the_table_is_exhaustive() -> None:
    """Every module has a row and every row, and every room that a row names, is there."""
    rooms = {room_of(module, DOORS) for module in MODULES}
    named = {room for door in DOORS.values() for room in door.ours.split()}

    assert rooms == set(DOORS)
    assert named <= set(DOORS)
    assert {package for door in DOORS.values() for package in door.foreign.split()} <= set(FOREIGN.values())


@pytest.mark.parametrize("module", ["impasto.server", "impasto.client", "impasto.cli"])
def test_the_front_loads_neither_torch_nor_numpy_nor_ray(module: str) -> None:
    """At run time, too, importing what must be quick loads nothing heavy, by whatever way."""
    script = f"import sys, {module}; print(*sorted({{'torch', 'torchvision', 'numpy', 'ray'}} & set(sys.modules)))"

    loaded = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True, check=True).stdout

    assert loaded.split() == []


@pytest.mark.parametrize("module", OURS)
def test_a_module_tells_its_contract_and_stays_small(module: str) -> None:
    """Each module has a docstring and at most 320 lines: a room that outgrows them becomes a folder."""
    text = OURS[module].read_text()

    assert ast.get_docstring(ast.parse(text))
    assert len(text.splitlines()) <= MAX_FILE_LINES


@pytest.mark.parametrize("module", OURS)
def test_a_function_fits_on_a_page(module: str) -> None:
    """No function has more than 45 lines, its docstring included."""
    functions = (n for n in ast.walk(ast.parse(OURS[module].read_text())) if isinstance(n, FUNCTIONS))
    lengths = [(function.name, (function.end_lineno or 0) - function.lineno + 1) for function in functions]

    assert [(name, lines) for name, lines in lengths if lines > MAX_FUNCTION_LINES] == []


@pytest.mark.parametrize("module", [name for name in MODULES if room_of(name, DOORS) != "cli"])
def test_only_the_command_line_prints(module: str) -> None:
    """Nothing but the command line speaks to a person's terminal."""
    calls = [ast.unparse(n.func) for n in ast.walk(ast.parse(MODULES[module].read_text())) if isinstance(n, ast.Call)]

    assert "print" not in calls


# the tester itself, on a toy tree

TOY_DOORS = {PACKAGE: Door(), "rpc": Door("job", "grpc"), "job": Door(), "worker": Door("", "torch")}


def toy(folder: Path, **sources: str) -> dict[str, Path]:
    """A small package of that source; a room that is not given is empty."""
    root = folder / PACKAGE
    (root / "rpc").mkdir(parents=True)
    texts = {"__init__": "", "job": "", "worker": "import torch\n", "rpc/__init__": "import grpc\n"}
    for name, text in (texts | {name.replace("__", "/"): text for name, text in sources.items()}).items():
        (root / name).with_suffix(".py").write_text(text)
    return modules(root)


@pytest.mark.parametrize(
    ("source", "trespass"),
    [
        ("import torch", "rpc.blobs imports torch; rpc may know grpc"),
        ("import torch.nn as nn", "rpc.blobs imports torch.nn; rpc may know grpc"),
        ("def f():\n    from torch import nn", "rpc.blobs imports torch; rpc may know grpc"),
        ("class C:\n    if True:\n        import torch", "rpc.blobs imports torch; rpc may know grpc"),
        ("from impasto import worker", "rpc.blobs imports impasto.worker; rpc may see job"),
        ("import impasto.worker", "rpc.blobs imports impasto.worker; rpc may see job"),
        ("from impasto.worker import Line", "rpc.blobs imports impasto.worker; rpc may see job"),
        ("from .. import worker", "rpc.blobs imports impasto.worker; rpc may see job"),
        ("from ..worker import Line", "rpc.blobs imports impasto.worker; rpc may see job"),
        ("from impasto import __version__", "rpc.blobs imports impasto; rpc may see job"),
        (
            "import importlib\nimportlib.import_module('torch')",
            "rpc.blobs imports importlib.import_module('torch') (a door that no table can see); rpc may know grpc",
        ),
    ],
)
def test_the_check_finds_what_is_forbidden(source: str, trespass: str, tmp_path: Path) -> None:
    """Whatever way a forbidden import is written, lazily or relatively, it is found."""
    known = toy(tmp_path, rpc__blobs=source)

    assert trespasses("rpc.blobs", known, TOY_DOORS) == [trespass]


@pytest.mark.parametrize(
    "source",
    [
        "import grpc, json\nfrom impasto.job import Job\nfrom impasto import job, rpc",
        "from . import status\nfrom ..job import Job",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch\n    from impasto import worker",
        "import typing\nif typing.TYPE_CHECKING:\n    import torch\nelse:\n    import grpc",
    ],
)
def test_the_check_lets_through_what_is_allowed(source: str, tmp_path: Path) -> None:
    """The rows' own permissions, the room's own modules and imports for the type checker are no trespass."""
    known = toy(tmp_path, rpc__blobs=source, rpc__status="")

    assert trespasses("rpc.blobs", known, TOY_DOORS) == []


def test_the_check_wants_a_row_for_every_module(tmp_path: Path) -> None:
    """A new module without a row is a finding by itself."""
    known = toy(tmp_path, newcomer="")

    assert trespasses("newcomer", known, TOY_DOORS) == ["newcomer has no row in the table of doors"]
