"""What is asked of the future, and what is said where nobody told it."""

from dataclasses import replace

import numpy as np
import pytest
from told import AHEAD, shops, told_model

from forecast.data.future import check_future
from forecast.errors import DataError
from forecast.evaluation.trained import TrainedModel
from forecast.models.encoding import Encoding
from forecast.models.ensemble import EnsembleModel
from forecast.workflows.ahead import columns_needed, untold_note

FIX = "forecast predict shop --future FILE"


def trained_on(panel):
    return TrainedModel("gru", EnsembleModel((told_model(panel),)), None, None, 7)


def without(trained, *names):
    """The model as if it had found that some known columns tell nothing."""
    [part] = trained.model.parts
    encoding = part.knowledge.encoding
    slim = replace(encoding, inputs=tuple(one for one in encoding.inputs if one.column not in names))
    assert isinstance(slim, Encoding)
    knowledge = replace(part.knowledge, encoding=slim)
    return replace(trained, model=replace(trained.model, parts=(replace(part, knowledge=knowledge),)))


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
    assert untold_note(trained_on(panel), panel, AHEAD, FIX) == ()
    assert untold_note(trained_on(panel), replace(panel, covariates=None), AHEAD, FIX) == ()


@pytest.mark.parametrize(
    ("names", "since", "horizon", "sentence"),
    [
        (("promo",), 0, 5, "promo is not known beyond 1970-03-01: this forecast takes its usual value ({} tells it)."),
        (
            ("promo", "price"),
            2,
            5,
            "promo, price are known for only 2 days beyond 1970-03-01: for the rest this forecast takes their usual "
            "values ({} tells them).",
        ),
        (
            (),
            0,
            AHEAD + 2,
            "promo, feast, sky, price are known for only 6 days beyond 1970-03-01: for the rest this forecast takes "
            "their usual values ({} tells them).",
        ),
    ],
)
def test_what_is_guessed_is_named_with_how_far_it_is_known(names, since, horizon, sentence):
    panel = shops()
    note = untold_note(trained_on(panel), dark(panel, *names, since=since), horizon, FIX)
    assert note == (sentence.format(FIX),)


def test_two_forecasts_and_some_series_are_told_apart():
    panel = shops()
    [note] = untold_note(trained_on(panel), dark(panel, "sky", series=[1]), 4, FIX, is_both=True)
    assert note.startswith("sky is not known in all series beyond 1970-03-01: both forecasts take its usual value")


def test_columns_that_the_model_found_idle_need_not_be_told():
    panel = shops()
    slim = without(trained_on(panel), "price")
    assert columns_needed(slim) == {"promo", "feast", "sky"}
    untold = dark(panel, "price")
    assert untold_note(slim, untold, AHEAD, FIX) == ()
    check_future(untold, AHEAD, columns_needed(slim))
    with pytest.raises(DataError, match="price of series 0 has no value for 1970-03-02"):
        check_future(untold, AHEAD)
    with pytest.raises(DataError, match="promo must be known for the 6 days after 1970-03-01, but no row tells"):
        check_future(dark(panel, "promo", "price"), AHEAD, {"promo"})
