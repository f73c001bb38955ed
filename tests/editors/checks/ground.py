"""What every other check stands on."""

from editors.checking import check


@check("import gimpfu")
def the_shim_finds_gimp() -> None:
    """GIMP's own Python imports the shim and reaches the GIMP that it runs in."""
    import gimpfu  # noqa: PLC0415
    from gimpfu._door import Gimp  # noqa: PLC0415

    assert gimpfu.__doc__
    assert Gimp.version().startswith("3.")
