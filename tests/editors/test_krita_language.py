"""The docker in another language, as Krita is set to one by Settings > Switch Application Language."""

import pytest

from editors import krita
from editors.krita_seat import Painter
from editors.studio import put

pytestmark = pytest.mark.timeout(900)


def test_the_docker_speaks_krita_s_language(painter: Painter, tmp_path_factory: pytest.TempPathFactory) -> None:
    """German: every text of the panel that there is a translation of."""
    home = krita.new_home(painter.window.home.edition, tmp_path_factory.mktemp("german") / "home")
    put(home, painter.studio.daemon.home)
    (home.path / ".config" / "klanguageoverridesrc").write_text("[Language]\nkrita=de\n")

    with krita.window(home) as window:
        german, title, said, text = window.run(
            "import importlib, krita\n"
            "binding = importlib.import_module('impasto_docker.binding')\n"
            "dockers = krita.Krita.instance().dockers()\n"
            "docker = next(one for one in dockers if one.objectName() == 'impasto_docker')\n"
            "button = docker.findChild(binding.QPushButton, 'impasto_stylise')\n"
            "action = krita.Krita.instance().action('impasto_stylise').text()\n"
            "answer = [binding.QLocale().name(), button.text(), binding.translated('Swirl'), action]\n"
        )

    assert (german[:2], title, said) == ("de", "Malen", "Wirbel")
    assert text.replace("&", "") == "Neuronaler Stil mit den letzten Einstellungen"
