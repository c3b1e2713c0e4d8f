from dataclasses import replace

import numpy as np
import pytest

from forecast.data.panel import panel_from_series
from forecast.data.windows import cut_windows
from forecast.errors import TrainingError
from forecast.models.covariates.covariate_model import learn_covariates
from forecast.models.forecaster import Watcher
from forecast.models.method_settings import CURRENT
from forecast.models.networks import training
from forecast.models.networks.cells import CELLS
from forecast.models.networks.descent import batches
from forecast.models.networks.descent.batches import TrainingData
from forecast.models.networks.fitting import RecurrentForecaster, _known_inputs
from forecast.models.networks.keras_networks import build_network, get_weights
from forecast.models.networks.recurrent import measure_series
from forecast.models.networks.tensorflow import keras, tf
from forecast.models.networks.training import prepare_loop, train_network
from forecast.models.views import CLIP, see, view_maps
from forecast.specs import LINEAR
from marks import slow, slow_but
from runs import QUIET
from tiny import SEASON, VIEWS, awkward_panel, tiny_spec, wave
from told import HORIZON, WEEK, shops, told_spec

NETWORKS = [*CELLS, LINEAR]
VIEW = VIEWS[0]

WITH_DROPOUT = {"dropout": 0.3, "recurrent_dropout": 0.3}


def data_of(panel, spec, view=VIEW):
    statistics = measure_series(panel, view, CURRENT.views)
    return TrainingData(cut_windows(panel, spec.window, spec.horizon, SEASON), statistics.level, statistics.scale)


def train(spec, seed=0, panel=None, view=VIEW, jit=False, **options):
    maps = view_maps(view, spec.window, spec.horizon, CURRENT.views)
    run = QUIET.on(replace(QUIET.machine, jit=jit))
    return train_network(spec, maps, data_of(panel or awkward_panel(), spec, view), seed, run=run, **options)


def assert_same(first, second):
    assert first.keys() == second.keys()
    for name, array in first.items():
        np.testing.assert_array_equal(array, second[name], err_msg=name)


def learning_rate_at(step, spec):
    """Linear warm-up over 30 steps (or a quarter of all and one), half a cosine down to zero; the first step is 1."""
    if spec.schedule == "constant":
        return spec.learning_rate
    warm = min(step / min(30, spec.steps / 4 + 1), 1)
    return spec.learning_rate * warm * 0.5 * (1 + np.cos(np.pi * min(step / spec.steps, 1)))


def batches_slowly(spec, windows, seed):
    """Each window once in a random order, then again in another."""
    rng = np.random.default_rng([seed, len(windows)])
    pool = []
    while True:
        while len(pool) < spec.batch_size:
            pool += list(rng.permutation(len(windows)))
        yield np.array(pool[: spec.batch_size])
        pool = pool[spec.batch_size :]


KERAS_LOSSES = {
    "mae": keras.losses.MeanAbsoluteError(),
    "mse": keras.losses.MeanSquaredError(),
    "huber": keras.losses.Huber(delta=1.0),
}


def loss_slowly(spec, outputs, targets, observed):
    """The mean over observed targets, one by one."""
    total = tf.constant(0.0)
    for row, step in zip(*np.nonzero(observed), strict=True):
        one, other = targets[row : row + 1, step : step + 1], outputs[row : row + 1, step : step + 1]
        each = (
            keras.losses.Huber(delta=1.0)(one, other) if spec.loss == "huber" else KERAS_LOSSES[spec.loss](one, other)
        )
        total += tf.reduce_sum(each)
    return total / max(observed.sum(), 1)


