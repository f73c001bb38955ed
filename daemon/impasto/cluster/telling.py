"""How a liaison that cannot join tells the front why: exit codes, and words for people.

Knows nothing else. ``__main__`` exits with one, ``pool`` reads it.
"""

UNREACHABLE, REFUSED, OTHER_VERSION = 20, 21, 22
WHY = {
    UNREACHABLE: "the Ray cluster at {address} cannot be joined: is `ray start` done there and here?",
    REFUSED: "the Ray cluster at {address} refuses our token: ray_token_file must hold that of its nodes",
    OTHER_VERSION: "the Ray cluster at {address} has another Ray or Python than this machine: install the same on all",
}
