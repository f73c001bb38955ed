"""What a worker has told of its device, as a value.

Knows nothing. ``pool`` hears it; ``terms`` and ``admission`` go by it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Device:
    """The bytes that jobs may take of it together, and the precision that pays there."""

    budget_bytes: int
    precision: str
