"""How far a painting is, in words for whoever paints: the same from every editor.

Knows the events ``sending`` and ``progress``. Must not know an editor or its widgets. `tr` translates a sentence before
its numbers are put in; editors that speak one language give none. Called by plug-ins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

if TYPE_CHECKING:
    from collections.abc import Mapping

Translate = Callable[[str], str]


def where(told: Mapping[str, Any], tr: Translate = str) -> str:
    """The place in the queue, or the step; and the time left where it can be told."""
    place, left = told.get("queue_position"), told.get("time_left_s")
    step, total = told.get("step") or 0, told.get("total_steps") or 0
    if place:
        first = tr("waits, number {place} in line").format(place=place)
    elif total:
        first = tr("step {step} of {total}").format(step=step, total=total)
    else:
        first = tr("begins…")
    return first if left is None else tr("{first}, about {time} left").format(first=first, time=rounded(left, tr))


def sent(told: Mapping[str, Any], tr: Translate = str) -> str:
    """How much of a picture has gone to the daemon: of the event ``sending``."""
    sent, send = told["sent_bytes"], told["send_bytes"]
    if sent == send:
        return tr("is read…")
    return _together(tr("sends the picture, {percent} %").format(percent=100 * sent // send))


def rounded(seconds: float, tr: Translate = str) -> str:
    """A time as people say it."""
    for unit, length_s in ((tr("{number} h"), 3600), (tr("{number} min"), 60)):
        if seconds > 2 * length_s:
            return _together(unit.format(number=f"{seconds / length_s:.0f}"))
    return _together(tr("{number} s").format(number=f"{seconds:.0f}"))


def _together(text: str) -> str:
    """Never parted at the end of a line."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def losses(told: Mapping[str, Any], tr: Translate = str) -> str:
    """How far the picture still is from its content and from its style, as the optimiser counts it; may be empty."""
    names = {"content": tr("content"), "style": tr("style"), "total": tr("total")}
    found = told.get("losses") or {}
    return "   ".join(_together(f"{word} {_figures(found[name])}") for name, word in names.items() if name in found)


def _figures(value: float) -> str:
    """Three of them, and none of an exponent's letters."""
    return f"{value:.0f}" if value >= 999.5 else f"{value:.3g}" if value >= 0.001 else "0"
