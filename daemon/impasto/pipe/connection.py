"""The one connection of a pipe to the daemon, made when it is first needed; the client rides over a daemon's death.

Knows the client. Must not know frames. Threads of `painting` share it; the mutable state is the client.
"""

import threading
import time
from collections.abc import Callable

from impasto import client, launch
from impasto.client import Client
from impasto.client.sending import CLOSED
from impasto.config import Config
from impasto.errors import Unavailable
from impasto.launch import SERVER_UNREACHABLE

AWAY_S, PAUSE_S = 60.0, 0.5  # how long a server that does not answer is tried; between two tries


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

    def client(self, away: Callable[[], None]) -> Client:
        """The client; starts the daemon if none answers. Another machine's is tried again for a minute.

        Args:
            away: called each time that it does not answer; what it raises ends that.

        Raises:
            Unavailable, Busy, CannotServe: as `impasto.client.connect` does; Unavailable, too, once this is closed.
        """
        until = time.monotonic() + AWAY_S
        while True:
            try:
                return self._client_now()
            except Unavailable as error:
                if error.reason != SERVER_UNREACHABLE or time.monotonic() > until:
                    raise
            away()
            time.sleep(PAUSE_S)

    def _client_now(self) -> Client:
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
