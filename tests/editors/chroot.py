"""A Debian root with real editors in it: built once, kept in the user's cache, entered by a private mount namespace.

Knows Debian's tools and nothing of GIMP or Krita but their packages. The drivers (gimp.py) run their commands here, and
`python tests/editors/chroot.py [--krita]` builds or mends the root. Paths are the same on both sides: the temporary
folder and the folders that a caller names are bound where they are. Needs root, debootstrap and a Debian mirror in
apt's sources.
"""

import argparse
import fcntl
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

# GIMP 3.0.4, Krita 5.2.9; `IMPASTO_EDITORS_SUITE=sid` has the editors of today, for a look at what comes.
SUITE = os.environ.get("IMPASTO_EDITORS_SUITE", "trixie")
GIMP = ("gimp", "gir1.2-gimp-3.0", "python3-gi", "xvfb", "xdotool", "imagemagick", "xauth", "fonts-dejavu-core")
KRITA = ("krita", "python3-pyqt5", "libqt5svg5")
# What a package set must answer to count as sound.
PROOF = {
    GIMP: "gimp-console --version && command -v Xvfb xdotool && convert -version",
    KRITA: "QT_QPA_PLATFORM=offscreen kritarunner --version",  # krita itself wants a display even to say that
}
BUILD_S = 1500  # a slow mirror, a loaded machine
PROOF_S = 120


class Unavailable(Exception):
    """This machine cannot hold the editors; the message says what is missing."""


def cache() -> Path:
    """The folder that holds roots and template homes, outside every checkout."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "impasto-editors"


def mirror() -> str:
    """The address that this machine's apt takes Debian's main archive from.

    Raises:
        Unavailable: when apt has no such source.
    """
    fields = "$(REPO_URI)\t$(COMPONENT)\t$(ORIGIN)"
    command = ["apt-get", "indextargets", "--format", fields, "Created-By: Packages"]  # as apt's own manual names it
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    for line in answer.stdout.splitlines():
        address, component, origin = line.split("\t")
        if component == "main" and origin == "Debian" and "security" not in address:
            return address
    raise Unavailable("apt has no index of Debian's main archive: run apt-get update, or add a Debian source")


def why_not() -> str:
    """What keeps this machine from building or entering a root; empty when nothing does."""
    if os.geteuid() != 0:
        return "a chroot needs root; run as root, or in a container"
    missing = [name for name in ("debootstrap", "unshare", "apt-get") if not shutil.which(name)]
    return f"{', '.join(missing)} not found: apt-get install debootstrap util-linux" if missing else ""


@contextmanager
def locked() -> Iterator[None]:
    """One builder at a time."""
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def inside(
    root: Path, command: str, binds: Sequence[Path] = (), *, own_processes: bool = True, host: bool = False
) -> list[str]:
    """The command line that runs `command`, a line of shell, inside `root`.

    Mounts are private, nothing is left to unmount. With `own_processes` all that the command started ends with it,
    however it ends; without, the returned command becomes the command itself and gets its signals. With `host` this
    machine is at /host, and ``chroot /host COMMAND`` runs what is installed here, as flatpak-spawn does from a sandbox.
    """
    mounts = [f"mkdir -p {root}/host", f"mount --rbind / {root}/host"] if host else []
    mounts += [
        f"mount -t proc proc {root}/proc",
        f"mount --rbind /dev {root}/dev",
        f"mount --rbind /sys {root}/sys",
    ]
    for folder in dict.fromkeys([Path(tempfile.gettempdir()), *binds]):
        target = shlex.quote(f"{root}{folder}")
        mounts += [f"mkdir -p {target}", f"mount --bind {shlex.quote(str(folder))} {target}"]
    script = " && ".join([*mounts, f"exec chroot {root} /bin/sh -c {shlex.quote(command)}"])
    family = ["--pid", "--fork", "--kill-child=KILL"] if own_processes else []
    return ["unshare", "--mount", "--propagation", "private", *family, "/bin/sh", "-c", script]


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """What commands inside see: nothing of the caller's but what is named here."""
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root", **(extra or {})}


