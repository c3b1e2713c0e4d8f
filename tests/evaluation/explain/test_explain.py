"""What is measured inside a network, against definitions computed another way."""

from dataclasses import replace

import numpy as np
import pytest

from forecast.data.panel import panel_from_series
from forecast.data.windows import last_lookbacks
from forecast.evaluation.explain.cell_report import report_on_cell
from forecast.evaluation.explain.cost import kernel_of, network_cost
from forecast.evaluation.explain.gates import (
    gates_on_calendar,
    saturation,
    time_constants,
)
from forecast.evaluation.explain.gradient_flow import gradient_flows, half_life
from forecast.evaluation.explain.learning import Batch, Learning, gradient_norm, learning_curve
from forecast.evaluation.explain.memory import (
    advised_window,
    memory_curve,
    occlusion_curve,
    rank_correlation,
    reach,
)
from forecast.evaluation.explain.sentences import plain_words
from forecast.evaluation.explain.spike import spike_response
from forecast.evaluation.explain.subject import Subject, WindowEnds, cut_at, sample_ends, typical_series
from forecast.models.forecaster import Snapshot
from forecast.models.networks.backprop import mean_transition
from forecast.models.networks.cells import CELLS
from forecast.models.networks.presets import spec_parameters
from forecast.models.networks.recurrent import run_network
from forecast.specs import Machine
from tiny import VIEWS, awkward_panel, random_model, random_weights, tiny_spec, wave


def subject_of(cell, panel=None, **changes):
    panel = panel or awkward_panel()
    return Subject(random_model(tiny_spec(cell, views=VIEWS, seeds=(0, 1), **changes), panel), panel)


def passage_of(subject, place=0):
    probe = subject.probes[place]
    return probe, probe.run()


# Windows


def test_sample_ends_with_each_series_and_is_cut_evenly():
    panel = panel_from_series([np.arange(50.0), 100 + np.arange(30.0), []], "D")
    where = sample_ends(panel, 8, most=10)
    np.testing.assert_array_equal(where.series, np.repeat([0, 1], 5))
    np.testing.assert_array_equal(where.steps, [8, 18, 29, 39, 50, 8, 13, 19, 24, 30])
    windows = cut_at(panel, where)
    assert [windows.series(i)[-1] for i in (0, 4, 9)] == [7, 49, 129]
    np.testing.assert_array_equal(sample_ends(panel, 8, most=2).steps, [50, 30])


def test_window_of_a_short_series_is_lengthened_as_for_predicting():
    panel = panel_from_series([[1.0, 2, 3]], "D")
    subject = Subject(random_model(tiny_spec("gru", window=6, segment=1), panel), panel)
    seen = subject.probes[0].seen
    ours = seen.inputs * seen.scale
    lookback = last_lookbacks(panel, 6, 4)
    np.testing.assert_allclose(ours - ours.mean(), lookback - lookback.mean(), atol=1e-12)


def test_typical_series_is_the_one_like_the_others():
    odd = panel_from_series([wave(40, seed=9)[::-1] ** 3, wave(40), wave(40, seed=1), np.ones(40), wave(5)], "D")
    assert typical_series(odd, 8, 4) in {1, 2}


# Memory


@pytest.mark.parametrize("cell", CELLS)
def test_memory_curve_is_what_small_changes_do(cell):
    subject = subject_of(cell)
    curve = memory_curve(subject)
    for network, probe in enumerate(subject.probes):
        plain = {k: w for k, w in probe.weights.items() if not k.startswith("highway")}
        for lag in (1, 5):
            moved = [probe.seen.inputs.copy(), probe.seen.inputs.copy()]
            for sign, inputs in zip((1, -1), moved, strict=True):
                inputs[:, -lag] += sign * 1e-2
            change = run_network(probe.spec, plain, moved[0]) - run_network(probe.spec, plain, moved[1])
            np.testing.assert_allclose(curve.each[network, lag - 1], np.abs(change / 2e-2).mean(), rtol=2e-2)
    np.testing.assert_allclose(curve.recurrent, curve.each.mean(axis=0))


