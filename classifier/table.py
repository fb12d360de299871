"""Finds the columns of many keys at once: a perfect hash, so that each key has one slot and no search goes on from there."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Keys = NDArray[np.uint64]

EMPTY = np.uint64(0)
SPREAD = np.uint64(0x9E3779B97F4A7C15)  # Fibonacci hashing (Knuth, The Art of Computer Programming, vol. 3, section 6.4)
SLOTS_A_BUCKET = 4


class Table:
    """Numbers many keys in their order, from `first` on; the keys are different from each other, and none is 0.

    A key belongs to a bucket, and the bucket has a seed that sends each of its keys to a slot of its own: hash and
    displace (Pagh 1999, "Hash and displace: efficient evaluation of minimal perfect hash functions"). So a look-up is a
    few steps over all keys, whatever they are. At most half of the slots are taken.
    """

    def __init__(self, keys: Keys, first: int = 0) -> None:
        """Find the seeds. Raises `ValueError` when a key stands there twice."""
        slots = 1 << max(4, int(np.ceil(np.log2(max(1, len(keys)) * 2))))
        self._keys, self._first = np.append(keys, EMPTY), first  # what an empty slot names is the 0 at the end
        self._numbers = np.full(slots, -1, dtype=np.int32)
        self._seeds = np.zeros(slots // SLOTS_A_BUCKET, dtype=np.uint16)
        self._to_slot, self._to_bucket = (np.uint64(65 - size.bit_length()) for size in (slots, slots // SLOTS_A_BUCKET))
        if len(np.unique(keys)) < len(keys):
            raise ValueError("the same key stands there twice")
        waiting, seed = np.arange(len(keys), dtype=np.int32), 0
        while len(waiting):
            waiting, seed = self._place(waiting, seed), seed + 1

    def look_up(self, keys: Keys) -> Ints:
        """The number of each key, -1 for one that is not there."""
        hashes, buckets = self._hashed(keys)
        found = self._numbers.take(self._slots(hashes, self._seeds.take(buckets)))
        numbers: Ints = np.where(self._keys.take(found, mode="wrap") == keys, found + self._first, -1)
        return numbers

    def _place(self, waiting: NDArray[np.int32], seed: int) -> NDArray[np.int32]:
        """Give this seed to the buckets of which all keys fall on free slots, each on its own; the keys of the others wait on."""
        hashes, buckets = self._hashed(self._keys[waiting])
        slots = self._slots(hashes, np.uint16(seed))
        claims = np.empty(len(self._numbers), dtype=np.int32)  # of two keys on one slot the last one has it
        claims[slots] = waiting
        is_late = np.zeros(len(self._seeds), dtype=np.bool_)
        is_late[buckets[(claims[slots] != waiting) | (self._numbers[slots] >= 0)]] = True
        late = is_late[buckets]
        self._numbers[slots[~late]], self._seeds[buckets[~late]] = waiting[~late], seed
        return waiting[late]

    def _hashed(self, keys: Keys) -> tuple[Keys, Ints]:
        hashes = keys * SPREAD
        return hashes, (hashes >> self._to_bucket).view(np.int64)

    def _slots(self, hashes: Keys, seeds: NDArray[np.uint16] | np.uint16) -> NDArray[Any]:
        return (((hashes ^ seeds) * SPREAD) >> self._to_slot).view(np.int64)
