"""Agreement and estimates, by examples computed by hand."""

import pytest

from triage.agreement import agreement
from triage.estimates import stratified_mean


def test_kappa_by_hand():
    # 10 pairs: 4 × both yes, 3 × both no, 2 × yes/no, 1 × no/yes: raw 0.7; by chance 0.6·0.5 + 0.4·0.5 = 0.5; kappa (0.7 − 0.5)/0.5 = 0.4
    found = agreement([(1, 1)] * 4 + [(0, 0)] * 3 + [(1, 0)] * 2 + [(0, 1)])
    assert (found.n, found.raw) == (10, pytest.approx(0.7))
    assert found.kappa == pytest.approx(0.4)


def test_weighted_kappa_by_hand():
    # seen (0 + 1 + 0)/3; by chance the nine distances of {0, 1, 2} × {0, 2, 2}: (0+2+2 + 1+1+1 + 2+0+0)/9 = 1; kappa 1 − 1/3
    assert agreement([(0, 0), (1, 2), (2, 2)]).kappa == pytest.approx(2 / 3)


def test_there_is_no_kappa_where_everybody_gave_the_same():
    assert agreement([(1, 1), (1, 1)]).kappa is None
    assert agreement([]) is None


def test_a_stratified_mean_by_hand():
    # means 0.5 and 1 weighted 80:20 = 0.6; variance 0.8² · (1 − 2/80) · 0.5/2 + 0.2² · (1 − 2/20) · 0/2 = 0.156; ± 1.96 · 0.395 leaves [0, 1]
    found = stratified_mean({"a": [0, 1], "b": [1, 1]}, {"a": 80, "b": 20})
    assert (found.mean, found.n) == (pytest.approx(0.6), 4)
    assert found.interval == (0.0, 1.0)
    # means 0.7 and 0.9, 50:50 = 0.8; variance 2 · 0.25 · (1 − 4/50) · (0.04/3)/4 = 0.00153; half 1.96 · 0.03916 = 0.0768
    close = stratified_mean({"a": [0.6, 0.8, 0.6, 0.8], "b": [0.8, 1, 0.8, 1]}, {"a": 50, "b": 50})
    assert close.interval == (pytest.approx(0.7232, abs=1e-4), pytest.approx(0.8768, abs=1e-4))


def test_a_whole_that_was_seen_has_no_width():
    found = stratified_mean({"a": [0.5, 1]}, {"a": 2})
    assert found.interval == (pytest.approx(0.75), pytest.approx(0.75))


def test_nothing_is_said_while_a_stratum_was_not_looked_into():
    assert stratified_mean({"a": [1]}, {"a": 3, "b": 2}) is None
    assert stratified_mean({}, {}) is None
    assert stratified_mean({"a": [1]}, {"a": 3}).interval is None
