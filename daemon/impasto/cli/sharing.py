"""The commands of a shared machine: `token` on the server, `connect` and `disconnect` on an artist's machine.

Knows the register of tokens, certificates and the connection by their faces. Must not know how a call is made.
"""

import sys
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from impasto.access.address import Address
from impasto.cli.editors import into_all
from impasto.config import UNIX, Config, write_key
from impasto.errors import CannotServe, InvalidRequest, Unavailable, Violation

if TYPE_CHECKING:
    from impasto.access.connection import Connection


@click.group()
def token() -> None:
    """Who may use this machine's daemon from other machines: a token for each.

    A token stands for its owner: nobody else sees what they paint, and devices are shared fairly between owners.
    """


@token.command()
@click.argument("name")
@click.pass_obj
def add(config: Config, name: str) -> None:
    """Make a token for NAME, and show it once."""
    from impasto import folders  # noqa: PLC0415
    from impasto.access.front import server_certificate  # noqa: PLC0415
    from impasto.access.tokens import Register  # noqa: PLC0415

    folders.prepare(config.data_dir, folders.DATA)
    made = Register(config.data_dir).add(name)
    print(made)
    where = "HOST" if config.listen == UNIX else config.listen
    try:
        print(f"on {name}'s machine: impasto connect {where} --fingerprint {server_certificate(config).fingerprint}")
    except CannotServe as error:  # it is needed to serve, not for a token
        print(f"impasto: {error.message}", file=sys.stderr)


@token.command("list")
@click.pass_obj
def list_(config: Config) -> None:
    """Tell whose tokens there are, and of when."""
    from impasto.access.tokens import Register  # noqa: PLC0415

    for name, entry in Register(config.data_dir).entries().items():
        print(f"{name}  {time.strftime('%Y-%m-%d %H:%M', time.localtime(entry.made))}")


@token.command()
@click.argument("name")
@click.pass_obj
def remove(config: Config, name: str) -> None:
    """Refuse the token of NAME from now on; pictures stay as long as they would, for whoever has that name next."""
    from impasto.access.tokens import Register  # noqa: PLC0415

    Register(config.data_dir).remove(name)
    print(f"the token of {name} is refused from now on")


@click.command()
@click.argument("host")
@click.option("--fingerprint", help="Of the server's certificate, as its owner has told you; else you are asked.")
@click.option(
    "--ca", type=click.Path(path_type=Path), help="PEM of the authority that signed the server's certificate."
)
@click.option("--token-file", type=click.File(), help="Has your token, - for stdin; else you are asked for it.")
@click.option("--no-editors", is_flag=True, help="Put no plug-in into the editors that are found here.")
@click.pass_obj
def connect(  # each option by its name, as click hands it over
    config: Config, host: str, fingerprint: str | None, ca: Path | None, token_file: IO[str] | None, *, no_editors: bool
) -> int:
    """Use the daemon of HOST from now on, in the shell, in scripts and in both editors.

    \b
    impasto connect studio.example --fingerprint AB:CD:…

    The server is known by its certificate from then on, you by your token, and everything between is encrypted. The
    plug-ins are put into GIMP 3 and Krita where those are. Nothing is changed if HOST does not answer. `impasto
    disconnect` goes back to this machine's own daemon.
    """  # noqa: D301  # a backslash: click's mark for lines that stay as they are
    try:
        address = Address.read(host)
    except ValueError as error:
        raise InvalidRequest([Violation("HOST", f"is {host!r}; {error}", "ADDRESS")]) from error
    trusted = _shown(address, fingerprint) if ca is None else _authority(ca)
    given = click.prompt("your token", hide_input=True, err=True) if token_file is None else token_file.read()
    found, devices = _tried(address, trusted, str(given).strip(), own=ca is None)
    found.write(config.server_dir)
    file = write_key("server", str(address))
    print(f"connected to {address}: {devices}; {file} says so, `impasto disconnect` goes back")
    return 0 if no_editors else int(into_all())


@click.command()
@click.pass_obj
def disconnect(config: Config) -> None:
    """Use this machine's own daemon again; certificate and token are removed."""
    from impasto.access.connection import forget  # noqa: PLC0415

    write_key("server", None)
    forget(config.server_dir)
    print("commands and editors use this machine's own daemon again")


def _shown(address: Address, fingerprint: str | None) -> str:
    """The certificate that the server shows, if it is the one that its owner has told."""
    from impasto.access import certificate  # noqa: PLC0415
    from impasto.access.connection import fetched  # noqa: PLC0415

    pem = fetched(address)
    shown = certificate.fingerprint(pem)
    if fingerprint is None:
        print(f"the certificate of {address} has the fingerprint\n{shown}", file=sys.stderr)
        click.confirm("is that what the server's owner has told you?", abort=True, err=True)
    elif fingerprint.replace(":", "").upper() != shown.replace(":", ""):
        told = f"is not that of {address}, which is {shown}: somebody else may answer there; nothing was sent"
        raise InvalidRequest([Violation("--fingerprint", told, "WRONG_CERTIFICATE")])
    return pem


def _authority(path: Path) -> str:
    from impasto.access.certificate import fingerprint  # noqa: PLC0415

    try:
        pem = path.read_text()
        fingerprint(pem)
    except (OSError, ValueError) as error:
        raise InvalidRequest([Violation("--ca", f"{path.name} holds no PEM certificate", "CA_UNREADABLE")]) from error
    return pem


def _tried(address: Address, trusted: str, secret: str, *, own: bool) -> "tuple[Connection, str]":
    """The connection that works, and what the server says of its devices; changes nothing.

    A server's own certificate is tried as one that was made by `impasto serve`, then as one of the server's own making,
    which must have its name.
    """
    from impasto.access.connection import Connection  # noqa: PLC0415
    from impasto.launch import FAR_ANSWER_TIMEOUT_S, ask  # noqa: PLC0415
    from impasto.refusals import WRONG_CERTIFICATE  # noqa: PLC0415

    for pinned in (True, False) if own else (False,):
        found = Connection(address, trusted, pinned, secret)
        try:
            with found.channel(()) as channel:
                info = ask(channel, FAR_ANSWER_TIMEOUT_S)
        except CannotServe as error:
            if not pinned or error.reason != WRONG_CERTIFICATE:
                raise
            continue
        if info is None:
            raise Unavailable(f"{address} does not answer; nothing was changed", reason="SERVER_UNREACHABLE")
        names = [device.name for device in info.devices if device.name != "starting"]
        return found, f"version {info.version}, at work on {', '.join(names) or 'nothing yet: it is starting'}"
    raise AssertionError("every way was tried, and the last one raises")
