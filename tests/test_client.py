"""Laws of the Python API beyond what README shows: what a script does wrong, and what it hears."""

from typing import Any

import pytest

from harness import Daemon, encoded, picture, wait_for
from impasto.client import Progress
from impasto.errors import InvalidRequest, JobCancelled, NotFound, Unavailable

CONTENT, STYLE = encoded(picture(64, 48, 1)), encoded(picture(80, 60, 2))


def test_a_closed_client_says_so(daemon: Daemon) -> None:
    """Every verb of a closed client is refused in words (grpc itself crashes on some)."""
    with daemon.client() as client:
        pass

    for call in (client.info, client.jobs, lambda: client.stylize(CONTENT, STYLE), lambda: client.cancel("jobs/1")):
        with pytest.raises(Unavailable, match="this client is closed"):
            call()


def test_closing_in_mid_run_says_so(daemon: Daemon) -> None:
    """A client that is closed while it paints ends with the same words, and its job is cancelled."""
    with daemon.client() as client:

        def close(progress: Progress) -> None:
            if progress.step >= 2:
                client.close()

        with pytest.raises(Unavailable, match="this client is closed"):
            client.stylize(CONTENT, STYLE, steps=9000, on_progress=close)

    with daemon.client() as other:
        wait_for(lambda: other.jobs()[0].error.message != "", "the cancel")


@pytest.mark.parametrize("source", ["absent.jpg", ".", 5, b"no picture"])
@pytest.mark.parametrize("field", ["content", "style", "mask"])
def test_a_bad_source_is_named(daemon: Daemon, field: str, source: Any) -> None:
    """What cannot be sent or decoded is told under the argument's name."""
    arguments: dict[str, Any] = {"content": CONTENT, "style": STYLE} | {field: source}
    with daemon.client() as client, pytest.raises(InvalidRequest) as refused:
        client.stylize(**arguments)

    assert [violation.field for violation in refused.value.violations] == [field]


@pytest.mark.parametrize("options", [{"stepz": 3}, {"steps": "many"}, {"steps": -3}, {"encoder": 3}])
def test_a_bad_option_is_named(daemon: Daemon, options: dict[str, Any]) -> None:
    """Names and types are checked before anything is sent."""
    with daemon.client() as client, pytest.raises(InvalidRequest) as refused:
        client.stylize(CONTENT, STYLE, **options)

    assert [violation.field for violation in refused.value.violations] == list(options)


def test_a_cancel_is_not_a_failure_and_what_was_kept_can_be_had(daemon: Daemon) -> None:
    """A job that another client stops raises JobCancelled; the picture that it kept is there under the job's name."""
    seen: list[Progress] = []

    def stop(progress: Progress) -> None:
        seen.append(progress)
        if progress.step >= 3:
            with daemon.client("other") as other:
                other.cancel(progress.job, keep_partial_result=True)

    with daemon.client() as client:
        with pytest.raises(JobCancelled, match="cancelled on request"):
            client.stylize(CONTENT, STYLE, steps=9000, on_progress=stop)
        kept = client.picture(seen[-1].job)

    assert (kept.header.width, kept.header.height, len(kept.samples)) == (64, 48, 64 * 48 * 3)


def test_a_job_without_a_result_has_no_picture(daemon: Daemon) -> None:
    """Asking for the picture of a job that was cancelled without keeping one is NotFound."""
    names: list[str] = []

    def stop(progress: Progress) -> None:
        names.append(progress.job)
        raise KeyboardInterrupt

    with daemon.client() as client:
        with pytest.raises(KeyboardInterrupt):
            client.stylize(CONTENT, STYLE, steps=9000, on_progress=stop)
        wait_for(lambda: all(job.end_time.seconds for job in client.jobs() if job.name == names[0]), "the cancel")

        with pytest.raises(NotFound):
            client.picture(names[0])
