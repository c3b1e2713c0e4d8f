"""From a preset and a plan to the spec of a network: which views, how many steps, how long a segment."""

from forecast.specs import Cell, ModelSpec, Plan, Preset, Settings, View

SEEDS: dict[Preset, int] = {"fast": 1, "balanced": 2, "best": 5, "tutorial": 3}
TUTORIAL_EPOCHS = 50
TUTORIAL_MOST_STEPS = 20_000


def make_spec(cell: Cell, plan: Plan, settings: Settings, windows: int) -> ModelSpec:
    """Returns the spec of a network for a plan.

    Args:
        cell: of the network.
        plan: horizon, window and seasons.
        settings: preset, seeds and what the person overrode.
        windows: how many training windows the panel gives at its end; more windows are worth more steps.
    """
    count = settings.seeds or SEEDS[settings.preset]
    seeds = tuple(range(settings.seed, settings.seed + count))
    make = _tutorial if settings.preset == "tutorial" else _recipe
    return make(cell, plan, settings.preset, windows).with_(seeds=seeds, **settings.overrides.given())


def _recipe(cell: Cell, plan: Plan, preset: Preset, windows: int) -> ModelSpec:
    small = windows < 1000
    steps = 200 if small else 600
    views = _views(plan)
    if preset == "fast":
        steps, views = steps // 2, views[:3]
    elif preset == "best":
        steps *= 2
    return ModelSpec(
        cell=cell,
        window=plan.window,
        horizon=plan.horizon,
        segment=_segment(plan),
        units=32 if small else 64,
        views=views,
        steps=steps,
        batch_size=32 if small else 128,
        preset=preset,
    )


def _tutorial(cell: Cell, plan: Plan, preset: Preset, windows: int) -> ModelSpec:
    """Returns the set-up that tutorials teach: see the README for what it is worth."""
    return ModelSpec(
        cell=cell,
        window=plan.window,
        horizon=plan.horizon,
        units=50,
        layers=2,
        views=(View(base="zero", level="series", scale="range"),),
        highway=False,
        rolled=True,
        loss="mse",
        steps=min(TUTORIAL_EPOCHS * -(-windows // 32), TUTORIAL_MOST_STEPS),
        batch_size=32,
        learning_rate=1e-3,
        schedule="constant",
        preset=preset,
    )


def _segment(plan: Plan) -> int:
    """Returns one season a recurrent step where the window holds at least two of it, else single steps."""
    season = plan.season
    return season if plan.window % season == 0 and plan.window >= 2 * season else 1


def _views(plan: Plan) -> tuple[View, ...]:
    """Returns the representations of the ensemble: what fits the longest season, and logs where data allow."""
    season = max((s for s in plan.seasons if s <= plan.window), default=1)
    views = [View("last-season", season), View("mean-season", season), View("last-value", season)]
    if plan.nonnegative:
        views += [View("last-value", season, log=True), View("mean-season", season, log=True)]
    return tuple(views)