def train_slowly(spec, panel, seed):
    """The same training in plain Keras and numpy: a tape, clipping, Adam and the schedule written out."""
    data, maps = data_of(panel, spec), view_maps(VIEW, spec.window, spec.horizon, CURRENT.views)
    windows = data.windows
    network = build_network(spec, seed)
    weights = network.trainable_variables
    mean = [np.zeros(w.shape) for w in weights]
    square = [np.zeros(w.shape) for w in weights]
    for step, which in zip(range(1, spec.steps + 1), batches_slowly(spec, windows, seed), strict=False):
        series = windows.series[which]
        seen = see(windows.lookbacks(which), maps, data.series_level[series], data.series_scale[series])
        future = windows.horizons(which)
        targets = np.clip((future - seen.base) / seen.scale, -CLIP, CLIP).astype(np.float32)
        with tf.GradientTape() as tape:
            outputs = network(seen.inputs.astype(np.float32), training=True)
            loss = loss_slowly(spec, outputs, np.nan_to_num(targets), ~np.isnan(future))
        gradients = [np.asarray(g, dtype=np.float64) for g in tape.gradient(loss, weights)]
        norm = np.sqrt(sum((g**2).sum() for g in gradients))
        gradients = [g / max(norm, 1.0) for g in gradients]
        for i, g in enumerate(gradients):
            mean[i] = 0.9 * mean[i] + 0.1 * g
            square[i] = 0.999 * square[i] + 0.001 * g**2
            size = learning_rate_at(step, spec) * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
            weights[i].assign(np.asarray(weights[i]) - size * mean[i] / (np.sqrt(square[i]) + 1e-7))
    return get_weights(network)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cell", "changes"),
    [
        slow("lstm", {"loss": "mae", "learning_rate": 0.02}),
        slow("gru", {"loss": "huber", "learning_rate": 0.02}),
        ("rnn", {"loss": "mse", "schedule": "constant", "learning_rate": 0.02}),
        slow("linear", {"loss": "mse", "learning_rate": 0.1}),
    ],
)
def test_compiled_loop_equals_plain_keras_with_adam_written_out(cell, changes):
    spec = tiny_spec(cell, steps=6, **changes)
    panel = awkward_panel()
    train(spec, seed=2, panel=panel)  # draws weights that are kept, and are not those of another seed
    fast, slow = train(spec, seed=3, panel=panel), train_slowly(spec, panel, seed=3)
    untrained = get_weights(build_network(spec, 3))
    for name, array in slow.items():
        np.testing.assert_allclose(fast[name], array, atol=1e-4, err_msg=name)
    assert max(np.abs(slow[name] - untrained[name]).max() for name in slow) > 0.01


@pytest.mark.slow
@pytest.mark.parametrize("cell", slow_but(["linear"], ["lstm", "linear"]))
def test_xla_trains_what_the_plain_graph_trains(cell):
    spec = tiny_spec(cell)
    fast, plain = train(spec, jit=True), train(spec)
    for name, array in plain.items():
        np.testing.assert_allclose(fast[name], array, atol=1e-4, err_msg=name)
    assert_same(fast, train(spec, jit=True))


@pytest.mark.slow
@pytest.mark.parametrize("changes", slow_but([WITH_DROPOUT], [{}, WITH_DROPOUT]))
@pytest.mark.parametrize("cell", slow_but(["rnn"], ["rnn", "lstm", "gru"]))
def test_a_seed_is_a_model(cell, changes):
    spec = tiny_spec(cell, **changes)
    first = train(spec, seed=1)
    assert_same(first, train(spec, seed=1))
    other = train(spec, seed=2)
    assert all(np.abs(array - other[name]).max() > 0 for name, array in first.items())


@pytest.mark.slow
def test_dropout_draws_anew_at_each_step():
    spec = tiny_spec("rnn", steps=70, **WITH_DROPOUT)
    loop = prepare_loop(spec, data_of(awkward_panel(), spec), CURRENT.views, QUIET)
    states = []
    run = loop.run

    def spying(state, *arguments):
        result = run(state, *arguments)
        states.append([tensor.numpy() for tensor in result[3]])
        return result

    loop.run = spying
    try:
        train(spec)
    finally:
        loop.run = run
    assert len(states) > 2
    assert not np.array_equal(states[-1], states[-2])


def test_length_of_a_chunk_changes_nothing(monkeypatch):
    spec = tiny_spec("linear", steps=23)
    whole = train(spec)
    for module in (training, batches):
        monkeypatch.setattr(module, "CHUNK", 5)
    chunks = []
    pieces = train(spec, on_chunk=lambda step, weights: chunks.append(step))
    assert chunks == [0, 5, 10, 15, 20, 23]
    for name, array in whole.items():
        np.testing.assert_allclose(pieces[name], array, atol=1e-6, err_msg=name)


