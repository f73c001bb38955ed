"""Whether a front may join a Ray cluster, and how: everything that can be refused before it starts.

Knows the configuration and files' modes; asks the liaison once. Must not import Ray. ``server`` calls it.
"""

import importlib.util
import logging
import os
import stat
import subprocess
import sys
from pathlib import Path

from impasto.cluster.pool import Cluster
from impasto.cluster.telling import OTHER_VERSION, REFUSED, WHY
from impasto.config import Config
from impasto.errors import CannotServe

log = logging.getLogger(__name__)

CHECK_S = 120.0
EXTRA = (
    "`--pool ray` needs Ray, which is not installed here: pip install 'impasto[ray]'; without it everything else works"
)
ADDRESS = "`--pool ray` needs the address of the cluster's head: --ray-address HOST:6379 (or ray_address as a setting)"
OPEN = (
    "the Ray cluster at {address} is on the network and ray_token_file is not set: whoever reaches a cluster without a "
    "token can run anything on it. Start its nodes with RAY_AUTH_MODE=token and RAY_AUTH_TOKEN_PATH, and give the same "
    "file here: --ray-token-file FILE"
)


def cluster(config: Config, threads: int) -> Cluster:
    """The cluster that the configuration names, whose workers have so many threads each on a processor.

    Raises:
        CannotServe: Ray is not installed, no address is given, the token can be read by others or is refused, or the
            cluster is on the network and has none. One that does not answer yet is waited for.
    """
    if importlib.util.find_spec("ray") is None:
        raise CannotServe(EXTRA, reason="RAY_MISSING")
    if not config.ray_address:
        raise CannotServe(ADDRESS, reason="RAY_ADDRESS")
    host = config.ray_address.rpartition(":")[0].strip("[]")
    if config.ray_token_file:
        _check_token(Path(config.ray_token_file))
    elif not (host in ("localhost", "::1") or host.startswith("127.")):
        raise CannotServe(OPEN.format(address=config.ray_address), reason="RAY_OPEN")
    found = Cluster(
        address=config.ray_address,
        token_file=config.ray_token_file,
        workers=config.workers,
        threads=threads,
        nice=config.nice,
        memory_mb=config.memory_mb,
        silence_s=config.worker_silence_s,
        orphan_s=config.ray_orphan_s,
        data_dir=config.data_dir,
    )
    _check_entry(found)
    return found


def _check_token(path: Path) -> None:
    """Raises CannotServe if the file cannot be read, or others can read it."""
    try:
        found = path.stat()
        size = len(path.read_text().strip())
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise CannotServe(
            f"ray_token_file cannot be read ({why}): it is a file of one line", reason="RAY_TOKEN"
        ) from error
    mode = stat.S_IMODE(found.st_mode)
    if mode & 0o077 or found.st_uid != os.getuid():
        told = (
            f"ray_token_file has mode {mode:04o} and belongs to user {found.st_uid}; who can read it can run anything"
        )
        raise CannotServe(
            f"{told} on the cluster: chmod 600 it, as this user's ({os.getuid()}) own", reason="RAY_TOKEN"
        )
    if not size:
        raise CannotServe("ray_token_file is empty: it must hold the cluster's token", reason="RAY_TOKEN")


def _check_entry(found: Cluster) -> None:
    """Tries once to join; only what will not mend itself is refused."""
    command = [sys.executable, "-P", "-m", "impasto.cluster", *found.options, "--check"]
    try:
        ended = subprocess.run(
            command, env=os.environ | found.environment, timeout=CHECK_S, check=False, cwd="/", stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        return
    if ended.returncode in (REFUSED, OTHER_VERSION):
        raise CannotServe(WHY[ended.returncode].format(address=found.address), reason="RAY_REFUSED")
    if ended.returncode:
        log.warning(
            "%s; it is looked for until it answers",
            WHY.get(ended.returncode, "the Ray cluster cannot be joined yet").format(address=found.address),
        )
