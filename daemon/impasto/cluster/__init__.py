"""Workers on the machines of a Ray cluster: Ray says where they live and whether they do, all else stays ours.

Three kinds of processes. ``pool`` is in the front and never imports Ray: it starts the *liaison* (``__main__``), a
process that is the only one to speak with Ray, and passes frames to it. So a front survives whatever happens to a
cluster, as it survives what happens to a device; its head may die. ``placement`` and ``slot`` are the liaison's: for
each worker a detached, named actor (``seat``) is made on some node, or found there after the front's death. The actor
starts the very process that a front would start on its own machine, ``impasto.worker``, and carries its frames: what a
worker promises (cancel between layers, second attempts in tiles, spilling, no orphan, a kill as the last resort) is
promised there by the same code, and torch stays out of the actor, which can answer while a device is busy.

Nodes share no folder with the front. What an order names by its path (pictures, states, encoders) is sent to the node
first, results and states come back into the store before the front hears of them: ``luggage`` at this end, ``folder``
at the other. Ray's own retries and restarts of actors are not used: where one ends, its jobs go on from the store's
states.
"""
