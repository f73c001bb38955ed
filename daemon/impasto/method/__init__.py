"""What is to be computed, in numbers and names: settings, weights, encoders' defaults. Plain values, without torch.

Of what decides a job's pixels this room knows all that is neither a picture nor a network. The front fixes it when a
job comes in, and the engine computes by it.
"""

from impasto.method.names import Colour, Detail, ObjectiveName, Precision
from impasto.method.settings import Settings
from impasto.method.weights import CONTENT_LAYERS, STYLE_LAYERS, Weights

__all__ = [
    "CONTENT_LAYERS",
    "STYLE_LAYERS",
    "Colour",
    "Detail",
    "ObjectiveName",
    "Precision",
    "Settings",
    "Weights",
]
