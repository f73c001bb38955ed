"""What objects of the API raise when GIMP refuses: 2.10's `gimp.error`, with GIMP's own reason in the message.

Called by every object; knows GIMP's last error and nothing else.
"""

from ._door import Gimp


class error(RuntimeError):  # noqa: N801  # 2.10's own name
    """`gimp.error`: GIMP could not do it."""


def done(answer: object, what: str) -> None:
    """Returns when GIMP did it.

    Raises:
        error: when `answer` is false: could not `what`, with the reason where GIMP told one.
    """
    if not answer:
        raise error(refusal(what))


def refusal(what: str) -> str:
    """The words for something that GIMP did not do."""
    reason = Gimp.get_pdb().get_last_error()
    told = f": {reason}" if reason and reason not in ("execution error", "success") else ""
    return f"could not {what}{told}"
