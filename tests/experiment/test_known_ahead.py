"""What is asked of the future, and what is said where nobody told it."""

from dataclasses import replace

import numpy as np
import pytest

from forecast.errors import DataError
from forecast.evaluation.intervals import Calibration
from forecast.evaluation.scales import usual_spread
from forecast.evaluation.trained_model import TrainedModel
from forecast.experiment.known_ahead import assumed_notes, columns_needed, flags_of, short_notes, unseen_notes
from forecast.models.covariates.encoding import Encoding
from forecast.models.ensemble import EnsembleModel
from forecast.models.method_settings import CURRENT
from told import AHEAD, shops, told_model

FIX = "forecast predict shop --future FILE"


def trained_on(panel):
    return TrainedModel("gru", EnsembleModel((told_model(panel),)), None, None, 7, CURRENT)


def without(trained, *names):
    """The model as if it had found that some known columns tell nothing."""
    [part] = trained.model.parts
    encoding = part.covariate_model.encoding
    slim = replace(encoding, inputs=tuple(one for one in encoding.inputs if one.column not in names))
    assert isinstance(slim, Encoding)
    covariate_model = replace(part.covariate_model, encoding=slim)
    return replace(trained, model=replace(trained.model, parts=(replace(part, covariate_model=covariate_model),)))


def dark(panel, *names, since=0, series=slice(None)):
    """The panel whose known columns say nothing from so many steps after the end on."""
    known, covariates = panel.covariates.known.copy(), panel.covariates
    places = [i for i, column in enumerate(covariates.of("known")) if column.name in names]
    steps = np.arange(len(known)) - np.repeat(covariates.known_offsets[:-1] + panel.lengths, AHEAD + panel.lengths)
    chosen = np.isin(np.repeat(np.arange(len(panel)), AHEAD + panel.lengths), np.arange(len(panel))[series])
    known[np.ix_((steps >= since) & chosen, places)] = np.nan
    return replace(panel, covariates=replace(covariates, known=known))


def test_nothing_is_said_where_all_is_told():
    panel = shops()
    assert assumed_notes(trained_on(panel), panel, AHEAD, FIX) == ()
    assert assumed_notes(trained_on(panel), replace(panel, covariates=None), AHEAD, FIX) == ()


@pytest.mark.parametrize(
    ("names", "since", "horizon", "sentence"),
    [
        (
            ("promo",),
            0,
            5,
            "promo is not known beyond 1970-03-01: this forecast takes its usual value, promo 0 ({fix} tells it).",
        ),
        (
            ("promo", "price"),
            2,
            5,
            "promo, price are known for only 2 days beyond 1970-03-01: for the rest this forecast takes their usual "
            "values, promo 0, price {low} to {high} by series ({fix} tells them).",
        ),
        (
            (),
            0,
            AHEAD + 2,
            "promo, feast, sky, price are known for only 6 days beyond 1970-03-01: for the rest this forecast takes "
            "their usual values, promo 0, feast 0, sky none of its texts, price {low} to {high} by series ({fix} tells "
            "them).",
        ),
    ],
)
def test_what_is_guessed_is_named_with_how_far_it_is_known(names, since, horizon, sentence):
    panel = shops()
    note = assumed_notes(trained_on(panel), dark(panel, *names, since=since), horizon, FIX)
    means = [f"{panel.covariates.known[66 * i :][:60, 3].mean():.5g}" for i in range(3)]
    assert note == (sentence.format(fix=FIX, low=min(means), high=max(means)),)


def test_two_forecasts_and_some_series_are_told_apart():
    panel = shops()
    [note] = assumed_notes(trained_on(panel), dark(panel, "sky", series=[1]), 4, FIX, is_both=True)
    assert note.startswith("sky is not known in all series beyond 1970-03-01: both forecasts take its usual value")


def test_columns_that_lack_other_steps_have_sentences_of_their_own():
    panel = dark(dark(shops(), "promo"), "price", since=2)
    promo, price = assumed_notes(trained_on(panel), panel, 4, FIX)
    assert promo.startswith("promo is not known beyond 1970-03-01: this forecast takes its usual value, promo 0 (")
    assert price.startswith("price is known for only 2 days beyond 1970-03-01: for the rest this forecast takes its")


def test_a_hole_in_what_is_told_is_named_by_its_first_value():
    panel = shops()
    known = panel.covariates.known.copy()
    known[[62, 129], 3] = np.nan
    holed = replace(panel, covariates=replace(panel.covariates, known=known))
    [note] = assumed_notes(trained_on(panel), holed, 5, FIX)
    assert note.startswith(
        "price lacks 2 values beyond 1970-03-01, the first for 1970-03-04 of series 0: there this forecast takes its "
        "usual value, price "
    )


