"""How a liaison that cannot join tells the front why: exit codes, and words for people.

Knows nothing else. ``__main__`` exits with one, ``pool`` reads it.
"""

UNREACHABLE, REFUSED, OTHER_VERSION = 20, 21, 22
WHY = {
    UNREACHABLE: "the Ray cluster at {address} does not answer: `ray start` it there, on this machine, too, or mend ray_address",
    REFUSED: "the Ray cluster at {address} refuses our token: ray_token_file must hold the one that its nodes were started with",
    OTHER_VERSION: "the Ray cluster at {address} runs another version of Ray or Python: install the same on all its machines",
}
