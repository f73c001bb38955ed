"""One line in Krita's configuration: that a Python plug-in is to be loaded. Everything else in the file stays as it is.

The file is KConfig's: groups in brackets, keys with values, comments, in an order that belongs to its owner. So it is
changed as text, to the byte, and exchanged whole. Knows files; must never know the plug-in. Called by `krita`.
"""

import os
from pathlib import Path

GROUP = "[python]"


def enabled(path: Path, name: str) -> bool:
    """Whether that plug-in is to be loaded."""
    lines = _lines(path)
    return any(_value(lines[at]) == "true" for at in _places(lines, name))


def enable(path: Path, name: str) -> None:
    """Has it loaded from the next start on; the file is made where it is missing."""
    if enabled(path, name):
        return
    lines, wanted = _lines(path), f"enable_{name}=true"
    end = "\r\n" if any(line.endswith("\r\n") for line in lines) else "\n"
    found = _places(lines, name)
    if found:
        for at in found:
            lines[at] = wanted + end
    elif (group := _group(lines)) is not None:
        lines[group] = lines[group].rstrip("\r\n") + end
        lines.insert(group + 1, wanted + end)
    else:
        if lines:
            lines[-1] = lines[-1].rstrip("\r\n") + end
            lines.append(end)
        lines += [GROUP + end, wanted + end]
    _write(path, lines)


def forget(path: Path, name: str) -> None:
    """Takes the line out again, and a group that has nothing but it; a file that has nothing else goes."""
    lines = _lines(path)
    found = _places(lines, name)
    if not found:
        return
    for at in reversed(found):
        del lines[at]
    group = _group(lines)
    assert group is not None
    if all(not line.strip() for line in lines[group + 1 : _end(lines, group)]):
        del lines[group]
        if group and group == len(lines) and not lines[group - 1].strip():
            del lines[group - 1]  # the empty line that came with the group
    if any(line.strip() for line in lines):
        _write(path, lines)
    else:
        path.unlink()


def _lines(path: Path) -> list[str]:
    """Lines with their ends; what is no UTF-8 passes through unharmed."""
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape").splitlines(keepends=True)
    except FileNotFoundError:
        return []


def _group(lines: list[str]) -> int | None:
    return next((at for at, line in enumerate(lines) if line.strip() == GROUP), None)


def _end(lines: list[str], group: int) -> int:
    """Where the next group begins."""
    return next((at for at in range(group + 1, len(lines)) if lines[at].lstrip().startswith("[")), len(lines))


def _places(lines: list[str], name: str) -> list[int]:
    """Lines of the group that are about that plug-in."""
    group = _group(lines)
    if group is None:
        return []
    return [at for at in range(group + 1, _end(lines, group)) if _key(lines[at]) == f"enable_{name}"]


def _key(line: str) -> str:
    return line.partition("=")[0].strip()


def _value(line: str) -> str:
    return line.partition("=")[2].strip().lower()


def _write(path: Path, lines: list[str]) -> None:
    """Exchanges the file whole; where it is a link, what it leads to."""
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_bytes("".join(lines).encode("utf-8", "surrogateescape"))
    if path.exists():
        part.chmod(path.stat().st_mode & 0o777)
    part.replace(path)