def test_columns_that_the_model_found_idle_need_not_be_told():
    panel = shops()
    slim = without(trained_on(panel), "price")
    assert columns_needed(slim) == {"promo", "feast", "sky"}
    assert assumed_notes(slim, dark(panel, "price"), AHEAD, FIX) == ()
    [note] = assumed_notes(slim, dark(panel, "price", "promo"), AHEAD, FIX)
    assert note.startswith("promo is not known")


# What is told, but never was


def told_as(panel, name, value, *, ahead=True):
    """The panel whose column is something else three steps after, or before, the end of series 1."""
    covariates = panel.covariates
    known, place = covariates.known.copy(), [column.name for column in covariates.of("known")].index(name)
    known[covariates.known_offsets[2] - AHEAD + (2 if ahead else -3), place] = value
    return replace(panel, covariates=replace(covariates, known=known))


def notes(panel, trained, **more):
    return unseen_notes(trained, panel, 5, **{"is_averaged": False, **more})


def test_what_was_told_before_is_fine():
    panel = shops()
    assert flags_of(trained_on(panel)) == {"promo": (0, 1), "feast": (0, 1)}
    assert notes(panel, trained_on(panel)) == ()


@pytest.mark.parametrize(("value", "ahead"), [(100, True), (0.5, True), (-1, True), (100, False)])
def test_a_yes_no_column_that_is_told_as_anything_else_is_refused(value, ahead):
    panel = shops()
    day = "1970-03-04" if ahead else "1970-02-27"
    with pytest.raises(DataError, match=f"promo is 0 or 1, never {value}, as for {day} in series 1") as error:
        notes(told_as(panel, "promo", value, ahead=ahead), trained_on(panel))
    assert error.value.hint == "write 0 or 1 in column promo"


def test_part_of_a_yes_is_fine_where_rows_were_averaged():
    panel = shops()
    trained = trained_on(panel)
    assert notes(told_as(panel, "promo", 0.5), trained, is_averaged=True) == ()
    with pytest.raises(DataError, match="never 2"):
        notes(told_as(panel, "promo", 2), trained, is_averaged=True)


def test_a_number_beyond_all_that_it_was_is_said():
    panel = shops()
    [note] = notes(told_as(panel, "price", 9), trained_on(panel))
    assert note.startswith("price 9 is beyond 2.0")
    assert note.endswith("all that it ever was in series 1: so far out, the effect is a guess.")
    assert notes(told_as(panel, "price", 9), trained_on(panel), aside=["price"]) == ()
    assert notes(told_as(panel, "price", 9), without(trained_on(panel), "price")) == ()


def test_a_text_that_the_history_never_held_is_said():
    panel = shops()
    columns = tuple(
        replace(column, levels=(*column.levels, "hail")) if column.levels else column
        for column in panel.covariates.columns
    )
    wider = replace(panel, covariates=replace(panel.covariates, columns=columns))
    assert notes(told_as(wider, "sky", 3), trained_on(wider)) == (
        "sky never was 'hail', so it is taken as none of 'fog', 'rain', 'sun'.",
    )


# Series of a few rows


def calibrated(panel, season=1):
    calibration = Calibration(np.ones(5), {80: 1.0, 95: 2.0})
    return replace(trained_on(panel), distribution=calibration, season=season, spread=usual_spread(panel, season))


def with_new(panel, rows):
    """The panel with its last series as a new one of its last rows."""
    short = panel.until([*panel.lengths[:2], 0])
    tail = panel.tail(rows).select([2])
    values = np.concatenate([short.values, tail.values])
    offsets, first = short.offsets.copy(), panel.first.copy()
    offsets[3], first[2] = offsets[2] + rows, panel.last[2] - rows + 1
    covariates = replace(panel.covariates, past=panel.covariates.past[: len(values)])
    ids = (*panel.series_ids[:2], "west")
    return replace(panel, values=values, offsets=offsets, first=first, covariates=covariates, series_ids=ids)


def test_series_of_a_few_rows_has_the_intervals_of_others_and_that_is_said():
    panel = shops()
    trained = calibrated(panel)
    assert short_notes(trained, panel) == ()
    few = with_new(panel, 3)
    [note] = short_notes(trained, few)
    assert note == (
        "1 series (west) has too few rows to tell how far it varies: its intervals are mostly as wide as is usual of "
        "the others."
    )
    forecasts = trained.forecast(few, 5)
    wide = (forecasts.intervals[1].upper - forecasts.point) / forecasts.point
    assert 0.3 < (wide[2] / wide[:2].mean()).mean() < 3
    assert short_notes(replace(trained, distribution=None), few) == ()


def test_series_that_has_not_lived_through_its_season_has_none_and_that_is_said():
    panel = shops()
    trained, few = calibrated(panel, season=7), with_new(panel, 3)
    [note] = short_notes(trained, few)
    assert note == "1 series (west) has too few rows to tell how far it varies: its forecast has no intervals."
    forecasts = trained.forecast(few, 5)
    assert np.isnan(forecasts.intervals[0].lower[2]).all()
    assert not np.isnan(forecasts.intervals[0].lower[:2]).any()
