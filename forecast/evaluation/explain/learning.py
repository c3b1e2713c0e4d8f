"""How a cell learns: its validation error over steps and seconds, seed by seed, and the size of its gradients.

Shapes: ``K`` points of a curve, ``B`` windows, ``L`` lookback, ``H`` horizon.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel
from forecast.evaluation.explain.subject import Probe, Subject, sample_ends
from forecast.models.forecaster import Snapshot
from forecast.models.networks.backprop import weight_gradients
from forecast.models.networks.recurrent import Network, RecurrentModel, run_network
from forecast.models.views import CLIP, to_unit
from forecast.specs import View

FloatArray = NDArray[np.float64]

CLIP_NORM = 1.0
"""Training scales a gradient that is longer than this down to it."""


@dataclass(frozen=True, eq=False)
class Learning:
    """What was seen while one cell learned; all curves are (K,).

    Attributes:
        rmse: on the steps after the training data, in the target's unit: of each seed's networks together (their
            median), mean over the seeds; ``low`` and ``high`` are the best and the worst seed.
        gradient: length of the gradient before it is clipped, mean over networks, on one batch of each.
        clipped: share of networks whose gradient was longer than 1.
    """

    cell: str
    seeds: int
    steps: NDArray[np.int64]
    seconds: FloatArray
    rmse: FloatArray
    low: FloatArray
    high: FloatArray
    gradient: FloatArray
    clipped: FloatArray


def learning_curve(snapshots: Sequence[Snapshot], model: RecurrentModel, train: Panel, truth: FloatArray) -> Learning:
    """Returns how a model learned, from its networks at several moments of their training.

    Args:
        snapshots: of all networks, in any order.
        model: that came out of it.
        train: the panel it was trained on.
        truth: (S, H), the steps after it; NaN where nothing is known.
    """
    moments: dict[int, dict[int, list[Snapshot]]] = defaultdict(lambda: defaultdict(list))
    for snapshot in snapshots:
        moments[snapshot.step][snapshot.seed].append(snapshot)
    subject = Subject(model, train)
    batches = {view: _batch(subject, view) for view in model.spec.views}
    rows = []
    for step in sorted(moments):
        errors, norms, seconds = [], [], []
        for own in moments[step].values():
            networks = tuple(Network(s.view, s.seed, s.weights) for s in own)
            members = replace(model, networks=networks).predict_members(train).values
            errors.append(float(np.sqrt(np.nanmean((np.median(members, axis=0) - truth) ** 2))))
            for network in networks:
                batch = batches[network.view]
                norms.append(gradient_norm(replace(batch.probe, network=network), batch))
            seconds += [s.seconds for s in own]
        sizes = np.array(norms)
        clipped = float((sizes > CLIP_NORM).mean())
        rows.append([step, np.mean(seconds), np.mean(errors), min(errors), max(errors), sizes.mean(), clipped])
    table = np.array(rows)
    return Learning(model.spec.cell, len(model.spec.seeds), table[:, 0].astype(np.int64), *table[:, 1:].T)


@dataclass(frozen=True, eq=False)
class Batch:
    """Windows as a view shows them, and what is to be learned from them.

    Attributes:
        probe: any network of the view, with the windows.
        targets: (B, H), 0 where nothing is known.
        known: (B, H).
    """

    probe: Probe
    targets: FloatArray
    known: NDArray[np.bool_]


def _batch(subject: Subject, view: View) -> Batch:
    """Returns as many windows as training takes at once, evenly from all that have a horizon after them."""
    spec, rest = subject.spec, subject.rest
    horizon = 1 if spec.rolled else spec.horizon
    where = sample_ends(rest.until(np.maximum(rest.lengths - horizon, 0)), spec.window, spec.batch_size)
    network = next(network for network in subject.model.networks if network.view == view)
    probe = subject.probe(network, where)
    index = (rest.offsets[where.series] + where.steps)[:, None] + np.arange(horizon)
    future = to_unit(rest.values[index], probe.seen.mean, probe.maps)
    targets = np.clip((future - probe.seen.base) / probe.seen.scale, -CLIP, CLIP)
    known = ~np.isnan(targets)
    return Batch(probe, np.where(known, targets, 0), known)


def gradient_norm(probe: Probe, batch: Batch) -> float:
    """Returns the length of the loss' gradient on all weights of a network together, which training clips at 1."""
    spec, seen = probe.spec, probe.seen
    error = run_network(spec, probe.weights, seen.inputs, probe.covariates, seen.normalised_base) - batch.targets
    onto = _loss_slope(spec.loss, error) * batch.known / max(batch.known.sum(), 1)
    found = weight_gradients(spec, probe.weights, probe.run(), onto.astype(np.float32))
    return float(np.sqrt(sum(float((array.astype(np.float64) ** 2).sum()) for array in found.values())))


def _loss_slope(kind: str, error: FloatArray) -> FloatArray:
    """Returns the derivative of the loss by the error."""
    if kind == "mse":
        return 2 * error
    return np.clip(error, -1, 1) if kind == "huber" else np.sign(error)
