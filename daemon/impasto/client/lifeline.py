"""The connection to the daemon, which outlives the daemon: found again, or started anew, when it has died.

Knows channels, stubs and the launcher. Must not know jobs or pictures. ``client`` calls through it.
"""

import contextlib
import time

import grpc

from impasto import errors, launch
from impasto.config import Config
from impasto.refusals import CONNECTION_LOST
from impasto.v1 import blob_pb2_grpc, stylize_pb2_grpc

PATIENCE_S = 1.0  # a service manager, or another client, may be about to start it
GIVE_UP_S = 60.0
STOPPED_S = 15.0  # likewise, after a stop on purpose
PAUSE_S = 0.05


class Lifeline:
    """One channel at a time; the mutable state.

    Attributes:
        channel: the one that is open now.
        lasting: whether the daemon can be found again; not where somebody else made the channel.
    """

    def __init__(
        self, channel: grpc.Channel, config: Config | None = None, *, start: bool = False, instance_id: str = ""
    ) -> None:
        """Takes over the channel to that life of the daemon.

        `config` tells where the daemon can be found again, `start` that it may be begun.
        """
        self.channel, self.lasting, self._start = channel, config is not None, start
        self._config, self._instance_id = config or Config(), instance_id
        self._name_stubs()

    def _name_stubs(self) -> None:
        self.stylize = stylize_pb2_grpc.StylizeServiceStub(self.channel)
        self.blobs = blob_pb2_grpc.BlobServiceStub(self.channel)

    def find_again(self, stopped: errors.Unavailable | None = None) -> None:
        """Returns when another life of the daemon answers, on a channel of its own.

        Where it was `stopped` on purpose none is started: a service manager may, or an upgrade, within a while.

        Raises:
            Unavailable: none does, and none could be started.
            Busy: one of an older version is at work.
        """
        began = time.monotonic()
        while (info := self._another()) is None:
            waited = time.monotonic() - began
            if waited > (GIVE_UP_S if stopped is None else STOPPED_S):
                raise stopped or errors.Unavailable("the daemon is gone and does not come back", reason=CONNECTION_LOST)
            if self._start and stopped is None and waited > PATIENCE_S:
                with contextlib.suppress(errors.Unavailable):  # it may have lost a race, or died again: once more
                    launch.ensure(self._config)
            time.sleep(PAUSE_S)
        self.channel.close()
        self.channel, self._instance_id = launch.open_channel(self._config), info.instance_id
        self._name_stubs()

    def _another(self) -> launch.Info | None:
        """A daemon that answers and is not the one that we had; that one may be about to leave."""
        info = launch.running(self._config)
        return None if info is None or info.instance_id == self._instance_id else info

    def close(self) -> None:
        """Closes the channel."""
        self.channel.close()

    def __repr__(self) -> str:
        return f"<Lifeline [{'lasting' if self.lasting else 'of one life'}]>"
