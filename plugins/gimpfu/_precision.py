"""Whether a script asked for pixels in their own depth (`gimp_plugin_enable_precision`), for the whole process."""

_STATE = {"enabled": False}


def enable() -> None:
    """Pixels are native from now on."""
    _STATE["enabled"] = True


def enabled() -> bool:
    """Whether pixels are native; 8 bits a sample otherwise."""
    return _STATE["enabled"]
