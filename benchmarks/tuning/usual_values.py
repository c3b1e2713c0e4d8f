"""What is usual of a known covariate on a step of which nobody tells: how large a share makes a value the usual one.

    python benchmarks/tuning/usual_values.py [--quick]

Measured: the scaled error of exponential smoothing with effects where nothing is told of the steps to come, on
generated store sales whose campaigns are texts, a third of the days each or more.
"""

import numpy as np
from covariate_effects import shortened, stores
from held_back import Case, rolling_errors
from study import Constant, FloatArray, Study, main

CONSTANTS = (
    Constant("forecast.models.covariates.covariate_settings", "CovariateSettings.usual", (0.2, 0.35, 0.65, 0.8, 0.99)),
)


def cases(quick: bool) -> dict[str, Case | tuple[Case, ...]]:
    """Returns store sales, some with prices that are missing in a share of the rows, some with campaigns."""
    found: dict[str, Case | tuple[Case, ...]] = {}
    for kind in ("plain", "texts"):
        found[kind] = tuple(shortened(stores(seed, kind), quick) for seed in range(11, 13 if quick else 21))
    for share in (0.3, 0.45, 0.6, 0.75):
        found[f"{share:.0%} of prices missing"] = tuple(
            lacking(shortened(stores(seed, "plain"), quick), share, seed) for seed in range(11, 13 if quick else 21)
        )
    return found


def lacking(case: Case, share: float, seed: int) -> Case:
    """Returns the case with a share of its prices missing, the last column of what is known."""
    from dataclasses import replace

    told = case.panel.covariates
    known = told.known.copy()
    known[np.random.default_rng(seed).random(len(known)) < share, -1] = np.nan
    return replace(case, panel=replace(case.panel, covariates=replace(told, known=known)))


def errors(case: Case) -> FloatArray:
    """Returns the errors where nothing is told of what is to come."""
    from dataclasses import replace

    from covariate_effects import with_effects

    from forecast.models.covariates.usual_values import learn_usual

    def forecast(train: object) -> FloatArray:
        told = train.covariates
        steps = np.arange(len(told.known)) - np.repeat(told.known_offsets[:-1], np.diff(told.known_offsets))
        ordinals = np.repeat(told.known_first, np.diff(told.known_offsets)) + steps
        ahead = ordinals > np.repeat(train.last, np.diff(told.known_offsets))
        untold = replace(told, known=np.where(ahead[:, None], np.nan, told.known))
        cut = replace(train, covariates=untold)
        return with_effects(case, learn_usual(cut).filled(cut, case.horizon))

    return rolling_errors(case, forecast)


STUDIES = (Study(CONSTANTS, cases, errors),)

if __name__ == "__main__":
    main(__doc__, STUDIES)
