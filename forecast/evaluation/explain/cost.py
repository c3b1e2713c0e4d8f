"""What a network costs, by formula; what was measured is put beside it.

Shapes: ``L`` lookback, ``T`` recurrent steps, ``U`` units, ``F`` features a step, ``H`` horizon.
"""

from dataclasses import dataclass

from forecast.models.method_settings import DECODER_UNITS
from forecast.models.networks.cells import CELLS
from forecast.models.networks.presets import spec_parameters
from forecast.specs import Machine, ModelSpec


@dataclass(frozen=True)
class Cost:
    """What one network of a cell takes.

    Attributes:
        formula, step_formula: of the parameters and of the multiply-adds a step of one layer.
        step_multiplies: multiply-adds of all layers in one recurrent step.
        forecast_multiplies: multiply-adds of one forecast: embedding, all steps, head, highway and decoder.
        weight_bytes: of the weights; training keeps four times as much (gradient, and two moments of Adam).
        activation_bytes: what a training batch keeps of every step for the way back.
        predict_seconds: measured, one forecast of one window in numpy.
        train_seconds: measured, one training step while the others train beside it; None where none was made here.
        kernel: what ran the training, or would.
    """

    cell: str
    formula: str
    step_formula: str
    parameters: int
    step_multiplies: int
    forecast_multiplies: int
    weight_bytes: int
    activation_bytes: int
    predict_seconds: float
    train_seconds: float | None
    kernel: str


def network_cost(spec: ModelSpec, predict_seconds: float, train_seconds: float | None, kernel: str) -> Cost:
    """Returns the cost of one network of a spec, beside what was measured."""
    cell, units, steps = CELLS[spec.cell], spec.units, spec.window // spec.segment
    width = spec.segment * (1 + spec.known + spec.past)
    features = units if spec.segment > 1 else width
    horizon = 1 if spec.rolled else spec.horizon
    step = cell.multiplies(units, features) + (spec.layers - 1) * cell.multiplies(units, units)
    embedding = steps * width * units if spec.segment > 1 else 0
    highway = spec.window * horizon if spec.highway else 0
    decoder = DECODER_UNITS * (units + spec.static + horizon * (spec.known + 2)) if spec.takes_covariates else 0
    kept = spec.batch_size * steps * spec.layers * units * (len(cell.gates) + len(cell.paths))
    return Cost(
        cell=spec.cell,
        formula=cell.formula,
        step_formula=cell.step_formula,
        parameters=spec_parameters(spec),
        step_multiplies=step,
        forecast_multiplies=embedding + steps * step + units * horizon + highway + decoder,
        weight_bytes=4 * spec_parameters(spec),
        activation_bytes=4 * kept,
        predict_seconds=predict_seconds,
        train_seconds=train_seconds,
        kernel=kernel,
    )


def kernel_of(spec: ModelSpec, machine: Machine) -> str:
    """Returns what runs the training of a spec on a machine, and why it is not cuDNN's kernel where it isn't."""
    if machine.device == "cpu":
        return "one loop compiled by XLA; no cuDNN on a CPU"
    if reason := CELLS[spec.cell].without_cudnn:
        return f"TensorFlow's own operations: {reason}"
    if spec.recurrent_dropout:
        return "TensorFlow's own operations: cuDNN has no recurrent dropout"
    return "cuDNN, chosen by Keras"
