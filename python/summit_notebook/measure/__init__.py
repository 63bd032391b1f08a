"""What the page measures on pixels, repeated in numpy: equal definitions, field names in snake_case.

The formulas, their sources and how well they do are in docs/measurements.md.
"""

from .cuts import LineCut, line_cut
from .examine import Examination, NoStarError, examine
from .statistics import RegionStatistics, region_statistics

__all__ = [
    "Examination",
    "LineCut",
    "NoStarError",
    "RegionStatistics",
    "examine",
    "line_cut",
    "region_statistics",
]
