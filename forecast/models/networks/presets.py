"""Presets: from a preset and a plan to the spec of a network (views, steps, segment).

Chosen on the training parts of the panels in ``benchmarks/``, never on a test part; see docs/engine.md.
"""

from collections.abc import Mapping
from dataclasses import replace
from math import prod

from forecast.errors import UsageError
from forecast.models.networks.cells import CELLS
from forecast.models.networks.recurrent import weight_shapes
from forecast.specs import Anchor, ModelSpec, Plan, Preset, Settings, View, ViewSet

MOST_UNITS = 4096


def spec_parameters(spec: ModelSpec) -> int:
    """Returns the trainable numbers in one network of a spec: embedding, cells, head and highway together."""
    return sum(prod(shape) for shape in weight_shapes(spec).values())


def match_parameters(specs: Mapping[str, ModelSpec], budget: int) -> dict[str, ModelSpec]:
    """Returns the specs with the units of each recurrent cell that come nearest to ``budget`` parameters.

    The others, such as the linear highway alone, have no units to choose and stay as they are.
    """
    return {cell: _matched(spec, budget) if spec.is_recurrent else spec for cell, spec in specs.items()}


def _matched(spec: ModelSpec, budget: int) -> ModelSpec:
    low, high = 1, MOST_UNITS  # the count grows with the units: halve until two neighbours stand around the budget
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if spec_parameters(spec.with_(units=middle)) <= budget else (low, middle)
    return min((spec.with_(units=units) for units in (low, high)), key=lambda one: abs(spec_parameters(one) - budget))


# measured by benchmarks/tuning/presets.py
SEEDS: dict[Preset, int] = {"fast": 1, "balanced": 2, "best": 4, "tutorial": 3}
# measured by benchmarks/tuning/presets.py
EFFORT: dict[Preset, float] = {"fast": 0.4, "balanced": 1.0, "best": 2.5, "tutorial": 1.0}
"""Training steps of a preset, as a share of the balanced one's."""
FEW_WINDOWS, MANY_WINDOWS = 400, 3000  # measured by benchmarks/tuning/presets.py
"""Networks on fewer windows than the former are trained shortly; those on as many as the latter are larger."""
UNITS, UNITS_OF_MANY = 32, 64  # measured by benchmarks/tuning/segments.py
BATCH, BATCH_OF_MANY = 32, 128  # measured by benchmarks/tuning/presets.py
RATE, RATE_OF_MANY = 1e-3, 6e-3  # measured by benchmarks/tuning/presets.py
FEW_STEPS, SOME_STEPS = 100, 250  # measured by benchmarks/tuning/presets.py
"""Training steps on few windows, where more make it worse, and on some."""
MOST_STEPS = 8  # measured by benchmarks/tuning/segments.py
"""A window that is cut into segments makes at most so many recurrent steps: training more often is worth more."""
UNCUT = 28  # measured by benchmarks/tuning/segments.py
"""A window without whole seasons that is no longer than this is not cut."""
LONG_WINDOW = 100  # measured by benchmarks/tuning/presets.py
"""From so many steps on, the linear highway starts from a regression: training alone would not settle it."""
MANY_STEPS, AFFORDABLE = 1000, 90e9  # measured by benchmarks/tuning/presets.py
"""A network on many windows trains for so many steps, or for fewer that take so many multiply-adds."""
DEMAND_ANCHORS: tuple[Anchor, ...] = ("naive", "seasonal-naive", "smoothing", "sba", "tsb", "adida", "imapa", "pooled")
DEMAND_STEPS, DEMAND_RATE = 250, 2e-3  # measured by benchmarks/tuning/intermittent.py
"""Training steps on demand that comes now and then, where there is little to learn from each series, and their rate."""
TUTORIAL_EPOCHS = 50
TUTORIAL_MOST_STEPS = 20_000


def make_spec(cell: str, plan: Plan, settings: Settings, windows: int, *, is_bare: bool = False) -> ModelSpec:
    """Returns the spec of a network for a plan.

    Args:
        cell: of the network.
        plan: horizon, window and seasons.
        settings: preset, seeds and what the person overrode.
        windows: how many training windows the panel gives at its end; more windows are worth more steps.
        is_bare: the cell alone, see ``_bare``.
    """
    count = settings.seeds or SEEDS[settings.preset]
    seeds = tuple(range(settings.seed, settings.seed + count))
    make = _bare if is_bare else _tutorial if settings.preset == "tutorial" else _recipe
    given = settings.overrides.given()
    segment, asked = {"segment": given["segment"]} if "segment" in given else {}, given.pop("views", None)
    spec = make(cell, plan, settings.preset, windows, **segment).with_(seeds=seeds, **given)
    if asked is not None and not (spec.rolled or is_bare):
        spec = spec.with_(views=views_of(asked, plan, spec.views))
    if spec.rolled or is_bare:
        return spec
    has_dates = plan.kind != "price" and (not plan.is_intermittent or settings.country is not None)
    return spec.with_(calendar=settings.calendar and has_dates, country=settings.country)


