"""The server's certificate: its own files, or one that is made here, once.

Knows PEM files and the library that makes them. Must not know gRPC. ``front`` serves with it; people compare its
fingerprint. Made with `cryptography`, which only a server with no certificate of its own needs: so it is an extra, and
not one of everybody's dependencies. The openssl command would do as well, but is on neither Windows nor every Linux.
"""

import datetime
import hashlib
import ipaddress
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from impasto import folders
from impasto.errors import CannotServe

if TYPE_CHECKING:
    from cryptography.x509 import GeneralName

FOLDER, CERTIFICATE, KEY = "tls", "certificate.pem", "key.pem"
OUR_NAME = "impasto"  # every certificate made here has it: who pins one need not reach the server under a given name
LIFE_DAYS = 3650
INSTALL = "pip install 'impasto[remote]'"


@dataclass(frozen=True)
class Certificate:
    """A certificate and its key, both as PEM."""

    certificate: bytes
    key: bytes

    @property
    def fingerprint(self) -> str:
        """What people compare."""
        return fingerprint(self.certificate.decode())

    def __repr__(self) -> str:
        return f"<Certificate {self.fingerprint[:11]}…>"


def fingerprint(pem: str) -> str:
    """The SHA-256 of the first certificate in a PEM text, as pairs of hexadecimal digits with colons.

    Raises:
        ValueError: there is none.
    """
    end = "-----END CERTIFICATE-----"
    first = pem[: pem.index(end) + len(end)]
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(first[first.index("-----BEGIN CERTIFICATE-----") :])).hexdigest()
    return ":".join(digest[i : i + 2] for i in range(0, 64, 2)).upper()


def given(certificate: str, key: str) -> Certificate:
    """The one in those two files.

    Raises:
        CannotServe: one of the two is not named, cannot be read, or is no PEM file.
    """
    if not (certificate and key):
        missing = "tls_key" if certificate else "tls_certificate"
        raise CannotServe(f"{missing} is not set: a certificate and its key are needed both", reason="TLS_INCOMPLETE")
    try:
        found = Certificate(Path(certificate).read_bytes(), Path(key).read_bytes())
        _ = found.fingerprint
    except OSError as error:
        told = f"tls_certificate or tls_key cannot be read: {error.strerror}"
        raise CannotServe(told, reason="TLS_UNREADABLE") from error
    except ValueError as error:
        raise CannotServe("tls_certificate holds no PEM certificate", reason="TLS_UNREADABLE") from error
    return found


def own(data_dir: Path, host: str = "") -> Certificate:
    """The one that was made here, or is made now; `host` is one more name for it.

    Raises:
        CannotServe: what makes it is not installed; the message says what to do.
    """
    folder = data_dir / FOLDER
    files = folder / CERTIFICATE, folder / KEY
    if not all(file.exists() for file in files):
        folders.prepare(folder, folders.DATA)
        made = _made(host)
        for file, content in zip(reversed(files), (made.key, made.certificate), strict=True):  # the key comes first
            part = file.with_suffix(".part")
            part.unlink(missing_ok=True)
            part.touch(mode=0o600)
            part.write_bytes(content)
            part.replace(file)
    return given(*map(str, files))


def _made(host: str) -> Certificate:
    try:
        from cryptography import x509  # noqa: PLC0415  # an extra
        from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    except ImportError as error:
        told = f"there is no certificate to serve with, and nothing to make one: {INSTALL}, or set tls_certificate"
        raise CannotServe(f"{told} and tls_key to files of your own", reason="NO_CERTIFICATE") from error
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, OUR_NAME)])
    names = [_name(each) for each in dict.fromkeys((OUR_NAME, socket.gethostname(), socket.getfqdn(), host)) if each]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))  # other machines' clocks may be behind
        .not_valid_after(now + datetime.timedelta(days=LIFE_DAYS))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    return Certificate(certificate.public_bytes(pem), key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))


def _name(host: str) -> "GeneralName":
    from cryptography import x509  # noqa: PLC0415  # likewise

    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host.encode("idna").decode() if not host.isascii() else host)
