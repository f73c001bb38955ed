"""The daemon as a systemd service of the user: the unit's exact words, and what is asked of systemctl."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fakes import FakeSystemctl
from harness import Daemon, Home
from impasto import service

UNIT = f"""\
[Unit]
Description=Impasto: neural style transfer for the image editors of this user
Documentation=man:systemd.exec(5)

[Service]
Type=exec
ExecStart="{sys.executable}" "-P" "-m" "impasto" "serve"
Environment="IMPASTO_DATA_DIR=/my pictures/50%% $HOME"
Environment="IMPASTO_NICE=5"
Restart=on-failure
RestartSec=2
# SIGTERM drains: running jobs are saved and go on in the next daemon.
KillMode=mixed
TimeoutStopSec=45
# Pictures are private: nobody else reads what is written, and no core dump keeps them.
UMask=0077
LimitCORE=0
# A daemon needs no privileges and none of the rarer system calls; one that listens on a Unix socket alone no network.
RestrictAddressFamilies=AF_UNIX AF_NETLINK
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


@pytest.fixture
def systemctl(home: Home) -> FakeSystemctl:
    """A systemctl in the path of this home's commands, and a configuration folder of its own."""
    home.environment["XDG_CONFIG_HOME"] = str(home.path / "config")
    fake = FakeSystemctl(home.path / "bin")
    home.environment["PATH"] = f"{fake.folder}:{os.environ['PATH']}"
    return fake


def unit_file(home: Home) -> Path:
    """Where the unit belongs."""
    return home.path / "config" / "systemd" / "user" / "impasto.service"


def test_the_unit_has_exactly_these_words() -> None:
    """What is special to systemd in a path or a value reaches the daemon as it was."""
    environment = {"IMPASTO_NICE": "5", "IMPASTO_DATA_DIR": "/my pictures/50% $HOME"}

    assert service.unit(environment) == UNIT
    assert service.unit(environment, network=True) == UNIT.replace("AF_NETLINK", "AF_NETLINK AF_INET AF_INET6")


if VERIFIER := shutil.which("systemd-analyze"):  # elsewhere there is nobody to ask, and nothing to install

    def test_systemd_understands_every_line(tmp_path: Path) -> None:
        """Its own verifier has nothing to say."""
        (tmp_path / "impasto.service").write_text(service.unit({"IMPASTO_DATA_DIR": '/a "b"/50% \\x $HOME'}))
        done = subprocess.run(
            [str(VERIFIER), "--user", "verify", str(tmp_path / "impasto.service")],
            env=os.environ | {"XDG_RUNTIME_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )

        assert (done.returncode, done.stderr) == (0, "")


def test_install_writes_the_unit_and_starts_it(home: Home, systemctl: FakeSystemctl) -> None:
    """What flags and environment said here is written down; a daemon that a client started makes room first."""
    home.environment["IMPASTO_NICE"] = "5"
    daemon = Daemon(home)
    done = home.run("service", "install")
    written = unit_file(home).read_text()

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{unit_file(home)}: the daemon runs")
    assert systemctl.asked() == [
        "show-environment",
        "daemon-reload",
        "enable impasto.service",
        "restart impasto.service",
    ]
    assert f'Environment="IMPASTO_RUNTIME_DIR={home.config.runtime_dir}"' in written
    assert 'Environment="IMPASTO_NICE=5"' in written
    assert daemon.process.wait(60) == 0


def test_print_changes_nothing(home: Home, systemctl: FakeSystemctl) -> None:
    """The unit is shown; neither file nor service is touched."""
    done = home.run("service", "install", "--print")

    assert done.stdout.startswith("[Unit]\n")
    assert systemctl.asked() == []
    assert not unit_file(home).exists()


def test_uninstall_undoes_install(home: Home, systemctl: FakeSystemctl) -> None:
    """Service stopped, unit gone; once more there is nothing to undo."""
    home.run("service", "install")
    done, again = home.run("service", "uninstall"), home.run("service", "uninstall")

    assert (done.stdout, again.stdout) == ("the service is gone\n", "no service was installed\n")
    assert systemctl.asked()[-2:] == ["disable --now impasto.service", "daemon-reload"]
    assert not unit_file(home).exists()


@pytest.mark.parametrize(
    ("refuses", "left"), [("show-environment", None), ("enable", None), ("daemon-reload", "older"), ("enable", "older")]
)
def test_a_refusal_is_told_in_systemds_words_and_changes_nothing(
    home: Home, systemctl: FakeSystemctl, refuses: str, left: str | None
) -> None:
    """As outside a login session: exit code 1, one line, and the unit file as it was before."""
    systemctl.refuse(refuses, "Failed to connect to bus: No medium found")
    if left is not None:
        unit_file(home).parent.mkdir(parents=True)
        unit_file(home).write_text(left)
    done = home.run("service", "install")

    assert done.returncode == 1
    assert f"systemctl --user {refuses} refused: Failed to connect to bus: No medium found." in done.stderr
    assert (unit_file(home).read_text() if unit_file(home).exists() else None) == left


def test_without_systemd_it_is_said_what_to_do(home: Home) -> None:
    """On other systems, in one line."""
    home.environment["PATH"] = str(home.path)
    done = home.run("service", "install")

    assert done.returncode == 1
    assert "this system has no systemd; let your own init system run `impasto serve`" in done.stderr
