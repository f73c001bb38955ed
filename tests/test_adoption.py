"""`impasto gimp adopt`: what becomes of scripts for GIMP 2.10, as files; running them is for tests/editors."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from impasto import adoption
from impasto.adoption import installation
from impasto.adoption.conversion import Unreadable, convert, decoded
from impasto.adoption.examination import examine

SHIM = Path(__file__).parents[1] / "plugins" / "gimpfu"
HEAD = "from gimpfu import *\n"
TAIL = "register('p', '', '', '', '', '', '<Image>/Filters/P', '', [], [], f)\nmain()\n"


def python3(source: str) -> str:
    return convert(source.encode()).text


@pytest.fixture(scope="module", autouse=True)
def helpers() -> Iterator[None]:
    """What converted scripts import of the shim, which wants a GIMP as a whole: the module that wants none."""
    package = ModuleType("gimpfu")
    package.__path__ = [str(SHIM)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "gimpfu", package)
        yield
        for name in [name for name in sys.modules if name.startswith("gimpfu.")]:
            del sys.modules[name]


def run(source: str, names: str) -> object:
    """What a name holds after the converted source has run."""
    space: dict[str, object] = {}
    exec(compile(python3(source), "script", "exec"), space)
    return space[names]


@pytest.mark.parametrize(
    ("python2", "expected"),
    [
        ("print 'a', 1\n", "print('a', 1)\n"),
        ("print >>f, 'a'\n", "print('a', file=f)\n"),  # Python 3 reads it, as something else
        ("raise ValueError, 'no'\n", "raise ValueError('no')\n"),
        (
            "try:\n    pass\nexcept RuntimeError, e:\n    pass\n",
            "try:\n    pass\nexcept RuntimeError as e:\n    pass\n",
        ),
        ("x = d.has_key('a')\n", "x = 'a' in d\n"),
        ("for i in xrange(3): pass\n", "for i in range(3): pass\n"),
        ("x = unicode('a') + u'b'\n", "x = str('a') + 'b'\n"),
        ("x = 10L + 0777\n", "x = 10 + 0o777\n"),
        ("exec 'a = 1'\n", "exec('a = 1')\n"),
        ("x = `1`\n", "x = repr(1)\n"),
        ("if 1 <> 2: pass\n", "if 1 != 2: pass\n"),
        ("def f((a, b)): pass\n", "def f(xxx_todo_changeme): (a, b) = xxx_todo_changeme; pass\n"),
        ("x = map(str, [1])\n", "x = list(map(str, [1]))\n"),
        ("for k, v in d.iteritems(): pass\n", "for k, v in d.items(): pass\n"),
        ("import urllib2\n", "import urllib.request, urllib.error, urllib.parse\n"),
        ("if 1:\n\tx = 1\n        y = 2\n", "if 1:\n        x = 1\n        y = 2\n"),
    ],
)
def test_python_2_becomes_python_3(python2: str, expected: str) -> None:
    """What Python 3 does not read is written as it reads it."""
    assert python3(python2) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = 7 / 2\n", 3),
        ("x = -7 / 2\n", -4),
        ("x = 7 / 2.0\n", 3.5),
        ("x = 3 * 7 / 2\n", 10),
        ("x = 7 / 2 * 2\n", 6),
        ("x = float(7) / 2\n", 3.5),
        ("x = 9\nx /= 2\n", 4),
        ("x = (1 + 8) / (2 + 2)\n", 2),
        ("from __future__ import division\nx = 7 / 2\n", 3.5),
        ("a = 7.0\nx = a / 2\n", 3.5),
        ("x = 100 / 7 / 2\n", 7),
        ("x = [i / 2 for i in range(5)][3]\n", 1),
        ("x = 255 / 2 ** 3\n", 31),
    ],
)
def test_whole_numbers_divide_as_in_python_2(source: str, expected: object) -> None:
    """`/` between whole numbers rounds down, and is left alone where a float is in it."""
    found = run(source, "x")

    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    "source",
    [
        "x = f'{1}'\n",
        "#!/usr/bin/env python3\nx = 1\n",
        "def f(a: int): pass\n",
        "print('a', end='')\n",
        "x: int = 1\n",
    ],
)
def test_python_3_is_left_as_it_is(source: str) -> None:
    """A script that only Python 3 reads, or that says so, is not converted."""
    source += "y = 7 / 2\n"
    converted = convert(source.encode())

    assert not converted.python2
    assert converted.text == source


def test_which_python_can_be_told() -> None:
    """The caller's word counts more than the guess."""
    source = b"x = 7 / 2\n"

    assert convert(source, 3).text == source.decode()
    assert "_divide" in convert(source, 2).text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("# -*- coding: latin-1 -*-\nx = 'ä'\n".encode("latin-1"), "# -*- coding: utf-8 -*-\nx = 'ä'\n"),
        ("x = 'ä'\n".encode("latin-1"), "x = 'ä'\n"),
        (b"\xef\xbb\xbfx = 1\r\ny = 2", "x = 1\ny = 2\n"),
    ],
)
def test_any_encoding_and_line_end_is_read(data: bytes, text: str) -> None:
    """Old files are Latin-1, have a BOM, or lines of another system."""
    assert decoded(data) == text