def test_watching_shows_the_weights_of_that_moment_and_changes_nothing():
    spec = tiny_spec("linear", steps=2 * training.CHUNK + 3)
    seen = {}
    trained = train(spec, on_chunk=lambda step, weights: seen.__setitem__(step, weights()))
    assert_same(trained, train(spec))
    assert_same(seen[spec.steps], trained)
    assert_same(seen[0], get_weights(build_network(spec, 0)))
    assert np.abs(seen[training.CHUNK]["highway/kernel"] - trained["highway/kernel"]).max() > 0


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["mae", "mse", "huber"])
def test_filled_targets_teach_nothing(loss):
    spec = tiny_spec("linear", loss=loss, steps=20)
    values = wave(30)
    values[-2:] = np.nan  # the last two steps are in no lookback, only in horizons
    data = data_of(panel_from_series([values], "D"), spec)
    poisoned = data.windows.buffer.copy()
    poisoned[-2:] = [1e6, -1e6]
    maps = view_maps(VIEW, spec.window, spec.horizon, CURRENT.views)
    clean = train_network(spec, maps, data, 0, run=QUIET)
    other = replace(data, windows=replace(data.windows, buffer=poisoned))
    assert_same(clean, train_network(spec, maps, other, 0, run=QUIET))
    seen = replace(other, windows=replace(other.windows, observed=np.ones(30, dtype=bool)))
    assert np.abs(train_network(spec, maps, seen, 0, run=QUIET)["highway/kernel"] - clean["highway/kernel"]).max() > 0


def test_padding_of_the_buffer_to_a_round_size_changes_nothing(monkeypatch):
    spec = tiny_spec("linear")
    expected = train(spec)
    monkeypatch.setattr(training, "padded_size", lambda count: count + 7)
    assert_same(expected, train(spec))


def test_training_learns():
    spec = tiny_spec("linear", steps=150, loss="mse", learning_rate=0.03)
    panel = panel_from_series([wave(200, trend=1.0, noise=0.1)], "D")  # last season lags behind a trend
    maps, data = view_maps(VIEW, spec.window, spec.horizon, CURRENT.views), data_of(panel, spec)
    weights = train(spec, panel=panel)
    everything = np.arange(len(data.windows))
    seen = see(data.windows.lookbacks(everything), maps, data.series_level[[0]], data.series_scale[[0]])
    targets = (data.windows.horizons(everything) - seen.base) / seen.scale
    errors = targets - seen.inputs @ weights["highway/kernel"] - weights["highway/bias"]
    assert np.sqrt((errors**2).mean()) < 0.2 * np.sqrt((targets**2).mean())


def test_training_can_start_from_given_weights():
    spec = tiny_spec("linear", steps=1, learning_rate=1e-9)
    start = {name: array + 0.5 for name, array in get_weights(build_network(spec, 0)).items()}
    for name, array in train(spec, start=start).items():
        np.testing.assert_allclose(array, start[name], atol=1e-6)


def test_every_window_is_used_once_before_any_comes_again():
    spec = tiny_spec("rnn", batch_size=4)
    chunks = batches.orders(spec, 30, seed=5)
    drawn = np.concatenate([next(chunks).ravel() for _ in range(3)])
    assert drawn.size == 3 * training.CHUNK * 4
    for begin in range(0, drawn.size - 29, 30):
        assert sorted(drawn[begin : begin + 30]) == list(range(30))


