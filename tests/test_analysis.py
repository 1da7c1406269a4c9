"""Tables: they hold the trace's own numbers, and what they count agrees with loops in plain Python.

Sizes: N = 13 sequences, L = 2 layers, T = 7 steps, k = 5 LSTMs; C = 3 classes.
"""

from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mrnn import Trace, analysis

N, L, T, K = 13, 2, 7, 5
CLASSES = ("calm", "loud", "never", "odd")  # nothing is of the class "never"
LENGTHS = np.array([7, 1, 3, 2, 5, 7, 6, 1, 4, 2, 3, 5, 6])
Y = np.array([0, 0, 1, 3, 1, 3, 0, 1, 3, 0, 3, 1, 0])
COUNTED = np.arange(T) < LENGTHS[:, None]  # (N, T)


def random_trace(seed: int = 0, *, hard: bool = True) -> Trace:
    rng = np.random.default_rng(seed)
    q = rng.dirichlet(np.full(K, 0.7), (N, L, T))
    z = np.eye(K)[rng.integers(0, K, (N, L, T))] if hard else rng.dirichlet(np.ones(K), (N, L, T))
    padding = ~COUNTED[:, None, :, None]
    return Trace(
        q=np.where(padding, 0, q),
        z=np.where(padding, 0, z),
        logits=rng.normal(size=(N, T, len(CLASSES))),
        lengths=LENGTHS,
    )


TRACE = random_trace()
Z = TRACE.listened()  # (N, T)


def shares_by_loop(z: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    counts = [0] * K
    for sequence, length in zip(z.tolist(), lengths.tolist(), strict=True):
        for t in range(length):
            counts[sequence[t]] += 1
    return np.array([count / sum(counts) for count in counts])


def moves_by_loop(z: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    counts = [[0] * K for _ in range(K)]
    for sequence, length in zip(z.tolist(), lengths.tolist(), strict=True):
        for t in range(1, length):
            counts[sequence[t - 1]][sequence[t]] += 1
    return np.array(counts)


# -- use and moves ---------------------------------------------------------------------------------------------------


def test_usage_agrees_with_a_loop_and_sums_to_1():
    share = analysis.usage(Z, LENGTHS, K)
    np.testing.assert_allclose(share, shares_by_loop(Z, LENGTHS), rtol=1e-12)
    np.testing.assert_allclose(share.sum(), 1, rtol=1e-12)


def test_moves_agree_with_a_loop_and_number_one_less_than_the_steps_of_each_sequence():
    counts = analysis.transition_counts(Z, LENGTHS, K)
    np.testing.assert_array_equal(counts, moves_by_loop(Z, LENGTHS))
    assert counts.sum() == (LENGTHS - 1).sum()
    assert np.issubdtype(counts.dtype, np.integer)


def test_a_move_is_counted_in_the_row_it_leaves_and_the_column_it_enters():
    counts = analysis.transition_counts(np.array([[2, 4, 4]]), np.array([3]), K)
    assert {(i, j): counts[i, j] for i, j in np.argwhere(counts).tolist()} == {(2, 4): 1, (4, 4): 1}


@pytest.mark.parametrize("junk", [-999, 0, K - 1, K, 999])
def test_padding_changes_no_count_whatever_it_holds(junk):
    dirty = np.where(COUNTED, Z, junk)
    np.testing.assert_array_equal(analysis.usage(dirty, LENGTHS, K), analysis.usage(Z, LENGTHS, K))
    np.testing.assert_array_equal(analysis.transition_counts(dirty, LENGTHS, K), moves_by_loop(Z, LENGTHS))


def test_an_lstm_that_is_not_heard_has_share_0_and_no_moves():
    z = np.array([[0, 2, 2]])
    np.testing.assert_allclose(analysis.usage(z, np.array([3]), K), [1 / 3, 0, 2 / 3, 0, 0], rtol=1e-12)
    assert analysis.transition_counts(z, np.array([3]), K)[:, [1, 3, 4]].sum() == 0


def test_where_no_step_counts_all_shares_and_moves_are_0():
    for z, lengths in (Z, 0 * LENGTHS), (Z[:0], LENGTHS[:0]):
        np.testing.assert_array_equal(analysis.usage(z, lengths, K), np.zeros(K))
        np.testing.assert_array_equal(analysis.transition_counts(z, lengths, K), np.zeros((K, K)))


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.int32, np.uint64])
def test_moves_are_counted_alike_whatever_holds_the_path(dtype):
    k = 31  # k * k exceeds the smallest types
    z = np.array([[20, 25, 20, 30]])
    counts = analysis.transition_counts(z.astype(dtype), np.array([4]), k)
    assert [counts[20, 25], counts[25, 20], counts[20, 30], counts.sum()] == [1, 1, 1, 3]


