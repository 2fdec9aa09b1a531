"""Counter-based random numbers: a pure function of seed, name and index.

A stream of random numbers (`Kernel.random`) gives the n-th asker the n-th number, so one more asker
changes the numbers of all that follow. Where a run is compared with another one in which more or fewer
things happen, that is fatal: with five retries instead of three, every later event would meet another
fate. So the fate of an attempt is a function of its name: `key` turns the seed and names into 64
bits, `draw` turns a key and a number into 32 bits. The second step is the generator wyrand (Wang Yi,
2019), asked for its n-th number; it is arithmetic on integers and hence the same on every host.
"""

from __future__ import annotations

import hashlib

__all__ = ["SAMPLE_RANGE", "draw", "key"]

SAMPLE_RANGE = 1 << 32
"""One more than the largest number drawn: `draw(...) < SAMPLE_RANGE` always holds."""

_MASK = (1 << 64) - 1


def key(seed: int, *names: str) -> int:
    """64 bits for a name; any change of the seed or of a name gives unrelated bits."""
    text = "\0".join((str(seed), *names))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())


def draw(key: int, number: int) -> int:
    """The sample of this number under a key: uniform in [0, 2**32)."""
    z = (key + number * 0xA0761D6478BD642F) & _MASK
    product = z * (z ^ 0xE7037ED1A0B428DB)
    return ((product >> 64) ^ product) & 0xFFFFFFFF
