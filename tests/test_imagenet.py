"""Laws of bringing weights here: whatever a server does or a file holds, the encoder is right or absent."""

import hashlib
import io
import shutil
import threading
import urllib.request
from collections.abc import Callable, Iterator
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from fakes import WeightsServer
from harness import wait_for
from impasto import fetching, gallery, imagenet, weights
from impasto.config import Config
from impasto.engine import EncoderSpec, load_encoder, normalise, random_encoder
from impasto.engine.encoder.files import METADATA_KEY
from impasto.errors import Busy, CannotServe, Corrupted, ImpastoError, InvalidRequest, Unavailable
from impasto.fetching import DOWNLOADING, INTERRUPTED, Fetch, Note
from impasto.imagenet import Progress, convert, transfer
from impasto.imagenet.convert import TORCHVISION_POSITIONS, Origin
from impasto.weights import Shelf

pytestmark = pytest.mark.usefixtures("one_thread")
State = dict[str, Tensor]
BODY = bytes(range(256)) * 12_000  # 3 MB: a file for those tests in which nobody looks inside
SHA256 = hashlib.sha256(BODY).hexdigest()
PICTURE = torch.rand(1, 3, 33, 46, generator=torch.Generator().manual_seed(2))


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """An empty one, beside an empty cache of torch's."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return Shelf(tmp_path / "data")


@pytest.fixture
def copied(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was fetched counts as an encoder as it is."""
    monkeypatch.setattr(convert, "convert", lambda path, target, _origin: shutil.copyfile(path, target))


@pytest.fixture
def server() -> Iterator[WeightsServer]:
    """A good one."""
    with WeightsServer(BODY) as server:
        yield server


def fetch(shelf: Shelf, server: WeightsServer, retries: int = 0, sha256: str = SHA256) -> None:
    imagenet.fetch(shelf, server.url, sha256, retries=retries, pause_s=0.01)


def left(shelf: Shelf) -> set[str]:
    """What lies on the shelf, without the lock."""
    return {path.name for path in shelf.folder.glob("*")} - {"lock"}


def ranges(server: WeightsServer) -> list[str]:
    return [asked.range for asked in server.asked]


# the transfer


@pytest.mark.usefixtures("copied")
def test_a_good_server_is_asked_once(shelf: Shelf, server: WeightsServer) -> None:
    """The file arrives whole, progress grows to its end, and nothing is left but the encoder, its owner's alone."""
    told: list[Progress] = []
    imagenet.fetch(shelf, server.url, SHA256, on_progress=told.append)

    assert shelf.path("vgg19").read_bytes() == BODY
    assert left(shelf) == {"vgg19.safetensors"}
    assert shelf.path("vgg19").stat().st_mode & 0o777 == 0o600
    assert shelf.folder.stat().st_mode & 0o777 == 0o700
    assert [(a.range, a.sent) for a in server.asked] == [("", len(BODY))]
    downloading = [p.received_bytes for p in told if p.stage == "downloading"]
    assert downloading == sorted(downloading)
    assert (downloading[0], downloading[-1]) == (0, len(BODY))
    assert [p.stage for p in told[-2:]] == ["checking", "importing"]


@pytest.mark.usefixtures("copied")
def test_a_server_that_drops_is_asked_for_the_rest(shelf: Shelf, server: WeightsServer) -> None:
    """Each try goes on where the last one ended: no byte is sent twice."""
    server.drops = [1000, 70_000, 2_000_000]
    fetch(shelf, server, retries=3)

    assert shelf.path("vgg19").read_bytes() == BODY
    assert ranges(server) == ["", "bytes=1000-", "bytes=71000-", "bytes=2071000-"]
    assert [asked.if_range for asked in server.asked] == ["", *['"first"'] * 3]
    assert sum(asked.sent for asked in server.asked) == len(BODY)


