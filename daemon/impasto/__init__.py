"""Impasto: neural style transfer inside the image editor.

The package's root knows its version and nothing else: importing it must stay cheap, because every command, editor
bridge and worker does so. The parts: ``impasto.client`` (Python API) and ``impasto.engine`` (the method, on tensors).
"""

__version__ = "0.1.0"
