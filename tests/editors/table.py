"""The table in plugins/gimpfu/README.md, made from a run of all checks in a real GIMP: `python tests/editors/table.py`.

Called by hand and by the test that compares; knows Markdown and what results are.
"""

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from editors import chroot, results
from editors.cases210 import CASES, DRAWABLE, IMAGE

README = results.SHIM / "README.md"
BEGIN = "<!-- what follows is written by tests/editors/table.py from a run in GIMP -->\n"
WORDS = {"works": "works", "refused": "refused in words"}


def room(name: str) -> str:
    """The heading that a name stands under: `gimp.Image` for `gimp.Image.width`, the word before a colon for rules."""
    rule, colon, _ = name.partition(":")
    if colon:
        return rule
    parts = name.split(" ", maxsplit=1)[0].split(".")
    if parts[0] == "gimp":
        return ".".join(parts[:2]) if len(parts) > 2 or parts[-1][:1].isupper() else "gimp"
    return "PF_" if name.startswith("PF_") else parts[0] if len(parts) > 1 else "further names"


def rows(found: Mapping[str, results.Result]) -> list[str]:
    """A row for each room: what works, and what is refused, by name."""
    lines = ["| room | works | refused, with a message that names it |", "|---|---|---|"]
    for heading in dict.fromkeys(room(name) for name in found):
        of_room = [result for name, result in found.items() if room(name) == heading]
        cells = [
            ", ".join(f"`{shortened(result.name, heading)}`" for result in of_room if result.outcome == outcome)
            for outcome in WORDS
        ]
        lines.append(f"| {heading} | {' | '.join(cells)} |".replace("`|", "` |"))
    return lines


def shortened(name: str, heading: str) -> str:
    """A name without what its heading says already."""
    for start in (f"{heading}: ", f"{heading}."):
        if name.startswith(start):
            return name.removeprefix(start).replace("|", "\\|")
    return name.replace("|", "\\|")


def table(found: Mapping[str, results.Result]) -> str:
    """The part of the README below its mark."""
    counts = {outcome: sum(result.outcome == outcome for result in found.values()) for outcome in WORDS}
    said = f"{len(found)} names: {counts['works']} work, {counts['refused']} are refused."
    return "\n".join([said, "", *rows(found), "", *differences(), ""])


def differences() -> list[str]:
    """A row for each procedure whose pixels are held against 2.10's own and may be further away than a rounding."""
    lines = [
        f"{len(CASES)} calls are held against GIMP 2.10's own pixels of the same picture, to a rounding, but for:",
        "",
        "| procedure | arguments | a sample differs by at most | on average by at most | why |",
        "|---|---|---|---|---|",
    ]
    for case in CASES:
        if case.why:
            named = [one for one in case.arguments if one not in (IMAGE, DRAWABLE)]
            told = ", ".join(map(str, named))
            lines.append(f"| `{case.procedure}` | {told} | {case.within} | {case.mean:g} | {case.why} |")
    return lines


def main() -> None:
    """Runs everything and writes the table. Ends with 1 when something neither works nor is refused."""
    with tempfile.TemporaryDirectory() as folder:
        home = results.home(chroot.ensure(), Path(folder) / "home")
        found = results.run(home, results.every(), Path(folder))
    wrong = {name: result for name, result in found.items() if result.outcome not in WORDS}
    for name, result in wrong.items():
        sys.stderr.write(f"{name}: {result.outcome}: {result.detail}\n")
    if wrong:
        sys.exit(1)
    head, mark, _ = README.read_text(encoding="utf-8").partition(BEGIN)
    README.write_text(f"{head.rstrip()}\n\n{mark or BEGIN}\n{table(found)}", encoding="utf-8")


if __name__ == "__main__":
    main()