@pytest.mark.usefixtures("copied")
def test_a_try_that_brings_much_is_no_failure(shelf: Shelf, server: WeightsServer) -> None:
    """With one retry allowed, a file still arrives over connections that each break after a mebibyte."""
    server.drops = [1 << 20, 1 << 20]
    fetch(shelf, server, retries=1)

    assert shelf.path("vgg19").read_bytes() == BODY


@pytest.mark.usefixtures("copied")
def test_giving_up_keeps_what_has_arrived(shelf: Shelf, server: WeightsServer) -> None:
    """Too many failures end the fetch and tell the bytes had and needed; the next fetch asks for the rest alone."""
    server.drops = [1000, 2000]
    with pytest.raises(Unavailable, match=rf"tried 2 times: .* closed after 3000 of {len(BODY)} bytes; 3000 of "):
        fetch(shelf, server, retries=1)

    assert left(shelf) == {"vgg19.pth.part", "vgg19.fetch.json"}
    assert fetching.part_path(shelf).stat().st_mode & 0o777 == 0o600
    assert fetching.look(shelf) == Fetch(INTERRUPTED, 3000, len(BODY))
    fetch(shelf, server)
    assert server.asked[-1].range == "bytes=3000-"
    assert server.asked[-1].sent == len(BODY) - 3000
    assert left(shelf) == {"vgg19.safetensors"}
    assert fetching.look(shelf) is None


@pytest.mark.usefixtures("copied")
def test_a_server_without_range_begins_anew(shelf: Shelf, server: WeightsServer) -> None:
    """What had arrived is written over, not added to."""
    server.ranges, server.drops = False, [1000]
    fetch(shelf, server, retries=1)

    assert shelf.path("vgg19").read_bytes() == BODY
    assert [asked.sent for asked in server.asked] == [1000, len(BODY)]


@pytest.mark.usefixtures("copied")
def test_a_file_that_changed_meanwhile_is_begun_anew(shelf: Shelf, server: WeightsServer) -> None:
    """If-Range with the old ETag gets the whole new file."""
    server.body, server.drops, server.etag = bytes(5000), [1000], '"old"'
    with pytest.raises(Unavailable):
        fetch(shelf, server)
    server.body, server.etag = BODY, '"new"'
    fetch(shelf, server)

    assert server.asked[-1].if_range == '"old"'
    assert shelf.path("vgg19").read_bytes() == BODY


@pytest.mark.usefixtures("copied")
@pytest.mark.parametrize("size", [2000, len(BODY) + 5])
def test_without_an_etag_the_length_tells_a_change(shelf: Shelf, server: WeightsServer, size: int) -> None:
    """A server that names no version is believed only if the whole has the length that it had."""
    server.body, server.drops, server.etag = bytes(size), [1000], ""
    with pytest.raises(Unavailable):
        fetch(shelf, server)
    server.body = BODY
    fetch(shelf, server, retries=1)

    assert ranges(server) == ["", "bytes=1000-", ""]
    assert shelf.path("vgg19").read_bytes() == BODY


@pytest.mark.usefixtures("copied")
def test_a_longer_rest_than_the_servers_file_is_begun_anew(shelf: Shelf, server: WeightsServer) -> None:
    """416 means that what had arrived was of another file."""
    shelf.folder.mkdir(parents=True)
    fetching.part_path(shelf).write_bytes(bytes(len(BODY) + 1))
    fetch(shelf, server, retries=1)

    assert ranges(server) == [f"bytes={len(BODY) + 1}-", ""]
    assert shelf.path("vgg19").read_bytes() == BODY


