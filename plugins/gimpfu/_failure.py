"""What went wrong in a script, in words: the exception, and the line of the script that it came from.

Called by `_run` and `_dialog`; knows nothing of GIMP.
"""

import re
import traceback
from pathlib import Path

HERE = str(Path(__file__).parent)
OURS = re.compile(r"^gimpfu\._\w+\.")  # in which file of the shim an exception lives says nothing to anybody


def place(failed: BaseException) -> str:
    """`script.py, line 12`: the last line of the script itself, not of the shim that it called; empty for none."""
    frames = traceback.extract_tb(failed.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith((HERE, "<frozen"))]
    return f"{Path(own[-1].filename).name}, line {own[-1].lineno}" if own else ""


def summary(failed: BaseException) -> str:
    """The exception and its line; one that says of itself that it is `plain` is told by its own words alone."""
    if getattr(failed, "plain", False):
        return str(failed)
    said = OURS.sub("", "".join(traceback.format_exception_only(failed)).strip())
    where = place(failed)
    return f"{where}: {said}" if where else said


def whole(failed: BaseException) -> str:
    """The traceback."""
    return "".join(traceback.format_exception(failed))
