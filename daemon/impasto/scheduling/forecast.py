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
    order = sorted(loads, key=lambda load: (load.priority, load.arrival))
    return {client: [load for load in order if load.client == client] for client in {x.client for x in order}}


def ends(loads: Sequence[Load], accounts: Mapping[str, Account], devices: int = 1) -> dict[str, float]:
    """Seconds from now until each job will have ended, of those that can be told."""
    left = {load.name: math.inf if load.left_s is None else load.left_s for load in loads}
    found, now, unfinished = dict[str, float](), 0.0, list(loads)
    while unfinished:
        rates = _rates(unfinished, accounts, devices)
        step = min((left[name] / rate for name, rate in rates.items()), default=math.inf)
        if math.isinf(step):
            break
        now += step
        for name, rate in rates.items():
            left[name] -= rate * step
        for load in [load for load in unfinished if left[load.name] <= 1e-9]:
            found[load.name] = now
            unfinished.remove(load)
    return found


def _rates(loads: Sequence[Load], accounts: Mapping[str, Account], devices: float) -> dict[str, float]:
    """How much of a device each job has: previews all they can use, the others what is left."""
    urgent = [load for load in loads if load.priority == INTERACTIVE]
    others = [load for load in loads if load.priority != INTERACTIVE]
    return _shared(urgent, accounts, devices) | _shared(others, accounts, max(0.0, devices - len(urgent)))


def _shared(loads: Sequence[Load], accounts: Mapping[str, Account], devices: float) -> dict[str, float]:
    """Devices divided by weight between clients; a client with few jobs leaves to others what it cannot use."""
    queues, rates = _by_client(loads), dict[str, float]()
    weights = {client: accounts.get(client, Account()).weight for client in queues}
    # Who needs least for its weight first: what it leaves is divided between those who follow.
    for client in sorted(queues, key=lambda name: len(queues[name]) / weights[name]):
        share = min(float(len(queues[client])), devices * weights[client] / sum(weights.values()))
        devices -= share
        del weights[client]
        for load in queues[client]:
            rate = min(1.0, share)
            share -= rate
            if rate > 0:
                rates[load.name] = rate
    return rates


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
