# %% [markdown]
# # Forecasting from Python
#
# The verbs of the command line, with tables as pandas frames. Run it cell by cell, or whole: `python docs/example.py`.
# `python docs/make_notebook.py` makes `example.ipynb` of it.

# %%
from pathlib import Path
from tempfile import TemporaryDirectory

from forecast import ForecastError, compare, load, read_panel, train

SAMPLE = Path(__file__).parents[1] / "sample_data" / "airline_passengers.csv"
QUICK = {"preset": "fast", "seeds": 1, "folds": 2}

# %% [markdown]
# ## What is in the file?
# `read_panel` takes a path or a data frame and infers the rest; settings named like the flags overrule it.

# %%
data = read_panel(SAMPLE)
print(data.columns.time, data.columns.target, data.panel.frequency.name, data.days)
for finding in data.findings:
    print(finding.grade, finding.text)

# %% [markdown]
# ## Which network is best?
# All models are scored on the same folds, beside the baselines.

# %%
result = compare(data, models=["lstm", "gru"], **QUICK)
print(result.verdict)
print(result.leaderboard[["model", "rmse", "skill", "note"]])

# %% [markdown]
# The forecasts at the scored origins come with what came true, to be looked at in any way you like.

# %%
errors = result.forecasts.assign(error=lambda table: table["forecast"] - table["actual"])
print(errors.groupby("model")["error"].agg(["mean", "std"]).round(1))

# %% [markdown]
# ## A model to keep
# With a store, `train` saves a version, as `forecast train` does; without one it saves nothing.

# %%
with TemporaryDirectory() as store:
    train(SAMPLE, "gru", name="passengers", store=store, **QUICK)
    model = load("passengers", store=store)
    print(model.name, model.version, model.model)
    print(model.predict(6).set_index("timestamp")[["forecast", "lower_80", "upper_80"]].round(1))

# %% [markdown]
# ## When something is wrong
# Errors are sentences with a hint, as on the command line.

# %%
try:
    compare(data, models="lstn")
except ForecastError as error:
    print(error, error.hint)
