"""Series by themselves, for what the program measures of many at once."""

from forecast.models.method_settings import CURRENT
from forecast.models.views import block_statistics


def series_statistics(values, view):
    level, scale = block_statistics(values[None], view, CURRENT.views)
    return float(level[0]), float(scale[0])
