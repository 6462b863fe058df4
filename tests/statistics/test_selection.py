"""The Kim-Nelson procedure, decision by decision: against a slow model, in batches, with ties and at its limits."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocation.engine.errors import SettingError
from allocation.statistics import KimNelson, kim_nelson_constants

NAMES = "abcdefgh"


def slowly(rows, names, delta, confidence, n0):
    """The procedure in exact arithmetic, one replication and one pair at a time, as the paper states it."""
    h2 = Fraction(kim_nelson_constants(len(names), n0, 1 - confidence).h2)
    delta = Fraction(delta)

    def variance(i, l):  # noqa: E741 - i and l as in the paper
        differences = [row[i] - row[l] for row in rows[:n0]]
        mean = Fraction(sum(differences), n0)
        return sum((d - mean) ** 2 for d in differences) / (n0 - 1)

    left, gone = list(range(len(names))), []
    for r in range(n0, len(rows) + 1):
        mean = {i: Fraction(sum(row[i] for row in rows[:r]), r) for i in left}

        def leaves(i, l, r=r, mean=mean):  # noqa: E741
            allowance = max(Fraction(0), delta / (2 * r) * (h2 * variance(i, l) / delta**2 - r))
            return mean[i] < mean[l] - allowance or (allowance == 0 and mean[i] == mean[l] and l < i)

        out = [i for i in left if any(leaves(i, l) for l in left if l != i)]  # noqa: E741
        gone += [(names[i], r) for i in out]
        left = [i for i in left if i not in out]
        if len(left) == 1:
            break
    return [names[i] for i in left], gone


def feed(selection, rows, sizes):
    """Feed a table of all settings in batches of these sizes, round and round."""
    names, at, turn = list(selection.result().observations), 0, 0
    while not selection.over and at < len(rows):
        size = sizes[turn % len(sizes)]
        selection.feed([[row[names.index(name)] for name in selection.survivors] for row in rows[at : at + size]])
        at, turn = at + size, turn + 1
    return selection.result()


tables = st.integers(2, 4).flatmap(
    lambda k: st.lists(st.tuples(*[st.integers(-9, 9)] * k), min_size=6, max_size=40),
)


@settings(max_examples=60)
@given(
    rows=tables,
    n0=st.integers(2, 6),
    delta=st.sampled_from([0.5, 1, 2, 7]),
    sizes=st.lists(st.integers(1, 9), min_size=1),
)
def test_it_decides_as_the_slow_model_in_whatever_batches(rows, n0, delta, sizes) -> None:
    names = NAMES[: len(rows[0])]
    left, gone = slowly(rows, names, delta, 0.83, n0)
    result = feed(KimNelson(names, indifference=delta, confidence=0.83, n0=n0), rows, sizes)
    assert list(result.survivors) == left
    assert [(e.setting, e.replications) for e in result.eliminations] == gone
    for elimination in result.eliminations:
        assert elimination.behind >= elimination.allowance >= 0
        assert elimination.tied == (elimination.behind == 0)
        assert elimination.by != elimination.setting
    assert result.observations == {name: dict(gone).get(name, result.replications) for name in names}


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), sizes=st.lists(st.integers(1, 400), min_size=1))
def test_batches_change_no_bit(seed, sizes) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.normal([0, 0.3, 0.5, 1], 2, size=(600, 4))
    one_by_one = feed(KimNelson("abcd", indifference=0.5, n0=10), rows, [1])
    batches = feed(KimNelson("abcd", indifference=0.5, n0=10), rows, sizes)
    assert batches.eliminations == one_by_one.eliminations
    assert (batches.winner, batches.observations) == (one_by_one.winner, one_by_one.observations)
    assert one_by_one.simulated == one_by_one.observations
    assert all(batches.simulated[name] >= n for name, n in batches.observations.items())


@settings(max_examples=40)
@given(rows=tables)
def test_the_smallest_is_the_largest_of_the_negatives(rows) -> None:
    names = NAMES[: len(rows[0])]
    smallest = feed(KimNelson(names, indifference=1, n0=5, maximise=False), rows, [7])
    largest = feed(KimNelson(names, indifference=1, n0=5), [[-x for x in row] for row in rows], [7])
    assert smallest == largest


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32 - 1))
def test_it_ends_when_it_says_at_the_latest(seed) -> None:
    rng = np.random.default_rng(seed)
    selection = KimNelson("abc", indifference=1, confidence=0.9, n0=4)
    assert selection.replications_left is None
    assert selection.replications_wanted == 4
    selection.feed(rng.normal(size=(3, 3)))
    assert (selection.replications, selection.replications_wanted) == (3, 1)
    selection.feed(rng.normal(size=(1, 3)))
    while not selection.over:
        assert selection.replications_wanted == 1
        before = selection.replications_left
        selection.feed(rng.normal(size=(before, len(selection.survivors))))
        assert selection.over
    assert (selection.replications_left, selection.replications_wanted) == (0, 0)


def test_who_left_when_and_by_whom() -> None:
    # Differences to the winner are constant, so variances are 0 and the first screening decides.
    base = np.array([1.0, 4.0, 2.0, 8.0])
    selection = KimNelson(["low", "best", "middle"], indifference=0.5, n0=4)
    gone = selection.feed(np.column_stack([base - 3, base, base - 1]))
    assert [(e.setting, e.by, e.replications, e.behind, e.allowance, e.tied) for e in gone] == [
        ("low", "best", 4, 3.0, 0.0, False),
        ("middle", "best", 4, 1.0, 0.0, False),
    ]
    result = selection.result()
    assert (result.winner, result.leader, result.decided, result.survivors) == ("best", "best", True, ("best",))
    assert (result.confidence, result.indifference) == (0.95, 0.5)


def test_one_setting_wins_without_replications() -> None:
    selection = KimNelson(["only"], indifference=1)
    assert (selection.over, selection.replications_wanted) == (True, 0)
    result = selection.result()
    assert (result.winner, result.leader, result.replications, result.observations) == ("only", "only", 0, {"only": 0})
    with pytest.raises(ValueError, match="over"):
        selection.feed([[1.0]])


def test_exact_ties_go_to_the_setting_named_first() -> None:
    same = np.arange(10.0)
    for names in ("abc", "cba"):
        selection = KimNelson(names, indifference=1, n0=5)
        gone = selection.feed(np.column_stack([same, same, same]))
        assert selection.result().winner == names[0]
        assert [(e.setting, e.by, e.replications, e.tied) for e in gone] == [
            (names[1], names[0], 5, True),
            (names[2], names[0], 5, True),
        ]


def test_a_tie_is_not_settled_while_the_allowance_lasts() -> None:
    # The sums are equal after four replications, but the differences vary: the next ones decide.
    rows = [[0, 5], [5, 0], [0, 5], [5, 0]]
    selection = KimNelson("ab", indifference=1, n0=4)
    assert selection.feed(rows) == ()
    selection.feed([[0, 9]] * selection.replications_left)
    assert selection.result().winner == "b"
    assert not selection.result().eliminations[0].tied


def test_it_stops_undecided_at_the_limit() -> None:
    rng = np.random.default_rng(5)
    rows = rng.normal([0, 0, -500], 3, size=(40, 3))
    selection = KimNelson(["a", "b", "far"], indifference=0.1, n0=10, n_max=25)
    assert selection.replications_left == 25
    selection.feed(rows[:20])
    assert selection.survivors == ("a", "b")
    assert selection.replications_left == 5
    selection.feed(rows[20:, :2])
    assert selection.over
    result = selection.result()
    assert (result.winner, result.decided, result.survivors) == (None, False, ("a", "b"))
    assert result.leader == "ab"[int(rows[:25, :2].mean(axis=0).argmax())]
    assert result.observations == {"a": 25, "b": 25, "far": 10}
    assert result.simulated == {"a": 40, "b": 40, "far": 20}
    with pytest.raises(ValueError, match="over"):
        selection.feed(rows[:1, :2])


def test_a_limit_within_the_first_batch() -> None:
    selection = KimNelson("ab", indifference=1, n0=5, n_max=5)
    selection.feed([[0, 1], [1, 0]] * 50)
    assert (selection.replications, selection.over, selection.result().survivors) == (5, True, ("a", "b"))


def test_what_it_knows_before_and_within_the_first_stage() -> None:
    selection = KimNelson("ab", indifference=1, n0=5)
    assert (selection.result().leader, selection.result().winner) == (None, None)
    selection.feed(np.empty((0, 2)))
    assert selection.feed([[0, 1], [0, 2]]) == ()
    assert (selection.result().leader, selection.replications) == ("b", 2)


def test_the_rows_that_were_fed_are_not_kept_or_changed() -> None:
    rows = np.ones((3, 2))
    selection = KimNelson("ab", indifference=1, n0=5, maximise=False)
    selection.feed(rows)
    assert (rows == 1).all()
    rows[:] = np.inf
    selection.feed([[1, 2], [1, 3]])
    assert selection.result().leader == "a"


def test_what_is_refused() -> None:
    for names, options, match in [
        ([], {}, "no settings"),
        (["a", "b", "a"], {}, "'a' is named 2 times"),
        ("ab", {"indifference": 0}, "indifference 0"),
        ("ab", {"indifference": float("nan")}, "indifference nan"),
        ("ab", {"confidence": 1}, "confidence 1"),
        ("ab", {"confidence": 0.5}, "1/2"),
        ("ab", {"n0": 1}, "n0"),
        ("a", {"n0": 1}, "n0"),
        ("ab", {"n0": 20, "n_max": 19}, "n_max 19"),
    ]:
        with pytest.raises(SettingError, match=match):
            KimNelson(names, **({"indifference": 1} | options))
    selection = KimNelson("ab", indifference=1)
    for rows in ([1.0, 2.0], [[1.0]], [[1.0, 2.0, 3.0]]):
        with pytest.raises(ValueError, match="rows of 2"):
            selection.feed(rows)
    with pytest.raises(ValueError, match="finite"):
        selection.feed([[1.0, float("nan")]])
