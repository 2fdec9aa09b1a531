"""Counter-based random numbers: a pure function of seed, name and index.

A stream of random numbers (`Kernel.random`) returns its n-th number to the n-th draw, so one more draw
changes all later ones. If two runs are compared in which a different number of things happen, that is
fatal: with five retries instead of three, every later event would get other numbers. Here the sample of an
attempt depends on nothing but its name. `key` turns the seed and names into 64 bits, `draw` turns a key
and an index into 32 bits:

>>> orders = key(7, "queue", "failures", "orders")
>>> [draw(orders, attempt) / SAMPLE_RANGE < 0.5 for attempt in (1, 2, 3, 4)]
[False, True, True, True]
>>> draw(orders, 4) == draw(key(7, "queue", "failures", "orders"), 4)
True

In simulation this is the method of common random numbers. Counter-based generators are described in Salmon
et al., "Parallel random numbers: as easy as 1, 2, 3", https://doi.org/10.1145/2063384.2063405. The one here
is wyrand (Wang Yi, 2019, https://github.com/wangyi-fudan/wyhash), evaluated at its n-th state. It uses only
integer arithmetic, so it is the same on every machine.
"""

from __future__ import annotations

import hashlib

__all__ = ["SAMPLE_RANGE", "draw", "key"]

SAMPLE_RANGE = 1 << 32
"""One more than the largest number drawn: `draw(...) < SAMPLE_RANGE` always holds."""

_MASK = (1 << 64) - 1


def key(seed: int, *names: str) -> int:
    """64 bits for a seed and names. Any change of the seed or of a name gives unrelated bits."""
    text = "\0".join((str(seed), *names))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())


def draw(key: int, number: int) -> int:
    """The sample with this index under a key: uniform in [0, 2**32)."""
    z = (key + number * 0xA0761D6478BD642F) & _MASK
    product = z * (z ^ 0xE7037ED1A0B428DB)
    return ((product >> 64) ^ product) & 0xFFFFFFFF
