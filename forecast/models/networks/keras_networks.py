"""The same cells as Keras models, and weights from Keras to plain arrays and back.

Shapes: ``B`` windows, ``L`` lookback, ``T = L / segment`` recurrent steps, ``U`` units, ``H`` horizon.

    window (B, L) ──┬─ segments (B, T, segment) ─ embed ─ cell ─ … ─ cell ─ last state (B, U) ─ head ─┐
                    └───────────────────────── highway ──────────────────────────────────────────────(+)─▶ (B, H)

With covariates, each observed step brings its inputs into the segments, and beside the head there is a decoder, the
same for all steps: what is known of a step, the naive forecast of it, the last state and the traits of the series.

    last state (B, U), static (B, F) ─ context (B, 1, D) ─┐
    ahead (B, H, F), base (B, H, 1) ─ each step (B, H, D) ─(+)─ tanh ─ reply ─▶ (B, H)
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecast.models.method_settings import DECODER_UNITS
from forecast.models.networks.cells import CELLS
from forecast.models.networks.tensorflow import keras
from forecast.specs import ModelSpec

Weights = dict[str, NDArray[np.float32]]


def build_network(
    spec: ModelSpec, seed: int, *, unroll: bool = False, form: Mapping[str, Any] | None = None
) -> "keras.Model":
    """Returns an untrained network for a spec, its weights drawn from ``seed``.

    The output layers start at zero, so that the untrained network forecasts the naive base of its view; the
    rolled textbook network has no base and starts at Keras' own initial weights.

    Args:
        spec: of the network.
        seed: of the weights and the dropout.
        unroll: the recurrent steps stand one after the other in the graph, not in a loop; not for cuDNN.
        form: settings of the cell's own layer, such as the GRU's ``reset_after``.
    """
    draw = iter(range(seed * 1000, seed * 1000 + 1000))
    horizon = 1 if spec.rolled else spec.horizon
    window = keras.Input((spec.window,), name="window")
    covariates = _covariate_inputs(spec)
    outputs = []
    if spec.is_recurrent:
        steps = window
        if "observed" in covariates:
            column = keras.layers.Reshape((spec.window, 1), name="column")(window)
            steps = keras.layers.Concatenate(name="steps")([column, covariates["observed"]])
        width = spec.segment * (1 + spec.known + spec.past)
        hidden = keras.layers.Reshape((spec.window // spec.segment, width), name="segments")(steps)
        if spec.segment > 1:
            hidden = keras.layers.Dense(
                spec.units, name="embed", kernel_initializer=keras.initializers.GlorotUniform(next(draw))
            )(hidden)
        for layer in range(spec.layers):
            hidden = _cell_layer(spec, layer, draw, {**(form or {}), "unroll": unroll})(hidden)
        start = keras.initializers.GlorotUniform(next(draw)) if spec.rolled else "zeros"
        outputs.append(keras.layers.Dense(horizon, name="head", kernel_initializer=start)(hidden))
        if covariates:
            outputs.append(_decoder(hidden, covariates, draw))
    if spec.highway or not spec.is_recurrent:
        has_bias = not spec.is_recurrent
        outputs.append(
            keras.layers.Dense(horizon, name="highway", use_bias=has_bias, kernel_initializer="zeros")(window)
        )
    output = outputs[0] if len(outputs) == 1 else keras.layers.Add(name="sum")(outputs)
    return keras.Model([window, *covariates.values()] if covariates else window, output, name=spec.cell)


def _covariate_inputs(spec: ModelSpec) -> dict[str, Any]:
    """Returns the inputs that are made of covariates, and the base, in the order in which the network takes them."""
    if not spec.takes_covariates or not spec.is_recurrent:
        return {}
    shapes = {
        "observed": (spec.window, spec.known + spec.past),
        "ahead": (spec.horizon, spec.known),
        "static": (spec.static,),
        "base": (spec.horizon,),
    }
    return {name: keras.Input(shape, name=name) for name, shape in shapes.items() if shape[-1]}


def _decoder(hidden: Any, covariates: dict[str, Any], draw: Iterator[int]) -> Any:
    """Returns what the covariates of each step of the horizon add to its forecast: nothing, before training."""
    layers = keras.layers
    horizon = covariates["base"].shape[1]
    base = layers.Reshape((horizon, 1), name="base_column")(covariates["base"])
    each = layers.Concatenate(name="step")([covariates["ahead"], base]) if "ahead" in covariates else base
    context = layers.Concatenate(name="whole")([hidden, covariates["static"]]) if "static" in covariates else hidden
    start = keras.initializers.GlorotUniform
    told = layers.Dense(DECODER_UNITS, name="context", kernel_initializer=start(next(draw)))(context)
    told = layers.Reshape((1, DECODER_UNITS), name="context_row")(told)
    seen = layers.Dense(DECODER_UNITS, use_bias=False, name="ahead_units", kernel_initializer=start(next(draw)))(each)
    both = layers.Activation("tanh", name="decoder")(layers.Add(name="decided")([seen, told]))
    reply = layers.Dense(1, use_bias=False, name="reply", kernel_initializer="zeros")(both)
    return layers.Reshape((horizon,), name="replies")(reply)


def _cell_layer(spec: ModelSpec, layer: int, draw: Iterator[int], form: Mapping[str, Any]) -> Any:
    return CELLS[spec.cell].layer(
        spec.units,
        name=f"cell{layer}",
        return_sequences=layer < spec.layers - 1,
        dropout=spec.dropout,
        recurrent_dropout=spec.recurrent_dropout,
        kernel_initializer=keras.initializers.GlorotUniform(next(draw)),
        recurrent_initializer=keras.initializers.Orthogonal(seed=next(draw)),
        seed=next(draw),
        **form,
    )


def weight_names(network: "keras.Model") -> list[str]:
    """Returns a stable name for each trainable weight, such as ``cell0/recurrent``, in the network's order.

    Of several weights of a layer that are called alike, the later ones are numbered.
    """
    short = {"recurrent_kernel": "recurrent"}
    names: list[str] = []
    for layer in network.layers:
        for variable in layer.trainable_variables:
            kind = variable.path.rsplit("/", 1)[-1]
            name = f"{layer.name}/{short.get(kind, kind)}"
            twins = sum(name == re.sub(r"_\d+$", "", other) for other in names)
            names.append(f"{name}_{twins}" if twins else name)
    return names


def get_weights(network: "keras.Model") -> Weights:
    """Returns the trainable weights as float32 arrays by name."""
    values = [np.asarray(variable, dtype=np.float32) for variable in network.trainable_variables]
    return dict(zip(weight_names(network), values, strict=True))


def set_weights(network: "keras.Model", weights: Weights) -> None:
    """Puts arrays by name into the network."""
    for name, variable in zip(weight_names(network), network.trainable_variables, strict=True):
        variable.assign(weights[name])
