"""Generates the stubs in daemon/impasto/v1 from proto/impasto/v1, with the oldest tools that are supported.

    python proto/generate.py [DESTINATION]

`make setup` puts those tools into .venv/protoc, apart from the environment's own grpcio. tests/test_contract.py runs
this into an empty folder and compares.
"""

import os
import subprocess
import sys
from pathlib import Path

import google.rpc

PROTO = Path(__file__).resolve().parent
TOOLS = PROTO.parent / ".venv" / "protoc"
GOOGLEAPIS = Path(next(iter(google.rpc.__path__))).parents[1]


def generate(destination: Path) -> None:
    """Writes *_pb2.py, *_pb2.pyi, *_pb2_grpc.py below `destination`/impasto/v1."""
    sources = sorted(str(path.relative_to(PROTO)) for path in PROTO.glob("impasto/v1/*.proto"))
    includes = [f"-I{PROTO}", f"-I{TOOLS / 'grpc_tools' / '_proto'}", f"-I{GOOGLEAPIS}"]
    outputs = [f"--{kind}_out={destination}" for kind in ("python", "pyi", "grpc_python")]
    package = destination / "impasto" / "v1"
    package.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "grpc_tools.protoc", *includes, *outputs, *sources]
    subprocess.run(command, check=True, env=os.environ | {"PYTHONPATH": str(TOOLS)})
    (package / "__init__.py").write_text('"""Generated stubs of impasto.v1; proto/generate.py makes them."""\n')


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else PROTO.parent / "daemon")