@pytest.mark.parametrize("count", [analysis.usage, analysis.transition_counts])
@pytest.mark.parametrize(
    ("z", "lengths", "message"),
    [
        (Z, LENGTHS + 1, "lengths must be from 0 to 7, got 2 to 8"),
        (Z, LENGTHS - 2, "lengths must be from 0 to 7, got -1 to 5"),
        (Z + 1, LENGTHS, "z must be from 0 to 4, got 1 to 5"),
        (Z - 1, LENGTHS, "z must be from 0 to 4, got -1 to 3"),
        (Z[0], LENGTHS[:1], r"z must have the axes \(N, T\) and lengths \(N,\), got shapes \(7,\) and \(1,\)"),
        (TRACE.z[:, 0], LENGTHS, r"z must have the axes .* got shapes \(13, 7, 5\) and \(13,\)"),
        (Z, LENGTHS[1:], r"z must have the axes .* got shapes \(13, 7\) and \(12,\)"),
    ],
)
def test_paths_and_lengths_that_do_not_fit_are_refused(count, z, lengths, message):
    with pytest.raises(ValueError, match=message):
        count(z, lengths, K)


def test_rows_of_the_transition_matrix_sum_to_1_or_are_nan_where_an_lstm_was_never_left():
    counts = np.array([[3, 0, 1], [0, 0, 0], [0, 7, 0]])
    matrix = analysis.transition_matrix(counts)
    np.testing.assert_allclose(matrix[[0, 2]], [[0.75, 0, 0.25], [0, 1, 0]], rtol=1e-12)
    assert np.isnan(matrix[1]).all()
    rows = analysis.transition_matrix(analysis.transition_counts(Z, LENGTHS, K)).sum(axis=1)
    np.testing.assert_allclose(rows, np.ones(K), rtol=1e-12)


# -- tables of one sequence ------------------------------------------------------------------------------------------


def test_one_lstm_is_listened_to_at_each_step_even_where_weights_are_equal():
    tied = replace(TRACE, z=np.where(COUNTED[:, None, :, None], 1 / K, 0) * np.ones((N, L, T, K)))
    assert not tied.listened().any(), "the first among equals"


def decided_by_loop(best: list[int]) -> int:
    return min(t for t in range(len(best)) if all(answer == best[-1] for answer in best[t:]))


def test_the_answer_is_decided_from_the_step_on_after_which_it_never_changes():
    for seed in range(11):
        trace = random_trace(seed)
        for n, length in enumerate(LENGTHS):
            assert analysis.decided_at(trace, n) == decided_by_loop(trace.logits[n, :length].argmax(-1).tolist())


@pytest.mark.parametrize(("best", "step"), [([1, 1, 1], 0), ([1, 0, 1], 2), ([0, 1, 1], 1), ([2, 0, 1], 2), ([1], 0)])
def test_an_answer_that_comes_back_is_decided_only_when_it_stays(best, step):
    steps = len(best)
    q = np.ones((1, 1, steps, 1))
    trace = Trace(q=q, z=q, logits=np.eye(3)[[best]], lengths=np.array([steps]))
    assert analysis.decided_at(trace) == step


@pytest.mark.parametrize("layer", [0, 1])
def test_the_distance_of_q_is_half_of_what_two_paths_differ_by_and_lies_between_0_and_1(layer):
    first, second = TRACE.take(slice(2, 3)), TRACE.take(slice(4, 5))  # of 3 and 5 steps
    expected = [sum(abs(first.q[0, layer, t, j] - second.q[0, layer, t, j]) for j in range(K)) / 2 for t in range(3)]
    found = analysis.q_distance(first, second, layer)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    np.testing.assert_array_equal(analysis.q_distance(second, first, layer), found)
    assert not analysis.q_distance(first, first, layer).any()
    one, other = (replace(first, q=np.broadcast_to(np.eye(K)[j], first.q.shape)) for j in (1, 3))
    assert analysis.q_distance(one, other, layer).tolist() == [1, 1, 1]


def test_paths_through_other_numbers_of_lstms_are_not_compared():
    narrow = replace(TRACE, q=TRACE.q[..., :3], z=TRACE.z[..., :3])
    with pytest.raises(ValueError, match="the same LSTMs can be compared, got k = 5 and k = 3"):
        analysis.q_distance(TRACE, narrow)


