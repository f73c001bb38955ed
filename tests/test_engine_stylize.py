"""Laws of `stylize`: it descends, repeats, can be sliced, resumed and stopped, and leaves alone what it must."""

import gc
import io
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any, Literal

import pytest
import torch
from hypothesis import given
from hypothesis import settings as given_settings
from hypothesis import strategies as st
from torch import Tensor, nn

from fakes import Countdown, OwnEncoder, Recording, colours
from impasto.engine import (
    VGG,
    Cancelled,
    Checkpoint,
    Diverged,
    Encoder,
    Objective,
    Settings,
    Step,
    TargetCache,
    Weights,
    load_slim,
    random_encoder,
    style_targets,
    stylize,
)
from impasto.engine.margin import Margin
from impasto.method.defaults import defaults

Optimizer = Literal["lbfgs", "adam"]
OPTIMIZERS: tuple[Optimizer, ...] = ("lbfgs", "adam")
OWN_LAYERS = Weights(content_layers={"coarse": 1.0}, style_layers={"fine": 1.0})
TWO_SCALES = (64, 256)  # 32x128, then itself
STEPS = 7  # four at the coarse scale, three at the fine one
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def encoder() -> VGG:
    return random_encoder(1 / 32)


@cache
def content(height: int = 48, width: int = 40) -> Tensor:
    """Slow waves of colour."""
    y, x = torch.meshgrid(torch.arange(float(height)), torch.arange(float(width)), indexing="ij")
    return torch.stack([0.5 + 0.3 * torch.sin(x / 9 + c) * torch.cos(y / 7 - c) for c in range(3)])[None]


