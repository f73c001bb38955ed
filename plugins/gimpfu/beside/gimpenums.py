"""2.10's `gimpenums` for scripts that import it before gimpfu: it lies beside them and hands over to the shim."""

import sys

from gimpfu import gimpenums as module

sys.modules[__name__] = module
