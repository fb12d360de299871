"""The table: it finds what a dictionary finds, also where many keys belong into one bucket."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.table import SPREAD, Table

KEY = st.integers(1, (1 << 63) - 1)


def keys(numbers: list[int]) -> np.ndarray:
    return np.array(numbers, dtype=np.uint64)


@given(st.sets(KEY, max_size=80), st.sets(KEY, max_size=40), st.integers(0, 9))
def test_the_table_finds_what_a_dictionary_finds(known: set[int], asked: set[int], first: int) -> None:
    numbers = {key: number for number, key in enumerate(sorted(known), start=first)}
    table = Table(keys(sorted(known)), first)
    every = sorted(known | asked)
    assert table.look_up(keys(every)).tolist() == [numbers.get(key, -1) for key in every]


def of_one_bucket(wanted: int, slots: int) -> list[int]:
    """Keys that all belong into the last bucket of a table of so many slots."""
    found, candidate, buckets = [], 1, slots // 4
    while len(found) < wanted:
        if (candidate * int(SPREAD)) % (1 << 64) * buckets >> 64 == buckets - 1:
            found.append(candidate)
        candidate += 1
    return found


def test_keys_of_one_bucket_are_told_apart() -> None:
    crowd = of_one_bucket(20, 64)
    table = Table(keys([*crowd[:10], *range(1 << 40, (1 << 40) + 20)]))  # thirty keys make a table of 64 slots
    assert table.look_up(keys(crowd)).tolist() == [*range(10), *[-1] * 10]


def test_a_full_table_finds_a_place_for_every_key() -> None:
    known = keys(np.random.default_rng(0).permutation(np.arange(1, 4097)).tolist())
    assert Table(known).look_up(known).tolist() == list(range(4096))


def test_a_key_that_stands_there_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        Table(keys([5, 7, 5]))


def test_what_no_text_holds_is_not_found() -> None:
    assert Table(keys([5])).look_up(keys([0, 5])).tolist() == [-1, 0]
    assert Table(keys([])).look_up(keys([0, 5])).tolist() == [-1, -1]
