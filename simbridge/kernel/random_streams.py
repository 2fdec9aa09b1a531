"""Streams of random numbers: one for each address and purpose, derived from the seed.

With one stream for a whole world, one more draw would change every later draw. Here a new actor or a
new purpose leaves every other stream as it was, so two runs that differ in one thing can be compared.
Where even the number of draws differs, see `simbridge.base.rng`.

>>> new_stream(1, "bus", "event ids").random() == new_stream(1, "bus", "event ids").random()
True
>>> uuid_of(0x2026)
'00000000-0000-0000-0000-000000002026'
"""

from __future__ import annotations

import hashlib
import random

__all__ = ["new_stream", "uuid_from", "uuid_of"]


def new_stream(seed: int, address: str, purpose: str) -> random.Random:
    """The stream of one address for one purpose, at its beginning.

    The three are joined and hashed with BLAKE2b, which is the same on every machine, unlike `hash()`.
    """
    key = f"{seed}\0{address}\0{purpose}".encode()
    return random.Random(int.from_bytes(hashlib.blake2b(key, digest_size=16).digest()))


def uuid_from(stream: random.Random) -> str:
    """A UUID-shaped id of the next 128 random bits of a stream."""
    return uuid_of(stream.getrandbits(128))


def uuid_of(bits: int) -> str:
    """128 bits in the shape of a UUID. AWS's own do not always carry a version (captured)."""
    digits = bits.to_bytes(16).hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
