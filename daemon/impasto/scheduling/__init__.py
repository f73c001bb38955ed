"""Which job runs when and where: admission, fairness, the decision, and the processes it is carried out on.

From the inside out: ``fairness``, ``admission``, ``forecast`` and ``decision`` are pure and know plain values alone;
``demand`` and ``backlog`` gather facts for them; ``scheduler`` acts on what they say through the verbs of ``orders`` on
the workers of ``pool``. ``local_pool`` has those of this machine (each a ``process``), ``impasto.cluster`` those of
others. The daemon's front (``server``, ``rpc``, ``draining``, ``forgetting``) calls ``scheduler`` and shows what
``pool`` knows. Nothing in this room may import torch or numpy, or know what is in a picture.
"""
