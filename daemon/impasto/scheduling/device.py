"""What a worker has told of its device, as a value.

Knows nothing. ``pool`` hears it; ``terms`` and ``admission`` go by it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Device:
    """The bytes that jobs may take of it together, the precision that pays there, and whether arrays may go to disk."""

    budget_bytes: int
    precision: str
    spills: bool = False
