"""Who has had how much of the devices: a virtual counter for each client, and what went to previews of late.

Fair queueing on device seconds, after the virtual token counter of Sheng et al., "Fairness in Serving Large Language
Models" (2024): a counter grows by seconds / weight, who has the smallest goes next, and who comes back is lifted to the
least of those at work (of an idle device: to the most that anybody had), so that idling earns no credit. An iteration
longer than its turn is repaid: it was charged.

Knows numbers alone: times come in as `now`, there is no clock here. Must not know jobs, workers or files. ``scheduler``
keeps one `Ledger` and shows its accounts to ``decision``.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

WINDOW_S = 10.0  # of any such window of device time …
INTERACTIVE_SHARE = 0.5  # … previews go first for at most this part
MAX_ACCOUNTS = 1000  # of clients that went; the least served are forgotten first, as they have least to hide


@dataclass(frozen=True)
class Account:
    """One client: device seconds had, divided by its weight, and that weight; twice the weight, twice the time."""

    counter: float = 0.0
    weight: float = 1.0


class Ledger:
    """All clients' accounts. The mutable state is the counters and the interactive slices of the last ten seconds."""

    def __init__(self, weights: Mapping[str, float] | None = None) -> None:
        self._weights = weights or {}
        self._counters: dict[str, float] = {}
        self._interactive: deque[tuple[float, float]] = deque()  # when a slice ended, and its seconds

    def weight(self, client: str) -> float:
        """How much a client counts: by its own name, else by its kind (what stands before the first "-"), else 1."""
        return self._weights.get(client, self._weights.get(client.partition("-")[0], 1.0))

    def account(self, client: str) -> Account:
        """As it stands now; that of a client never seen is empty."""
        return Account(self._counters.get(client, 0.0), self.weight(client))

    def accounts(self, clients: Iterable[str]) -> dict[str, Account]:
        """Those of some clients, by name."""
        return {client: self.account(client) for client in clients}

    def lift(self, client: str, active: Iterable[str]) -> None:
        """A client comes with work: it starts level with the least served of those at work, unless it had more.

        Where nobody is at work it starts level with whoever had most: what a client takes of an idle device it takes
        from nobody, and who comes next must not be let pass for as long.
        """
        others = [self._counters.get(name, 0.0) for name in active if name != client]
        level = min(others) if others else max(self._counters.values(), default=0.0)
        self._counters[client] = max(self._counters.get(client, 0.0), level)
        while len(self._counters) > MAX_ACCOUNTS:
            gone = self._counters.keys() - {client, *active}
            if not gone:
                return
            del self._counters[min(gone, key=self._counters.__getitem__)]

    def charge(self, client: str, seconds: float, now: float, *, interactive: bool = False) -> None:
        """A slice has ended: `seconds` of a device, at the time `now`, for a preview or not."""
        self._counters[client] = self._counters.get(client, 0.0) + seconds / self.weight(client)
        if interactive:
            self._interactive.append((now, seconds))

    def interactive_first(self, now: float, devices: int = 1) -> bool:
        """Whether previews may go before all else: they have had less than their share of the last ten seconds."""
        while self._interactive and self._interactive[0][0] <= now - WINDOW_S:
            self._interactive.popleft()
        return sum(seconds for _, seconds in self._interactive) < INTERACTIVE_SHARE * WINDOW_S * devices

    def __repr__(self) -> str:
        return f"<Ledger [{len(self._counters)} clients]>"