def test_what_neither_python_reads_is_refused_with_its_line() -> None:
    """The line of the script is named."""
    with pytest.raises(Unreadable, match="line 2"):
        convert(b"x = 1\nif if:\n")


@pytest.mark.parametrize(
    ("body", "line", "word"),
    [
        ("def f():\n    pdb.gimp_foo()\n", 3, "gimp_foo"),
        ("def f():\n    pdb['gimp-image-new'](1, 2)\n", 3, "takes 3 arguments, gets 2"),
        ("def f():\n    import gtk\n", 3, "PyGTK"),
        ("import pygtk\ndef f(): pass\n", 2, "PyGTK"),
    ],
)
def test_what_will_not_work_is_told_with_its_line(body: str, line: int, word: str) -> None:
    """Unknown procedures, wrong counts, windows of GTK 2."""
    notes = examine(HEAD + body + TAIL, {"gimp_image_new": 3})

    assert [(note.line, word in note.text) for note in notes] == [(line, True)]


def test_a_script_that_registers_nothing_is_told() -> None:
    """GIMP would show nothing of it."""
    assert "registers" in examine("x = 1\n", {})[0].text
    assert "main()" in examine("register(1)\n", {})[0].text


def script(folder: Path, text: str, name: str = "my script.py") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_plug_in_is_a_folder_with_a_script_that_runs(tmp_path: Path) -> None:
    """NAME/NAME.py with the run bit and Python 3's line, the shim and what old scripts import beside it."""
    source = script(tmp_path, HEAD + "import helper, gimpshelf\ndef f():\n    print 1 / 2\n" + TAIL)
    script(tmp_path, "print 'help'\n", "helper.py")

    adopted = adoption.adopt(source, [tmp_path / "plug-ins"])
    folder = tmp_path / "plug-ins" / "my-script"
    installed = folder / "my-script.py"

    assert adopted.folders == (folder,)
    assert os.access(installed, os.X_OK)
    assert installed.read_text().startswith("#!/usr/bin/env python3\n")
    assert ast.parse(installed.read_text())
    assert (folder / "helper.py").read_text() == "print('help')\n"
    assert {"gimp.py", "gimpshelf.py", "gtk.py"} <= {path.name for path in folder.iterdir()}
    assert {"pdb210.txt", "_pdb.py", "__init__.py"} <= {path.name for path in (folder / "gimpfu").iterdir()}
    assert source.read_text().startswith(HEAD)


def test_a_plug_in_is_replaced_but_nobody_elses(tmp_path: Path) -> None:
    """What adopt put there may go, anything else stays, and the message says so."""
    source = script(tmp_path, HEAD + "def f(): pass\n" + TAIL, "one.py")
    other = tmp_path / "plug-ins" / "one"
    other.mkdir(parents=True)
    (other / "one.py").write_text("mine")

    with pytest.raises(installation.NotInstalled, match="--name"):
        adoption.adopt(source, [tmp_path / "plug-ins"])
    assert (other / "one.py").read_text() == "mine"

    adoption.adopt(source, [tmp_path / "plug-ins"], name="two")
    (tmp_path / "plug-ins" / "two" / "stale.txt").write_text("old")
    adoption.adopt(source, [tmp_path / "plug-ins"], name="two")
    assert not (tmp_path / "plug-ins" / "two" / "stale.txt").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="folders of Linux")
def test_profiles_are_found_where_each_kind_of_gimp_has_them(tmp_path: Path) -> None:
    """Debian's, Flatpak's and Snap's, of every 3.x; never 2.10's; a named one alone when it is named."""
    for path in (".config/GIMP/3.0", ".config/GIMP/2.10", ".var/app/org.gimp.GIMP/config/GIMP/3.2", "x/GIMP/3.4"):
        (tmp_path / path).mkdir(parents=True)

    found = installation.profiles({"XDG_CONFIG_HOME": str(tmp_path / "x")}, tmp_path)

    assert [str(path.relative_to(tmp_path)) for path in found] == [
        ".config/GIMP/3.0", ".var/app/org.gimp.GIMP/config/GIMP/3.2", "x/GIMP/3.4",
    ]  # fmt: skip
    assert installation.profiles({"GIMP3_DIRECTORY": str(tmp_path)}, tmp_path) == [tmp_path]


