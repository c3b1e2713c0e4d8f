import io
import json
import pickle
from dataclasses import replace

import numpy as np
import pytest

from forecast.errors import DataError
from forecast.models.covariates.covariate_model import fit_covariate_model
from forecast.models.method_settings import CURRENT
from forecast.models.networks.serialization import dump_model, load_model, pack_arrays, unpack_arrays
from tiny import VIEWS, random_model, tiny_spec
from told import shops, told_model

ARRAYS = {"a/b": np.arange(6, dtype=np.float32).reshape(2, 3), "c": np.array([1.5, np.nan])}


def parts_of(model):
    settings, arrays = dump_model(model)
    settings = json.loads(json.dumps(settings)) | {"series_ids": list(model.series_ids)}
    return settings, unpack_arrays(pack_arrays(arrays))


@pytest.fixture
def model_of(awkward):
    """Returns a model as if trained by the name of its cell."""
    return lambda cell: random_model(tiny_spec(cell, views=VIEWS, seeds=(0, 1)), awkward)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru", "linear"])
def test_model_comes_back_exactly(model_of, awkward, cell):
    model = model_of(cell)
    loaded = load_model(*parts_of(model), CURRENT)
    assert loaded.spec == model.spec
    assert loaded.series_ids == model.series_ids
    for panel in (awkward, awkward.select([3, 0])):
        first, second = model.predict_members(panel), loaded.predict_members(panel)
        assert (first.views, first.seeds) == (second.views, second.seeds)
        np.testing.assert_array_equal(first.values, second.values)


