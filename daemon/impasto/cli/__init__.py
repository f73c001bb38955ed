"""The command line: arguments, progress bar, exit codes, and the only print().

The face of the room: the group `cli` with its commands, each in the file of its kind, and `main`, which turns errors
into exit codes: 0 done, 1 it went wrong, 2 the request was wrong, 130 cancelled. What is heavy is imported only in the
command that needs it, so that `impasto --help` is quick.
"""

import sys
from pathlib import Path

import click

from impasto import __version__
from impasto.cli import configuration, daemon, editors, laboratory, painting, sharing, status, weights
from impasto.config import Config
from impasto.errors import ImpastoError, InvalidRequest

__all__ = ["cli", "main"]

CANCELLED = 130  # 128 + SIGINT, as shells expect


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__)
@click.option("--runtime-dir", type=click.Path(path_type=Path), help="Folder of the daemon's socket.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of pictures at rest, encoders and the log.")
@click.pass_context
def cli(context: click.Context, runtime_dir: Path | None, data_dir: Path | None) -> None:
    """Paint pictures in the manner of other pictures, on this machine."""
    context.obj = Config.load({"runtime_dir": runtime_dir, "data_dir": data_dir})


for _command in (
    painting.stylize,
    painting.demo,
    configuration.configuration,
    daemon.forget,
    daemon.free,
    daemon.jobs,
    daemon.pipe,
    daemon.result,
    daemon.serve,
    daemon.service,
    sharing.connect,
    sharing.disconnect,
    sharing.token,
    status.status,
    daemon.stop,
    editors.doctor,
    editors.gimp,
    editors.install,
    editors.uninstall,
    laboratory.inspect,
    laboratory.measure,
    laboratory.train_encoder,
    weights.weights,
):
    cli.add_command(_command)


def main() -> None:
    """Runs a command; errors become one clear message each and an exit code."""
    try:
        code = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        print("cancelled", file=sys.stderr)
        sys.exit(CANCELLED)
    except InvalidRequest as error:
        for violation in error.violations:
            print(f"impasto: {violation.field}: {violation.description}", file=sys.stderr)
        sys.exit(2)
    except ImpastoError as error:
        print(f"impasto: {error.message}", file=sys.stderr)
        sys.exit(1)
    except MemoryError:  # of a poster at 16 bits its samples and its file are here at once
        told = "this machine has too little memory free for the picture: close other programs, or ask for a smaller one"
        print(f"impasto: {told}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:  # a folder that cannot be made, a full disk: the system's own words and the place
        print(f"impasto: {error.filename or 'output'}: {error.strerror or error}", file=sys.stderr)
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)
