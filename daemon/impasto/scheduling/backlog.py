"""All unfinished jobs: which may come in, who goes next, and what those who wait are told.

Between the store's records and the pure rooms ``admission``, ``demand``, ``fairness`` and ``decision``: gathers their
facts, keeps their state. Must not know workers' processes, verbs or gRPC. ``scheduler`` asks, and acts.
"""

import contextlib
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from impasto.config import Limits
from impasto.errors import CannotServe, NotFound
from impasto.image import ImageHeader
from impasto.job import Job, Outlook, Priority, State
from impasto.scheduling.admission import Footprint, check_fit, check_room, check_scratch, footprint, superseded
from impasto.scheduling.decision import Decision, Slot, decide
from impasto.scheduling.demand import Demand, Want
from impasto.scheduling.device import Device
from impasto.scheduling.fairness import Account, Ledger
from impasto.scheduling.terms import fixed
from impasto.store import Record, Store

DISK_RESERVE_BYTES = 256 << 20  # is left to others, and to what is written down of jobs
RETRY_S, MIN_RETRY_S, MAX_RETRY_S = 5.0, 1.0, 60.0
NO_PICTURE = ImageHeader(1, 1)  # for one that is gone: its job fails when it begins


class Backlog:
    """The jobs that have come in and not ended. The mutable state is the ledger and the demand."""

    def __init__(self, store: Store, limits: Limits, weights: Mapping[str, float] | None = None) -> None:
        self._store, self._limits = store, limits
        self._ledger, self._demand = Ledger(weights), Demand()
        self._shares = Ledger()  # of one account, between its clients
        self._last_busy = time.monotonic()

    def unfinished(self) -> list[Record]:
        """All records of jobs that have not ended."""
        return self._store.unfinished()

    def idle_s(self) -> float:
        """For how long there has been no unfinished job."""
        if self.unfinished():
            self._last_busy = time.monotonic()
        return time.monotonic() - self._last_busy

    def check(self, job: Job, leaving: Collection[str], devices: Sequence[Device]) -> list[Job]:
        """Whether a new job may come in, which changes nothing.

        Args:
            job: the new one.
            leaving: names of jobs that are on their way out: they count no more.
            devices: as far as they are known.

        Returns:
            Older previews that it makes needless.

        Raises:
            Busy: its client, or all together, have as many as are allowed.
            CannotServe: no device here can ever hold it, or the disk what of it is to lie there.
        """
        others = self._others(leaving)
        needless = superseded(job, others)
        if needless:  # rarely: hundreds may wait
            others = [other for other in others if other not in needless]
        check_room(job, others, self._limits, lambda: self._retry_s(job))
        self._check_fit(job, devices)
        return needless

    def _check_fit(self, job: Job, devices: Sequence[Device]) -> None:
        """Whether the largest device can hold a job, and the disk what does not fit there.

        Raises:
            CannotServe: it cannot.
        """
        (content, styles), budgets = self._headers(job), [device.budget_bytes for device in devices]
        at_once, header = _at_once(devices), job.spec.result_header(content)
        need = footprint(job.spec, content, styles, at_once=at_once)

        def at(side: int) -> Footprint:
            return footprint(replace(job.spec, size=side), content, styles, at_once=at_once)

        spills = _spills(devices) or bool(job.terms.settings.get("spilled"))  # begun so elsewhere it goes on so here
        check_fit(need, header, budgets, at, spills=spills, host_bytes=_host_bytes(devices))
        if spills and need.spills(max(budgets)):
            check_scratch(need, header, self._store.free_bytes() - DISK_RESERVE_BYTES)

    def take(self, job: Job, leaving: Collection[str], devices: Sequence[Device]) -> Job:
        """Takes in a new job that was checked, before it is in the store; its terms fixed, as far as may be."""
        others = self._others(leaving)
        active = {other.account for other in others}
        self._demand.at_once = _at_once(devices)
        want = self._demand.come(job, *self._headers(job), time.monotonic())
        if job.account not in active:
            self._ledger.lift(job.account, active)
        own = {_within(other) for other in others if other.account == job.account}
        if _within(job) not in own:
            self._shares.lift(_within(job), own)
        return fixed(job, want.need, devices)

    def _others(self, leaving: Collection[str]) -> list[Job]:
        return [record.job for record in self.unfinished() if record.job.name not in leaving]

    def settle(self, devices: Sequence[Device]) -> list[tuple[Record, CannotServe]]:
        """Fixes the terms of jobs that came in before anybody knew the devices; those that none can ever hold."""
        found, self._demand.at_once = [], _at_once(devices)
        for record in self.unfinished():
            want = self._want(record.job)
            want.need = footprint(record.job.spec, *self._headers(record.job), at_once=self._demand.at_once)
            if record.job.state is State.QUEUED:
                try:
                    self._check_fit(record.job, devices)
                    record.amend(fixed(record.job, want.need, devices))
                except CannotServe as error:
                    found.append((record, error))
        return found

    def decide(self, idle: Sequence[Slot], homes: Mapping[str, str], away: Collection[str], devices: int) -> Decision:
        """Who goes next.

        Args:
            idle: workers that wait; what leaves them is filled in here.
            homes: the worker that holds each begun job.
            away: jobs that are at work, or on their way out.
            devices: how many workers there are.
        """
        now, jobs = time.monotonic(), []
        for record in self.unfinished():
            if record.job.name not in away and not record.held:
                self._want(record.job)
                share_s = self._shares.account(_within(record.job)).counter
                jobs.append(self._demand.seen(record.job, homes.get(record.job.name, ""), now, share_s))
        slots = [Slot(slot.name, slot.budget_bytes, self._leaving_bytes(slot.name, homes, away)) for slot in idle]
        accounts = self._ledger.accounts({job.client for job in jobs})
        return decide(jobs, slots, accounts, interactive_first=self._ledger.interactive_first(now, max(1, devices)))

    def _leaving_bytes(self, worker: str, homes: Mapping[str, str], away: Collection[str]) -> int:
        leaving = [name for name, home in homes.items() if home == worker and name in away]
        return self._demand.held_bytes(self._store.records[name].job for name in leaving if name in self._store.records)

    def begun(self, job: Job) -> int:
        """A worker takes a job into its memory; the bytes that it needs of it at least."""
        want = self._want(job)
        self._demand.held(job, time.monotonic())
        return want.need.at_least(spills=job.terms.settings.get("spilled", False))

    def charge(self, record: Record, seconds: float) -> None:
        """A job has had its turn, or the last of one."""
        record.charge(seconds)
        now = time.monotonic()
        self._demand.turned(record.job, now)
        self._ledger.charge(record.job.account, seconds, now, interactive=record.job.priority is Priority.INTERACTIVE)
        self._shares.charge(_within(record.job), seconds, now)

    def time_left_s(self, job: Job, left_s: float, devices: int) -> float:
        """A job tells the device time that it still needs: seconds until it will be done, beside all others."""
        self._demand.learn(job, left_s)
        return self._ends(devices).get(job.name, left_s)

    def end(self, job: Job) -> None:
        """A job has ended."""
        self._demand.go(job)

    def outlook(self, job: Job, devices: int, *, anew: bool = False) -> Outlook:
        """What is told of a job: while it waits, as things are now; while it runs, as they were at its last step.

        With `anew` as they are now in any case: a step may be long ago.
        """
        if job.state.final or (job.state is State.RUNNING and job.time_left_s is not None and not anew):
            return Outlook(0, job.time_left_s)
        place = self._demand.places(self._waiting, time.monotonic()).get(job.name, 0)
        return Outlook(place, self._ends(devices).get(job.name))

    def _ends(self, devices: int) -> Mapping[str, float]:
        return self._demand.ends(self._waiting, max(1, devices), time.monotonic())

    def _waiting(self) -> tuple[list[Job], Mapping[str, Account]]:
        """All who are forecast: not those that wait for somebody to watch them."""
        jobs = [record.job for record in self.unfinished() if not record.held]
        return jobs, self._ledger.accounts({job.account for job in jobs})

    def _retry_s(self, job: Job) -> float:
        """When the next of this account's jobs, or of any, will have ended."""
        ends = self._ends(1)
        own = [ends[r.job.name] for r in self.unfinished() if r.job.account == job.account and r.job.name in ends]
        return min(max(MIN_RETRY_S, min(own or ends.values(), default=RETRY_S)), MAX_RETRY_S)

    def _want(self, job: Job) -> Want:
        """What a job wants; of one that was here before this life of the daemon it is found out now."""
        known = self._demand.want(job)
        return known or self._demand.come(job, *self._headers(job), time.monotonic())

    def _headers(self, job: Job) -> tuple[ImageHeader, list[ImageHeader]]:
        """The sizes of its content and styles."""
        found = dict[str, ImageHeader]()
        for field, name in job.spec.pictures.items():
            with contextlib.suppress(NotFound):
                found[field] = self._store.blob(name, job.owner).header
        styles = [header for field, header in found.items() if field.endswith("].image")]
        return found.get("content", NO_PICTURE), styles or [NO_PICTURE]

    def __repr__(self) -> str:
        return f"<Backlog [{len(self.unfinished())} jobs]>"


def _within(job: Job) -> str:
    """A client among those of its account."""
    return f"{job.account}/{job.client}"


def _spills(devices: Sequence[Device]) -> bool:
    """Whether the largest may put arrays on the disk: that is the one by which terms are fixed."""
    return bool(devices) and max(devices, key=lambda device: device.budget_bytes).spills


def _at_once(devices: Sequence[Device]) -> bool:
    """Likewise whether it runs layers as a whole."""
    return bool(devices) and max(devices, key=lambda device: device.budget_bytes).at_once


def _host_bytes(devices: Sequence[Device]) -> int:
    """Likewise what jobs may take of the memory beside it."""
    return max(devices, key=lambda device: device.budget_bytes).host_bytes if devices else 0
