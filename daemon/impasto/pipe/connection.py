"""The one connection of a pipe to the daemon, made when it is first needed; the client rides over a daemon's death.

Knows the client. Must not know frames. Threads of `painting` share it; the mutable state is the client.
"""

import threading

from impasto import client, launch
from impasto.client import Client
from impasto.client.sending import CLOSED
from impasto.config import Config
from impasto.errors import Unavailable


class Connection:
    """A client of this user's daemon."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._lock = threading.Lock()
        self._client: Client | None = None
        self._closed = False

    @property
    def server(self) -> str:
        """Whose daemon it is, HOST:PORT; empty where it is this machine's own."""
        return self.config.server if self.config.elsewhere else ""

    def client(self) -> Client:
        """The client; starts the daemon if none answers.

        Raises:
            Unavailable, Busy, CannotServe: as `impasto.client.connect` does; Unavailable, too, once this is closed.
        """
        with self._lock:
            if self._closed:
                raise Unavailable(CLOSED, reason="CLIENT_CLOSED")
            if self._client is None:
                self._client = client.connect(self.config)
            return self._client

    def start(self) -> None:
        """Has a daemon run, also where the one that this client knew was stopped.

        Raises:
            Unavailable, Busy, CannotServe: as `impasto.client.connect` does.
        """
        launch.ensure(self.config)

    def info(self) -> launch.Info | None:
        """What the daemon says of itself; None if none runs. Starts nothing."""
        return launch.running(self.config)

    def close(self) -> None:
        """Closes it for good; what it watched is cancelled. Does not wait for somebody who is connecting."""
        self._closed = True
        if self._client is not None:
            self._client.close()
