"""The commands about the daemon itself: `serve`, `status`, `stop`, `free`, `jobs`.

Knows the client, the launcher and the server's front door; imports them only inside the commands, as ``cli`` loads this
for every `--help`.
"""

import json
import logging
import sys
from typing import TYPE_CHECKING, Any

import click

from impasto.config import Config

if TYPE_CHECKING:
    from impasto.launch import Info
    from impasto.v1 import server_pb2


@click.command()
@click.pass_obj
def jobs(config: Config) -> None:
    """List the daemon's jobs, newest first."""
    from impasto import client  # noqa: PLC0415
    from impasto.v1 import stylize_pb2  # noqa: PLC0415

    with client.connect(config, start=False) as daemon:
        for job in daemon.jobs():
            state = stylize_pb2.JobState.Name(job.state).removeprefix("JOB_STATE_")
            print(f"{job.name}  {state:<9}  step {job.step}/{job.total_steps}  {job.encoder}  {job.error.message}")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def status(config: Config, as_json: bool) -> None:  # noqa: FBT001  # click passes flags so
    """Tell whether the daemon runs and what it does."""
    from impasto import launch  # noqa: PLC0415
    from impasto.instance import socket_path  # noqa: PLC0415

    info = launch.running(config)
    facts = {"running": info is not None, "socket": str(socket_path(config.runtime_dir))}
    facts |= {} if info is None else _facts(info)
    if as_json:
        print(json.dumps(facts, indent=2))
    else:
        for name, value in facts.items():
            print(f"{name:<14} {value if not isinstance(value, list) else '; '.join(map(_told, value))}")
    sys.exit(0 if info is not None else 1)


@click.command()
@click.pass_obj
def stop(config: Config) -> None:
    """End the daemon; running jobs are cancelled."""
    from impasto import launch  # noqa: PLC0415

    pid = launch.stop(config)
    print(f"stopped process {pid}" if pid else "no daemon runs")


@click.command()
@click.pass_obj
def free(config: Config) -> None:
    """Give the devices' memory back now; the next job takes it again."""
    from impasto import launch  # noqa: PLC0415

    told = launch.free(config)
    if told is None:
        print("no daemon runs")
        return
    print(f"freed {', '.join(device.name for device in told.freed)}" if told.freed else "nothing to free")
    if told.busy:
        print(f"left alone, as a job is under way: {', '.join(device.name for device in told.busy)}")


@click.command()
@click.option("--threads", type=click.IntRange(0), help="Of a CPU worker; 0 means all cores.")
@click.pass_obj
def serve(config: Config, threads: int | None) -> None:
    """Run the daemon in the foreground; stylize and demo start it by themselves."""
    from dataclasses import replace  # noqa: PLC0415

    from impasto.server import serve as serve_forever  # noqa: PLC0415

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    serve_forever(config if threads is None else replace(config, threads=threads))


def _facts(info: "Info") -> dict[str, Any]:
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
    }


def _encoder(told: "server_pb2.EncoderInfo") -> dict[str, Any]:
    from impasto.v1 import server_pb2  # noqa: PLC0415

    entry = {"name": told.name, "available": told.available, "description": told.description}
    if not told.HasField("fetch"):
        return entry
    state = server_pb2.FetchState.Name(told.fetch.state).removeprefix("FETCH_STATE_").lower()
    fetch = {"state": state, "received_bytes": told.fetch.received_bytes, "total_bytes": told.fetch.total_bytes}
    return entry | {"fetch": fetch}


def _told(entry: dict[str, Any]) -> str:
    words = ((name, f"({_told(value)})" if isinstance(value, dict) else value) for name, value in entry.items())
    return ", ".join(f"{name} {value}" for name, value in words if value not in ("", []))
