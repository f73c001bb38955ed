"""The front door to the network: an address, TLS, and tokens; closed unless it has all three.

Knows what gRPC needs of a server's side. Must not know services. ``server`` binds it beside the Unix socket, which
stays this user's own.
"""

from dataclasses import dataclass

import grpc

from impasto.access import certificate
from impasto.access.address import Address
from impasto.access.tokens import Register
from impasto.config import UNIX, Config
from impasto.errors import CannotServe
from impasto.owner import Identify

# A peer that vanishes without a word is found out within a minute; one that asks more often than that is not punished.
KEEPALIVE_OPTIONS = (
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
)
NOBODY = (
    "is not served, as no token has been made and so nobody could be told from anybody: `impasto token add NAME` makes "
    "one for each artist"
)


@dataclass(frozen=True)
class Front:
    """Where it is, by what it is known, and who may come in."""

    address: Address
    credentials: grpc.ServerCredentials
    fingerprint: str
    identify: Identify


def front(config: Config) -> Front | None:
    """The front door that the configuration asks for; None if it asks for the Unix socket alone.

    Raises:
        CannotServe: there is no token, or no certificate; the message says how to make one.
    """
    if config.listen == UNIX:
        return None
    address, register = Address.read(config.listen), Register(config.data_dir)
    if not register.entries():
        raise CannotServe(f"{config.listen} {NOBODY}", reason="NO_TOKEN")
    found = server_certificate(config)
    credentials = grpc.ssl_server_credentials([(found.key, found.certificate)])
    return Front(address, credentials, found.fingerprint, register)


def server_certificate(config: Config) -> certificate.Certificate:
    """The configured one, else the one that is made at the first need.

    Raises:
        CannotServe: it cannot be read, or not be made.
    """
    if config.tls_certificate or config.tls_key:
        return certificate.given(config.tls_certificate, config.tls_key)
    host = "" if config.listen == UNIX else Address.read(config.listen).host
    return certificate.own(config.data_dir, "" if host in ("0.0.0.0", "::") else host)  # noqa: S104  # compared, not bound