def test_same_arrays_give_the_same_bytes():
    content = pack_arrays(ARRAYS)
    assert content == pack_arrays({name: array.copy() for name, array in ARRAYS.items()})
    back = unpack_arrays(content)
    assert list(back) == list(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(back[name], array)
        assert back[name].dtype == array.dtype


@pytest.mark.parametrize("damage", [b"", b"PK", b"not an archive", b"\x80\x04N.", b"PK\x03\x04" + bytes(100)])
def test_other_bytes_are_refused(damage):
    with pytest.raises(DataError, match="stored weights can't be read"):
        unpack_arrays(damage)


def test_bare_array_file_is_refused():
    buffer = io.BytesIO()
    np.save(buffer, np.arange(3))
    with pytest.raises(DataError, match="stored weights can't be read"):
        unpack_arrays(buffer.getvalue())


def test_every_truncation_and_flipped_byte_is_refused_or_harmless():
    content = pack_arrays(ARRAYS)
    for length in range(len(content)):
        with pytest.raises(DataError, match="stored weights can't be read"):
            unpack_arrays(content[:length])
    for place in range(len(content)):
        flipped = bytearray(content)
        flipped[place] ^= 0x55
        try:
            arrays = unpack_arrays(bytes(flipped))
        except DataError:
            continue
        assert all(isinstance(array, np.ndarray) for array in arrays.values())


class Explosive:
    def __reduce__(self):
        return (pytest.fail, ("the stored model ran code",))


def test_stored_objects_are_refused_and_run_nothing():
    buffer = io.BytesIO()
    np.savez(buffer, a=np.array([Explosive()], dtype=object))
    with pytest.raises(DataError, match="stored weights can't be read"):
        unpack_arrays(buffer.getvalue())
    with pytest.raises(DataError, match="stored weights can't be read"):
        unpack_arrays(pickle.dumps(Explosive()))


@pytest.mark.parametrize("part", ["spec", "networks", "series_ids"])
def test_missing_setting_is_named(model_of, part):
    settings, arrays = parts_of(model_of("gru"))
    del settings[part]
    with pytest.raises(DataError, match=f"incomplete: '{part}'"):
        load_model(settings, arrays, CURRENT)


@pytest.mark.parametrize("networks", [[{"view": 9, "seed": 0}], [{"view": 0}], ["x"], [{"view": 0, "seed": "x"}]])
def test_networks_that_make_no_sense_are_refused(model_of, networks):
    settings, arrays = parts_of(model_of("gru"))
    with pytest.raises(DataError, match="stored model is incomplete"):
        load_model({**settings, "networks": networks}, arrays, CURRENT)


@pytest.mark.parametrize("name", ["view1/level", "view2/base", "network0/head/bias", "network3/cell0/recurrent"])
def test_missing_array_is_refused(model_of, name):
    settings, arrays = parts_of(model_of("gru"))
    del arrays[name]
    with pytest.raises(DataError, match=r"incomplete|do not fit"):
        load_model(settings, arrays, CURRENT)


@pytest.mark.parametrize("name", ["view0/scale", "view2/base", "network0/cell0/kernel", "network2/highway/kernel"])
@pytest.mark.parametrize("change", [lambda array: array[:-1], lambda array: array.astype(str)])
def test_array_of_another_shape_or_kind_is_refused(model_of, name, change):
    settings, arrays = parts_of(model_of("gru"))
    with pytest.raises(DataError, match="do not fit the stored settings"):
        load_model(settings, arrays | {name: change(arrays[name])}, CURRENT)


def test_model_without_networks_is_refused(model_of):
    with pytest.raises(DataError, match="do not fit the stored settings"):
        load_model(*parts_of(replace(model_of("gru"), networks=())), CURRENT)


def test_setting_of_a_newer_program_is_refused(model_of):
    settings, arrays = parts_of(model_of("gru"))
    settings["spec"]["attention"] = 4
    with pytest.raises(DataError, match=r"settings of the model can't be read: .*attention"):
        load_model(settings, arrays, CURRENT)


# What a model knows beside the target


@pytest.fixture(scope="module")
def told():
    return shops()


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru", "linear"])
@pytest.mark.slow
def test_model_with_covariates_comes_back_exactly(told, cell):
    model = told_model(told, cell, calendar=True, country="US")
    loaded = load_model(*parts_of(model), CURRENT)
    assert loaded.spec == model.spec
    for panel in (told, told.select([2, 0]), replace(told, series_ids=("new", "1", "2"))):
        np.testing.assert_array_equal(loaded.predict_members(panel).values, model.predict_members(panel).values)


def test_model_that_knows_dates_alone_comes_back_exactly():
    panel = replace(shops(steps=900), covariates=None)
    model = told_model(panel, country="US")
    assert model.covariate_model.encoding is None
    loaded = load_model(*parts_of(model), CURRENT)
    np.testing.assert_array_equal(loaded.predict_members(panel).values, model.predict_members(panel).values)


def without(part, name):
    return {key: value for key, value in part.items() if key != name}


SETTINGS_DAMAGED = {
    "no inputs": lambda told: without(told, "inputs"),
    "no country": lambda told: without(told, "country"),
    "one input less than the networks take": lambda told: told | {"inputs": told["inputs"][1:]},
    "another kind of input": lambda told: told | {"inputs": [told["inputs"][0] | {"kind": "odd"}, *told["inputs"][1:]]},
    "a column that is not there": lambda told: (
        told | {"inputs": [told["inputs"][0] | {"place": 9}, *told["inputs"][1:]]}
    ),
    "a setting nobody knows": lambda told: told | {"causes": [told["causes"][0] | {"x": 1}, *told["causes"][1:]]},
    "one cause less than there are effects": lambda told: told | {"causes": told["causes"][1:]},
    "a cause that is not there": lambda told: (
        told | {"causes": [told["causes"][0] | {"place": 500}, *told["causes"][1:]]}
    ),
    "an event that is not there": lambda told: told | {"events": [99]},
    "no covariates, but effects of them": lambda told: without(told, "columns"),
    "nothing": lambda told: {},
    "no dictionary": lambda told: [1],
}


@pytest.mark.parametrize("damage", SETTINGS_DAMAGED)
def test_damaged_settings_of_covariates_are_refused(told, damage):
    settings, arrays = parts_of(told_model(told))
    settings["knowledge"] = SETTINGS_DAMAGED[damage](settings["knowledge"])
    with pytest.raises(DataError, match=r"stored (model is incomplete|weights do not fit)") as error:
        load_model(settings, arrays, CURRENT)
    assert error.value.hint == "forecast train DATA, to train it anew"


@pytest.mark.parametrize("change", ["lost", "longer", "words"])
@pytest.mark.parametrize("part", ["centers/known", "centers/past", "effects/own", "effects/common", "effects/sizes"])
@pytest.mark.slow
def test_damaged_arrays_of_covariates_are_refused(told, part, change):
    settings, arrays = parts_of(told_model(told))
    array = arrays.pop(f"knowledge/{part}")
    if change != "lost":
        arrays[f"knowledge/{part}"] = np.append(array, array[-1:], axis=0) if change == "longer" else array.astype("U")
    with pytest.raises(DataError, match=r"stored (model is incomplete|weights do not fit)"):
        load_model(settings, arrays, CURRENT)


def test_knowledge_is_stored_as_it_was_learned(told):
    model = told_model(told)
    loaded, learned = load_model(*parts_of(model), CURRENT).covariate_model, fit_covariate_model(told, model.spec)
    assert loaded.encoding.inputs == learned.encoding.inputs
    assert loaded.encoding.columns == learned.encoding.columns
    assert loaded.effects.regressors.used == learned.effects.regressors.used
    np.testing.assert_array_equal(loaded.effects.own, learned.effects.own)
