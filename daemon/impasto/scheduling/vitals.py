"""Whether a process that says nothing hangs or only gets no turn: its processor time and its threads, as /proc tells.

Knows Linux's /proc and process ids; elsewhere it knows nothing, and says so by None. Must not know workers or jobs.
``pool`` asks before it kills.
"""

import os
from pathlib import Path

WILLING = frozenset("RD")  # running or ready to, or waiting for the disk: it would go on if it were let


def cpu_s(pid: int) -> float | None:
    """Processor seconds that all threads of a process have had; None where that cannot be known."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError, ValueError):
        return None


def willing(pid: int) -> bool:
    """Whether some thread would go on if the system let it; false of a process that sleeps, stopped or is gone."""
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return False
    return any(_state(thread) in WILLING for thread in threads)


def _state(thread: Path) -> str:
    try:
        return (thread / "stat").read_text().rsplit(")", 1)[1].split()[0]
    except (OSError, IndexError):  # it has ended meanwhile
        return ""
