"""The way in from other machines: tokens and certificates on the server's side, and what an artist's machine keeps.

Two sides of one border, by their modules: ``tokens``, ``certificate`` and ``front`` are the server's, ``connection`` is
the client's, ``address`` is both's. Must not know jobs, pictures or what any call does.
"""
