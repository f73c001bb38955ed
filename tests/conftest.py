"""Fixtures: homes and daemons that clean up after themselves."""

import os
import signal
from collections.abc import Callable, Generator, Iterator

import pytest
from hypothesis import HealthCheck, settings

from harness import Daemon, Home

# Speed is measured in benchmarks, never asserted in a test: a loaded machine draws its examples slowly, too. In CI the
# examples are the same in every run, so that what lands does not hang on a throw of dice; at home new ones are tried.
settings.register_profile("impasto", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("impasto"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") or os.environ.get("IMPASTO_NO_SKIP") else "impasto")

# A shell that runs us in the background has SIGINT ignored by all that it starts; commands under test must hear Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def home() -> Iterator[Home]:
    """A fresh home without a daemon."""
    home = Home()
    yield home
    home.remove()


@pytest.fixture
def start() -> Iterator[Callable[..., Daemon]]:
    """Starts daemons of a test's own, which it may kill."""
    started: list[Daemon] = []

    def start(home: Home | None = None, command: list[str] | None = None) -> Daemon:
        started.append(Daemon(home or Home(), command))
        return started[-1]

    yield start
    for daemon in started:
        daemon.end()
        if daemon.home.path.exists():
            daemon.home.remove()


@pytest.fixture(scope="session")
def daemon() -> Iterator[Daemon]:
    """One daemon for all tests that leave it as they found it."""
    home = Home()
    daemon = Daemon(home)
    yield daemon
    assert daemon.end() == 0
    home.remove()


# The reasons that CI accepts: what a kernel is built with and what a machine has, .ci/run cannot install.
EXPECTED_SKIPS = ("no /dev/net/tun", "no CUDA device")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI nothing is skipped: a test that would skip fails, with its reason, unless that was expected."""
    report = yield
    expected = any(reason in str(report.longrepr) for reason in EXPECTED_SKIPS)
    skipped = report.skipped and not hasattr(report, "wasxfail") and not expected
    if os.environ.get("IMPASTO_NO_SKIP") and skipped:
        report.outcome, report.longrepr = "failed", f"skipped in CI: {report.longrepr}"
    return report


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """One thread for torch: with tensors as small as a test's, more of them only wait for each other."""
    import torch  # noqa: PLC0415  # most tests here never need it

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
