"""What Krita is told of: the action and the docker. Called by the package when Krita imports it."""

from __future__ import annotations

from .binding import krita
from .docker import DOCKER_ID, Docker
from .extension import Extension


def register() -> None:
    """Adds them to this Krita."""
    host = krita.Krita.instance()
    host.addExtension(Extension(host))
    right = krita.DockWidgetFactoryBase.DockPosition.DockRight  # scoped, as Krita 6 wants it
    host.addDockWidgetFactory(krita.DockWidgetFactory(DOCKER_ID, right, Docker))