# -- tables by class -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layer", range(L))
def test_steps_apart_are_those_with_different_lstms(layer):
    first, second = TRACE.take(np.array([0])), random_trace(5).take(np.array([0]))
    a, b = (trace.listened(layer)[0].tolist() for trace in (first, second))
    expected = [t for t in range(T) if a[t] != b[t]]
    assert 0 < len(expected) < T
    assert analysis.steps_apart(first, second, layer).tolist() == expected
    assert not len(analysis.steps_apart(first, first, layer))


def test_steps_apart_are_counted_only_where_both_have_as_many():
    with pytest.raises(ValueError, match="both must have as many steps, got 7 and 1"):
        analysis.steps_apart(TRACE, TRACE.take(np.array([1])))


@pytest.mark.parametrize("layer", [0, 1])
def test_usage_by_class_agrees_with_a_loop_over_the_sequences_of_each_class(layer):
    table = analysis.usage_by_class(TRACE, Y, CLASSES, layer)
    assert list(dict.fromkeys(table["class"])) == ["calm", "loud", "odd"]
    for name, part in table.groupby("class"):
        rows = CLASSES.index(str(name)) == Y
        assert part["lstm"].tolist() == [1, 2, 3, 4, 5]
        expected = shares_by_loop(TRACE.listened(layer)[rows], LENGTHS[rows])
        np.testing.assert_allclose(part["share"], expected, rtol=1e-12)


@pytest.mark.parametrize("layer", [0, 1])
def test_transitions_by_class_agree_with_a_loop_over_the_sequences_of_each_class(layer):
    table = analysis.transitions_by_class(TRACE, Y, CLASSES, layer)
    assert list(dict.fromkeys(table["class"])) == ["calm", "loud", "odd"]
    assert len(table) == 3 * K * K
    for name in "calm", "loud", "odd":
        rows = CLASSES.index(name) == Y
        counts = moves_by_loop(TRACE.listened(layer)[rows], LENGTHS[rows])
        for row in table[table["class"] == name].to_dict("records"):
            i, j = row["from"] - 1, row["to"] - 1
            assert row["count"] == counts[i, j]
            left = counts[i].sum()
            np.testing.assert_allclose(row["probability"], counts[i, j] / left if left else np.nan, rtol=1e-12)


@pytest.mark.parametrize("layer", [0, 1])
def test_mean_q_agrees_with_a_loop_over_the_sequences_of_a_class_that_still_go_on(layer):
    table = analysis.mean_q(TRACE, Y, CLASSES, layer)
    expected = {}
    for name in "calm", "loud", "odd":
        rows = np.flatnonzero(CLASSES.index(name) == Y)
        for t in range(LENGTHS[rows].max()):
            going = [TRACE.q[n, layer, t] for n in rows if t < LENGTHS[n]]
            expected |= {(name, t, j + 1): sum(q[j] for q in going) / len(going) for j in range(K)}
    found = {(row["class"], row["t"], row["lstm"]): row["q"] for row in table.to_dict("records")}
    assert found.keys() == expected.keys()
    assert len(table) == len(found)
    np.testing.assert_allclose([found[key] for key in expected], list(expected.values()), rtol=0, atol=6e-5)


TABLES = {
    analysis.usage_by_class: ["class", "lstm"],
    analysis.stationary_by_class: ["class", "lstm"],
    analysis.transitions_by_class: ["class", "from", "to"],
    analysis.dwell_by_class: ["class", "lstm", "steps"],
    analysis.mean_q: ["class", "t", "lstm"],
    analysis.entropy_by_class: ["class", "t"],
}  # what one row of each is of


def by_class(trace: Trace) -> list[pd.DataFrame]:
    return [table(trace, Y, CLASSES) for table in TABLES]


def test_more_padding_changes_no_table():
    def padded(a: np.ndarray, axis: int) -> np.ndarray:
        return np.concatenate([a, np.zeros_like(a).take(range(4), axis)], axis)

    longer = Trace(q=padded(TRACE.q, 2), z=padded(TRACE.z, 2), logits=padded(TRACE.logits, 1), lengths=LENGTHS)
    for ours, theirs in zip(by_class(TRACE), by_class(longer), strict=True):
        pd.testing.assert_frame_equal(ours, theirs)
    for n in range(N):
        assert analysis.decided_at(TRACE, n) == analysis.decided_at(longer, n)


