"""Impasto in Krita: a docker that paints, and an action to bind a key to.

Krita imports this package. Its modules know either Krita and Qt (by `binding`) or neither; this one registers what
there is, and can be imported without Krita, so that what needs none can be tested without.
"""

import sys

if "krita" in sys.modules and hasattr(sys.modules["krita"], "Krita"):
    from . import registration

    registration.register()