def test_whole_memory_adds_highway_and_base():
    subject = subject_of("gru")
    quiet = [
        replace(n, weights={**n.weights, "head/kernel": 0 * n.weights["head/kernel"]}) for n in subject.model.networks
    ]
    curve = memory_curve(Subject(replace(subject.model, networks=tuple(quiet)), subject.panel))
    assert not curve.recurrent.any()
    straight = [
        np.abs(probe.maps.base + probe.weights["highway/kernel"]).mean(axis=1)[::-1] for probe in subject.probes
    ]
    np.testing.assert_allclose(curve.whole, np.mean(straight, axis=0), rtol=1e-5)
    assert curve.reach(0.9) == 0


@pytest.mark.parametrize(
    ("curve", "share", "lag"),
    [([1, 1, 1, 1], 0.5, 2), ([1, 1, 1, 1], 0.51, 3), ([5, 0, 0, 5], 0.9, 4), ([1, 0, 0], 0.9, 1), ([0, 0], 0.5, 0)],
)
def test_reach_is_the_lag_that_holds_the_share(curve, share, lag):
    assert reach(np.array(curve, dtype=float), share) == lag


def test_window_is_advised_in_whole_seasons_and_only_where_it_saves_much():
    curve = replace(memory_curve(subject_of("rnn")), recurrent=np.eye(1, 8)[0], whole=np.eye(1, 8, 1)[0])
    assert advised_window(curve, ()) == 2
    assert advised_window(curve, (4,)) == 4
    assert advised_window(curve, (2, 4)) == 4  # the longest season in use stays inside
    assert advised_window(curve, (7,)) is None
    assert advised_window(curve, (2, 8)) is None
    assert advised_window(replace(curve, whole=np.ones(8)), ()) is None


def test_share_is_the_part_of_the_sensitivity_that_goes_through_the_cell():
    subject = subject_of("gru")
    bare = {name: 0 * array for name, array in subject.model.networks[0].weights.items()}
    idle = replace(subject.model, networks=tuple(replace(n, weights=bare) for n in subject.model.networks))
    assert memory_curve(Subject(idle, subject.panel)).share == 0
    curve = memory_curve(subject)
    straight = np.mean([np.abs(p.maps.base + p.weights["highway/kernel"]).mean(axis=1).sum() for p in subject.probes])
    assert curve.share == pytest.approx(curve.recurrent.sum() / (curve.recurrent.sum() + straight), rel=1e-5)


def test_representative_network_is_the_one_nearest_to_the_mean():
    curve = replace(
        memory_curve(subject_of("rnn")), recurrent=np.ones(3), each=np.array([[0, 0, 0], [1, 1, 1.1], [9, 9, 9]])
    )
    assert curve.representative == 1


@pytest.mark.parametrize("cell", CELLS)
def test_occlusion_agrees_with_the_gradients(cell):
    subject = subject_of(cell)
    assert rank_correlation(occlusion_curve(subject), memory_curve(subject).recurrent) > 0.6


def test_rank_correlation_is_spearmans():
    assert rank_correlation(np.array([1.0, 2, 30]), np.array([0.1, 0.2, 0.3])) == pytest.approx(1)
    assert rank_correlation(np.array([1.0, 2, 3]), np.array([3.0, 2, 1])) == pytest.approx(-1)
    assert np.isnan(rank_correlation(np.ones(3), np.array([3.0, 2, 1])))


# Gradient flow


