"""What a version keeps of its backtest: metrics.json, written and read."""

import json

from forecast.evaluation.summary import Summary, document_of, summary_from
from forecast.production.store.json_document import parse_json
from forecast.production.store.version import Version, unreadable

METRICS = "metrics.json"
"""The file of a version that holds it."""


def summary_bytes(summary: Summary) -> bytes:
    """Returns what ``METRICS`` holds."""
    return json.dumps(document_of(summary), indent=1).encode()


def read_summary(version: Version) -> Summary:
    """Returns the summary of a version's backtest.

    Raises:
        DamagedError: it is not what a program writes there.
        DataError: it can't be read.
    """
    try:
        return summary_from(parse_json(version.read(METRICS), strict=False))
    except ValueError as error:
        raise unreadable(version.name, version.label, METRICS, error) from error
