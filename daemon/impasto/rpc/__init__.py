"""The servicers: decode, call, encode; nothing else happens here.

Knows gRPC, the contract, and the doors of store and scheduler. Must not know devices, processes or how pictures are
made. ``server`` registers what this face offers.
"""

from impasto.rpc.blobs import BlobServicer
from impasto.rpc.info import ServerServicer
from impasto.rpc.stylize import StylizeServicer

__all__ = ["BlobServicer", "ServerServicer", "StylizeServicer"]
