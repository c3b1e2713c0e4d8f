import subprocess
import sys

import pytest

from places import FROZEN

PREDICT = """
import json, sys
from pathlib import Path
import numpy as np
from forecast.data.panel import panel_from_series
from forecast.models.method_settings import CURRENT
from forecast.models.networks.serialization import load_model, unpack_arrays

path = Path(sys.argv[1])
document = json.loads(path.with_suffix(".json").read_text())
model = load_model(document["settings"], unpack_arrays(path.with_suffix(".npz").read_bytes()), CURRENT)
panel = panel_from_series([[np.nan if y is None else y for y in row] for row in document["series"]], "D")
np.testing.assert_allclose(model.predict_members(panel).values, document["members"], rtol=1e-6)
assert not {"tensorflow", "keras", "sklearn"} & set(sys.modules), "prediction needs numpy alone"
"""


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru"])
def test_frozen_model_predicts_what_it_did_on_the_day_it_was_made(name):
    """If this fails, versions in users' stores predict something else than they did."""
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", PREDICT, FROZEN / name], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr


def test_every_frozen_model_is_tested_and_small():
    assert {path.stem for path in FROZEN.glob("*.npz")} == {"rnn", "lstm", "gru"}
    assert sum(path.stat().st_size for path in FROZEN.iterdir() if path.is_file()) < 60_000
