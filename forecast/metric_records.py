"""Every metric of the leaderboard, one record each (standard library only); everyone else iterates.

To add a metric, write its plain function in ``evaluation/metrics.py`` (of forecasts) or
``evaluation/distribution/quantile_metrics.py`` (of their deciles) and add its record here under the function's name: it
is then scored, has a column in the leaderboard, is a choice of ``--metric``, chooses views and models by its unit and
power, and is said in sentences by its label.
"""

from dataclasses import dataclass
from typing import Literal

ErrorUnit = Literal["target", "naive scale", "size"]


@dataclass(frozen=True)
class MetricRecord:
    """One metric; lower is better.

    Attributes:
        name: that a user types, and that the function in ``evaluation.metrics`` has.
        label: in tables and sentences.
        unit: what errors are measured in where views are chosen: the target's unit, the series' mean naive difference,
            or the size of truth and forecast. A share of the size of all truths is one of the target's unit: it orders
            views in the same way. Views have no quantiles; by those, they are chosen as by the median.
        power: 2 where squared errors are averaged, else 1.
        needs: the scales of a ``Backtest`` that its function takes; empty for none.
        explained: the label where it is said alone, with what it means; empty for the label.
        weighs: why it may choose another model than RMSE does; empty for RMSE itself.
        decimals: of its column.
        reads: what is scored, forecasts or their deciles; these are not there where too few errors calibrate them.
        has_column: stands in the table and on the page; CSV and JSON have all.
    """

    name: str
    label: str
    unit: ErrorUnit
    power: Literal[1, 2]
    needs: Literal["", "scales", "rms_scales"] = ""
    explained: str = ""
    weighs: str = ""
    decimals: int = 3
    reads: Literal["point", "quantiles"] = "point"
    has_column: bool = True


_BY_UNIT = "where each unit counts alike, and a large miss no more than many small ones"
_BY_MOVEMENT = "where each series counts by how much it usually moves"
METRICS = {
    record.name: record
    for record in (
        MetricRecord(
            "rmsse", "RMSSE", "naive scale", 2, "rms_scales", explained="RMSSE (scaled RMSE)", weighs=_BY_MOVEMENT
        ),
        MetricRecord("rmse", "RMSE", "target", 2),
        MetricRecord("mae", "MAE", "target", 1, weighs="where a large miss counts no more than many small ones"),
        MetricRecord("mase", "MASE", "naive scale", 1, "scales", weighs=_BY_MOVEMENT),
        MetricRecord("smape", "sMAPE", "size", 1, weighs="where each series counts by its size", decimals=2),
        MetricRecord("wape", "WAPE", "target", 1, weighs=_BY_UNIT, decimals=4, has_column=False),
        MetricRecord(
            "wql",
            "WQL",
            "target",
            1,
            explained="WQL (quantiles 0.1 to 0.9)",
            weighs="where the whole distribution counts, not its middle alone",
            decimals=4,
            reads="quantiles",
        ),
    )
}
MEASURES = ("bias", "relative_bias", "msis", "calibration_error")
"""What CSV and JSON tell beside the metrics, and nothing is chosen by: what is best of a bias is not the lowest."""
CELL_PARTS = {
    "rmse_base": "naive bases",
    "rmse_alone": "cell alone",
    "highway_adds": "highway takes off",
    "anchor_adds": "anchor takes off",
}
"""What a leaderboard tells of each cell where that was asked for (``compare --alone``), and what its columns say."""