def segment_of(window: int, season: int) -> int:
    """Returns the observed steps that enter one recurrent step.

    One or more whole seasons where the window holds at least two segments of them; else the shortest segment
    that keeps the recurrent steps few; 1 for a short window.
    """
    divisors = [size for size in range(1, window + 1) if window % size == 0]
    seasonal = [size for size in divisors if season > 1 and size % season == 0 and 2 <= window // size <= MOST_STEPS]
    short = [size for size in divisors if window // size <= MOST_STEPS and window // size >= 2]
    if seasonal:
        return seasonal[0]
    return short[0] if window > UNCUT and short else 1


def _recipe(cell: str, plan: Plan, preset: Preset, windows: int, segment: int | None = None) -> ModelSpec:
    if plan.is_intermittent:
        return _demand_recipe(cell, plan, preset, segment)
    few, many = windows < FEW_WINDOWS, windows >= MANY_WINDOWS
    units, batch = (UNITS_OF_MANY, BATCH_OF_MANY) if many else (UNITS, BATCH)
    season = 1 if plan.kind == "price" else plan.season
    spec = ModelSpec(
        cell=cell,
        window=plan.window,
        horizon=plan.horizon,
        season=season,
        anchors=_anchors(plan),
        segment=segment or segment_of(plan.window, season),
        units=units,
        views=_price_views() if plan.kind == "price" else _steady_views(plan) if few else _views(plan),
        batch_size=batch,
        learning_rate=RATE_OF_MANY if many else RATE,
        preset=preset,
    )
    steps = FEW_STEPS if few else min(MANY_STEPS, AFFORDABLE / step_cost(spec)) if many else SOME_STEPS
    return spec.with_(steps=max(50, round(steps * EFFORT[preset] / 50) * 50))


def _demand_recipe(cell: str, plan: Plan, preset: Preset, segment: int | None) -> ModelSpec:
    """Returns the recipe for demand that comes now and then: by squares, whose best forecast is the mean, not zero.

    Views have no season: short series are padded, and the season is what all series together teach.
    """
    return ModelSpec(
        cell=cell,
        window=plan.window,
        horizon=plan.horizon,
        season=plan.season,
        anchors=DEMAND_ANCHORS,
        segment=segment or segment_of(plan.window, plan.season),
        units=UNITS,
        views=(View("smoothed", level="mean", scale="series"), View("zero", level="mean", scale="series")),
        loss="mse",
        steps=max(50, round(DEMAND_STEPS * EFFORT[preset] / 50) * 50),
        batch_size=BATCH_OF_MANY,
        learning_rate=DEMAND_RATE,
        preset=preset,
    )


def _anchors(plan: Plan) -> tuple[Anchor, ...]:
    """Returns what the networks are trusted against: nothing but the last value and season for a price.

    Where the window holds a second season there is a lot to learn of each series alone.
    """
    if plan.kind == "price":
        return ("naive", "seasonal-naive")
    has_two = any(plan.season < season <= plan.window for season in plan.seasons)
    return ("naive", "seasonal-naive", "smoothing", *(("local-ridge",) if has_two else ()))


def step_cost(spec: ModelSpec) -> float:
    """Returns the multiply-adds of one training step: forward once, backward twice."""
    recurrent = 0
    if spec.is_recurrent:
        steps = spec.window // spec.segment * spec.layers
        recurrent = CELLS[spec.cell].multiplies(spec.units, spec.units) * steps
    return float(6 * spec.batch_size * (recurrent + spec.window * spec.horizon))


def _price_views() -> tuple[View, ...]:
    """Returns the views of a price: what is learned are log returns from its last value, the random walk's forecast.

    With a season of 1, the last value is also what the networks are trusted against.
    """
    return (
        View("last-value", level="last", log=True),
        View("last-value", level="last", scale="series", log=True),
        View("last-value", level="mean", scale="deviation", log=True),
    )


def _steady_views(plan: Plan) -> tuple[View, ...]:
    """Returns the views for a short series: one a base, so that they err differently.

    The mean season is a base where the window holds a season; elsewhere a regression on the last values stands in.
    """
    log, season = plan.nonnegative, plan.season
    third = View("mean-season", season, level="last", scale="series", log=log)
    if not 1 < season <= plan.window:
        third = View("last-value", season, level="mean", scale="series", ridge=True)
    return (
        View("smoothed", season, level="last", scale="series", ridge=True),
        View("last-season", season, level="last", scale="series", log=log),
        third,
    )


def views_of(name: ViewSet, plan: Plan, usual: tuple[View, ...]) -> tuple[View, ...]:
    """Returns the views of a set that somebody asked for in place of the recipe's.

    ``level`` and ``log`` are the recipe's, none or all of them in logarithms; ``ridge`` starts the highway of each from
    a regression; ``smoothed`` stand all on exponential smoothing; ``steady`` are those of short series.

    Args:
        name: of the set.
        plan: of the data.
        usual: the recipe's.

    Raises:
        UsageError: values below zero have no logarithm.
    """
    if name == "log" and not plan.nonnegative:
        raise UsageError("--views log needs values that are never below zero.", "--views level")
    season = plan.season if 1 < plan.season <= plan.window else 1
    smoothed = (
        View("smoothed", season, log=plan.nonnegative),
        View("smoothed", season),
        View("smoothed", season, level="mean", scale="series"),
    )
    sets: dict[str, tuple[View, ...]] = {
        "level": tuple(replace(view, log=False) for view in usual),
        "log": tuple(replace(view, log=plan.nonnegative) for view in usual),
        "ridge": tuple(replace(view, ridge=True) for view in usual),
        "smoothed": smoothed,
        "steady": _steady_views(plan),
    }
    return tuple(dict.fromkeys(sets[name]))


def _views(plan: Plan) -> tuple[View, ...]:
    """Returns views that err differently, so that their median errs less: bases, levels, scales, logarithms.

    The longest season that the window holds is the base's; a shorter one gets smoothed bases of its own.
    """
    season = max((s for s in plan.seasons if s <= plan.window), default=1)
    log, ridge = plan.nonnegative, plan.window >= LONG_WINDOW
    if plan.season < season:
        views = [
            View("mean-season", season, level="mean", scale="deviation", log=log, ridge=ridge),
            View("smoothed", season, log=log, ridge=ridge),
            View("smoothed", plan.season, ridge=ridge),
            View("smoothed", plan.season, log=log, ridge=ridge),
        ]
        return tuple(dict.fromkeys(views))
    return (
        View("mean-season", season, level="mean", scale="series", log=log, ridge=ridge),
        View("smoothed", season, log=log, ridge=ridge),
        View("last-value", season, level="mean", scale="series", ridge=ridge),
        View("smoothed", season, level="mean", scale="series", ridge=ridge),
    )


def _tutorial(cell: str, plan: Plan, preset: Preset, windows: int, segment: int = 1) -> ModelSpec:
    """Returns the set-up that tutorials teach: see the README for what it is worth."""
    return ModelSpec(
        cell=cell,
        window=plan.window,
        horizon=plan.horizon,
        season=plan.season,
        segment=segment,
        units=50,
        layers=2,
        views=(View(base="zero", level="series", scale="range"),),
        highway=False,
        rolled=True,
        loss="mse",
        steps=min(TUTORIAL_EPOCHS * -(-max(windows, 1) // 32), TUTORIAL_MOST_STEPS),
        batch_size=32,
        learning_rate=1e-3,
        schedule="constant",
        preset=preset,
    )


def _bare(cell: str, plan: Plan, preset: Preset, windows: int, segment: int = 1) -> ModelSpec:
    """Returns the cell alone, to be compared with other cells: all that is forecast has to pass it.

    The window enters observation by observation, about its own mean and over its own spread. There is no highway, no
    naive base beneath and no anchor beside, and nothing is taken out for dates. Such a network learns more slowly than
    the usual recipe, which begins at a naive forecast: its steps and learning rate are the defaults of ``ModelSpec``.
    """
    many = windows >= MANY_WINDOWS
    return ModelSpec(
        cell=cell,
        window=plan.window,
        horizon=plan.horizon,
        season=plan.season,
        anchors=(),
        segment=segment,
        units=UNITS_OF_MANY if many else UNITS,
        views=(View("zero", level="mean", scale="deviation"),),
        highway=False,
        steps=max(50, round(ModelSpec.steps * EFFORT[preset] / 50) * 50),
        batch_size=BATCH_OF_MANY if many else BATCH,
        preset=preset,
    )
