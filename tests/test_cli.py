"""The command line as a painter or a script meets it: real commands, real files."""

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from harness import Daemon, Home, held, picture, wait_for
from impasto import __version__
from impasto.v1 import stylize_pb2
from test_daemon import CANCELLED, Stub, steps_done

ORIENTATION, DESCRIPTION = 0x0112, 0x010E
ADOBE_RGB = imagecodecs.cms_profile("adobergb")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A JPEG lying on its side, with EXIF, DPI and a profile."""
    image = picture(72, 56, 1)
    exif = Image.Exif()
    exif[ORIENTATION], exif[DESCRIPTION] = 6, "the harbour"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    path = tmp_path / "photo.jpg"
    image.save(path, exif=exif, dpi=(300, 300), icc_profile=profile, quality=95)
    return path


@pytest.fixture
def style(tmp_path: Path) -> Path:
    """Some other picture."""
    path = tmp_path / "style.png"
    picture(80, 64, 2).save(path)
    return path


def opened(path: Path) -> Image.Image:
    """The picture, its file closed again."""
    with Image.open(path) as image:
        image.load()
        return image


def stylize(home: Home, photo: Path, style: Path, output: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """One whole command."""
    return home.run("stylize", str(photo), "--style", str(style), "-o", str(output), "--steps", "3", *options)


def test_a_photo_is_painted_by_one_command(home: Home, photo: Path, style: Path, tmp_path: Path) -> None:
    """Without a daemon: one is started, the picture stands upright, and EXIF, DPI and profile are kept."""
    done = stylize(home, photo, style, tmp_path / "out.jpg")
    status = json.loads(home.run("status", "--json").stdout)
    painted = opened(tmp_path / "out.jpg")

    assert done.returncode == 0, done.stderr
    assert "out.jpg: 56x72" in done.stdout
    assert "step 3/3" in done.stderr
    assert "encoder vgg19-slim (auto" in done.stderr
    assert painted.size == (56, 72)
    assert painted.getexif().get(ORIENTATION, 1) == 1
    assert painted.getexif()[DESCRIPTION] == "the harbour"
    assert painted.info["dpi"] == (300, 300)
    assert painted.info["icc_profile"] == opened(photo).info["icc_profile"]
    assert status["running"] is True
    assert status["version"] == __version__


def test_status_tells_all_and_stop_ends(home: Home) -> None:
    """Status tells pid, socket, version, devices, encoder and queue; stop ends the daemon; both tell when none runs."""
    before = home.run("status")
    daemon = Daemon(home)
    daemon.ready()
    told = json.loads(home.run("status", "--json").stdout)
    human = home.run("status").stdout
    stopped, again = home.run("stop"), home.run("stop")

    assert before.returncode == 1
    assert told["pid"] == daemon.process.pid
    assert told["socket"] == str(home.config.runtime_dir / "impasto.sock")
    assert told["devices"][0]["name"] in ("cpu", "cuda:0")
    assert (told["encoder"], told["queued_jobs"], told["running_jobs"]) == ("vgg19-slim", 0, 0)
    assert str(daemon.process.pid) in human
    assert stopped.stdout == f"stopped process {daemon.process.pid}\n"
    assert daemon.process.wait(60) == 0
    assert again.stdout == "no daemon runs\n"


def test_a_command_says_how_urgent_it_is(daemon: Daemon, photo: Path, style: Path, tmp_path: Path) -> None:
    """The daemon hears it; without a word it is normal."""
    for options in ((), ("--priority", "batch"), ("--priority", "interactive")):
        assert stylize(daemon.home, photo, style, tmp_path / "out.png", *options).returncode == 0
    with daemon.channel() as channel:
        jobs = Stub(channel).ListJobs(stylize_pb2.ListJobsRequest(page_size=3)).jobs

    assert [job.priority for job in jobs] == [
        stylize_pb2.PRIORITY_INTERACTIVE,
        stylize_pb2.PRIORITY_BATCH,
        stylize_pb2.PRIORITY_NORMAL,
    ]


def test_jobs_are_listed(daemon: Daemon, photo: Path, style: Path, tmp_path: Path) -> None:
    """Each job is a line with its name, state, steps and encoder."""
    stylize(daemon.home, photo, style, tmp_path / "out.png")
    first = daemon.home.run("jobs").stdout.splitlines()[0]

    assert first.startswith("jobs/")
    assert first.split()[1:] == ["SUCCEEDED", "step", "3/3", "vgg19-slim"]


def test_interrupt_cancels_in_the_daemon_too(daemon: Daemon, photo: Path, style: Path, tmp_path: Path) -> None:
    """Ctrl-C ends the command with 130, leaves no file, and the job is CANCELLED within two seconds.

    What was reached can be had by the command that is told.
    """
    log = daemon.home.path / "spawned.log"
    log.unlink(missing_ok=True)
    with daemon.client() as client:
        had = {job.name for job in client.jobs()}  # of the tests before, which may not be over yet
    command = daemon.home.spawn(
        "stylize", str(photo), "--style", str(style), "-o", str(tmp_path / "out.png"), "--steps", "9000"
    )
    with daemon.channel() as channel:
        stub = Stub(channel)

        def running() -> list[stylize_pb2.Job]:
            jobs = stub.ListJobs(stylize_pb2.ListJobsRequest()).jobs
            return [job for job in jobs if job.state == stylize_pb2.JOB_STATE_RUNNING and job.name not in had]

        wait_for(lambda: bool(running()), "the command's job")
        name = running()[0].name
        steps_done(stub, name)
        wait_for(lambda: "painting: step" in log.read_text(), "the command hearing of a step")  # or it has no hint
        command.send_signal(signal.SIGINT)
        code = command.wait(60)
        wait_for(lambda: stub.GetJob(stylize_pb2.GetJobRequest(name=name)).job.state == CANCELLED, "the cancel", 2.0)

    hint = log.read_text().split("what was reached stays for 24 hours: impasto ")[1]
    fetched = daemon.home.run(*hint.splitlines()[0].replace("FILE", str(tmp_path / "reached.png")).split())
    unknown = daemon.home.run("result", "0" * 32, "-o", str(tmp_path / "none.png"))

    assert code == 130
    assert not (tmp_path / "out.png").exists()
    assert fetched.returncode == 0, fetched.stderr
    assert opened(tmp_path / "reached.png").size == (56, 72)  # upright
    assert (unknown.returncode, "there is no job" in unknown.stderr) == (1, True)


def test_a_picture_that_cannot_be_written_is_still_there(
    daemon: Daemon, photo: Path, style: Path, tmp_path: Path
) -> None:
    """The folder went away while it was painted, as a disk may fill: the command tells how to get it elsewhere."""
    folder = tmp_path / "folder"
    folder.mkdir()
    words = daemon.home.command("stylize", str(photo), "--style", str(style), "--steps", "3", "-o")
    with daemon.client() as client:
        client.stylize(photo, style, steps=1)  # or the worker may be at rest, where there is none to be held
        had = {job.name for job in client.jobs()}
        with held(daemon):
            command = subprocess.Popen(
                [*words, str(folder / "out.png")],
                env=daemon.home.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            )  # fmt: skip
            wait_for(lambda: bool({job.name for job in client.jobs()} - had), "the command's job")
            folder.rmdir()
        told, _ = command.communicate(timeout=240)
    hint = told.split("what was reached stays for 24 hours: impasto ")[1].splitlines()[0]
    fetched = daemon.home.run(*hint.replace("FILE", str(tmp_path / "out.png")).split())

    assert command.returncode == 2
    assert "folder that does not exist" in told
    assert fetched.returncode == 0, fetched.stderr
    assert opened(tmp_path / "out.png").size == (56, 72)


def test_mask_keeps_what_is_black(daemon: Daemon, style: Path, tmp_path: Path) -> None:
    """What the mask leaves black comes out to the bit as it went in."""
    image, mask = picture(64, 48, 1), Image.new("L", (64, 48), 0)
    mask.paste(255, (0, 0, 32, 48))
    image.save(tmp_path / "photo.png")
    mask.save(tmp_path / "mask.png")
    done = stylize(
        daemon.home, tmp_path / "photo.png", style, tmp_path / "out.png", "--mask", str(tmp_path / "mask.png")
    )
    painted = opened(tmp_path / "out.png")
    kept, changed = (32, 0, 64, 48), (0, 0, 32, 48)

    assert done.returncode == 0, done.stderr
    assert painted.crop(kept).tobytes() == image.crop(kept).tobytes()
    assert painted.crop(changed).tobytes() != image.crop(changed).tobytes()


@pytest.fixture
def deep(tmp_path: Path) -> Path:
    """A TIFF of 16 bits per channel, in Adobe RGB, lying on its side."""
    path = tmp_path / "deep.tif"
    samples = np.asarray(picture(72, 56, 1)).astype(np.uint16) * 257
    own, turned = ADOBE_RGB, [(ORIENTATION, 3, 1, 6, True)]
    options: dict[str, Any] = {"iccprofile": own, "extratags": turned, "resolution": (300, 300), "resolutionunit": 2}
    options["metadata"] = None
    tifffile.imwrite(path, samples, photometric="rgb", **options)
    return path


def test_a_deep_photo_is_painted_at_its_own_depth(daemon: Daemon, deep: Path, style: Path, tmp_path: Path) -> None:
    """16 bits in, 16 bits out, upright, with profile and resolution; fewer only if they are asked for."""
    kept = stylize(daemon.home, deep, style, tmp_path / "kept.tif")
    asked = stylize(daemon.home, deep, style, tmp_path / "asked.jpg", "--depth", "8")
    with tifffile.TiffFile(tmp_path / "kept.tif") as file:
        samples = file.asarray()
        told = {name: file.pages.first.tags[name].value for name in ("InterColorProfile", "XResolution", "Orientation")}

    assert (kept.returncode, asked.returncode) == (0, 0), kept.stderr + asked.stderr
    assert (samples.shape, samples.dtype.name) == ((72, 56, 3), "uint16")
    assert len(np.unique(samples)) > 1000
    assert told["InterColorProfile"] == ADOBE_RGB
    assert told["XResolution"] == (300, 1)
    assert told["Orientation"] == 1
    assert opened(tmp_path / "asked.jpg").size == (56, 72)
    assert opened(tmp_path / "asked.jpg").info["icc_profile"] == ADOBE_RGB


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["deep.tif", "-o", "o.jpg"],
            ["-o: is JPEG, in which u8 is allowed", "has u16: use .png or .tif"],
        ),
        (["deep.tif", "-o", "o.webp"], ["-o: is WEBP, in which u8 is allowed"]),
        (["deep.tif", "-o", "o.png", "--depth", "float"], ["-o: is PNG, in which u8 and u16 is allowed", "use .tif"]),
        (
            ["absent.tif", "-o", "o.gif", "--mask", "absent.png", "--preview", "p.gif"],
            ["PHOTO: there is", "-o: ends in '.gif'", "--mask: there is", "--preview: ends in '.gif'"],
        ),
    ],
)
def test_a_depth_that_does_not_fit_is_refused_before_a_daemon_starts(
    home: Home, deep: Path, style: Path, arguments: list[str], told: list[str]
) -> None:
    """What a format would cut is said at the start, with what to do, and everything that is wrong at once."""
    for source in (deep, style):
        (home.path / source.name).write_bytes(source.read_bytes())
    done = home.run("stylize", *arguments, "--style", "style.png")

    assert done.returncode == 2
    assert [line for line in told if line not in done.stderr] == []
    assert not (home.config.runtime_dir / "impasto.sock").exists()


def test_the_growing_picture_can_be_kept_in_a_file(daemon: Daemon, photo: Path, style: Path, tmp_path: Path) -> None:
    """--preview writes the picture as it grows."""
    done = stylize(
        daemon.home, photo, style, tmp_path / "out.png", "--steps", "60", "--preview", str(tmp_path / "p.png")
    )

    assert done.returncode == 0, done.stderr
    assert opened(tmp_path / "p.png").size[0] > 0


def test_training_does_not_go_on_from_what_is_no_encoder(home: Home) -> None:
    """A file that cannot be gone on from is refused under its option, before an hour is spent, without a traceback."""
    (home.path / "junk.safetensors").write_bytes(b"junk")
    done = home.run("train-encoder", "-o", "mine.safetensors", "--start", "junk.safetensors", within_s=60)

    assert done.returncode == 2
    assert done.stderr.startswith("impasto: --start: junk.safetensors is not a readable safetensors file")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["absent.jpg", "--style", "style.png", "-o", "o.png"], "PHOTO: there is no such file"),
        (["photo.jpg", "--style", "text.png", "-o", "o.png"], "--style: "),
        (["photo.jpg", "--style", "style.png", "-o", "o.gif"], ".png"),
        (["photo.jpg", "--style", "style.png", "-o", "nowhere/o.png"], "folder"),
        (["photo.jpg", "--style", "style.png", "-o", "o.png", "--steps", "0"], "--steps"),
        (["photo.jpg", "--style", "style.png", "-o", "o.png", "--encoder", "resnet"], "vgg19-slim"),
        (["photo.jpg", "--style", "style.png", "-o", "o.png", "--priority", "urgent"], "batch"),
        (["photo.jpg", "-o", "o.png"], "--style"),
        (["photo.jpg", "--style", "style.png", "-o", "o.png", "--mask", "absent.png"], "--mask: there is no such file"),
        (["photo.jpg", "--style", "style.png", "-o", "o.png", "--preview", "p.gif"], "--preview: ends in '.gif'"),
        (["photo.jpg", "--style", "style.png", "-o", "photo.jpg"], "-o: would replace PHOTO"),
        (["photo.jpg", "--style", "style.png", "-o", "o.png", "--preview", "style.png"], "--preview: would replace"),
    ],
)
def test_bad_arguments_are_refused_before_a_daemon_starts(
    home: Home, photo: Path, style: Path, arguments: list[str], told: str
) -> None:
    """What can be seen at once is refused with exit code 2 and one clear line, and no daemon is started for it."""
    for source in (photo, style):
        (home.path / source.name).write_bytes(source.read_bytes())
    (home.path / "text.png").write_text("hello")
    done = home.run("stylize", *arguments)

    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert not (home.config.runtime_dir / "impasto.sock").exists()


def test_what_the_daemon_refuses_is_told_in_its_words(daemon: Daemon, photo: Path, style: Path, tmp_path: Path) -> None:
    """All violations come out, a line each, with exit code 2; an encoder that is not here is exit code 1."""
    wrong = stylize(daemon.home, photo, style, tmp_path / "o.png", "--style-weight=-1", "--stroke-size=99")
    absent = stylize(daemon.home, photo, style, tmp_path / "o.png", "--encoder", "vgg19")

    assert wrong.returncode == 2
    assert "impasto: --style-weight: is -1; a finite number of at least 0 is needed" in wrong.stderr
    assert "impasto: --stroke-size: is 99; 0.05 to 4.0 are allowed" in wrong.stderr
    assert absent.returncode == 1
    assert "not on this machine" in absent.stderr
    assert not (tmp_path / "o.png").exists()


def test_the_demonstration_leaves_pictures_and_no_daemon(home: Home, tmp_path: Path) -> None:
    """`impasto demo` draws, paints through a daemon that it starts and stops, and writes each picture and a sheet."""
    done = home.run("demo", "--size", "96", "--steps", "3", "-o", str(tmp_path / "demo"), within_s=120)
    written = [Path(line) for line in done.stdout.splitlines()]

    assert done.returncode == 0, done.stderr
    assert [path.name for path in written] == [
        "harbour-swirl.png", "harbour-watercolour.png", "harbour-stained-glass.png", "contact-sheet.png"
    ]  # fmt: skip
    assert opened(written[0]).size == (96, 72)
    assert opened(written[-1]).width > 600
    assert home.run("status").returncode == 1


def test_a_damaged_picture_is_named_as_it_was_given(daemon: Daemon, photo: Path, style: Path, tmp_path: Path) -> None:
    """What only decoding finds is told under the option that brought the picture."""
    style.write_bytes(style.read_bytes()[:600])
    done = stylize(daemon.home, photo, style, tmp_path / "o.png")

    assert done.returncode == 2
    assert "impasto: --style: " in done.stderr


def test_training_checks_its_destination_first(home: Home) -> None:
    """An hour of training is not spent on a file that cannot be written."""
    done = home.run("train-encoder", "-o", "nowhere/mine.safetensors", "--minutes", "60", within_s=10)

    assert done.returncode == 2
    assert "impasto: -o: " in done.stderr


def test_the_systems_own_errors_are_one_line(home: Home) -> None:
    """A folder that cannot be made is told in the system's words, without a traceback."""
    (home.path / "file").write_text("")
    done = home.run("--data-dir", str(home.path / "file"), "demo", "-o", "d")

    assert done.returncode == 1
    assert done.stderr.startswith("impasto: ")
    assert "Traceback" not in done.stderr


def test_help_is_quick_to_import(home: Home) -> None:
    """The help needs neither grpc nor torch."""
    code = "import sys, impasto.cli; print({m.split('.')[0] for m in sys.modules} & {'grpc', 'torch', 'numpy', 'PIL'})"
    done = subprocess.run([home.command()[0], "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "set()"
    assert "Paint PHOTO" in home.run("stylize", "--help").stdout