def test_flow_of_a_linear_rnn_is_the_power_of_its_matrix():
    subject = subject_of("rnn", segment=1)
    recurrent = np.diag([0.5, 0.25, 0.1]).astype(np.float32)
    small = {
        "cell0/recurrent": recurrent,
        "cell0/bias": np.zeros(3, np.float32),
        "cell0/kernel": np.zeros((1, 3), np.float32),
    }
    networks = tuple(replace(n, weights=n.weights | small) for n in subject.model.networks)
    (flow,) = gradient_flows(Subject(replace(subject.model, networks=networks), subject.panel))
    np.testing.assert_allclose(flow.trained, 0.5 ** np.arange(8), rtol=1e-5)
    assert half_life(flow.trained) == pytest.approx(1)
    assert not flow.explodes


def test_flow_names_what_explodes():
    subject = subject_of("rnn", segment=1)
    wild = {"cell0/recurrent": 3 * np.eye(3, dtype=np.float32), "cell0/kernel": np.zeros((1, 3), np.float32)}
    wild["cell0/bias"] = np.zeros(3, np.float32)
    networks = tuple(replace(n, weights=n.weights | wild) for n in subject.model.networks)
    (flow,) = gradient_flows(Subject(replace(subject.model, networks=networks), subject.panel))
    assert flow.explodes
    assert half_life(flow.trained) is None


def test_lstm_with_open_forget_gates_keeps_its_cell_state():
    subject = subject_of("lstm", segment=1)
    bias = np.zeros(12, np.float32)
    bias[:3], bias[3:6] = -30, 30  # lets nothing in, forgets nothing
    networks = tuple(replace(n, weights=n.weights | {"cell0/bias": bias}) for n in subject.model.networks)
    hidden, state = gradient_flows(Subject(replace(subject.model, networks=networks), subject.panel))
    assert (hidden.path, state.path) == ("hidden", "cell state")
    np.testing.assert_allclose(state.trained, 1, atol=1e-4)
    assert hidden.trained[1] < 1


@pytest.mark.parametrize(
    ("curve", "half"), [([1, 0.5], 1.0), ([4, 2, 1], 1.0), ([1, 0.9, 0.8], None), ([1, 0.25], 0.5)]
)
def test_half_life_is_read_between_the_steps(curve, half):
    assert half_life(np.array(curve, dtype=float)) == (half if half is None else pytest.approx(half))


# Gates


@pytest.mark.parametrize("cell", CELLS)
def test_calendar_shows_the_last_step_of_the_window_that_ends_at_each_date(cell):
    subject = subject_of(cell)
    network = subject.model.networks[0]
    calendar = gates_on_calendar(subject, network, 0)
    dates = len(calendar.values)
    assert dates == len(calendar.timestamps) == 40
    np.testing.assert_array_equal(calendar.values, subject.panel.series(0)[-dates:])
    probe = subject.of_series(0).probe(network, WindowEnds(np.array([0]), np.array([40])))
    trace = probe.run().traces[-1]
    name = next(iter(calendar.rows))
    ours = trace.hidden if name == "hidden" else trace.gates[name]
    np.testing.assert_allclose(sorted(calendar.rows[name][:, -1]), sorted(ours[-1, 0]), rtol=1e-4)
    assert all(values.shape == (3, dates) for values in calendar.rows.values())


def test_events_are_weekends_gaps_and_values_out_of_the_ordinary():
    values = wave(60, noise=0.1)
    values[40], values[50] = 90.0, np.nan
    panel = panel_from_series([values], "D")
    calendar = gates_on_calendar(subject_of("gru", panel), subject_of("gru", panel).model.networks[0], 0)
    days = {event.name: {str(day)[:10] for day in calendar.timestamps[event.dates]} for event in calendar.events}
    assert days["outlier"] == {"1970-02-10"}
    assert days["gap"] == {"1970-02-20"}
    assert {np.datetime64(day).astype(int) % 7 for day in days["weekend"]} == {2, 3}  # 1970-01-03 and -04


