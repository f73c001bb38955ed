"""HOST:PORT, as people write it. Knows the text alone; both sides of the network read addresses by it."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Self

DEFAULT_PORT = 7842
ALLOWED = f"HOST or HOST:PORT is needed, like studio.example or [::1]:{DEFAULT_PORT}"
SHAPE = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9._-]+))(?::(?P<port>\d{1,5}))?")


@dataclass(frozen=True)
class Address:
    """A machine and its port."""

    host: str
    port: int

    @classmethod
    def read(cls, text: str) -> Self:
        """From HOST, HOST:PORT, [IPv6]:PORT or a bare IPv6 address; without a port it is `DEFAULT_PORT`.

        Raises:
            ValueError: it is none of these; the message says what is needed.
        """
        if text.count(":") > 1 and not text.startswith("["):
            text = f"[{text}]"
        found = SHAPE.fullmatch(text)
        port = int(found["port"] or DEFAULT_PORT) if found else -1
        if found is None or not 0 <= port <= 65535:
            raise ValueError(ALLOWED)
        if found["six"]:
            ipaddress.IPv6Address(found["six"])  # raises ValueError
        return cls(found["six"] or found["host"], port)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
