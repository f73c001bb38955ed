"""The bridge in a real GIMP: its own Python, GLib's main loop, a layer's own pixels, and the daemon of this machine.

GIMP runs in a Debian root, so that Impasto's interpreter is reached as from a sandbox (`chroot /host` before it, where
Flatpak has `flatpak-spawn --host`).
"""

import json
import signal
import sys
from pathlib import Path

import pytest

from bridge.process import ENVIRONMENT_FILE
from editors import gimp
from harness import Daemon, wait_for
from impasto.v1 import stylize_pb2

pytestmark = pytest.mark.timeout(1800)

PLUGINS = gimp.REPOSITORY / "plugins"
END_S = 2.0
SCRIPT = """
import json, sys, time
sys.path.insert(0, ARGUMENTS[0])
from gi.repository import Gegl, Gimp, GLib
import bridge
Gegl.init(None)
WIDTH, HEIGHT, STEPS = 96, 64, int(ARGUMENTS[2])
image = Gimp.Image.new_with_precision(WIDTH, HEIGHT, Gimp.ImageBaseType.RGB, Gimp.Precision.U16_NON_LINEAR)
layer = Gimp.Layer.new(image, "photo", WIDTH, HEIGHT, Gimp.ImageType.RGBA_IMAGE, 100.0, Gimp.LayerMode.NORMAL)
image.insert_layer(layer, None, 0)
whole, kind = Gegl.Rectangle.new(0, 0, WIDTH, HEIGHT), "R'G'B'A u16"
sent = b"".join(
    value.to_bytes(2, "little")
    for y in range(HEIGHT) for x in range(WIDTH)
    for value in ((x * 683 + y * y * 7) % 65536, (y * 1021) % 65536, (x * y * 11) % 65536, 65535)
)
layer.get_buffer().set(whole, kind, sent)
layer.get_buffer().flush()
samples = layer.get_buffer().get(whole, 1.0, kind, Gegl.AbyssPolicy.NONE)
assert samples == sent, "what GIMP gives is what it was given"

it = bridge.Bridge(bridge.command(ARGUMENTS[1]))
talk, loop, beats, heard = it.conversation(), GLib.MainLoop(), [], {}

def beat():
    beats.append(time.monotonic())
    return True

def hear(event):
    heard.setdefault(event.kind, []).append(event)
    if event.kind == "progress" and event.told["step"] >= 1 and "told" not in heard:
        heard["told"] = True
        print("JOB", event.told["job"], flush=True)
    if event.last:
        loop.quit()

header = {"width": WIDTH, "height": HEIGHT, "pixel_format": "rgba", "sample_type": "u16"}
content, style = talk.picture(header, samples), talk.built_in("marbled")
talk.stylize(hear, content, [style], settings={"steps": STEPS}, preview_edge=48)
GLib.unix_fd_add_full(0, it.fileno(), GLib.IOCondition.IN | GLib.IOCondition.HUP, lambda *_: it.read_ready())
GLib.timeout_add(20, beat)
loop.run()

painted = bytes(heard["result"][0].payload)
above = Gimp.Layer.new(image, "painted", WIDTH, HEIGHT, Gimp.ImageType.RGBA_IMAGE, 100.0, Gimp.LayerMode.NORMAL)
image.insert_layer(above, None, 0)
above.get_buffer().set(whole, kind, painted)
above.get_buffer().flush()
back = above.get_buffer().get(whole, 1.0, kind, Gegl.AbyssPolicy.NONE)
gaps = [after - before for before, after in zip(beats, beats[1:])]
print("TOLD", json.dumps({
    "ends": [kind for kind in heard if kind in ("done", "error", "cancelled")],
    "exact": back == painted and painted != sent and len(painted) == len(sent),
    "deep": len({painted[at:at + 2] for at in range(0, len(painted), 2)}),
    "previews": len(heard.get("preview", [])),
    "beats": len(beats), "longest": max(gaps), "python": sys.version.split()[0],
}), flush=True)
it.close()
"""


@pytest.fixture
def arguments(gimp_home: gimp.Home, tmp_path: Path, daemon: Daemon) -> list[str]:
    """What the script needs, as the installer would leave it; this GIMP sees the daemon's home."""
    written = {"python": sys.executable, "before": ["chroot", "/host"]}
    (tmp_path / ENVIRONMENT_FILE).write_text(json.dumps(written))
    (tmp_path / "script.py").write_text(SCRIPT)
    gimp_home.host = True
    own = ("IMPASTO_RUNTIME_DIR", "IMPASTO_DATA_DIR", "TORCH_HOME")
    gimp_home.extra |= {name: daemon.home.environment[name] for name in own}
    # What an editor sets for its own interpreter must not reach ours.
    gimp_home.extra |= {"PYTHONHOME": "/usr", "PYTHONPATH": "/nowhere"}
    return [str(PLUGINS), str(tmp_path)]


def test_a_layer_of_gimp_is_painted_over_the_bridge(gimp_home: gimp.Home, tmp_path: Path, arguments: list[str]) -> None:
    """16 bits there and back to the bit, previews in between, and GLib's loop beats on."""
    ended = gimp_home.batch(tmp_path / "script.py", *arguments, "25")
    line = next((line for line in ended.output.splitlines() if line.startswith("TOLD ")), "")
    assert line, ended.output
    told = json.loads(line.removeprefix("TOLD "))

    assert (told["ends"], told["exact"]) == (["done"], True)
    assert told["deep"] > 5000
    assert told["previews"] >= 1
    assert told["beats"] > 20
    assert told["longest"] < 2.0  # the run takes many seconds: a call that waited for any of it would show


def test_gimp_killed_in_mid_run_lets_the_device_go(
    gimp_home: gimp.Home, tmp_path: Path, arguments: list[str], daemon: Daemon
) -> None:
    """GIMP killed with -9, and all that it started with it: two seconds later the job is cancelled."""
    log = tmp_path / "gimp.log"
    line = ["gimp-console", "-i", *gimp.evaluating(tmp_path / "script.py", [*arguments, "9000"]), "--quit"]
    process = gimp_home.start(line, log)
    try:
        wait_for(lambda: "JOB " in log.read_text(errors="replace"), "the first step", 180)
        job = next(line.split()[1] for line in log.read_text(errors="replace").splitlines() if line.startswith("JOB "))
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()

    def state() -> int:
        with daemon.client() as client:
            return next(found.state for found in client.jobs() if found.name == job)

    wait_for(lambda: state() == stylize_pb2.JOB_STATE_CANCELLED, "the job's cancel", END_S)
