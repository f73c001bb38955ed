"""The process that paints: `python -m impasto.worker`, one per device, a ``scheduling.process``.

``__main__`` speaks with the front and shares its device out in slices; ``studio`` holds device, encoders and styles;
``painting`` is one job under way, ``choices`` what its request means to the engine, ``checkpoint`` its state on disk.
Nothing of the front (store, rpc, scheduling) may be imported here, and the front never imports this room: torch lives
here, and dies with it.
"""