def test_the_command_says_what_it_did_and_what_not(tmp_path: Path) -> None:
    """Lines of what changed, of what will not work, and where it is; the exit code is 0."""
    source = script(tmp_path, HEAD + "import gtk\ndef f():\n    print 7 / 2\n" + TAIL, "old.py")
    command = [sys.executable, "-m", "impasto", "gimp", "adopt", str(source), "--into", str(tmp_path / "profile")]

    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stderr
    assert "old.py: Python 2" in done.stdout
    assert "! line 2: import gtk" in done.stdout
    assert (tmp_path / "profile" / "plug-ins" / "old" / "old.py").exists()


def test_a_script_that_cannot_be_read_ends_the_command_with_words(tmp_path: Path) -> None:
    """No traceback, nothing installed."""
    source = script(tmp_path, "if if:\n", "broken.py")
    command = [sys.executable, "-m", "impasto", "gimp", "adopt", str(source), "--into", str(tmp_path / "profile")]

    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 1
    assert done.stderr.startswith("impasto: ")
    assert "line 1" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "profile").exists()


@pytest.mark.parametrize(
    ("python2", "expected"),
    [
        ("print 1\nx = 'a\\xe9'.decode('latin-1').encode('utf-8').decode('utf-8')", "a\xe9"),
        ("print 1\nx = '%s!' % (u'\\xfc' + '').encode('utf-8')", "\xfc!"),
        ("print 1\nx = u'gr\\xfcn'.encode('ascii', 'ignore') + '.png'", "grn.png"),
        ("print 1\nx = 'ab'.encode('hex')", "6162"),
        ("print 1\nx = '6162'.decode('hex')", "ab"),
        ("print 1\nimport array\nx = (array.array('B', [97, 98, 99]) * 2)[1:4].tostring()", "bca"),
        ("print 1\nimport xml.etree.ElementTree as e\nx = e.tostring(e.Element('a')).decode('ascii')", "<a />"),
        ("print 1\nx = 'a\\\\nb'.decode('string_escape')", "a\nb"),
        ("print 1\nx = ('a' + 'b').decode('utf-8')", "ab"),
        ("class B:\n def decode(self, how): return how\nprint 1\nx = B().decode('mine')", "mine"),
    ],
)
def test_texts_are_bytes_at_once(python2: str, expected: str) -> None:
    """Whatever was decoded or encoded goes on as text."""
    assert run(python2 + "\n", "x") == expected


def test_an_encoded_text_lends_its_bytes() -> None:
    """For whoever asks for bytes."""
    assert bytes(run("print 1\nx = u'\\xfc'.encode('utf-8')\n", "x")) == b"\xc3\xbc"  # type: ignore[call-overload]


def test_objects_compare_by_cmp() -> None:
    """In sorting and by the signs, with a base or without."""
    for head in ("class A:", "class A(object):"):
        source = f"""{head}
    def __init__(self, n): self.n = n
    def __cmp__(self, other): return cmp(self.n, other.n)
print 1
x = [[a.n for a in sorted([A(3), A(1), A(2)])], A(1) < A(2), A(1) == A(1), A(2) >= A(3), len(set([A(1)]))]
"""
        assert run(source, "x") == [[1, 2, 3], True, True, False, 1]


def test_files_of_bytes_take_text(tmp_path: Path) -> None:
    """`open` with U, `file`, and text written to a file of bytes."""
    path = tmp_path / "file"
    source = f"""
f = open({str(path)!r}, 'wb')
f.write('a\\xff'); f.write(u'\\u20ac'.encode('utf-8')); f.writelines(['b\\n', 'c'])
f.close()
print 1
with file({str(path)!r}, 'rb') as f: first = f.read(2)
with open({str(path)!r}, 'rU') as f: x = [ord(c) for c in first] + [len(list(f))]
"""
    assert run(source, "x") == [97, 255, 2]
    assert path.read_bytes() == b"a\xff\xe2\x82\xacb\nc"


def test_own_functions_of_that_name_are_left() -> None:
    """A script's own `open` is its own."""
    assert "_converted" not in python3("def open(name): return name\nprint open('a')\n")