@pytest.mark.parametrize(("cell", "gate"), [("lstm", "forget"), ("gru", "update")])
def test_time_constant_is_that_of_the_mean_keep_gate(cell, gate):
    probe, passage = passage_of(subject_of(cell))
    mean = passage.traces[-1].gates[gate].mean(axis=(0, 1))
    found = time_constants(probe, passage)
    np.testing.assert_allclose(np.exp(-probe.spec.segment / found.tau), mean, rtol=1e-4)
    assert found.source == f"{gate} gate"


def test_time_constants_of_an_rnn_are_those_of_its_mean_jacobian_with_what_tanh_leaves():
    subject = subject_of("rnn")
    recurrent = np.diag([0.5, -0.9, 1.5]).astype(np.float32)
    networks = tuple(replace(n, weights=n.weights | {"cell0/recurrent": recurrent}) for n in subject.model.networks)
    probe, passage = passage_of(Subject(replace(subject.model, networks=networks), subject.panel))
    found = time_constants(probe, passage)
    hidden = passage.traces[-1].hidden.astype(float)
    kept = np.abs(np.diag(recurrent)) * (1 - hidden**2).mean(axis=(0, 1))  # of a diagonal matrix, a number a unit
    with np.errstate(divide="ignore"):
        ours = np.where(kept < 1, -2 / np.log(np.minimum(kept, 1)), np.inf)
    np.testing.assert_allclose(np.sort(found.tau), np.sort(ours), rtol=1e-4)
    assert saturation(probe, passage).radius == pytest.approx(1.5)  # of the matrix as it is


def test_mean_transition_is_what_small_changes_of_the_state_do():
    """Against finite differences of the step itself, with everything else held."""
    _, passage = passage_of(subject_of("gru"))
    cell, weights, trace = CELLS["gru"], passage.weights[-1], passage.traces[-1]
    rows, size = [], 1e-3
    bias = weights["bias"][0]
    projected = passage.inputs[-1] @ weights["kernel"] + bias
    for unit in range(trace.hidden.shape[2]):
        ends = []
        for sign in (1, -1):
            moved = trace.before + sign * size * np.eye(3, dtype=np.float32)[unit]
            ends.append(np.stack([cell.forward(p, m, m, weights)[0] for p, m in zip(projected, moved, strict=True)]))
        rows.append(((ends[0] - ends[1]) / (2 * size)).mean(axis=(0, 1)))
    np.testing.assert_allclose(mean_transition(cell, weights, trace), np.stack(rows).T, atol=2e-3)


@pytest.mark.parametrize(("cell", "path"), [("rnn", "hidden"), ("gru", "hidden"), ("lstm", "cell state")])
def test_half_life_of_a_cell_is_that_of_the_state_that_carries_its_memory(cell, path):
    subject = subject_of(cell)
    own = report_on_cell(subject, 0, network_cost(subject.spec, 0.001, None, "none"))
    assert own.memory_flow.path == path
    sentence = next(one.text for one in plain_words([own], (4,), "day", 60) if one.panel == "flow")
    assert "hidden state" not in sentence


def test_saturation_counts_shut_open_and_idle():
    subject = subject_of("lstm")
    bias = np.zeros(12, np.float32)
    bias[:3], bias[3:6] = -30, 30
    networks = tuple(replace(n, weights=n.weights | {"cell0/bias": bias}) for n in subject.model.networks)
    found = saturation(*passage_of(Subject(replace(subject.model, networks=networks), subject.panel)))
    assert found.low["input"] == found.high["forget"] == 1
    assert found.dead == 3  # nothing is let in, so no state moves
    assert set(found.low) == set(CELLS["lstm"].gates) - {"candidate"}


# Spike, cost, learning


