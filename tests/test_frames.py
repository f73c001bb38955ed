"""Frames: however a pipe cuts the bytes, the same messages come out, and what is no frame is refused."""

import json
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.frames import MAX_HEADER_BYTES, MAX_PAYLOAD_BYTES, PREFIX, Frame, FrameError, Parser

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
FRAMES = st.lists(st.builds(Frame, st.dictionaries(st.text(), JSON, max_size=4), st.binary(max_size=60)), max_size=5)


def parsed(*pieces: bytes) -> list[Frame]:
    """What one parser makes of all pieces."""
    parser = Parser()
    return [frame for piece in pieces for frame in parser.feed(piece)]


@given(FRAMES, st.data())
def test_any_split_gives_the_same_frames(frames: list[Frame], data: st.DataObject) -> None:
    """Where the pipe cuts, even inside a length, makes no difference."""
    stream = b"".join(frame.encode() for frame in frames)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=12))
    edges = sorted([0, *cuts, len(stream)])

    assert parsed(*(stream[start:end] for start, end in pairwise(edges))) == frames


def test_a_byte_at_a_time_is_enough() -> None:
    """A frame comes out with its last byte and not before."""
    frame = Frame({"event": "preview", "job": "jobs/ä"}, b"samples")
    *head, last = (bytes([byte]) for byte in frame.encode())
    parser = Parser()

    assert [out for piece in head for out in parser.feed(piece)] == []
    assert list(parser.feed(last)) == [frame]
    assert repr(parser) == "<Parser [0 bytes waiting]>"


def test_a_truncated_frame_is_waited_for() -> None:
    """An unfinished frame is neither an error nor a frame."""
    parser = Parser()

    assert list(parser.feed(Frame({}, b"12345").encode()[:-1])) == []
    assert repr(parser) == f"<Parser [{PREFIX.size + 2 + 4} bytes waiting]>"


def test_lengths_at_the_limits_are_accepted() -> None:
    """The largest header that is allowed passes."""
    padding = "x" * (MAX_HEADER_BYTES - len('{"icc":""}'))

    assert parsed(Frame({"icc": padding}).encode()) == [Frame({"icc": padding})]


@pytest.mark.parametrize(
    ("header", "payload"), [(MAX_HEADER_BYTES + 1, 0), (2, MAX_PAYLOAD_BYTES + 1), (0xFFFFFFFF, 0xFFFFFFFF)]
)
def test_a_length_over_a_limit_is_refused_before_its_bytes_come(header: int, payload: int) -> None:
    """The prefix alone is enough to refuse, with the numbers had and allowed."""
    told = f"a frame of {header} + {payload} bytes; the limits are {MAX_HEADER_BYTES} + {MAX_PAYLOAD_BYTES}"

    with pytest.raises(FrameError, match=re.escape(told)):
        parsed(PREFIX.pack(header, payload))


@pytest.mark.parametrize("header", [b"", b"{", b"nonsense", b'{"a": 1}}', b"\xff\xfe", b"{'a': 1}", b"[" * 10_000])
def test_a_header_that_is_no_json_is_refused(header: bytes) -> None:
    """Garbage is an error of its own kind, whatever is wrong with it."""
    with pytest.raises(FrameError, match="no JSON"):
        parsed(PREFIX.pack(len(header), 0) + header)


@pytest.mark.parametrize("value", [None, 1, 1.5, "text", [], [{}], True])
def test_a_header_that_is_no_object_is_refused(value: object) -> None:
    """A header is an object; any other JSON is an error."""
    header = json.dumps(value).encode()

    with pytest.raises(FrameError, match=rf"is {type(value).__name__}; an object is needed"):
        parsed(PREFIX.pack(len(header), 0) + header)


@given(st.binary(max_size=200))
def test_garbage_is_refused_or_waited_for(garbage: bytes) -> None:
    """No bytes whatever bring out anything but frames, patience or a FrameError."""
    try:
        frames = parsed(garbage)
    except FrameError:
        return

    assert all(isinstance(frame.header, dict) for frame in frames)


def test_frames_before_the_garbage_are_handed_out() -> None:
    """What came whole before something went wrong is not lost."""
    good, parser = Frame({"event": "done"}), Parser()
    frames = parser.feed(good.encode() + PREFIX.pack(1, 0) + b"?")

    assert next(frames) == good
    with pytest.raises(FrameError):
        next(frames)