@cache
def style(height: int = 40, width: int = 56) -> Tensor:
    """Hard blocks of random colour."""
    blocks = torch.rand(1, 3, -(-height // 4), -(-width // 4), generator=torch.Generator().manual_seed(4))
    return blocks.repeat_interleave(4, 2).repeat_interleave(4, 3)[:, :, :height, :width]


def mask_of(height: int, width: int) -> Tensor:
    """Nothing on the left, everything on the right, soft between."""
    return (torch.linspace(-1, 2, width).clamp(0, 1)).expand(1, 1, height, width)


def images(steps: Iterator[Step]) -> list[Tensor]:
    return [step.image for step in steps]


def last(steps: Iterator[Step]) -> Step:
    *_, step = steps
    return step


def equal(found: list[Tensor], expected: list[Tensor]) -> bool:
    return len(found) == len(expected) and all(map(torch.equal, found, expected))


@pytest.mark.parametrize(
    ("changes", "stirred"),
    [
        ({"start": "noise"}, True),
        ({"start": "noise", "history": 10}, False),
        ({"start": "noise", "steps": 8}, False),
        ({"start": "content"}, False),
    ],
)
def test_what_begins_with_noise_and_has_a_long_memory_is_stirred(
    encoder: VGG, changes: dict[str, Any], stirred: bool
) -> None:
    """Where steps enough are left to come down again; whoever begins with the content or a picture is left alone."""
    asked = replace(Settings(steps=9, max_scales=1, history=20), **changes)
    plain, found = (images(stylize(encoder, content(), style(), replace(asked, stirred_at=at))) for at in (0, 4))

    assert equal(found[:3], plain[:3])
    assert equal(found, plain) != stirred


def hooks(encoder: nn.Module) -> int:
    return sum(len(m._forward_hooks) + len(m._backward_hooks) for m in encoder.modules())


@pytest.mark.parametrize("start", ["content", "noise"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_loss_falls(optimizer: Optimizer, start: Literal["content", "noise"]) -> None:
    """From the content and from noise, with either optimizer, a few steps take most of the loss away."""
    encoder = random_encoder(1 / 16)
    settings = Settings(steps=60, optimizer=optimizer, start=start, adam_rate=0.05)

    steps = list(stylize(encoder, content(), style(), settings))

    assert steps[-1].losses["total"] < steps[0].losses["total"] / 10


def test_steps_are_counted(encoder: VGG) -> None:
    """Numbers run from 1 to `steps` through all scales, and each step knows the scale it worked on."""
    steps = list(stylize(encoder, content(*TWO_SCALES), style(), Settings(steps=5)))

    assert [step.number for step in steps] == [1, 2, 3, 4, 5]
    assert {step.steps for step in steps} == {5}
    assert [step.scale.height for step in steps] == [32, 32, 32, 64, 64]


def test_losses_are_told_term_by_term(encoder: VGG) -> None:
    """A step tells each weighted term and their sum, as they were before it moved X."""
    settings = Settings(steps=2, weights=Weights(2, 3, 4))
    lent = style(48, 40)  # no larger than the content, so that it is not resized
    first = next(stylize(encoder, content(), lent, settings))
    targets = style_targets(encoder, lent, tuple(settings.weights.style_layers))

    expected = Objective(encoder, content(), targets, settings.weights)(content()).floats()

    assert first.losses == expected
    assert first.losses["content"] == 0
    assert first.losses["total"] == pytest.approx(first.losses["style"] + first.losses["total_variation"])


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_same_seed_same_pixels(encoder: VGG, optimizer: Optimizer) -> None:
    """The same arguments give the same pixels, whatever else drew random numbers in between."""
    settings = Settings(steps=4, optimizer=optimizer, start="noise", seed=3)

    first = images(stylize(encoder, content(), style(), settings))
    torch.randn(5)
    second = images(stylize(encoder, content(), style(), settings))

    assert equal(first, second)


def test_other_seed_other_pixels(encoder: VGG) -> None:
    """From noise, the seed decides what comes out."""
    settings = Settings(steps=2, start="noise", seed=3)
    first, other = (last(stylize(encoder, content(), style(), s)).image for s in (settings, replace(settings, seed=4)))

    assert not torch.equal(first, other)


def test_sliced_is_straight(encoder: VGG) -> None:
    """Two runs that take turns on one encoder each give what they give alone."""
    one, other = Settings(steps=STEPS), Settings(steps=STEPS, optimizer="adam", start="noise")
    straight = [images(stylize(encoder, content(*TWO_SCALES), style(), settings)) for settings in (one, other)]

    runs = [stylize(encoder, content(*TWO_SCALES), style(), settings) for settings in (one, other)]
    turns = [(a.image, b.image) for a, b in zip(*runs, strict=True)]

    assert equal([a for a, _ in turns], straight[0])
    assert equal([b for _, b in turns], straight[1])


def through_a_file(checkpoint: Checkpoint) -> Checkpoint:
    """Written as a plain dict and read as weights only, as a store would."""
    file = io.BytesIO()
    torch.save(vars(checkpoint), file)
    file.seek(0)
    return Checkpoint(**torch.load(file, weights_only=True))


Run = Callable[..., Iterator[Step]]


def run_of(encoder: VGG, optimizer: Optimizer, *, masked: bool, power: float = 0.0) -> Run:
    start: Literal["noise", "content"] = "noise" if optimizer == "adam" else "content"
    settings = Settings(steps=STEPS, optimizer=optimizer, start=start, frequency_power=power)
    if power:  # and with all else that is only switched on for the offline encoder
        settings = replace(settings, colour_gain=0.5, margin=8, weights=Weights(1, 1, 1, 8, 100))
    mask = mask_of(*TWO_SCALES) if masked else None

    def run(**more: Any) -> Iterator[Step]:
        return stylize(encoder, content(*TWO_SCALES), style(), settings, mask=mask, **more)

    return run


@pytest.mark.parametrize("power", [0.0, 0.3])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_resumed_is_straight(encoder: VGG, optimizer: Optimizer, masked: bool, power: float) -> None:
    """After any step, last of a scale and last of all included, a run goes on elsewhere to the same bits."""
    run = run_of(encoder, optimizer, masked=masked, power=power)
    straight = [(step.image, step.losses, step.checkpoint()) for step in run()]

    for number, (_, _, checkpoint) in enumerate(straight, 1):
        resumed = list(zip(run(resume=through_a_file(checkpoint)), straight[number:], strict=True))

        assert [step.number for step, _ in resumed] == list(range(number + 1, STEPS + 1))
        assert all(step.losses == losses for step, (_, losses, _) in resumed)
        # The first step after the checkpoint is compared at once, the last one when all is done.
        assert all(torch.equal(step.image, image) for step, (image, _, _) in resumed[-1:])


@pytest.mark.parametrize("at", [9, 14, 24])
def test_resumed_with_a_long_memory_is_straight(encoder: VGG, at: int) -> None:
    """Through a file: before X is stirred, soon after it, and when a preconditioner has been learned anew."""
    settings = Settings(steps=28, max_scales=1, history=20, frequency_power=0.4, start="noise", stirred_at=12)
    straight = [(s.image, s.losses, s.checkpoint()) for s in stylize(encoder, content(), style(), settings)]
    checkpoint = through_a_file(straight[at - 1][2])

    resumed = [(s.image, s.losses) for s in stylize(encoder, content(), style(), settings, resume=checkpoint)]

    assert [losses for _, losses in resumed] == [losses for _, losses, _ in straight[at:]]
    assert equal([image for image, _ in resumed], [image for image, _, _ in straight[at:]])


def test_resumed_is_straight_on_two_threads(encoder: VGG) -> None:
    """What is true of one thread is true of any number, if it stays the same."""
    settings = Settings(steps=3)
    torch.set_num_threads(2)
    try:
        straight = [(s.image, s.checkpoint()) for s in stylize(encoder, content(), style(), settings)]
        resumed = images(stylize(encoder, content(), style(), settings, resume=through_a_file(straight[1][1])))
    finally:
        torch.set_num_threads(1)

    assert equal(resumed, [straight[2][0]])


def test_a_checkpoint_is_a_copy(encoder: VGG) -> None:
    """Neither going on nor resuming from it changes a checkpoint."""
    run = run_of(encoder, "lbfgs", masked=False)
    steps = run()
    next(steps), next(steps)
    checkpoint = next(steps).checkpoint()
    kept = through_a_file(checkpoint)

    list(steps), list(run(resume=checkpoint))

    assert str(checkpoint.descent) == str(kept.descent)
    assert torch.equal(checkpoint.descent["variable"], kept.descent["variable"])


def test_image_is_a_copy(encoder: VGG) -> None:
    """A preview taken from one step does not move with the next ones."""
    steps = stylize(encoder, content(), style(), Settings(steps=3))
    image = next(steps).image
    kept = image.clone()

    list(steps)

    assert torch.equal(image, kept)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.45, 0.6, 0.8, 1.0])
def test_cancelled_between_layers(encoder: VGG, share: float) -> None:
    """A pulse may stop a step anywhere, on the way forward and back; the encoder is then as if nothing had been."""
    beat = Countdown()
    steps = stylize(encoder, content(), style(), Settings(steps=2), pulse=beat)
    next(steps)
    before = beat.calls
    next(steps)
    at = before + 1 + round(share * (beat.calls - before - 1))

    with pytest.raises(Cancelled):
        list(stylize(encoder, content(), style(), Settings(steps=2), pulse=Countdown(cancel_at=at)))

    assert hooks(encoder) == 0
    again = images(stylize(encoder, content(), style(), Settings(steps=2)))
    assert equal(again, images(stylize(random_encoder(1 / 32), content(), style(), Settings(steps=2))))


def test_cancelled_while_preparing(encoder: VGG) -> None:
    """The pulse stops the encoding of the style, before the first step, as well."""
    with pytest.raises(Cancelled):
        next(stylize(encoder, content(), style(), pulse=Countdown(cancel_at=1)))

    assert hooks(encoder) == 0


def test_no_hook_outlives_a_step(encoder: VGG) -> None:
    """Between steps, after closing early and at the end the encoder carries no hook of ours."""
    steps = stylize(encoder, content(), style(), Settings(steps=3), pulse=Countdown())
    found = [hooks(encoder)]
    for _ in range(2):
        next(steps)
        found.append(hooks(encoder))
    steps.close()  # type: ignore[attr-defined]  # a generator is an Iterator with more

    assert [*found, hooks(encoder)] == [0, 0, 0, 0]


@pytest.mark.parametrize(("deepest", "layers"), [("relu5_1", 13), ("relu3_1", 5), ("relu1_1", 1)])
def test_a_step_pulses_at_every_layer_both_ways(encoder: VGG, deepest: str, layers: int) -> None:
    """One step calls the pulse at least twice for each convolution down to the deepest in use."""
    beat = Countdown()
    weights = Weights(content_layers={"relu1_1": 1.0}, style_layers={deepest: 1.0})
    steps = stylize(encoder, content(), style(), Settings(steps=2, weights=weights), pulse=beat)
    next(steps)
    before = beat.calls

    next(steps)

    assert beat.calls - before >= 2 * layers


@pytest.mark.parametrize("start", ["content", "noise"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("margin", [0, 8])
def test_outside_the_mask_nothing_changes(
    encoder: VGG, optimizer: Optimizer, start: Literal["content", "noise"], margin: int
) -> None:
    """Where the mask is 0, X is the content to the bit at the final scale; where it is 1, it is not."""
    picture, mask = content(*TWO_SCALES), mask_of(*TWO_SCALES)
    settings = Settings(steps=4, optimizer=optimizer, start=start, margin=margin)

    *_, final = stylize(encoder, picture, style(), settings, mask=mask)

    changed = (final.image != picture).any(1, keepdim=True)
    assert not changed[mask == 0].any()
    assert changed[mask == 1].float().mean() > 0.9


def test_a_margin_is_a_mirror() -> None:
    """What is continued and cut again is the same, and a step over the border is a step back into the picture."""
    picture, margin = content(), Margin(8)
    continued = margin.continued(picture)

    assert torch.equal(margin.cut(continued), picture)
    assert torch.equal(continued[0, :, 8:-8, 7], picture[0, :, :, 1])
    assert torch.equal(continued[0, :, -8, 8:-8], picture[0, :, -2])


def test_gamut_keeps_the_picture_in_range(encoder: VGG) -> None:
    """What a strong style throws out of [0, 1] comes back where that has a price."""
    loud = replace(Settings(steps=30, max_scales=1), weights=Weights(content=0, style=10))
    free, kept = (
        last(stylize(encoder, content(), style(), replace(loud, weights=replace(loud.weights, gamut=price)))).image
        for price in (0.0, 1e7)
    )
    beyond = [(image - image.clamp(0, 1)).pow(2).mean().item() for image in (free, kept)]

    assert beyond[1] < 0.1 * beyond[0]


def test_an_empty_mask_gives_the_content(encoder: VGG) -> None:
    """Nothing selected, nothing painted, nothing broken."""
    *_, final = stylize(encoder, content(), style(), Settings(steps=2), mask=torch.zeros(1, 1, 48, 40))

    assert torch.equal(final.image, content())


def test_a_soft_mask_counts_once() -> None:
    """Half selected is half painted, however many scales the picture passes through."""
    still = replace(OWN_LAYERS, content=0, style=0)  # nothing pulls: what remains is the start, mixed by the mask
    settings = Settings(steps=2, start="noise", weights=still)
    flat, mask = torch.full((1, 3, *TWO_SCALES), 0.5), torch.full((1, 1, *TWO_SCALES), 0.5)

    whole, half = (last(stylize(colours, flat, style(), settings, mask=m)).image for m in (None, mask))

    torch.testing.assert_close(half - flat, (whole - flat) / 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"content": torch.zeros(3, 32, 32)}, r"content has shape \(3, 32, 32\); \(1, 3, height, width\) is needed"),
        ({"content": torch.zeros(1, 1, 32, 32)}, r"content has shape \(1, 1, 32, 32\)"),
        ({"style": torch.zeros(2, 3, 32, 32)}, r"style has shape \(2, 3, 32, 32\)"),
        ({"content": torch.zeros(1, 3, 32, 15)}, "content is 15x32 px; each side must have at least 16"),
        ({"style": torch.zeros(1, 3, 15, 32)}, "style is 32x15 px; each side must have at least 16"),
        ({"mask": torch.zeros(1, 1, 32, 31)}, r"mask has shape \(1, 1, 32, 31\); \(1, 1, 48, 40\) is needed"),
        ({"mask": torch.zeros(1, 3, 48, 40)}, r"mask has shape \(1, 3, 48, 40\)"),
        ({"settings": Settings(steps=0)}, "0 steps; at least 1 is needed"),
    ],
)
def test_refusals_name_the_number(encoder: VGG, change: dict[str, Any], message: str) -> None:
    """What cannot be computed is refused with the number had and the number needed."""
    arguments: dict[str, Any] = {"content": content(), "style": style()} | change

    with pytest.raises(ValueError, match=message):
        next(stylize(encoder, **arguments))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_content_that_is_no_number_diverges(encoder: VGG, bad: float) -> None:
    """A sample that is no finite number is reported as such, never painted."""
    broken = content().clone()
    broken[0, 0, 5, 5] = bad

    with pytest.raises(Diverged, match=r"the loss became (nan|inf) in step 1 at 40x48 px"):
        next(stylize(encoder, broken, style()))

    assert hooks(encoder) == 0


def test_a_run_that_explodes_diverges(encoder: VGG) -> None:
    """A step that throws X out of bounds ends the run; it does not go on with rubbish."""
    with pytest.raises(Diverged, match="in step 2"):
        list(stylize(encoder, content(), style(), Settings(steps=3, optimizer="adam", adam_rate=1e30)))


@pytest.mark.parametrize("margin", [0, 8])
@pytest.mark.parametrize("picture", [(16, 16), (17, 333), (401, 16), (33, 129), (255, 37)])
def test_the_result_has_the_contents_size(encoder: VGG, picture: tuple[int, int], margin: int) -> None:
    """Odd and extreme pictures come out as large as they went in, whatever they were continued by meanwhile."""
    final = last(stylize(encoder, content(*picture), style(), Settings(steps=4, margin=margin)))

    assert final.image.shape == (1, 3, *picture)


side = st.integers(16, 90)


@given_settings(max_examples=25, deadline=None, derandomize=True)
@given(side, side, side, side, st.integers(1, 3), st.sampled_from(OPTIMIZERS), st.booleans())
def test_any_size_goes_with_any_other(
    height: int, width: int, style_height: int, style_width: int, steps: int, optimizer: Optimizer, masked: bool
) -> None:
    """Whatever the sizes of content and style, every step gives a finite picture of its scale's size."""
    mask = mask_of(height, width) if masked else None
    settings = Settings(steps=steps, optimizer=optimizer)

    run = stylize(random_encoder(1 / 64), content(height, width), style(style_height, style_width), settings, mask=mask)

    for step in run:
        assert step.image.shape == (1, 3, step.scale.height, step.scale.width)
        assert step.image.isfinite().all()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("own", [OwnEncoder(), colours])
def test_any_encoder_serves(own: Encoder, optimizer: Optimizer) -> None:
    """A module of the user's own, or a plain function, with layers of its own, can be descended through."""
    settings = Settings(steps=30, optimizer=optimizer, weights=OWN_LAYERS)

    steps = list(stylize(own, content(), style(), settings))

    assert steps[-1].losses["total"] < steps[0].losses["total"] / 2


def test_a_modules_own_layers_pulse() -> None:
    """Cancelling between layers works for a user's own module without any preparation."""
    with pytest.raises(Cancelled):
        list(
            stylize(
                OwnEncoder(), content(), style(), Settings(steps=9, weights=OWN_LAYERS), pulse=Countdown(cancel_at=9)
            )
        )


def test_a_style_is_encoded_once_for_each_size(encoder: VGG) -> None:
    """With a cache, a second run encodes the content and X, the style not again."""
    recording, cache = Recording(encoder), TargetCache()
    counts = []
    for optimizer in OPTIMIZERS:
        settings = Settings(steps=5, optimizer=optimizer)
        list(stylize(recording, content(*TWO_SCALES), style(300, 300), settings, targets=cache.source("key")))
        counts.append(len(recording.calls))
    style_calls = [size for size, layers in recording.calls if layers == tuple(Weights().style_layers)]

    assert style_calls == [(128, 128), (256, 256)]
    assert counts == [2 + 2 + 5, 2 + 2 + 5 + 2 + 5]  # styles, contents, steps; then without styles


def test_another_style_or_layer_is_encoded_anew(encoder: VGG) -> None:
    """The cache tells apart styles, sizes and layers."""
    recording, cache = Recording(encoder), TargetCache()
    for key, size, layers in (("a", 32, ("relu1_1",)), ("b", 32, ("relu1_1",)), ("a", 48, ("relu1_1",))):
        cache.source(key)(recording, style(size, size), layers)
    cache.source("a")(recording, style(32, 32), ("relu2_1",))

    assert len(recording.calls) == 4


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_only_the_ratio_of_weights_decides(encoder: VGG, optimizer: Optimizer) -> None:
    """All weights a million times smaller or larger give the same pixels: nothing stands still for want of loss."""
    settings = Settings(steps=5, optimizer=optimizer)
    plain, small, large = (
        images(stylize(encoder, content(), style(), replace(settings, weights=Weights(factor, 10 * factor, factor))))
        for factor in (1, 2.0**-20, 2.0**20)
    )

    assert equal(small, plain)
    assert equal(large, plain)


def test_lbfgs_learns_curvature_at_the_defaults() -> None:
    """At the shipped encoder's own settings the pairs y, s pass L-BFGS's absolute test (ys > 1e-10) and are kept."""
    settings = replace(defaults("vgg19-slim"), steps=3, max_scales=1)

    final = last(stylize(load_slim(), content(64, 64), style(64, 64), settings))

    state = final.checkpoint().descent["optimizer"]["state"][0]
    assert len(state["old_dirs"]) == 2  # the first step has no step before it to learn from
    assert state["H_diag"] != 1


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_what_is_let_go_is_free_at_once(optimizer: Optimizer) -> None:
    """A scale is in no circle: its pairs, and on a GPU its recorded evaluation, wait for no collector of such."""
    content, style = torch.rand(1, 3, *TWO_SCALES), torch.rand(1, 3, 32, 32)
    gc.disable()
    try:
        run = stylize(random_encoder(0.125), content, style, Settings(steps=4, max_scales=2, optimizer=optimizer))
        coarse = weakref.ref(next(run)._state)
        for _ in range(2):
            fine = weakref.ref(next(run)._state)
        assert coarse() is None
        del run
        assert fine() is None
    finally:
        gc.enable()