@pytest.mark.parametrize("cell", CELLS)
def test_spike_is_a_change_of_one_value_in_the_model_itself(cell):
    subject = subject_of(cell)
    series = subject.panel.select([0])
    found = spike_response(subject, memory_curve(subject), 0)
    values = series.values.copy()
    values[-3] += found.size
    plain, moved = (
        np.median(subject.model.predict_members(p).values[:, 0], axis=0)
        for p in (series, replace(series, values=values))
    )
    single = np.finfo(np.float32).eps * np.abs(plain).max()  # sums in another order: processors differ in the last bits
    np.testing.assert_allclose(found.change[2], moved - plain, rtol=1e-6, atol=4 * single)
    assert found.size == pytest.approx(series.values[-8:].std())


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", CELLS)
def test_multiply_adds_are_those_of_the_matrix_products(cell, layers):
    spec = tiny_spec(cell, layers=layers)
    cost = network_cost(spec, 0.1, None, "none")
    shapes = {
        name: array.shape for name, array in random_weights(spec).items() if array.ndim == 2 and "bias" not in name
    }
    times = {"embed/kernel": 4, "head/kernel": 1, "highway/kernel": 1}
    assert cost.forecast_multiplies == sum(a * b * times.get(name, 4) for name, (a, b) in shapes.items())
    assert cost.parameters == spec_parameters(spec)
    assert cost.step_multiplies < cost.forecast_multiplies
    assert CELLS[cell].parameters(3, 3) > 0


def test_kernel_says_why_it_is_not_cudnns():
    gpu = Machine("gpu", jit=False)
    assert kernel_of(tiny_spec("lstm"), gpu) == "cuDNN, chosen by Keras"
    assert "recurrent dropout" in kernel_of(tiny_spec("gru", recurrent_dropout=0.1), gpu)
    assert "SimpleRNN" in kernel_of(tiny_spec("rnn"), gpu)
    assert "no cuDNN on a CPU" in kernel_of(tiny_spec("lstm"), Machine())


@pytest.mark.parametrize("loss", ["mae", "mse", "huber"])
@pytest.mark.slow
def test_gradient_norm_is_that_of_the_training_loop(loss):
    from forecast.models.networks.keras_networks import build_network, set_weights
    from forecast.models.networks.tensorflow import tf
    from forecast.models.networks.training import mean_loss

    subject = subject_of("lstm", loss=loss)
    probe = subject.probes[0]
    rng = np.random.default_rng(0)
    shape = (len(probe.seen.inputs), 3)
    targets, known = rng.normal(size=shape), rng.random(shape) < 0.8
    network = build_network(probe.spec, 0)
    set_weights(network, probe.weights)
    with tf.GradientTape() as tape:
        outputs = network(tf.constant(probe.seen.inputs, tf.float32), training=False)
        value = mean_loss(loss, outputs, tf.constant(targets, tf.float32), tf.constant(known, tf.float32))
    theirs = tf.linalg.global_norm(tape.gradient(value, network.trainable_variables))
    assert gradient_norm(probe, Batch(probe, targets, known)) == pytest.approx(float(theirs), rel=1e-4)


def test_learning_curve_is_the_error_of_each_seed():
    panel = panel_from_series([wave(40), wave(30, seed=1)], "D")
    train = panel.until(panel.lengths - 3)
    truth = np.stack([panel.series(i)[-3:] for i in range(2)])
    model = random_model(tiny_spec("gru", seeds=(0, 1)), train)
    shots = [Snapshot(n.view, n.seed, step, step / 10, n.weights) for step in (0, 25) for n in model.networks]
    found = learning_curve(shots, model, train, truth)
    errors = [np.sqrt(((own - truth) ** 2).mean()) for own in model.predict_members(train).values]
    np.testing.assert_array_equal(found.steps, [0, 25])
    np.testing.assert_allclose(found.seconds, [0, 2.5])
    np.testing.assert_allclose(
        [found.rmse, found.low, found.high], np.outer([np.mean(errors), min(errors), max(errors)], [1, 1])
    )
    assert (found.gradient > 0).all()


# Words


