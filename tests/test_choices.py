"""Laws of a request's way to the engine's settings, and of time: as many steps as fit, and what that costs nobody."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.engine import Scale, Settings
from impasto.engine.pyramid import time_shares
from impasto.method.choices import BUDGET_STEPS, settings_of
from impasto.method.defaults import defaults
from impasto.spec import OBJECTIVES, SLIM, StyleUse, StylizeSpec
from impasto.worker.budget import Budget

SCALES = (Scale(120, 160, 50), Scale(240, 320, 50))


def settings_for(**changes: Any) -> Settings:
    """What the engine is told, after the way through JSON to a worker."""
    asked = StylizeSpec("c", (StyleUse("s"),), encoder=SLIM, **changes)
    return settings_of(StylizeSpec.from_json(json.loads(json.dumps(asked.to_json()))))


def test_what_is_left_open_is_the_encoders_own() -> None:
    """No choice, no difference."""
    assert settings_for() == defaults(SLIM)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("strength", 0.25),
        ("detail", "coarse"),
        ("tileable", True),
        ("colour", "content-match-lab"),
        ("colour_strength", 0.5),
        ("history", 100),
        *(("objective", name) for name in OBJECTIVES),
    ],
)
def test_each_choice_reaches_the_engine(field: str, value: object) -> None:
    """Under the same name."""
    assert getattr(settings_for(**{field: value}), field) == value


def test_objectives_have_weights_of_their_own() -> None:
    """Their terms differ by powers of ten."""
    assert len({settings_for(objective=name).weights.style for name in OBJECTIVES}) == len(OBJECTIVES)


def test_who_has_a_time_budget_is_not_stirred() -> None:
    """It may end before the picture has come down again."""
    asked = StylizeSpec("c", (StyleUse("s"),), encoder="vgg19", start="noise", history=100)

    assert settings_of(asked).stirred_at == defaults("vgg19").stirred_at > 0
    assert settings_of(replace(asked, budget_s=10.0)).stirred_at == 0


def test_time_alone_asks_for_as_many_steps_as_fit() -> None:
    """Steps, where they are given, are the most there may be."""
    assert settings_for(budget_s=10.0).steps == BUDGET_STEPS
    assert settings_for(budget_s=10.0, steps=30).steps == 30


def painted(seconds: float | None, costs_s: float) -> tuple[list[int], float]:
    """Steps done at each scale, and the time they took, where a step at the finest scale takes `costs_s`."""
    budget, now, done = Budget(seconds, SCALES), 0.0, list[int]()
    for index, scale in enumerate(SCALES):
        done.append(0)
        while done[-1] < scale.steps:
            now += costs_s * scale.height * scale.width / (240 * 320)
            done[-1] += 1
            if budget.spent(index, now):
                break
    return done, now


@given(st.floats(0.5, 100), st.floats(0.01, 10))
def test_a_budget_is_kept_to_half_a_step(seconds: float, costs_s: float) -> None:
    """Each scale gets a step at least; beyond that the time is over by no more than half a step."""
    steps, took = painted(seconds, costs_s)

    assert min(steps) >= 1
    assert took <= max(seconds + costs_s / 2, 1.25 * costs_s) * (1 + 1e-9) or steps[1] == 1


def test_time_is_used_to_the_end() -> None:
    """Both scales have their steps where there is enough of it; where there is half, each has half of them."""
    assert painted(None, 1.0)[0] == [50, 50]
    assert painted(100.0, 1.0)[0] == [50, 50]
    assert painted(50 * 1.25 / 2, 1.0)[0] == [25, 25]


def test_shares_of_time_follow_the_pixels() -> None:
    """A scale of a quarter of the pixels has a fifth of the time of both."""
    assert time_shares(SCALES) == pytest.approx((0.2, 1.0))


def test_how_many_steps_there_will_be_is_told_as_well_as_can_be() -> None:
    """From the pace so far, never less than are done, and exactly at the end."""
    budget = Budget(10.0, SCALES)
    budget.spent(0, 0.5)

    assert budget.total_steps(2, last=False, most=100) == 40
    assert budget.total_steps(2, last=False, most=30) == 30
    assert budget.total_steps(37, last=True, most=100) == 37
    assert Budget(None, SCALES).total_steps(2, last=False, most=100) == 100
