"""The connection to the daemon, which outlives the daemon: found again, or started anew, when it has died or was cut.

Knows channels, stubs and the launcher. Must not know jobs or pictures. ``client`` calls through it: `riding` is for
whatever may be asked twice.
"""

import contextlib
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

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
MAX_LOSSES = 20  # of one call's connection; a daemon that dies so often is not worth another try
LOST = "the daemon is gone; looking for it, or starting another"
FOUND = "the daemon is back"
# Of another machine's, where none is started and a cut line is likelier than a dead daemon.
FAR_LOST = "the server is out of reach; looking for it, and meanwhile the job goes on there"
FAR_FOUND = "the server is back"

Answer = TypeVar("Answer")
OnConnection = Callable[[str], None]


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

    def riding(self, ask: Callable[[], Answer], told: OnConnection) -> Answer:
        """What `ask` answers, which is asked again after each loss of the daemon, or of the way to it.

        Args:
            ask: may be called many times.
            told: hears that the daemon is lost, again and again while it is looked for, and that it is back; what it
                raises ends this.

        Raises:
            Unavailable: it is not found again.
        """
        for _ in range(MAX_LOSSES):
            try:
                return ask()
            except errors.Unavailable as error:
                if not self.lasting or error.reason not in self.losses:
                    raise
                self.find_again(told, error if error.reason == SHUTDOWN else None)
                told(FAR_FOUND if self.far else FOUND)
        return ask()

    def find_again(self, told: OnConnection, stopped: errors.Unavailable | None = None) -> None:
        """Returns when another life of the daemon answers, on a channel of its own; over a network the same may.

        Where it was `stopped` on purpose none is started: a service manager may, or an upgrade, within a while.

        Raises:
            Unavailable: none does, and none could be started.
            Busy: one of an older version is at work.
        """
        began, words = time.monotonic(), FAR_LOST if self.far else LOST
        told(words if stopped is None else stopped.message)
        while (info := self._another()) is None:
            told(words if stopped is None else stopped.message)
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
