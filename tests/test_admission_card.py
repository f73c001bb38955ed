"""Which pictures a GPU takes in, and how: whole, in tiles, from the host's disk, or not at all. By forecasts alone."""

from dataclasses import replace
from typing import Any

import pytest

from impasto.errors import CannotServe
from impasto.image import ImageHeader
from impasto.job import Job
from impasto.scheduling.admission import (
    LEAST_TILE_PX,
    SPILL_BELOW_PX,
    SPILLED_TILE_PX,
    Footprint,
    check_fit,
    footprint,
)
from impasto.scheduling.device import Device
from impasto.scheduling.terms import fixed
from impasto.spec import ENCODERS, StyleUse, StylizeSpec

MIB, GIB = 1 << 20, 1 << 30
CARD = Device(int(7.2 * GIB), "tf32", spills=True, at_once=True, host_bytes=12 * GIB)  # of 8 GB


def job_of(encoder: str = "vgg19-slim") -> Job:
    """A request as it comes in."""
    return Job("jobs/1", "app", asked(encoder), 1, 1.0)


def asked(encoder: str = "vgg19-slim", **fields: Any) -> StylizeSpec:
    """A request whose pictures have no names."""
    return replace(StylizeSpec("", (StyleUse(""),), encoder=encoder), **fields)


def of_card(width: int, height: int, **fields: Any) -> Footprint:
    """What a picture of that size needs of it."""
    return footprint(asked(**fields), ImageHeader(width, height), [ImageHeader(1024, 768)], at_once=True)


@pytest.mark.parametrize(
    ("size", "cut", "spilled"),
    [
        ((1600, 1200), False, False),
        ((3600, 2400), True, False),
        ((6000, 4000), True, True),
        ((11547, 8660), True, True),
    ],
)
def test_a_print_too_large_for_a_card_goes_there_in_tiles(size: tuple[int, int], cut: bool, spilled: bool) -> None:
    """Whole where that fits, in tiles where these do; else from the host's disk, within the memory of both."""
    need = of_card(*size)
    told = fixed(job_of(), need, [CARD]).terms.settings

    assert (bool(told["tile"]), told["spilled"], told["tiles_on_gpu"]) == (cut, spilled, spilled)
    check_fit(need, ImageHeader(*size), [CARD.budget_bytes], at_card, spills=True, host_bytes=CARD.host_bytes)
    if spilled:
        peak, held = need.taken(told["tile"], spilled=True)
        assert told["tile"] >= SPILL_BELOW_PX
        assert held < 32 * MIB < peak <= CARD.budget_bytes
        assert need.host_least < CARD.host_bytes


def at_card(side: int) -> Footprint:
    """At another size, of three to two."""
    return of_card(side, side * 2 // 3)


@pytest.mark.parametrize("encoder", ENCODERS)
def test_what_a_card_held_before_it_holds_as_before(encoder: str) -> None:
    """Whatever was not refused has the same terms with a host and without."""
    job = job_of(encoder)
    alone = replace(CARD, spills=False, host_bytes=0)
    for side in range(64, 6000, 97):
        need = of_card(side, side * 2 // 3, encoder=encoder)
        if need.least <= CARD.budget_bytes:
            assert fixed(job, need, [CARD]) == fixed(job, need, [alone])
        else:
            assert fixed(job, need, [CARD]).terms.settings["tiles_on_gpu"]


def test_a_print_is_refused_where_the_memory_beside_the_card_does_not_hold_it() -> None:
    """In numbers, with a size that does; of a card whose worker tells of no host, by its own memory, as ever."""
    need, header, budgets = of_card(18000, 12000), ImageHeader(18000, 12000), [CARD.budget_bytes]
    host_bytes = 1500 * MIB

    told = rf"need about {need.host_least // MIB} MiB of the memory beside a device .* too small, and 1500 MiB"
    with pytest.raises(CannotServe, match=told) as caught:
        check_fit(need, header, budgets, at_card, spills=True, host_bytes=host_bytes)
    size = int(caught.value.message.split()[-2])
    assert 6000 < size < 18000
    check_fit(at_card(size), header, budgets, at_card, spills=True, host_bytes=host_bytes)
    with pytest.raises(CannotServe):
        check_fit(at_card(size + 3), header, budgets, at_card, spills=True, host_bytes=host_bytes)
    with pytest.raises(CannotServe, match=f"need about {need.least // MIB} MiB of a device's memory"):
        check_fit(need, header, budgets, at_card)
    with pytest.raises(CannotServe, match="or for a shorter history"):
        check_fit(of_card(6000, 4000, history=100), header, budgets, at_card, spills=True, host_bytes=12 * GIB)


def test_tiles_are_no_larger_than_the_host_holds() -> None:
    """What comes and goes lies there, too."""
    need, host_limit = of_card(6000, 4000), 12 * GIB
    tile = need.tile(CARD.budget_bytes, spilled=True, host_limit=host_limit)
    least = need.tile(CARD.budget_bytes, spilled=True, host_limit=need.host_least)

    assert least == LEAST_TILE_PX < tile <= SPILLED_TILE_PX
