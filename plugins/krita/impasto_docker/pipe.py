"""The process at the other end, as Qt runs it: `impasto pipe` in a QProcess under the bridge's conversation.

Never blocks: the process is started without waiting, written to as it takes bytes, and read when there are some. It is
started when it is first needed and again when it was lost. Knows Qt and the bridge; must never know documents.
Called by `run` and by the docker, which share one.
"""

from __future__ import annotations

from pathlib import Path

from .binding import QObject, QProcess, QProcessEnvironment, pyqtSignal, translated
from .bridge import BridgeError, Conversation, command, environment

FOLDER = Path(__file__).parent
AHEAD_BYTES = 2 << 20  # what Qt may hold of what is to be written; the rest stays where it is until then


class Pipe(QObject):
    """One `impasto pipe` for all of this Krita. The mutable state is the process with its conversation.

    Signals:
        began: a process was started.
        ended: it has gone, or could not be started: why, in words for whoever paints.
    """

    began = pyqtSignal()
    ended = pyqtSignal(str)

    def __init__(self, parent: QObject | None = None, folder: Path = FOLDER) -> None:
        """`folder` has what the installer wrote down of where Impasto is."""
        super().__init__(parent)
        self._folder = folder
        self._process: QProcess | None = None
        self._conversation = Conversation()
        self._said = b""

    @property
    def running(self) -> bool:
        """Whether there is a process."""
        return self._process is not None

    def conversation(self) -> Conversation:
        """The one that is under way; the process is started if there is none. Pictures of a former one are forgotten.

        Raises:
            BridgeError: it is not known where Impasto is.
        """
        if self._process is None:
            self._start(command(str(self._folder)))
        return self._conversation

    def close(self, why: str = "") -> None:
        """Lets go of the process: all that runs is cancelled by the end of its stdin. Does not wait for it."""
        process, self._process = self._process, None
        if process is None:
            return
        for signal in (process.readyReadStandardOutput, process.bytesWritten, process.errorOccurred, process.finished):
            signal.disconnect()
        if process.state() == QProcess.ProcessState.NotRunning:
            process.deleteLater()
        process.finished.connect(process.deleteLater)
        process.closeWriteChannel()
        conversation, self._conversation, self._said = self._conversation, Conversation(), b""
        told = why or translated("the plug-in let go of Impasto")
        self.ended.emit(told)  # before whoever hears of it below begins another one
        conversation.end(told)

    def _start(self, line: list[str]) -> None:
        process = QProcess(self)
        variables = QProcessEnvironment()
        for name, value in environment().items():
            variables.insert(name, value)
        process.setProcessEnvironment(variables)
        process.readyReadStandardOutput.connect(self._read)
        process.readyReadStandardError.connect(self._read_complaint)
        process.bytesWritten.connect(lambda _count: self._write())
        process.started.connect(self._write)
        process.errorOccurred.connect(self._failed)
        process.finished.connect(lambda *_: self.close(self._why()))
        self._process, self._said = process, b""
        self._conversation = Conversation(self._write)
        process.start(line[0], line[1:])
        self.began.emit()

    def _write(self) -> None:
        """Hands over as much as Qt should hold."""
        process = self._process
        if process is None or process.state() != QProcess.ProcessState.Running:
            return
        while process.bytesToWrite() < AHEAD_BYTES:
            data = self._conversation.outgoing()
            if not data:
                return
            process.write(data)

    def _read(self) -> None:
        process = self._process
        if process is None:
            return
        data = bytes(process.readAllStandardOutput())
        try:
            if data:
                self._conversation.feed(data)
        except BridgeError as error:
            self.close(str(error))

    def _read_complaint(self) -> None:
        if self._process is not None:
            self._said = (self._said + bytes(self._process.readAllStandardError()))[-4000:]

    def _failed(self, error: object) -> None:
        """Only a process that never began: one that has begun ends by `finished`."""
        if self._process is not None and error == QProcess.ProcessError.FailedToStart:
            told = translated("Impasto cannot be started ({reason}): run `impasto install krita` again in a terminal")
            self.close(told.format(reason=self._process.errorString()))

    def _why(self) -> str:
        """Why the process has ended, as far as it can be told."""
        if self._conversation.version:
            return translated("the connection to Impasto was lost: try again")
        self._read_complaint()
        lines = self._said.decode(errors="replace").strip().splitlines()
        told = translated("Impasto did not start ({reason}): run `impasto install krita` again in a terminal")
        return told.format(reason=lines[-1] if lines else translated("it said nothing"))