@pytest.mark.usefixtures("copied")
def test_what_has_arrived_whole_is_not_asked_for_again(
    shelf: Shelf, server: WeightsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fetch that broke off while the encoder was made goes on without the network."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(convert, "convert", full)
        with pytest.raises(OSError, match="No space left"):
            fetch(shelf, server)
    assert left(shelf) == {"vgg19.pth.part", "vgg19.fetch.json"}
    fetch(shelf, server)

    assert len(server.asked) == 1
    assert shelf.path("vgg19").read_bytes() == BODY


def script(**change: Any) -> Callable[[WeightsServer], None]:
    def apply(server: WeightsServer) -> None:
        for name, value in change.items():
            setattr(server, name, value)

    return apply


BAD: list[tuple[str, Callable[[WeightsServer], None], type[ImpastoError], str, int]] = [
    ("garbage", script(garbage=b"\x00\xffgarbage\r\n\r\n"), Unavailable, "that is not HTTP", 3),
    ("refusal", script(status=404), Unavailable, "answered 404 As Told: check the address", 1),
    ("trouble", script(status=503), Unavailable, "tried 3 times: the server answered 503 As Told", 3),
    ("sign-in", script(kind="text/html; charset=utf-8"), Unavailable, "a web page in place of the file", 1),
    ("to a file", script(elsewhere="file:///etc/passwd"), Unavailable, "answered 302", 1),
    ("truncated", script(body=BODY[:-1]), Corrupted, f"its {len(BODY) - 1} bytes have the SHA-256 ", 1),
    ("another file", script(body=BODY[::-1]), Corrupted, f"and {SHA256}… is expected", 1),
    ("empty", script(body=b""), Unavailable, "tried 3 times: the server sent an empty file", 3),
    ("cut at once", script(drops=[0, 0, 0]), Unavailable, f"closed after 0 of {len(BODY)} bytes", 3),
]


@pytest.mark.usefixtures("copied")
@pytest.mark.parametrize(("change", "kind", "told", "asked"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_a_bad_server_is_told_and_leaves_nothing(
    shelf: Shelf,
    server: WeightsServer,
    change: Callable[[WeightsServer], None],
    kind: type[ImpastoError],
    told: str,
    asked: int,
) -> None:
    """What may pass is tried again, what may not is not; no encoder appears, and a good server then serves."""
    change(server)
    with pytest.raises(kind) as caught:
        fetch(shelf, server, retries=2)

    assert told in caught.value.message
    assert len(server.asked) == asked
    assert not shelf.available("vgg19")
    assert left(shelf) == set()
    with WeightsServer(BODY) as good:
        fetch(shelf, good)
        assert ranges(good) == [""]
    assert left(shelf) == {"vgg19.safetensors"}


def test_a_checksum_is_verified_before_anything_is_parsed(
    shelf: Shelf, server: WeightsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a file with another checksum nobody reads more than bytes."""
    monkeypatch.setattr(torch, "load", lambda *_, **__: pytest.fail("it was parsed"))

    with pytest.raises(Corrupted, match=r"have the SHA-256 [0-9a-f]{8}…, and deadbeef… is expected"):
        fetch(shelf, server, sha256="deadbeef")


def test_a_right_checksum_of_something_else_is_refused(shelf: Shelf, server: WeightsServer) -> None:
    """A mirror's own file that holds no weights is read safely, refused, and not kept."""
    with pytest.raises(Corrupted, match=r"127\.0\.0\.1 sent is not the file: it is no file of weights.*Nothing"):
        fetch(shelf, server)
    assert left(shelf) == set()


def test_a_silent_server_is_left(shelf: Shelf, server: WeightsServer) -> None:
    """Neither connecting nor reading waits for ever."""
    shelf.folder.mkdir(parents=True)
    server.silent = True
    download = transfer.Download(
        fetching.part_path(shelf), Note(url=server.url), lambda _: None, lambda *_: None, retries=0, timeout_s=0.2
    )
    with pytest.raises(Unavailable, match="tried once: the server does not answer"):
        download.run()
    server.silent, server.hold_at = False, 1000
    with pytest.raises(Unavailable, match="the server has stopped sending; 1000 of"):
        download.run()


def test_nobody_there_is_told(shelf: Shelf) -> None:
    """A server that is not there is tried again and told in the system's words."""
    with WeightsServer(BODY) as server:
        url = server.url
    with pytest.raises(Unavailable, match="tried 2 times: the server cannot be reached: Connection refused"):
        imagenet.fetch(shelf, url, SHA256, retries=1, pause_s=0.01)


def test_a_full_disk_is_told_before_the_first_byte(
    shelf: Shelf, server: WeightsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The room is checked when the length is known: what there is, what is needed, what to do."""
    usage = shutil.disk_usage(shelf.data_dir.parent)._replace(free=5 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)

    with pytest.raises(CannotServe, match="the disk has 5 MiB free and 130 MiB are needed: make room, or set data_dir"):
        fetch(shelf, server)
    assert fetching.received_bytes(shelf) == 0


def test_a_file_without_end_is_refused(shelf: Shelf, server: WeightsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server cannot fill the disk."""
    monkeypatch.setattr(transfer, "MAX_BYTES", 1000)

    with pytest.raises(CannotServe, match=f"file has {len(BODY)} bytes; at most 1000 are taken"):
        fetch(shelf, server)


@pytest.mark.parametrize(
    ("url", "sha256", "good"),
    [
        ("https://mirror.example/f", "dcbb9e9d", True),
        ("http://mirror.example/f", "dcbb9e9d", False),
        ("http://mirror.example/f", SHA256, True),
        ("http://localhost:8000/f", "dcbb9e9d", True),
        ("http://127.1.2.3/f", "dcbb9e9d", True),
        ("http://127.0.0.1.mirror.example/f", "dcbb9e9d", False),
        ("ftp://mirror.example/f", SHA256, False),
    ],
)
def test_an_address_must_be_trusted(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, url: str, sha256: str, good: bool
) -> None:
    """Without encryption eight digits of a checksum are no proof: all are needed, or a server on this machine."""
    monkeypatch.setattr(imagenet, "_download", lambda *_: None)
    if good:
        imagenet.fetch(shelf, url, sha256)
        return
    with pytest.raises(InvalidRequest, match="https is needed, or the checksum with all its 64 digits"):
        imagenet.fetch(shelf, url, sha256)


@pytest.mark.usefixtures("copied")
def test_torchs_own_cache_saves_the_download(shelf: Shelf, server: WeightsServer) -> None:
    """A file in torch's own cache is taken if its checksum is right, and stays there; a damaged one is not."""
    cached = weights.torchvision_path()
    cached.parent.mkdir(parents=True)
    cached.write_bytes(BODY[:-1])
    fetch(shelf, server)
    assert len(server.asked) == 1
    imagenet.remove(shelf)

    cached.write_bytes(BODY)
    fetch(shelf, server)
    assert len(server.asked) == 1
    assert shelf.path("vgg19").read_bytes() == BODY
    assert cached.read_bytes() == BODY


@pytest.mark.usefixtures("copied")
def test_a_mirrors_mirror_is_followed(shelf: Shelf, server: WeightsServer) -> None:
    """A server may send us on to another, which is asked for the rest as well."""
    server.drops = [1000]
    with WeightsServer(b"", elsewhere=server.url) as first:
        fetch(shelf, first, retries=1)

    assert ranges(first) == ranges(server) == ["", "bytes=1000-"]
    assert shelf.path("vgg19").read_bytes() == BODY


@pytest.mark.parametrize(("there", "good"), [("https://other/f", True), ("http://other/f", False)])
def test_encryption_is_not_given_up_on_the_way(there: str, good: bool) -> None:
    """Whoever asked by https is not sent to http."""
    asked, handler = urllib.request.Request("https://mirror.example/f"), transfer._Redirects()
    if good:
        assert handler.redirect_request(asked, io.BytesIO(), 302, "Found", Message(), there) is not None
        return
    with pytest.raises(Unavailable, match="from https to http, which is not followed"):
        handler.redirect_request(asked, io.BytesIO(), 302, "Found", Message(), there)


@pytest.mark.usefixtures("copied")
def test_a_proxy_is_not_asked_for_this_machine(
    shelf: Shelf, server: WeightsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A studio's proxy does not know the server next door."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    fetch(shelf, server)

    assert len(server.asked) == 1


# one at a time


@pytest.mark.usefixtures("copied")
def test_two_fetches_exclude_each_other(shelf: Shelf, server: WeightsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one fetches, another is told so and touches nothing, and lookers, however many, disturb neither."""
    monkeypatch.setattr(fetching, "PATIENCE_S", 0.1)
    server.hold_at = 1000
    first = threading.Thread(target=fetch, args=(shelf, server))
    first.start()
    wait_for(lambda: fetching.received_bytes(shelf) == 1000, "the first bytes")
    for attempt in (lambda: fetch(shelf, server), lambda: imagenet.remove(shelf)):
        with pytest.raises(Busy, match=r"another `impasto weights` \(process \d+\) is at work"):
            attempt()

    assert fetching.look(shelf) == Fetch(DOWNLOADING, 1000, len(BODY))
    server.released.set()
    first.join()
    assert len(server.asked) == 1
    assert shelf.path("vgg19").read_bytes() == BODY


def test_looking_does_not_hinder_a_claim(shelf: Shelf) -> None:
    """A daemon that is asked for its state all the time never makes a fetch fail."""
    shelf.folder.mkdir(parents=True)
    fetching.part_path(shelf).write_bytes(b"part")
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            fetching.look(shelf)

    lookers = [threading.Thread(target=look) for _ in range(2)]
    for looker in lookers:
        looker.start()
    try:
        for _ in range(50):
            with fetching.claim(shelf):
                pass
    finally:
        done.set()
        for looker in lookers:
            looker.join()


def test_a_damaged_note_is_no_note(shelf: Shelf) -> None:
    """Whatever the note holds, what has arrived is told and gone on with."""
    shelf.folder.mkdir(parents=True)
    fetching.part_path(shelf).write_bytes(b"part")
    for note in ("", "{", "[]", '{"state": "downloading", "more": 1}'):
        (shelf.folder / "vgg19.fetch.json").write_text(note)

        assert fetching.look(shelf) == Fetch(INTERRUPTED, 4, 0)


# what is in the file


@pytest.fixture(scope="module")
def torchvision_features() -> nn.Sequential:
    """The modules of torchvision itself for VGG-19's features, with seeded random weights."""
    from torchvision.models.vgg import cfgs, make_layers  # noqa: PLC0415  # seconds

    with torch.random.fork_rng():
        torch.manual_seed(5)
        features: nn.Sequential = make_layers(cfgs["E"])
    for layer in features:
        if isinstance(layer, nn.ReLU):
            layer.inplace = False  # so that every activation can be looked at
    return features.eval()


@pytest.fixture(scope="module")
def state(torchvision_features: nn.Sequential) -> State:
    """As torchvision's file names them, with a small classifier, which is to be cut off."""
    own = {f"features.{name}": weight for name, weight in torchvision_features.state_dict().items()}
    return own | {"classifier.0.weight": torch.zeros(2, 2)}


def caffe_names(state: State) -> State:
    """As Gatys' vgg_conv.pth names them: all sixteen convolutions."""
    positions = (*TORCHVISION_POSITIONS, 30, 32, 34)
    names = (*EncoderSpec("vgg19").convolutions, "conv5_2", "conv5_3", "conv5_4")
    parts = [
        (name, position, part) for name, position in zip(names, positions, strict=True) for part in ("weight", "bias")
    ]
    return {f"{name}.{part}": state[f"features.{position}.{part}"] for name, position, part in parts}


@pytest.fixture
def few_pictures(monkeypatch: pytest.MonkeyPatch) -> Tensor:
    """Small ones in place of the gallery's, which take seconds to draw."""
    pictures = torch.rand(2, 3, 64, 80, generator=torch.Generator().manual_seed(3))
    monkeypatch.setattr(convert, "_pictures", lambda: pictures)
    return pictures


def activations(features: nn.Sequential, x: Tensor) -> list[Tensor]:
    """After every ReLU up to relu5_1."""
    found = []
    with torch.no_grad():
        for module in list(features)[: TORCHVISION_POSITIONS[-1] + 2]:
            x = module(x)
            found += [x] if isinstance(module, nn.ReLU) else []
    return found


def prepared(pictures: Tensor, layout: str) -> Tensor:
    """As each network was taught to see, in the words of its own authors."""
    if layout == "torchvision":
        mean, std = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1), torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
        return (pictures - mean) / std
    # leongatys/PytorchNeuralStyleTransfer: turn to BGR, subtract the mean of [0, 1] values, multiply by 255
    return (pictures[:, [2, 1, 0]] - torch.tensor([0.40760392, 0.45795686, 0.48501961]).view(3, 1, 1)) * 255


@pytest.mark.parametrize(("layout", "zipped"), [("torchvision", False), ("torchvision", True), ("caffe", True)])
def test_the_encoder_says_what_the_network_says(
    shelf: Shelf,
    tmp_path: Path,
    torchvision_features: nn.Sequential,
    state: State,
    few_pictures: Tensor,
    layout: str,
    zipped: bool,
) -> None:
    """Either layout, in the format of 2017 or of today: filters are the network's own, scaled to mean activation 1."""
    held = state if layout == "torchvision" else caffe_names(state)
    torch.save(held, tmp_path / "mine.pth", _use_new_zipfile_serialization=zipped)
    imagenet.import_file(tmp_path / "mine.pth", shelf)

    encoder = load_encoder(shelf.path("vgg19"))
    relus = [layer for layer in encoder.spec.layers if layer.startswith("relu")]
    reference = activations(torchvision_features, prepared(few_pictures, layout))
    theirs = activations(torchvision_features, prepared(PICTURE, layout))
    ours = encoder(PICTURE, relus)
    for layer, expected, measured in zip(relus, theirs, reference, strict=True):
        means = measured.mean((0, 2, 3))
        divisor = means.clamp_min(convert.LEAST * means.median().item()).view(1, -1, 1, 1)
        scaled = expected / divisor
        assert (ours[layer] - scaled).norm() <= 1e-4 * scaled.norm(), layer
    assert encoder.spec.card["source"].startswith("torchvision" if layout == "torchvision" else "Caffe")
    assert len(encoder.spec.convolutions) == 13
    assert (tmp_path / "mine.pth").exists()


def test_the_card_tells_what_was_done(shelf: Shelf, tmp_path: Path, state: State, few_pictures: Tensor) -> None:
    """The card, read without torch, names source, checksum and normalisation; the same file gives the same bytes."""
    torch.save(state, tmp_path / "mine.pth")
    sha256 = weights.sha256_of(tmp_path / "mine.pth")
    imagenet.import_file(tmp_path / "mine.pth", shelf, sha256[:12])
    first = shelf.path("vgg19").read_bytes()
    imagenet.import_file(tmp_path / "mine.pth", shelf, sha256[:12])
    card = weights.card(shelf.path("vgg19"))

    assert card == load_encoder(shelf.path("vgg19")).spec.card
    assert (card["sha256"], card["compared_with"], card["came_from"]) == (sha256, sha256[:12], "a file")
    assert "mean activation 1 over 14 pictures" in card["normalised"]
    assert shelf.path("vgg19").read_bytes() == first
    assert len(first) < 53_000_000
    assert shelf.description("vgg19") == f"ImageNet's VGG-19, from {card['source']}"


def test_caffes_weights_under_torchvisions_names_are_known(tmp_path: Path, state: State, few_pictures: Tensor) -> None:
    """The file vgg19-d01eb7cb.pth, jcjohnson's, has the names of the one and the eyes of the other."""
    torch.save(state, tmp_path / "mine.pth")
    convert.convert(tmp_path / "mine.pth", tmp_path / "out", Origin("a file", "d01eb7cb" + 56 * "0", ""))
    spec = load_encoder(tmp_path / "out").spec

    assert (spec.channel_order, spec.scale, spec.std) == ("bgr", 255.0, (1.0, 1.0, 1.0))
    assert (spec.pooling, spec.padding) == ("max", "zeros")


def without(state: State, name: str) -> State:
    return {other: tensor for other, tensor in state.items() if other != name}


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda _: torch.zeros(3), "weights by name are expected, and it holds a Tensor"),
        (lambda _: {}, "'features.0.weight' (torchvision) or 'conv1_1.weight' (vgg_conv.pth) is expected"),
        (lambda _: {"model": {}, "epoch": 3}, "and it begins with model, epoch"),
        (lambda s: without(s, "features.5.bias"), "features.5.bias is missing; the shape (128,) is expected"),
        (
            lambda s: s | {"features.5.weight": torch.zeros(64, 64, 3, 3)},
            "features.5.weight has the shape (64, 64, 3, 3), and (128, 64, 3, 3) is expected",
        ),
        (
            lambda s: s | {"features.28.bias": torch.full((512,), torch.nan)},
            "features.28.bias holds 512 values that are",
        ),
        (lambda s: s | {"features.0.bias": [0.0] * 64}, "features.0.bias holds no floating point numbers"),
        (lambda s: s | {"features.0.bias": torch.zeros(64, dtype=torch.int64)}, "holds no floating point numbers"),
    ],
)
def test_a_file_of_something_else_is_refused(
    shelf: Shelf, tmp_path: Path, state: State, change: Callable[[State], object], told: str, zipped: bool
) -> None:
    """Whatever is not VGG-19 is refused with what was expected and what was found; an encoder that is here stays."""
    shelf.folder.mkdir(parents=True)
    shelf.path("vgg19").write_bytes(b"as it was")
    torch.save(change(state), tmp_path / "mine.pth", _use_new_zipfile_serialization=zipped)

    with pytest.raises(InvalidRequest) as caught:
        imagenet.import_file(tmp_path / "mine.pth", shelf)

    assert caught.value.violations[0].field == "file"
    assert told in caught.value.message
    assert left(shelf) == {"vgg19.safetensors"}
    assert shelf.path("vgg19").read_bytes() == b"as it was"


class Malicious:
    """Would write a file if it were unpickled without care."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.write_text, (self.mark, "executed")


@pytest.mark.parametrize("content", [b"", b"garbage", b"PK\x03\x04 half a zip", b"\x80\x02}."])
def test_a_damaged_file_is_refused(shelf: Shelf, tmp_path: Path, content: bytes) -> None:
    """A download that broke off, or anything that torch cannot read, is refused under its name."""
    (tmp_path / "mine.pth").write_bytes(content)

    with pytest.raises(InvalidRequest, match=r"mine\.pth: (it is no file of weights|.*is expected)"):
        imagenet.import_file(tmp_path / "mine.pth", shelf)


def test_code_in_a_file_is_not_executed(shelf: Shelf, tmp_path: Path) -> None:
    """A pickle that holds more than tensors is refused, not run."""
    torch.save({"features.0.weight": Malicious(tmp_path / "mark")}, tmp_path / "mine.pth")

    with pytest.raises(InvalidRequest, match="no file of weights that PyTorch can read safely"):
        imagenet.import_file(tmp_path / "mine.pth", shelf)
    assert not (tmp_path / "mark").exists()


def test_a_name_tells_its_checksum(shelf: Shelf, tmp_path: Path) -> None:
    """A file named as torch's are is compared with its name, before it is parsed; --sha256 counts more."""
    path = tmp_path / "vgg19-dcbb9e9d.pth"
    path.write_bytes(BODY)

    with pytest.raises(InvalidRequest, match=r"SHA-256 [0-9a-f]{8}…, and dcbb9e9d… is expected"):
        imagenet.import_file(path, shelf)
    with pytest.raises(InvalidRequest, match="no file of weights"):
        imagenet.import_file(path, shelf, SHA256)


def test_a_file_that_is_not_there_is_told(shelf: Shelf, tmp_path: Path) -> None:
    """An absent file or a folder is a request gone wrong, told without its path."""
    for path in (tmp_path / "absent.pth", tmp_path):
        with pytest.raises(InvalidRequest, match=f"file: {path.name} cannot be read: "):
            imagenet.import_file(path, shelf)


# normalising


@pytest.mark.parametrize("pooling", ["max", "avg"])
@pytest.mark.parametrize("padding", ["zeros", "replicate"])
def test_normalising_fits_every_topology(pooling: str, padding: str) -> None:
    """Whatever the pooling and padding, mean activations over the pictures are 1 as the engine itself computes them."""
    network = random_encoder(0.1, pooling=pooling, padding=padding)
    own = {name.removeprefix("steps."): weight for name, weight in network.named_parameters()}
    pictures = torch.rand(3, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    normal = type(network)(network.spec, normalise(network.spec, own, pictures))

    for layer, features in normal(pictures, ["relu1_1", "relu3_4", "relu5_1"]).items():
        means = features.mean((0, 2, 3))
        torch.testing.assert_close(
            means[means > 0], torch.ones(int((means > 0).sum())), rtol=1e-3, atol=1e-3, msg=layer
        )


def test_a_filter_with_little_to_say_is_amplified_little() -> None:
    """With a least share, a filter that is silent on these pictures stays, and can still answer others."""
    network = random_encoder(0.1)
    own = {name.removeprefix("steps."): weight.clone() for name, weight in network.named_parameters()}
    own["conv1_1.weight"][0] *= 1e-4
    pictures = torch.rand(3, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    normal = type(network)(network.spec, normalise(network.spec, own, pictures, least=0.1))
    features = normal(pictures, ["relu1_1"])["relu1_1"].mean((0, 2, 3))

    assert 0 < features[0] < 0.1
    assert normalise(network.spec, own, pictures)["conv1_1.weight"][0].count_nonzero() == 0


def test_the_gallery_is_what_filters_are_measured_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """All its pictures, of one size, in [0, 1]."""
    monkeypatch.setattr(gallery, "CONTENTS", gallery.CONTENTS[:1])
    monkeypatch.setattr(gallery, "STYLES", gallery.STYLES[:1])
    drawn = convert._pictures()

    assert tuple(drawn.shape) == (2, 3, 192, 256)
    assert 0 <= drawn.min() < drawn.max() <= 1


# names that stand in two places


def test_the_address_is_torchvisions() -> None:
    """The address, and the name that is looked for without torch, are those of torchvision; so is the checksum."""
    from torchvision.models import VGG19_Weights  # noqa: PLC0415

    url = VGG19_Weights.IMAGENET1K_V1.url
    assert Config().weights_url == url
    assert url.rsplit("/", 1)[1] == weights.TORCHVISION_FILE == f"vgg19-{Config().weights_sha256}.pth"


def test_the_front_and_the_engine_agree_on_the_metadata() -> None:
    """The card is found under the key that the engine writes."""
    assert weights.METADATA_KEY == METADATA_KEY
    assert weights.card(Shelf(Path()).path("vgg19-slim"))["pictures"] > 0


@pytest.mark.parametrize("content", [b"", b"garbage!", b"\xff" * 64, (9).to_bytes(8, "little") + b'{"a": 1} '])
def test_a_card_that_cannot_be_read_is_empty(tmp_path: Path, content: bytes) -> None:
    """Who asks what is here is answered, whatever lies there."""
    (tmp_path / "odd.safetensors").write_bytes(content)

    assert weights.card(tmp_path / "odd.safetensors") == {}


@pytest.mark.parametrize(
    "environment",
    [{}, {"TORCH_HOME": "/somewhere of mine"}, {"TORCH_HOME": "~/mine"}, {"XDG_CACHE_HOME": "/another/cache"}],
)
def test_the_caches_place_is_torchs(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    """The cache is looked for where torch.hub does, by whichever variable says so."""
    for name in ("TORCH_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert weights.torchvision_path() == Path(torch.hub.get_dir()) / "checkpoints" / weights.TORCHVISION_FILE
