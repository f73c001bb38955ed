"""The connection to the daemon, which outlives the daemon: found again, or started anew, when it has died or was cut.

Knows channels, stubs and the launcher. Must not know jobs or pictures. ``client`` calls through it.
"""

import contextlib
import time
from collections.abc import Iterable

import grpc

from impasto import errors, launch
from impasto.config import Config
from impasto.refusals import CONNECTION_LOST, NO_ANSWER, SHUTDOWN
from impasto.v1 import blob_pb2_grpc, stylize_pb2, stylize_pb2_grpc

PATIENCE_S = 1.0  # a service manager, or another client, may be about to start it
GIVE_UP_S = 60.0
FAR_GIVE_UP_S = 180.0  # a network may be away for longer than a daemon; the server lets go of nothing before
STOPPED_S = 15.0  # likewise, after a stop on purpose
PAUSE_S = 0.05
LEAVE_TIMEOUT_S = 2.0


class Lifeline:
    """One channel at a time; the mutable state.

    Attributes:
        channel: the one that is open now.
        lasting: whether the daemon can be found again; not where somebody else made the channel.
        far: whether it is on another machine.
        losses: reasons of errors after which it is looked for again; a network that swallows a call is one.
    """

    def __init__(
        self, channel: grpc.Channel, config: Config | None = None, *, start: bool = False, instance_id: str = ""
    ) -> None:
        """Takes over the channel to that life of the daemon.

        `config` tells where the daemon can be found again, `start` that it may be begun.
        """
        self.channel, self.lasting, self._start = channel, config is not None, start
        self._config, self._instance_id = config or Config(), instance_id
        self.far = self._config.elsewhere
        self.losses = (CONNECTION_LOST, SHUTDOWN, *((NO_ANSWER,) if self.far else ()))
        self._name_stubs()

    def _name_stubs(self) -> None:
        self.stylize = stylize_pb2_grpc.StylizeServiceStub(self.channel)
        self.blobs = blob_pb2_grpc.BlobServiceStub(self.channel)

    def find_again(self, stopped: errors.Unavailable | None = None) -> None:
        """Returns when another life of the daemon answers, on a channel of its own; over a network the same may.

        Where it was `stopped` on purpose none is started: a service manager may, or an upgrade, within a while.

        Raises:
            Unavailable: none does, and none could be started.
            Busy: one of an older version is at work.
        """
        began = time.monotonic()
        while (info := self._another()) is None:
            waited = time.monotonic() - began
            if waited > (FAR_GIVE_UP_S if self.far else GIVE_UP_S if stopped is None else STOPPED_S):
                if self.far and stopped is None:
                    raise launch.unreachable(self._config)
                raise stopped or errors.Unavailable("the daemon is gone and does not come back", reason=CONNECTION_LOST)
            if self._start and not self.far and stopped is None and waited > PATIENCE_S:
                with contextlib.suppress(errors.Unavailable):  # it may have lost a race, or died again: once more
                    launch.ensure(self._config)
            time.sleep(PAUSE_S)
        self.channel.close()
        self.channel, self._instance_id = launch.open_channel(self._config), info.instance_id
        self._name_stubs()

    def _another(self) -> launch.Info | None:
        """A daemon that answers and, on this machine, is not the one that we had, which may be about to leave."""
        info = launch.running(self._config)
        return info if info is not None and (self.far or info.instance_id != self._instance_id) else None

    def leave(self, jobs: Iterable[str]) -> None:
        """Tells a server elsewhere that nobody here waits for these jobs any more; it could not tell that from a cut.

        What was reached is kept, as with a local daemon, which sees for itself who goes. A server that does not
        answer finds out in a while.
        """
        for job in jobs if self.far else ():
            with contextlib.suppress(grpc.RpcError, ValueError):  # ValueError: the channel is closed
                request = stylize_pb2.CancelJobRequest(name=job, keep_partial_result=True)
                self.stylize.CancelJob(request, timeout=LEAVE_TIMEOUT_S)

    def close(self) -> None:
        """Closes the channel."""
        self.channel.close()

    def __repr__(self) -> str:
        return f"<Lifeline [{'lasting' if self.lasting else 'of one life'}]>"
