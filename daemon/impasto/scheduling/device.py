"""What a worker has told of its device, as a value.

Knows nothing. ``pool`` hears it; ``terms`` and ``admission`` go by it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Device:
    """What terms and admission hang on.

    Attributes:
        budget_bytes: that jobs may take of it together.
        precision: that pays there.
        spills: whether arrays may go to disk.
        at_once: whether it runs layers as a whole, as a GPU does, and takes more memory for that.
        host_bytes: that jobs may take of the memory beside it, where it has one of its own, as a GPU has.
    """

    budget_bytes: int
    precision: str
    spills: bool = False
    at_once: bool = False
    host_bytes: int = 0
