"""A loss of one's own: the cost of each step, weighed as the others are; what is none is refused."""

import json

import numpy as np
import pytest

from forecast.errors import TrainingError, UsageError
from forecast.models.networks.own.own_losses import own_loss, register_loss
from forecast.models.networks.tensorflow import tf
from forecast.models.networks.training import mean_loss
from forecast.specs import ModelSpec


def pinball(truth, made):
    error = truth - made
    return tf.maximum(0.8 * error, -0.2 * error)


def test_loss_is_the_mean_of_what_counts():
    made, truth, mask = np.array([[[1.0, 2.0]], [[3.0, -1.0]], [[1.0, 0.0]]], np.float32)
    found = mean_loss(register_loss(pinball), tf.constant(made), tf.constant(truth), tf.constant(mask))
    assert float(found) == pytest.approx(0.8 * (3 - 1))
    both = mean_loss(register_loss(pinball), tf.constant(made), tf.constant(truth), tf.constant([[1.0, 1.0]]))
    assert float(both) == pytest.approx((0.8 * 2 + 0.2 * 3) / 2)


def test_one_function_has_one_name_and_two_of_one_name_have_two():
    def other(truth, made):
        return tf.abs(truth - made)

    other.__name__ = "pinball"
    assert register_loss(pinball) == register_loss(pinball) == "own:pinball"
    assert register_loss(other) == "own:pinball-2"
    assert own_loss("own:pinball-2") is other


def test_spec_with_it_is_read_without_it():
    spec = ModelSpec("gru", 8, 4, loss="own:lost")
    assert ModelSpec.from_json(json.loads(json.dumps(spec.to_json())), ("gru",)) == spec


def test_function_that_is_not_there_is_asked_for():
    with pytest.raises(TrainingError, match="The loss lost is a function of your own") as caught:
        own_loss("own:lost")
    assert caught.value.hint == "train(…, loss=lost, name=…) in Python makes the next version"


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda truth, made: tf.reduce_mean(truth - made), r"gives \(\) of \(2, 3\)"),
        (lambda truth, made: 1 / 0, "ZeroDivisionError"),
        (lambda truth: truth, "TypeError"),
        (lambda truth, made: truth, "no gradient by the forecast"),
    ],
)
def test_what_is_no_loss_is_refused(function, message):
    with pytest.raises(UsageError, match=message) as caught:
        register_loss(function)
    assert "tf.abs(truth - forecast)" in caught.value.hint
