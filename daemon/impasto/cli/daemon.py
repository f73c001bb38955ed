"""The commands about the daemon's life: `serve`, `pipe`, `stop`, `free`, `service`, its `jobs` and the `result` of one.

Knows the client, the launcher and the server's front door; imports them only inside the commands, as ``cli`` loads this
for every `--help`.
"""

import sys
from pathlib import Path

import click

from impasto.cli.options import Mebibytes, check_written, named
from impasto.config import ENVIRONMENT_PREFIX, LOCAL, UNIX, Config
from impasto.errors import CannotServe


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


class _Said:
    """What is said of the connection, for people, each thing once; the mutable state is what was said last."""

    def __init__(self) -> None:
        self._last = ""

    def __call__(self, text: str) -> None:
        if text != self._last:
            print(text, file=sys.stderr)
        self._last = text


@click.command()
@click.argument("job")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="PNG, JPEG, WebP or TIFF.")
@click.pass_obj
def result(config: Config, job: str, output: Path) -> None:
    """Fetch the picture of JOB, as `impasto jobs` names it.

    A job that was cancelled, by Ctrl-C, too, has what it had reached. Pictures stay for 24 hours.
    """
    from impasto import client  # noqa: PLC0415

    check_written("-o", output, {})
    with named({"destination": "-o"}), client.connect(config) as daemon:
        picture = daemon.picture(job if job.startswith("jobs/") else f"jobs/{job}", _Said())
        picture.save(output)
    print(f"{output}: {picture.header.width}x{picture.header.height}")


@click.command()
@click.pass_obj
def pipe(config: Config) -> None:
    """Speak with an editor's plug-in over stdin and stdout; not for people."""
    from impasto.pipe import serve  # noqa: PLC0415

    sys.exit(serve(config))


@click.command()
@click.option("--cancel-jobs", is_flag=True, help="Cancel them first; otherwise they go on when the daemon runs again.")
@click.pass_obj
def stop(config: Config, cancel_jobs: bool) -> None:  # noqa: FBT001  # click passes flags so
    """End this machine's daemon; unfinished jobs are written down and go on when it runs again."""
    from impasto import launch  # noqa: PLC0415

    config = config.here
    info = launch.running(config)
    if info is not None and cancel_jobs:
        _cancel_all(config)
    left = 0 if info is None or cancel_jobs else info.queued_jobs + info.running_jobs
    pid = launch.stop(config)
    kept = f"; {left} unfinished jobs go on when it runs again" if left else ""
    print(f"stopped process {pid}{kept}" if pid else "no daemon runs")


def _cancel_all(config: Config) -> None:
    from impasto import client  # noqa: PLC0415
    from impasto.v1 import stylize_pb2  # noqa: PLC0415

    under_way = (stylize_pb2.JOB_STATE_QUEUED, stylize_pb2.JOB_STATE_RUNNING)
    with client.connect(config, start=False) as daemon:
        for job in daemon.jobs():
            if job.state in under_way:
                daemon.cancel(job.name)


@click.command()
@click.option("--cancel-jobs", is_flag=True, help="Cancel unfinished jobs first, so that nothing stays.")
@click.confirmation_option(prompt="Remove every picture and every finished job that the daemon keeps?")
@click.pass_obj
def forget(config: Config, cancel_jobs: bool) -> None:  # noqa: FBT001  # click passes flags so
    """Remove every picture at rest: uploads, results, saved states; a daemon need not run."""
    from impasto import launch  # noqa: PLC0415
    from impasto.forgetting import forget_without_daemon  # noqa: PLC0415

    told = launch.forget(config, cancel_jobs=cancel_jobs) or forget_without_daemon(config, cancel_jobs=cancel_jobs)
    print(f"forgot {told.blobs} pictures and {told.jobs} jobs: {told.freed_bytes / 1e6:.1f} MB")
    if told.kept_jobs:
        print(f"kept for unfinished jobs (--cancel-jobs ends them): {', '.join(told.kept_jobs)}")


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
@click.option("--workers", type=click.IntRange(0), help="On a CPU so many; on GPUs at most so many; 0: one per device.")
@click.option("--threads", type=click.IntRange(0), help="Of a CPU worker; 0: all cores, divided between the workers.")
@click.option(
    "--memory",
    "memory_mb",
    type=Mebibytes(),
    help="For all jobs of a device, as 2GiB; what needs more is painted in tiles. The worker takes 500 MiB beside it.",
)
@click.option(
    "--disk-share",
    "disk_share_mb",
    type=Mebibytes(),
    help="Of the disk, for each token, as 10GiB; else half the quota.",
)
@click.option("--listen", help="HOST:PORT, for other machines, too; needs a token: see `impasto token add --help`.")
@click.option("--pool", type=click.Choice(["local", "ray"]), help="Workers here, or on the nodes of a Ray cluster.")
@click.option("--ray-address", help="HOST:PORT of the cluster's head; see DEPLOYMENT.md.")
@click.option("--ray-token-file", type=click.Path(), help="What its nodes were started with, mode 0600.")
@click.option("--auto-started", is_flag=True, hidden=True, help="By a client: log to a file, end when idle for long.")
@click.option("--stops", hidden=True, help="The last `impasto stop` that whoever starts it knows of.")
@click.pass_obj
def serve(
    config: Config,
    /,
    stops: str | None,
    *,
    auto_started: bool,
    **settings: object,
) -> None:
    """Run the daemon in the foreground; stylize and demo start it by themselves.

    \b
    A machine that several people share, with four workers or as many as it has GPUs:
    impasto token add ann
    impasto serve --listen 0.0.0.0 --workers 4
    """  # noqa: D301  # a backslash: click's mark for lines that stay as they are
    from impasto import launch, logs  # noqa: PLC0415
    from impasto.server import ALREADY_RUNNING  # noqa: PLC0415
    from impasto.server import serve as serve_forever  # noqa: PLC0415

    config = config.overridden(settings)
    logs.begin(config.data_dir, config.log_format, config.log_bytes, to_file=auto_started)
    try:
        serve_forever(config, auto_started=auto_started, stops_known=stops)
    except CannotServe as error:
        if error.reason != ALREADY_RUNNING or not auto_started:
            raise
        print(f"impasto: {error.message}", file=sys.stderr)
        sys.exit(launch.LOST_THE_RACE)  # the client that started it must tell this from a daemon that cannot start


@click.group()
def service() -> None:
    """Let systemd run the daemon for this user, from login on."""


@service.command()
@click.option("--print", "print_only", is_flag=True, help="Show the unit file and change nothing.")
@click.pass_obj
def install(config: Config, print_only: bool) -> None:  # noqa: FBT001  # click passes flags so
    """Write the unit file, and start the service now and at every login."""
    from impasto import launch  # noqa: PLC0415
    from impasto import service as systemd  # noqa: PLC0415

    network = config.listen != UNIX or config.pool != LOCAL
    chosen = {key: getattr(config, key) for key, origin in config.origins.items() if origin != "config.toml"}
    environment = {f"{ENVIRONMENT_PREFIX}{key.upper()}": str(value) for key, value in chosen.items()}
    if print_only:
        print(systemd.unit(environment, network=network), end="")
        return
    file = systemd.install(environment, network=network)
    launch.stop(config)  # one that a client started makes room; its jobs go on in the service
    systemd.start()
    print(f"{file}: the daemon runs, and will from each login on; see `impasto status`")


@service.command()
def uninstall() -> None:
    """Stop the service and remove its unit file; clients start the daemon when they need it again."""
    from impasto import service as systemd  # noqa: PLC0415

    print("the service is gone" if systemd.uninstall() else "no service was installed")