def test_windows_beyond_what_training_asks_for_are_drawn_at_random():
    spec = tiny_spec("rnn", steps=2)
    first, again, other = (next(batches.orders(spec, 10_000, seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert first.min() >= 0
    assert 5_000 < first.max() < 10_000


@pytest.mark.parametrize(("steps", "rate"), [slow(30, 1e38), (1, 1e39)])
def test_divergence_is_an_error_that_says_what_to_try(steps, rate):
    spec = tiny_spec("linear", steps=steps, learning_rate=rate, schedule="constant")
    with pytest.raises(TrainingError, match="linear diverged: its loss became NaN before step") as error:
        train(spec)
    assert error.value.hint == f"--learning-rate {rate / 10:g}"


def test_infinite_data_is_an_error():
    spec = tiny_spec("linear")
    values = wave(30)
    values[10] = np.inf
    with np.errstate(invalid="ignore"), pytest.raises(TrainingError, match="diverged"):
        train(spec, panel=panel_from_series([values], "D"))


@pytest.mark.slow
def test_one_compilation_serves_all_seeds_views_steps_and_lengths_of_a_shape():
    spec = tiny_spec("rnn", units=5)
    short, long = (panel_from_series([wave(steps)], "D") for steps in (40, 60))
    loop = prepare_loop(spec, data_of(short, spec), CURRENT.views, QUIET)
    train(spec, panel=short)
    train(spec.with_(steps=47, learning_rate=0.1, seeds=(7,)), seed=7, panel=long, view=VIEWS[1])
    train(spec.with_(schedule="constant", views=VIEWS), panel=awkward_panel())
    assert prepare_loop(spec.with_(steps=99), data_of(long, spec), CURRENT.views, QUIET) is loop
    assert loop.run.experimental_get_tracing_count() == 1
    assert prepare_loop(spec.with_(units=6), data_of(long, spec), CURRENT.views, QUIET) is not loop
    assert prepare_loop(spec, data_of(long, spec), replace(CURRENT.views, floor=1e-11), QUIET) is not loop


def test_rounded_sizes_hold_their_count_and_waste_little():
    for count in (1, 1023, 1024, 1025, 5000, 123_456, 10_000_000):
        size = training.padded_size(count)
        assert count <= size <= max(1.13 * count, count + 8192)


# With covariates


@pytest.mark.parametrize("lengths", [(60, 60, 60), (60, 16, 14)])  # the last two are padded
@pytest.mark.parametrize("view", VIEWS[:2])
def test_batch_holds_what_prediction_would_be_given_there(view, lengths):
    panel = shops().until(lengths)
    learned = learn_covariates(panel, told_spec("gru"))
    spec, rest = learned.model.sized(told_spec("gru")), learned.remove(panel)
    statistics, windows = measure_series(rest, view, CURRENT.views), cut_windows(rest, 8, HORIZON, WEEK)
    covariates = _known_inputs(learned, panel, {WEEK: windows})[WEEK]
    data = TrainingData(windows, statistics.level, statistics.scale, covariates=covariates)
    which = np.unique(np.linspace(0, len(windows) - 1, 12).astype(int))
    picks = np.stack([windows.starts[which], windows.series[which]], axis=-1).astype(np.int32)
    maps = view_maps(view, 8, HORIZON, CURRENT.views)
    arguments = training._view_arguments(maps) | training._data_arguments(data)
    inputs, targets, mask = training._batch(spec, tf.constant(picks), arguments, CURRENT.views)

    series = windows.series[which]
    seen = see(windows.lookbacks(which), maps, statistics.level[series], statistics.scale[series])
    around = learned.model.in_windows(panel, windows, which)
    expected = [seen.inputs, around.observed, around.ahead, around.static, seen.normalised_base]
    assert len(inputs) == len(expected)
    for given, wanted in zip(inputs, expected, strict=True):
        np.testing.assert_allclose(given, wanted, atol=2e-4)
    if not view.log:
        truth = np.clip((windows.horizons(which) - seen.base) / seen.scale, -CLIP, CLIP)
        np.testing.assert_array_equal(mask.numpy() > 0, ~np.isnan(truth))
        np.testing.assert_allclose(np.where(mask, targets, 0), np.nan_to_num(truth), atol=2e-4)


def test_kinds_that_are_not_there_are_no_inputs():
    panel = shops()
    for kinds, shapes in (
        (("known",), [(8, 6), (5, 6), (5,)]),
        (("past",), [(8, 1), (5,)]),
        (("static",), [(2,), (5,)]),
    ):
        told = replace(
            panel, covariates=panel.covariates.only([c for c in panel.covariates.columns if c.kind in kinds])
        )
        learned = learn_covariates(told, told_spec("gru"))
        windows, view = cut_windows(told, 8, HORIZON, WEEK), VIEWS[0]
        statistics = measure_series(told, view, CURRENT.views)
        data = TrainingData(
            windows,
            statistics.level,
            statistics.scale,
            covariates=_known_inputs(learned, told, {WEEK: windows})[WEEK],
        )
        picks = tf.constant([[0, 0], [1, 0]])
        arguments = training._view_arguments(view_maps(view, 8, HORIZON, CURRENT.views)) | training._data_arguments(
            data
        )
        inputs, _, _ = training._batch(learned.model.sized(told_spec("gru")), picks, arguments, CURRENT.views)
        assert [each.shape[1:] for each in inputs[1:]] == shapes


@pytest.mark.slow
def test_training_moves_all_that_covariates_pass_through():
    model = RecurrentForecaster("gru", told_spec("gru"), QUIET).fit(shops(), Watcher())
    begin = get_weights(build_network(model.spec, 0))
    for name in ("context/kernel", "ahead_units/kernel", "reply/kernel", "cell0/kernel", "embed/kernel"):
        assert np.abs(model.networks[0].weights[name] - begin[name]).max() > 1e-4, name


@pytest.mark.slow
def test_weight_decay_takes_a_share_off_matrices_and_leaves_biases():
    from forecast.models.networks.tensorflow import tf
    from forecast.models.networks.training import decayed

    weights = [tf.constant([[2.0, -4.0]]), tf.constant([3.0]), tf.constant([[5.0], [6.0]])]
    made = decayed(weights, ("cell0/kernel", "head/bias", "cell0/bias"), tf.constant(0.25))  # a gru's has two rows
    assert [each.numpy().tolist() for each in made] == [[[1.5, -3.0]], [3.0], [[5.0], [6.0]]]
