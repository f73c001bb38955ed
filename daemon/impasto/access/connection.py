"""An artist's machine: which server, by which certificate it is known, and the token to show it.

Knows the files that `impasto connect` writes, and what gRPC needs of a client's side. Must not know calls. ``launch``
opens its channels by it. A server's own certificate is pinned: it is trusted because it is that very one, under
whatever name the server is reached. One signed by a studio's authority is trusted under its own name alone.
"""

import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import grpc

from impasto import folders
from impasto.access.address import Address
from impasto.access.certificate import OUR_NAME
from impasto.config import Config
from impasto.errors import CannotServe, Unavailable

PINNED, AUTHORITY, TOKEN = "pinned.pem", "authority.pem", "token"  # names of files
FETCH_TIMEOUT_S = 10.0
# A line that is cut without a word is found out within half a minute, and looked for at least every two seconds: the
# system says its first word again after 1 s and 3 s, so that an attempt to connect must outlast those. With 1 s for it
# one packet lost in a hundred failed 6 of 300 connections; with 5 s none, and the slowest answer came after 1.4 s.
KEEPALIVE_OPTIONS = (
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.min_reconnect_backoff_ms", 5_000),  # how long an attempt may take, in truth
    ("grpc.initial_reconnect_backoff_ms", 500),
    ("grpc.max_reconnect_backoff_ms", 2_000),
)


@dataclass(frozen=True)
class Connection:
    """One server as this machine knows it.

    Attributes:
        trusted: the server's own certificate if it is `pinned`, else that of the authority that signed it; PEM.
        token: what tells the server who calls.
    """

    address: Address
    trusted: str
    pinned: bool
    token: str

    @classmethod
    def read(cls, config: Config) -> Self:
        """The one that `impasto connect` has written.

        Raises:
            CannotServe: its files are not there.
        """
        folder = config.server_dir
        pinned = (folder / PINNED).exists()
        try:
            trusted = (folder / (PINNED if pinned else AUTHORITY)).read_text()
            token = (folder / TOKEN).read_text().strip()
        except OSError as error:
            told = f"this machine has no certificate or no token for {config.server}: run `impasto connect"
            raise CannotServe(f"{told} {config.server}`, or `impasto disconnect`", reason="NOT_CONNECTED") from error
        return cls(Address.read(config.server), trusted, pinned, token)

    def write(self, folder: Path) -> None:
        """Keeps certificate and token, closed to others; what was there before is replaced.

        Raises:
            CannotServe: the folder is somebody else's.
        """
        folders.prepare(folder, folders.SERVER)
        forget(folder)
        for name, content in ((PINNED if self.pinned else AUTHORITY, self.trusted), (TOKEN, self.token)):
            part = folder / f"{name}.part"
            part.unlink(missing_ok=True)
            part.touch(mode=0o600)
            part.write_text(content)
            part.replace(folder / name)

    def channel(self, options: tuple[tuple[str, int], ...]) -> grpc.Channel:
        """A channel to the server, whether or not it answers; every call shows the token."""
        own = (("grpc.ssl_target_name_override", OUR_NAME),) if self.pinned else ()
        secure = grpc.composite_channel_credentials(
            grpc.ssl_channel_credentials(self.trusted.encode()), grpc.access_token_call_credentials(self.token)
        )
        return grpc.secure_channel(str(self.address), secure, options=(*options, *KEEPALIVE_OPTIONS, *own))

    def __repr__(self) -> str:
        return f"<Connection to {self.address} [{'pinned' if self.pinned else 'by its authority'}]>"


def forget(folder: Path) -> None:
    """Removes certificate and token."""
    for name in (PINNED, AUTHORITY, TOKEN):
        (folder / name).unlink(missing_ok=True)


def fetched(address: Address) -> str:
    """The certificate that a server shows, as PEM; nothing is trusted by that.

    Raises:
        Unavailable: nobody answers there, or not by TLS.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # a person compares its fingerprint
    context.set_alpn_protocols(["h2"])  # gRPC's server hangs up without
    try:
        with (
            socket.create_connection((address.host, address.port), FETCH_TIMEOUT_S) as plain,
            context.wrap_socket(plain, server_hostname=OUR_NAME) as line,
        ):
            shown = line.getpeercert(binary_form=True)
    except OSError as error:
        told = f"{address} does not answer as an impasto server does ({error.strerror or error})"
        raise Unavailable(f"{told}: is the address right, and `impasto serve --listen` running there?") from error
    if shown is None:
        raise Unavailable(f"{address} shows no certificate")
    return ssl.DER_cert_to_PEM_cert(shown)
