"""What a waiting person wants to know: how many are before me, and how long will it take?

Pure: plain values in, numbers out; no clock, no state but `Pace`, which learns. Must not know workers or files.
``scheduler`` asks. The forecast is the fluid limit of ``decision``: devices shared by weight between clients, inside
a client one job after another, previews first; what nothing is known of is taken to last, and is told nobody.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from impasto.scheduling.fairness import Account

INTERACTIVE = 1  # the value of the most urgent priority
UNKNOWN_S = 10.0  # what a job of unknown length counts in the order of the queue
RECENT = 0.3  # weight of the newest measurement
ENDED_S = 1e-9  # device time of which nobody is told that it is left


@dataclass(frozen=True)
class Load:
    """An unfinished job; `left_s` is the device time that it still needs, None if that cannot be told."""

    name: str
    client: str
    priority: int
    arrival: int
    queued: bool
    left_s: float | None


def places(loads: Iterable[Load], accounts: Mapping[str, Account]) -> dict[str, int]:
    """For each queued job how many will begin before it, and one: in the order of their virtual start times."""
    starts: list[tuple[bool, float, int, Load]] = []
    for client, own in _by_client(loads).items():
        account = accounts.get(client, Account())
        start = account.counter
        for load in own:
            starts.append((load.priority != INTERACTIVE, start, load.arrival, load))
            start += (UNKNOWN_S if load.left_s is None else load.left_s) / account.weight
    line = [load.name for *_, load in sorted(starts, key=lambda entry: entry[:3]) if load.queued]
    return {name: place for place, name in enumerate(line, 1)}


def _by_client(loads: Iterable[Load]) -> dict[str, list[Load]]:
    """Each client's jobs in the order in which they are served."""
    found: dict[str, list[Load]] = {}
    for load in sorted(loads, key=lambda load: (load.priority, load.arrival)):
        found.setdefault(load.client, []).append(load)
    return found


class _Line:
    """A client's jobs of one urgency that have not ended, in the order in which they are served."""

    def __init__(self, loads: Sequence[Load], weight: float) -> None:
        self.names = [load.name for load in loads]
        self.left = [math.inf if load.left_s is None else load.left_s for load in loads]
        self.weight = weight

    def advance(self, share: float, step_s: float) -> list[str]:
        """Serves the first jobs, one device to each, as far as a share of them goes; those that have ended."""
        if share <= 1 and self.left[0] - share * step_s > ENDED_S:  # as nearly always, where there are many clients
            self.left[0] -= share * step_s
            return []
        served = min(len(self.left), math.ceil(share))
        for index in range(served):
            self.left[index] -= min(1.0, share - index) * step_s
        ended = [index for index in range(served) if self.left[index] <= ENDED_S]
        names = [self.names[index] for index in ended]
        for index in reversed(ended):
            del self.left[index], self.names[index]
        return names

    def next_s(self, share: float) -> float:
        """Seconds until the first of those that are served ends."""
        if share <= 1:
            return self.left[0] / share
        served = enumerate(self.left[: math.ceil(share)])
        return min((left / min(1.0, share - index) for index, left in served), default=math.inf)


def ends(loads: Sequence[Load], accounts: Mapping[str, Account], devices: int = 1) -> dict[str, float]:
    """Seconds from now until each job will have ended, of those that can be told.

    From one end to the next, between which nothing changes: with n jobs of c clients about n (c + devices) steps.
    """
    urgent = _lines((load for load in loads if load.priority == INTERACTIVE), accounts)
    others = _lines((load for load in loads if load.priority != INTERACTIVE), accounts)
    found, now = dict[str, float](), 0.0
    while True:
        # Previews have all that they can use, the others what is left.
        left_over = max(0, devices - sum(len(line.left) for line in urgent))
        shares = [*_shared(urgent, devices), *_shared(others, left_over)]
        step_s = min((line.next_s(share) for line, share in shares), default=math.inf)
        if math.isinf(step_s):
            return found
        now += step_s
        for line, share in shares:
            for name in line.advance(share, step_s):
                found[name] = now


def _lines(loads: Iterable[Load], accounts: Mapping[str, Account]) -> list[_Line]:
    queues = _by_client(loads)
    return [_Line(queue, accounts.get(client, Account()).weight) for client, queue in queues.items()]


def _shared(lines: list[_Line], devices: float) -> list[tuple[_Line, float]]:
    """Devices divided by weight between clients; a client with few jobs leaves to others what it cannot use."""
    # Who needs least for its weight first: what it leaves is divided between those who follow.
    lines.sort(key=lambda line: len(line.left) / line.weight)
    weights, shares = sum(line.weight for line in lines), list[tuple[_Line, float]]()
    for line in lines:
        share = min(len(line.left), devices * line.weight / max(weights, line.weight))
        devices, weights = devices - share, weights - line.weight
        if share > 0:
            shares.append((line, share))
    return shares


class Pace:
    """How long jobs take, learnt from those that run: device seconds per step and pixel, by encoder and size."""

    def __init__(self) -> None:
        self._rates: dict[tuple[str, int], float] = {}
        self._steps: dict[str, int] = {}

    def learn(self, encoder: str, pixels: int, steps: int, device_s: float, *, usual: bool) -> None:
        """A job of that size will have taken `device_s` for all its steps; `usual` if nobody asked for their number."""
        if steps < 1 or device_s <= 0:
            return
        key, rate = (encoder, _octave(pixels)), device_s / (steps * pixels)
        self._rates[key] = (1 - RECENT) * self._rates.get(key, rate) + RECENT * rate
        if usual:
            self._steps[encoder] = steps

    def device_s(self, encoder: str, pixels: int, steps: int | None) -> float | None:
        """What a job that has not begun will take; None if nothing like it has been seen."""
        steps = steps or self._steps.get(encoder)
        known = {octave: rate for (name, octave), rate in self._rates.items() if name == encoder}
        if not known or steps is None:
            return None
        nearest = min(known, key=lambda octave: abs(octave - _octave(pixels)))
        return known[nearest] * steps * pixels


def _octave(pixels: int) -> int:
    return round(math.log2(max(1, pixels)))