@pytest.mark.parametrize("bins", [1, 3, 4, 100])
def test_many_steps_are_averaged_in_spans_that_are_equally_long(bins):
    table = analysis.mean_q(TRACE, Y, CLASSES, bins=bins)
    width = -(-T // bins)
    assert set(table["t"]) == set(range(0, T, width))
    for row in table.to_dict("records"):
        assert row["until"] == min(row["t"] + width, T) - 1
        rows = np.flatnonzero(CLASSES.index(row["class"]) == Y)
        steps = [(n, t) for n in rows for t in range(row["t"], row["until"] + 1) if t < LENGTHS[n]]
        expected = sum(TRACE.q[n, -1, t, row["lstm"] - 1] for n, t in steps) / len(steps)
        np.testing.assert_allclose(row["q"], expected, rtol=0, atol=6e-5)


def test_permuting_the_lstms_permutes_every_table_and_nothing_else():
    order = np.array([3, 0, 4, 1, 2])  # LSTM j of the permuted trace was LSTM order[j]
    permuted = replace(TRACE, q=TRACE.q[..., order], z=TRACE.z[..., order])
    name = dict(zip(range(1, K + 1), (order + 1).tolist(), strict=True))
    z = permuted.listened()
    np.testing.assert_array_equal(analysis.usage(z, LENGTHS, K), analysis.usage(Z, LENGTHS, K)[order])
    moves = analysis.transition_counts(Z, LENGTHS, K)
    np.testing.assert_array_equal(analysis.transition_counts(z, LENGTHS, K), moves[np.ix_(order, order)])

    def same(ours: pd.DataFrame, theirs: pd.DataFrame, keys: list[str]) -> None:
        renamed = theirs.assign(**{key: theirs[key].map(name) for key in ("lstm", "from", "to") if key in theirs})
        ours, renamed = (table.sort_values(keys, ignore_index=True) for table in (ours, renamed))
        pd.testing.assert_frame_equal(ours, renamed)

    for ours, theirs, keys in zip(by_class(TRACE), by_class(permuted), TABLES.values(), strict=True):
        same(ours, theirs, keys)


def test_before_and_after_tell_the_probabilities_of_all_that_was_answered():
    length = int(TRACE.lengths[0])
    swapped = replace(TRACE, logits=TRACE.logits[..., ::-1])
    before, after = TRACE.take(slice(1)), swapped.take(slice(1))
    table = analysis.answers_before_and_after(before, after, CLASSES, Y[:1])
    told = {int(trace.answers[0].argmax()) for trace in (before, after)}
    assert len(told) == 2
    assert set(table["class"]) == {CLASSES[c] for c in told}
    for (when, name), rows in table.groupby(["when", "class"]):
        trace = before if when == "before" else after
        assert rows["t"].tolist() == list(range(length))
        np.testing.assert_allclose(rows["probability"], trace.probabilities[0, :length, CLASSES.index(name)], atol=1e-4)


def test_before_and_after_tell_all_labels_of_the_end_and_of_values_the_values():
    length = int(TRACE.lengths[0])
    before = replace(TRACE, target="labels").take(slice(1))
    after = replace(before, logits=before.logits - 1)
    held = {CLASSES[c] for trace in (before, after) for c in np.flatnonzero(trace.answers[0] > 0.5)}
    held |= {CLASSES[int(trace.answers[0].argmax())] for trace in (before, after)}
    table = analysis.answers_before_and_after(before, after, CLASSES, np.ones((1, len(CLASSES))))
    assert set(table["class"]) == held
    values = [replace(trace, target="value") for trace in (before, after)]
    table = analysis.answers_before_and_after(values[0], values[1], CLASSES, np.zeros((1, len(CLASSES))))
    assert set(table["class"]) == set(CLASSES)
    of_last = table[(table["class"] == CLASSES[-1]) & (table["when"] == "after")]
    np.testing.assert_allclose(of_last["probability"], after.logits[0, :length, -1], atol=1e-4)


def test_before_and_after_tell_what_is_given_to_the_right_answer_of_each_step():
    length = int(TRACE.lengths[0])
    y = np.arange(TRACE.logits.shape[1])[None] % len(CLASSES)
    one = TRACE.take(slice(1))
    table = analysis.answers_before_and_after(one, one, CLASSES, y)
    assert set(table["class"]) == {"what is right"}
    given = one.probabilities[0, np.arange(length), y[0, :length]]
    np.testing.assert_allclose(table.loc[table["when"] == "after", "probability"], given, atol=1e-4)
    labels = replace(one, target="labels")
    truth = np.eye(len(CLASSES))[y]
    table = analysis.answers_before_and_after(labels, labels, CLASSES, truth)
    given = np.where(truth == 1, labels.probabilities[:, : y.shape[1]], 1 - labels.probabilities)[0, :length].mean(-1)
    np.testing.assert_allclose(table.loc[table["when"] == "before", "probability"], given, atol=1e-4)


@pytest.mark.parametrize("layer", range(L))
def test_two_traces_part_where_another_lstm_is_listened_to_first_in_any_layer(layer):
    one = TRACE.take(slice(1))
    assert analysis.first_difference(one, one) is None
    z = one.z.copy()
    z[0, layer, 1:] = np.roll(z[0, layer, 1:], 1, axis=-1)
    assert analysis.first_difference(one, replace(one, z=z)) == 1
    long = replace(one, lengths=np.array([2]))
    z = one.z.copy()
    z[0, layer, 2:] = np.roll(z[0, layer, 2:], 1, axis=-1)
    assert analysis.first_difference(long, replace(long, z=z)) is None


# -- confusion -------------------------------------------------------------------------------------------------------


def test_confusion_counts_each_sequence_once_by_its_class_and_its_last_answer():
    lengths, y, answered = np.array([2, 5, 3, 5, 1]), np.array([0, 0, 2, 0, 2]), np.array([0, 1, 2, 1, 0])
    logits = np.zeros((5, 5, 3))
    logits[..., 2] = 1  # what is said before and after the last step does not count
    for n, (length, c) in enumerate(zip(lengths, answered, strict=True)):
        logits[n, length - 1] = np.eye(3)[c]
    q = np.ones((5, 1, 5, 1))
    trace = Trace(q=q, z=q, logits=logits, lengths=lengths)
    table = analysis.confusion(trace, y, ("a", "b", "c"))
    count = table.pivot(index="true", columns="answered", values="count")
    assert count.to_numpy().tolist() == [[1, 2, 0], [0, 0, 0], [1, 0, 1]]
    share = table.pivot(index="true", columns="answered", values="share").to_numpy()
    np.testing.assert_allclose(share, [[0.3333, 0.6667, 0], [np.nan] * 3, [0.5, 0, 0.5]])
    with pytest.raises(ValueError, match=r"y must have the shape \(5,\), or \(5, 5\) a step, got \(5, 3\)"):
        analysis.confusion(trace, np.zeros((5, 3), int), ("a", "b", "c"))


def test_where_each_step_has_a_class_confusion_counts_each_step_that_counts():
    y = np.random.default_rng(0).integers(0, len(CLASSES), TRACE.logits.shape[:2])
    table = analysis.confusion(TRACE, y, CLASSES)
    pairs = Counter(
        (CLASSES[y[n, t]], CLASSES[int(TRACE.logits[n, t].argmax())])
        for n in range(len(y))
        for t in range(TRACE.lengths[n])
    )
    assert {(row["true"], row["answered"]): row["count"] for row in table.to_dict("records") if row["count"]} == pairs


def test_of_many_classes_the_rarer_ones_are_counted_together():
    y = np.array([0] * 5 + [1] + [2] * 4 + [3] * 2)[None]
    said = np.array([0] * 4 + [3] + [1] + [2] * 4 + [1, 0])[None]
    q = np.ones((1, 1, 12, 1))
    trace = Trace(q=q, z=q, logits=np.eye(4)[said], lengths=np.array([12]))
    table = analysis.confusion(trace, y, ("a", "b", "c", "d"), most=3)
    count = table.pivot(index="true", columns="answered", values="count")
    assert count.loc[["a", "c", "others"], ["a", "c", "others"]].to_numpy().tolist() == [
        [4, 0, 1],
        [0, 4, 0],
        [1, 0, 2],
    ]


def test_labels_are_counted_as_found_missed_and_false_alarms():
    y = np.array([[1, 0], [1, 0], [0, 1], [1, 1]])
    said = np.array([[1, 0], [0, 1], [1, 1], [1, 1]])
    q = np.ones((4, 1, 2, 1))
    logits = np.stack([1 - 2.0 * y, 2.0 * said - 1], 1)  # before the last step all is wrong
    table = analysis.confusion_of_labels(Trace(q, q, logits, np.full(4, 2), "labels"), y, ("a", "b"))
    assert table.to_numpy().tolist() == [["a", 2, 1, 1, 0], ["b", 2, 0, 1, 1]]
    each = np.stack([y, y], 1)
    table = analysis.confusion_of_labels(Trace(q, q, logits, np.array([1, 1, 2, 2]), "labels"), each, ("a", "b"))
    assert table[["found", "missed", "false alarms", "rightly not told"]].to_numpy().sum() == 2 * 6
