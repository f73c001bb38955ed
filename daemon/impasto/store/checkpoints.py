"""Where the states of unfinished jobs lie: a folder for each job, with files that only a worker can read.

Knows folders. Must not know what is in a checkpoint: the worker writes and reads them (``checkpoint``). The front gives
each job its folder and removes it when the job has ended.
"""

import shutil
from collections.abc import Iterable
from pathlib import Path

from impasto.store.blobs import size_of


class Checkpoints:
    """The folder of folders."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)

    def place(self, job: str) -> Path:
        """The folder of a job; may not be there yet."""
        return self.folder / job.removeprefix("jobs/")

    def newest(self, job: str) -> int:
        """The step of a job's newest state, which stands before its name's dash; 0 if there is none."""
        names = (path.name.partition("-")[0] for path in self.place(job).glob("*-*.safetensors"))
        return max((int(step) for step in names if step.isdecimal()), default=0)

    def remove(self, job: str) -> None:
        """Forgets the states of a job."""
        shutil.rmtree(self.place(job), ignore_errors=True)

    def keep_only(self, jobs: Iterable[str]) -> None:
        """Forgets what belongs to no job of these: of jobs that ended when nobody could clean up."""
        kept = {self.place(job).name for job in jobs}
        for path in self.folder.iterdir():
            if path.name not in kept:
                shutil.rmtree(path, ignore_errors=True)

    def size_bytes(self, jobs: Iterable[str] | None = None) -> int:
        """Bytes on the disk, of these jobs or of all."""
        folders = [self.folder] if jobs is None else [self.place(job) for job in jobs]
        return sum(size_of(path) for folder in folders for path in folder.rglob("*") if path.is_file())

    def __repr__(self) -> str:
        return f"<Checkpoints of {len(list(self.folder.iterdir()))} jobs>"
