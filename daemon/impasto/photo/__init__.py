"""The user's picture files at the edge: what a file says about itself, and the result written beside it.

Knows the four formats (PNG, JPEG, WebP, TIFF), their depths, EXIF, resolution and where a temporary file belongs; reads
headers only and never decodes a pixel, as uploads are decoded by the daemon (``impasto.codec``). Must never import
torch or grpc, and numpy only to write what is deeper than 8 bits. Called by the command line and the Python client, on
files that the user named: nothing here runs in the daemon.
"""

from impasto.photo.formats import FORMATS
from impasto.photo.reading import Metadata, read_metadata
from impasto.photo.writing import check_destination, encode_png, save

__all__ = ["FORMATS", "Metadata", "check_destination", "encode_png", "read_metadata", "save"]
