"""What jobs may claim of the disk: pictures that must stay, and room for what is to come.

Knows records. Must not know files or numbers of bytes on the disk. The store makes one of its table of records;
``quota`` asks it, for all together or for one owner.
"""

from collections import Counter
from collections.abc import Callable, Mapping

from impasto.store.record import Record


class Claims:
    """Of all records, or of one owner's; where `owner` is empty, of all."""

    def __init__(self, records: Mapping[str, Record], unfinished: Callable[[], list[Record]]) -> None:
        """Looks on at the table `records`, and at those in it that have not ended."""
        self._records, self._unfinished = records, unfinished

    def promised_bytes(self, owner: str = "") -> int:
        """What the results of jobs under way will have."""
        return sum(record.result_bytes for record in self._under_way(owner))

    def jobs(self, owner: str) -> list[str]:
        """Names of the jobs under way, which may have states."""
        return [record.job.name for record in self._under_way(owner)]

    def promised_by_owner(self) -> Mapping[str, int]:
        """Likewise of each who has a job under way."""
        promised = Counter[str]()
        for record in self._unfinished():
            promised[record.job.owner] += record.result_bytes
        return promised

    def needed(self, owner: str = "") -> set[str]:
        """Blobs that unfinished jobs read."""
        return {name for record in self._under_way(owner) for name in record.job.spec.pictures.values()}

    def results(self, owner: str = "") -> set[str]:
        """Blobs that jobs have made and that are promised to stay."""
        jobs = (record.job for record in self._records.values())
        return {job.result.blob for job in jobs if job.result is not None and owner in ("", job.owner)}

    def kept(self, owner: str = "") -> set[str]:
        """Blobs that make room for nothing."""
        return self.needed(owner) | self.results(owner)

    def _under_way(self, owner: str) -> list[Record]:
        return [record for record in self._unfinished() if owner in ("", record.job.owner)]

    def __repr__(self) -> str:
        return f"<Claims of {len(self._unfinished())} jobs>"
