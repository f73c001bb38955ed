"""`register`: what a script says of its procedures, checked and kept until GIMP asks.

Both forms of 2.10: with `menu=`, and the older one whose label is a whole menu path, for which image and drawable are
put before the other parameters. Knows nothing of GIMP. Read by `_plugin` and `_run`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ._params import PF_DRAWABLE, PF_IMAGE, PF_INT32, PF_STRING, Param, checked_param, checked_result, letters

PREFIXES = ("python-", "extension-", "plug-in-", "file-")
PLUGIN, EXTENSION, TEMPORARY = 1, 2, 3
RUN_MODE = Param(PF_INT32, "run-mode", "The run mode", 0)


@dataclass
class Definition:
    """One procedure of a script."""

    name: str
    blurb: str
    help: str
    author: str
    copyright: str
    date: str
    label: str
    image_types: str
    params: list[Param]
    results: list[Param]
    function: Callable[..., Any]
    kind: int = PLUGIN
    menus: list[str] = field(default_factory=list)
    domain: Any = None
    on_query: Callable[[], Any] | None = None
    on_run: Callable[[], Any] | None = None
    # How `function` is called: gimpfu's own way, or that of gimp.main, with a name and all parameters.
    is_raw: bool = False
    has_run_mode: bool = True
    # What the file handlers of 2.10 told: extensions, prefixes, magic numbers.
    load_handler: tuple[str, str, str] | None = None
    save_handler: tuple[str, str] | None = None

    @property
    def is_load(self) -> bool:
        """Whether it opens files."""
        return self.load_handler is not None or any(menu.startswith("<Load>") for menu in self.menus)

    @property
    def is_save(self) -> bool:
        """Whether it writes files."""
        return self.save_handler is not None or any(menu.startswith("<Save>") for menu in self.menus)


registered: dict[str, Definition] = {}


def canonical(name: str) -> str:
    """A name as GIMP 3 wants it: - for _."""
    return name.replace("_", "-")


def register(proc_name: str, blurb: str, help: str, author: str, copyright: str, date: str, label: str | None,
             imagetypes: str | None, params: Sequence[Sequence[Any]], results: Sequence[Sequence[Any]],
             function: Callable[..., Any], menu: str | None = None, domain: Any = None,
             on_query: Callable[[], Any] | None = None, on_run: Callable[[], Any] | None = None) -> None:  # fmt: skip
    """Registers a procedure, to be called before `main`.

    Raises:
        error: for names with other characters than letters, digits, - and _, and for definitions of parameters and
            results that are none; the message shows the one.
    """
    letters(proc_name, "procedure")
    entries, told = [checked_param(entry) for entry in params], [checked_result(entry) for entry in results]
    name = canonical(proc_name)
    name = name if name.startswith(PREFIXES) else f"python-fu-{name}"
    label = label or ""
    if menu is None and "/" in label:
        menu, _, label = label.rpartition("/")
        entries = legacy(menu) + entries
    blurb, help, author, copyright, date = (str(text or "") for text in (blurb, help, author, copyright, date))
    registered[name] = Definition(
        name, blurb, help, author, copyright, date, label, imagetypes or "", entries, told, function,
        menus=[menu] if menu else [], domain=domain, on_query=on_query, on_run=on_run,
    )  # fmt: skip


def legacy(menu: str) -> list[Param]:
    """What the older form has before the parameters that a script names."""
    files = [
        Param(PF_STRING, "filename", "The name of the file", ""),
        Param(PF_STRING, "raw-filename", "The name of the file", ""),
    ]
    picture = [Param(PF_IMAGE, "image", "Input image"), Param(PF_DRAWABLE, "drawable", "Input drawable")]
    if menu.startswith("<Load>"):
        return files
    if menu.startswith("<Save>"):
        return picture + files
    return picture if menu.startswith("<Image>") else []
