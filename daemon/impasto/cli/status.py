"""The command `status`: what the daemon is and does, once or as it goes on.

Knows the launcher, the contract and rich. Must not know how anything is done. Programs read `--json`.
"""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from impasto.config import MIB, Config

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table

    from impasto.launch import Info
    from impasto.v1 import server_pb2, stylize_pb2

EVERY_S = 0.5
SHOWN_JOBS = 20
PLAIN_WIDTH = 160  # in columns, where the output is no terminal

Facts = dict[str, Any]


@click.command()
@click.option("--watch", is_flag=True, help="Go on until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="For programs; with --watch one line at a time.")
@click.pass_obj
def status(config: Config, watch: bool, as_json: bool) -> None:  # noqa: FBT001  # click passes flags so
    """Tell whether the daemon runs and what it does."""
    if watch:
        with suppress(KeyboardInterrupt):  # the one way to end it, and no failure
            _watch(config, as_json=as_json)
        return
    facts = look(config)
    if as_json:
        print(json.dumps(facts, indent=2))
    else:
        _console().print(_drawn(facts))
    sys.exit(0 if facts["running"] else 1)


def _watch(config: Config, *, as_json: bool) -> None:
    from rich.live import Live  # noqa: PLC0415

    if as_json:
        for facts in _looks(config):
            print(json.dumps(facts), flush=True)
        return
    with Live(console=_console(), auto_refresh=False) as live:
        for facts in _looks(config):
            live.update(_drawn(facts), refresh=True)


def _looks(config: Config) -> Iterator[Facts]:
    while True:
        yield look(config)
        time.sleep(EVERY_S)


def look(config: Config) -> Facts:
    """Everything about the daemon in this moment, as plain values; `running` is False if there is none."""
    from impasto import launch  # noqa: PLC0415
    from impasto.client import Client  # noqa: PLC0415
    from impasto.errors import CannotServe, ImpastoError  # noqa: PLC0415
    from impasto.instance import socket_path  # noqa: PLC0415

    facts: Facts = {"running": False, "socket": str(socket_path(config.runtime_dir))}
    if config.elsewhere:
        facts = {"running": False, "server": config.server}
    try:
        with Client(launch.open_channel(config), "status") as client:
            info, jobs = client.info(), client.jobs()[:SHOWN_JOBS]
            facts |= {"running": True} | _facts(info) | {"jobs": [_job(job) for job in jobs]}
    except ImpastoError as error:
        if not config.elsewhere and isinstance(error, CannotServe):  # a runtime folder that others could read
            raise
        if config.elsewhere:  # this machine's own just does not run
            facts["why"] = (error if isinstance(error, CannotServe) else launch.unreachable(config)).message
    return facts


def _facts(info: "Info") -> Facts:
    devices = [
        {"name": d.name, "description": d.description, "worker_pid": d.worker_pid, "loaded": list(d.loaded_encoders)}
        for d in info.devices
    ]
    return {
        "version": info.version,
        "pid": info.pid,
        "uptime_s": round(info.uptime_s, 1),
        "devices": devices,
        "encoder": info.default_encoder,
        "encoders": [_encoder(encoder) for encoder in info.encoders],
        "queued_jobs": info.queued_jobs,
        "running_jobs": info.running_jobs,
        "instance_id": info.instance_id,
        "notices": list(info.notices),
        "disk": [
            {"owner": use.owner, "used_bytes": use.used_bytes, "allowed_bytes": use.allowed_bytes} for use in info.disk
        ],
    }


def _encoder(told: "server_pb2.EncoderInfo") -> Facts:
    from impasto.v1 import server_pb2  # noqa: PLC0415

    entry = {"name": told.name, "available": told.available, "description": told.description}
    if not told.HasField("fetch"):
        return entry
    state = server_pb2.FetchState.Name(told.fetch.state).removeprefix("FETCH_STATE_").lower()
    fetch = {"state": state, "received_bytes": told.fetch.received_bytes, "total_bytes": told.fetch.total_bytes}
    return entry | {"fetch": fetch}


def _job(job: "stylize_pb2.Job") -> Facts:
    from impasto.v1 import stylize_pb2  # noqa: PLC0415

    return {
        "name": job.name,
        "state": stylize_pb2.JobState.Name(job.state).removeprefix("JOB_STATE_"),
        "step": job.step,
        "total_steps": job.total_steps,
        "time_left_s": round(job.time_left.ToTimedelta().total_seconds(), 1) if job.HasField("time_left") else None,
        "queue_position": job.queue_position if job.HasField("queue_position") else None,
        "device": job.device,
        "encoder": job.encoder,
        "error": job.error.message,
    }


def _console() -> Any:  # noqa: ANN401  # rich is imported where it is used
    from rich.console import Console  # noqa: PLC0415

    return Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=PLAIN_WIDTH)


def _drawn(facts: Facts) -> "Group":
    """The facts as lines, then the jobs as a table."""
    from rich.console import Group  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    lines = Table.grid(padding=(0, 2))
    for name, value in facts.items():
        if name != "jobs" and value != []:
            entries = map(_disk_use, value) if name == "disk" else map(_told, value) if isinstance(value, list) else ()
            told = "\n".join(entries) if isinstance(value, list) else str(value)
            lines.add_row(Text(name, style="dim"), Text(told))
    return Group(lines, *([_jobs(facts["jobs"])] if facts.get("jobs") else []))


def _jobs(jobs: list[Facts]) -> "Table":
    from rich import box  # noqa: PLC0415
    from rich.progress_bar import ProgressBar  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("job", "state", "", "step", "left", "encoder", "device", ""):
        table.add_column(heading, no_wrap=heading == "job")
    for job in jobs:
        place = f"queued, {job['queue_position']}." if job["queue_position"] else job["state"].lower()
        left = "" if job["time_left_s"] is None else f"{job['time_left_s']:.0f} s"
        steps = f"{job['step']}/{job['total_steps']}" if job["total_steps"] else ""
        bar = ProgressBar(total=max(1, job["total_steps"]), completed=job["step"], width=12)
        words = (Text(job[name]) for name in ("encoder", "device", "error"))  # as text: what was sent is no markup
        table.add_row(job["name"], place, bar, steps, left, *words)
    return table


def _disk_use(use: Facts) -> str:
    return f"{use['owner']} has {use['used_bytes'] / MIB:.1f} of {use['allowed_bytes'] / MIB:.0f} MiB"


def _told(entry: Facts) -> str:
    if not isinstance(entry, dict):
        return str(entry)
    words = ((name, f"({_told(value)})" if isinstance(value, dict) else value) for name, value in entry.items())
    return ", ".join(f"{name} {value}" for name, value in words if value not in ("", []))