@pytest.mark.parametrize("cell", CELLS)
def test_every_sentence_has_a_number_and_a_panel(cell):
    subject = subject_of(cell)
    cell_report = report_on_cell(subject, 0, network_cost(subject.spec, 0.001, None, "none"))
    sentences = plain_words([cell_report, cell_report], (4,), "day", 60)
    assert len(sentences) <= 8
    assert len({sentence.text for sentence in sentences}) == len(sentences)
    for sentence in sentences:
        assert any(letter.isdigit() for letter in sentence.text)
        assert sentence.panel in {"memory", "flow", "constants", "saturation", "spike", "cost", "learning"}


def test_advice_on_the_window_fits_what_the_window_needs():
    subject = subject_of("gru")
    cell_report = report_on_cell(subject, 0, network_cost(subject.spec, 0.001, None, "none"))

    def advice(whole, seasons, longest=10_000):
        curve = replace(cell_report.memory, recurrent=np.eye(1, 8)[0], whole=np.array(whole, dtype=float), share=0.05)
        sentences = plain_words([replace(cell_report, memory=curve)], seasons, "day", longest)
        return next(sentence.text for sentence in sentences if "sensitivity goes through" in sentence.text)

    assert "Only 5 % of the forecast's sensitivity goes through the cell" in advice([1] * 8, ())
    assert "90 % of it lies in the last 2 of 8 steps: try --window 2." in advice([1, 1, 0, 0, 0, 0, 0, 0], ())
    assert "try --window 4." in advice([1, 1, 0, 0, 0, 0, 0, 0], (4,))
    assert "the window is well chosen" in advice([1, 1, 0, 0, 0, 0, 0, 0], (8,))
    assert "(--window 16)" in advice([0, 0, 0, 0, 0, 0, 0, 1], ())
    assert "the longest series has 15 steps only" in advice([0, 0, 0, 0, 0, 0, 0, 1], (), longest=15)


def test_data_that_can_not_show_a_memory_are_said_to_and_the_lesson_is_offered():
    own = report_of_tiny("gru", window=12, segment=1)
    assert doubt_of(replace(own, memory=replace(own.memory, share=0.5))) is None

    short = report_of_tiny("gru")
    few = doubt_of(replace(short, memory=replace(short.memory, share=0.5)))
    assert "only 4 recurrent steps, of 2 observations each" in few
    assert "--segment 1 makes a step of each observation, and forecast explain --lesson memory" in few

    bypassed = doubt_of(replace(own, memory=replace(own.memory, share=0.09)))
    assert "at most 9 % of the forecast goes through a cell" in bypassed
    assert "recurrent steps" not in bypassed
    assert "--segment" not in bypassed


@pytest.mark.parametrize(("seeds", "apart", "is_doubted"), [(3, 0.5, True), (3, 3.0, False), (1, 0.0, False)])
def test_cells_that_differ_by_less_than_their_seeds_are_not_to_be_ranked(seeds, apart, is_doubted):
    own, ones = report_of_tiny("gru", window=12, segment=1), np.ones(2)
    plain = replace(own, memory=replace(own.memory, share=0.5))

    def learned(rmse):
        low, high = (rmse - 1, rmse + 1) if seeds > 1 else (rmse, rmse)
        return Learning("gru", seeds, np.array([0, 50]), ones, rmse * ones, low * ones, high * ones, ones, ones)

    doubt = doubt_of(*(replace(plain, learning=learned(rmse)) for rmse in (10.0, 10.0 + apart)))
    assert (doubt is not None) == is_doubted
    assert doubt is None or "differ by less than those of seeds do" in doubt


def report_of_tiny(cell, **changes):
    subject = subject_of(cell, **changes)
    return report_on_cell(subject, 0, network_cost(subject.spec, 0.001, None, "none"))


def doubt_of(*cell_reports):
    """Returns the sentence that warns of reading too much into the data, None where there is none."""
    first = plain_words(cell_reports, (4,), "day", 60)[0].text
    return first if first.startswith("Don't read here which cell remembers best") else None
