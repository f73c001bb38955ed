"""The daemon as a service of the user's own systemd: its unit file, put there and taken away.

Knows the unit file's words and `systemctl --user`. Must not know what the daemon does. ``cli`` calls it.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from impasto.errors import CannotServe

NAME = "impasto.service"
SYSTEMCTL_TIMEOUT_S = 60.0

# Every option here works in a user's manager without namespaces, which some kernels deny to users: a unit that does
# not start protects nobody. So no ProtectSystem and no PrivateTmp; and no MemoryDenyWriteExecute, as torch compiles.
UNIT = """\
[Unit]
Description=Impasto: neural style transfer for the image editors of this user
Documentation=man:systemd.exec(5)

[Service]
Type=exec
ExecStart={command}
{environment}Restart=on-failure
RestartSec=2
# SIGTERM drains: running jobs are saved and go on in the next daemon.
KillMode=mixed
TimeoutStopSec=45
# Pictures are private: nobody else reads what is written, and no core dump keeps them.
UMask=0077
LimitCORE=0
# A daemon needs no privileges and none of the rarer system calls; one that listens on a Unix socket alone no network.
RestrictAddressFamilies=AF_UNIX AF_NETLINK{families}
NoNewPrivileges=yes
RestrictSUIDSGID=yes
RestrictRealtime=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM

[Install]
WantedBy=default.target
"""


def unit(environment: Mapping[str, str], *, network: bool = False) -> str:
    """The unit file's text; `environment` is set for the daemon, so that it is configured as the command here is.

    With `network` it may listen for other machines, and speak with a Ray cluster.
    """
    lines = "".join(f"Environment={_quoted(f'{name}={value}')}\n" for name, value in sorted(environment.items()))
    command = " ".join(_quoted(word, command=True) for word in (sys.executable, "-P", "-m", "impasto", "serve"))
    return UNIT.format(command=command, environment=lines, families=" AF_INET AF_INET6" if network else "")


def _quoted(word: str, *, command: bool = False) -> str:
    """A word as systemd reads it back: its escapes, its specifiers and, in a command, its variables."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped.replace("$", "$$") if command else escaped}"'


def path() -> Path:
    """Where a user's own units lie."""
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(home) / "systemd" / "user" / NAME


def install(environment: Mapping[str, str], *, network: bool = False) -> Path:
    """Writes the unit and has it started at every login; returns the unit's path. `start` starts it now.

    Raises:
        CannotServe: there is no systemd for this user, or it refuses; nothing is changed then.
    """
    _systemctl("show-environment")  # refuses before anything is written
    file = path()
    before = file.read_bytes() if file.exists() else None
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(unit(environment, network=network))
    try:
        _systemctl("daemon-reload")
        _systemctl("enable", NAME)
    except CannotServe:
        if before is None:
            file.unlink()
        else:
            file.write_bytes(before)
        raise
    return file


def start() -> None:
    """Starts the service, anew if it runs: it may have been started by an older unit.

    Raises:
        CannotServe: systemd refuses.
    """
    _systemctl("restart", NAME)


def uninstall() -> bool:
    """Stops the service and removes its unit; whether there was one.

    Raises:
        CannotServe: there is no systemd for this user, or it refuses.
    """
    file = path()
    if not file.exists():
        return False
    _systemctl("disable", "--now", NAME)
    file.unlink()
    _systemctl("daemon-reload")
    return True


def _systemctl(*words: str) -> None:
    program = shutil.which("systemctl")
    if program is None:
        raise CannotServe(
            "this system has no systemd; let your own init system run `impasto serve`, or leave it to the clients, "
            "which start the daemon when they need it",
            reason="NO_SYSTEMD",
        )
    command = [program, "--user", *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SYSTEMCTL_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired as error:
        told = f"systemctl --user {words[0]} gave no answer within {SYSTEMCTL_TIMEOUT_S:g} s"
        raise CannotServe(told, reason="SYSTEMD_REFUSED") from error
    if done.returncode:
        told = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
        raise CannotServe(
            f"systemctl --user {words[0]} refused: {told}. Is this a login session of the user's own (not sudo or su)?",
            reason="SYSTEMD_REFUSED",
        )