def call(root: Path, command: str, *, timeout_s: float, extra: Mapping[str, str] | None = None) -> str:
    """What `command` prints inside `root`.

    Raises:
        Unavailable: when it fails or does not end in time, with the end of what it printed.
    """
    try:
        done = subprocess.run(
            inside(root, command),
            env=environment(extra),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"{command!r} did not end within {timeout_s:.0f} s") from error
    if done.returncode:
        raise Unavailable(f"{command!r} ended with {done.returncode}: {done.stdout[-2000:]}")
    return done.stdout


def sound(root: Path, packages: tuple[str, ...]) -> bool:
    """Whether `packages` are in `root` and answer."""
    stamp = root / "impasto" / packages[0]
    if not stamp.exists() or stamp.read_text() != " ".join(packages):
        return False
    try:
        call(root, PROOF[packages], timeout_s=PROOF_S)
    except Unavailable:
        return False
    return True


def bootstrap(root: Path) -> None:
    """A minimal Debian at `root`, made beside it and renamed when whole."""
    part = root.with_name(root.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    command = ["debootstrap", "--variant=minbase", "--include=ca-certificates", SUITE, str(part), mirror()]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=BUILD_S, check=False
    )
    if done.returncode:
        raise Unavailable(f"debootstrap ended with {done.returncode}: {done.stdout[-2000:]}")
    # No daemon starts in a root, and what no test reads is not unpacked.
    policy = part / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    (part / "etc/dpkg/dpkg.cfg.d/impasto").write_text(
        "force-unsafe-io\npath-exclude=/usr/share/locale/*\npath-exclude=/usr/share/doc/*\npath-exclude=/usr/share/man/*\n"
    )
    resolver = Path("/etc/resolv.conf")
    if resolver.exists():
        shutil.copy(resolver, part / "etc/resolv.conf")
    (part / "impasto").mkdir()
    shutil.rmtree(root, ignore_errors=True)
    part.rename(root)


def add(root: Path, packages: tuple[str, ...]) -> None:
    """Installs `packages` without what they only recommend."""
    names = shlex.join(packages)
    # A list of a suite that moves is valid for a week; it is signed all the same, and a mirror may be older.
    apt = "apt-get -qq" if SUITE == "trixie" else "apt-get -qq -o Acquire::Check-Valid-Until=false"
    call(
        root,
        f"{apt} update && {apt} install -y --no-install-recommends {names} && apt-get clean",
        timeout_s=BUILD_S,
        extra={"DEBIAN_FRONTEND": "noninteractive"},
    )
    (root / "impasto" / packages[0]).write_text(" ".join(packages))


def ensure(*, krita: bool = False) -> Path:
    """A sound root, built or mended first where it is not: minutes the first time, a second after.

    Raises:
        Unavailable: when this machine cannot; the message says why.
    """
    reason = why_not()
    if reason:
        raise Unavailable(reason)
    root = cache() / SUITE
    wanted: list[tuple[str, ...]] = [GIMP, KRITA] if krita else [GIMP]
    with locked():
        if not (root / "impasto").is_dir():
            bootstrap(root)
        lacking = [packages for packages in wanted if not sound(root, packages)]
        if lacking and any((root / "impasto" / packages[0]).exists() for packages in lacking):
            bootstrap(root)  # it was whole once and is not now: made anew rather than mended blindly
            lacking = wanted
        for packages in lacking:
            add(root, packages)
            if not sound(root, packages):
                raise Unavailable(f"{packages[0]} was installed in {root}, but does not answer {PROOF[packages]!r}")
    return root


def main() -> None:
    """Builds or mends the root, and says where it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--krita", action="store_true", help="Krita, too")
    try:
        sys.stdout.write(f"{ensure(krita=parser.parse_args().krita)}\n")
    except Unavailable as error:
        sys.exit(f"no editors here: {error}")


if __name__ == "__main__":
    main()
