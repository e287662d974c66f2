"""Series that were published, with the limits that were published for them, and how to plot them.

RINGS and VISCOSITY: D. C. Montgomery, Introduction to Statistical Quality Control (2nd ed. 1991,
pp. 206-213; 5th ed. 2005, pp. 232-235), as distributed with qcc (L. Scrucca, R News 4/1, 2004).
VOLTS: the same, 6th ed., table 6E.4.
GAPS, OFFSETS, ENGINES: SAS/QC User's Guide, SHEWHART procedure (examples "Applying Tests for
Special Causes" of XCHART and IRCHART, section "Requesting Standard Tests").
FLOW: NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.2.2.
SUNSPOTS and YIELDS: G. E. P. Box, G. M. Jenkins, Time Series Analysis, 1970, series E and F.
ERUPTIONS and WAITING: W. Härdle, Smoothing Techniques, 1991 (Old Faithful; `faithful` in R).
"""

from collections.abc import Sequence

from processors.quality.charts.chart import ChartState, Plotted, Point, Violation, rejudge
from processors.quality.charts.limits import Limits
from processors.quality.charts.rules import Rule

_RINGS = """
74.030 74.002 74.019 73.992 74.008  73.995 73.992 74.001 74.011 74.004
73.988 74.024 74.021 74.005 74.002  74.002 73.996 73.993 74.015 74.009
73.992 74.007 74.015 73.989 74.014  74.009 73.994 73.997 73.985 73.993
73.995 74.006 73.994 74.000 74.005  73.985 74.003 73.993 74.015 73.988
74.008 73.995 74.009 74.005 74.004  73.998 74.000 73.990 74.007 73.995
73.994 73.998 73.994 73.995 73.990  74.004 74.000 74.007 74.000 73.996
73.983 74.002 73.998 73.997 74.012  74.006 73.967 73.994 74.000 73.984
74.012 74.014 73.998 73.999 74.007  74.000 73.984 74.005 73.998 73.996
73.994 74.012 73.986 74.005 74.007  74.006 74.010 74.018 74.003 74.000
73.984 74.002 74.003 74.005 73.997  74.000 74.010 74.013 74.020 74.003
73.988 74.001 74.009 74.005 73.996  74.004 73.999 73.990 74.006 74.009
74.010 73.989 73.990 74.009 74.014  74.015 74.008 73.993 74.000 74.010
73.982 73.984 73.995 74.017 74.013  74.012 74.015 74.030 73.986 74.000
73.995 74.010 73.990 74.015 74.001  73.987 73.999 73.985 74.000 73.990
74.008 74.010 74.003 73.991 74.006  74.003 74.000 74.001 73.986 73.997
73.994 74.003 74.015 74.020 74.004  74.008 74.002 74.018 73.995 74.005
74.001 74.004 73.990 73.996 73.998  74.015 74.000 74.016 74.025 74.000
74.030 74.005 74.000 74.016 74.012  74.001 73.990 73.995 74.010 74.024
74.015 74.020 74.024 74.005 74.019  74.035 74.010 74.012 74.015 74.026
74.017 74.013 74.036 74.025 74.026  74.010 74.005 74.029 74.000 74.020
"""
_VISCOSITY = """
34.05 34.40 33.59 35.96 34.70 33.51 33.79 34.04 34.52 33.75 33.27 33.71 34.03 34.58 34.02 33.97
34.05 34.04 33.73 34.05 34.39 33.75 33.40 33.27 34.65 34.80 34.55 35.40 34.75 34.50 34.70 34.29
34.61 34.49 35.03
"""
_GAPS = "270 258 248 260 273 260 259 248 260 255 268 253 273 275 257 269 249 264 258 248 248"
_GAP_RANGES = "35 25 24 39 29 21 37 37 28 19 36 36 29 22 24 41 36 31 25 36 30"
_OFFSETS = """
19.80 17.16 20.11 20.89 20.83 18.87 20.84 23.33 19.21 20.48 22.05 20.02 17.58 19.11 20.03
20.56 20.86 21.10 19.05 21.76 21.76 20.54 20.04 19.94 20.70 21.40 21.32 20.03 22.02 21.32
"""
_ENGINES = """
1270 1258 1248 1260 1263 1260 1259 1240 1260 1246 1238 1253 1249
1245 1251 1252 1249 1274 1258 1268 1248 1295 1243 1253 1258
"""
_YIELDS = """
47 64 23 71 38 64 55 41 59 48 71 35 57 40 58 44 80 55 37 74 51 57 50 60 45 57 50 45 25 59 50 71 56
74 50 58 45 54 36 54 48 55 45 57 50 62 44 64 43 52 38 59 55 41 53 49 34 35 54 45 68 38 50 60 39 59
40 57 54 23
"""
_WAITING = """
79 54 74 62 85 55 88 85 51 85 54 84 78 47 83 52 62 84 52 79 51 47 78 69 74 83 55 76 78 79 73 77 66
80 74 52 48 80 59 90 80 58 84 58 73 83 64 53 82 59 75 90 54 80 54 83 71 64 77 81 59 84 48 82 60 92
78 78 65 73 82 56 79 71 62 76 60 78 76 83 75 82 70 65 73 88 76 80 48 86 60 90 50 78 63 72 84 75 51
82
"""


def numbers(written: str) -> list[float]:
    return [float(one) for one in written.split()]


def by(size: int, values: Sequence[float]) -> list[list[float]]:
    """Subgroups of that size; what is left over is left out."""
    ends = range(size, len(values) + 1, size)
    return [list(values[end - size : end]) for end in ends]


RINGS = by(5, numbers(_RINGS))
"""Inside diameters, mm, of 40 subgroups; the limits are those of the first 25."""
VISCOSITY = numbers(_VISCOSITY)
"""Of 35 batches of primer paint; the limits are those of the first 20."""
GAPS, GAP_RANGES = numbers(_GAPS), numbers(_GAP_RANGES)
"""Means and ranges of 21 subgroups of 5 gap widths."""
OFFSETS = numbers(_OFFSETS)
"""Means of 30 subgroups; mu is 20, sigma 2.24, and the limits are for subgroups of 5."""
ENGINES = numbers(_ENGINES)
"""Weights of the engines 1711 to 1735."""
FLOW = numbers("49.6 47.6 49.9 51.3 47.8 51.2 52.6 52.4 53.6 52.1")
VOLTS = numbers(
    "10 7.75 7.5 9 9.75 10.75 10.75 6.5 9 13.5 12.5 9.75 13.25 10.5 11 12.5 9.75 10.75 8.75 13.25"
)
VOLT_RANGES = numbers("9 7 5 7 6 2 8 6 5 6 8 7 7 6 9 5 4 8 6 4")
SUNSPOTS = numbers(
    "101 82 66 35 31 7 20 92 154 125 85 68 38 23 10 24 83 132 131 118 90 67 60 47 41 21 16 6 4 7 "
    "14 34 45 43 48 42"
)
"""Of the years from 1770 on; the mean of a hundred years is 46.93, their deviation 37.37."""
YIELDS = numbers(_YIELDS)
"""Of 70 batches."""
ERUPTIONS = numbers("4.533 3.317 3.833 2.1 4.633 2 4.8 4.716 1.833 4.833 1.733 4.883 3.717 1.667")
"""Minutes, of the eruptions from the 45th on."""
LATER_ERUPTIONS = numbers(
    "4.6 3.767 1.917 4.5 2.267 4.65 1.867 4.167 2.8 4.333 1.833 4.383 1.883 4.933 2.033 3.733 4.233"
)
"""From the 125th on."""
WAITING = numbers(_WAITING)
"""Minutes before the first 100 eruptions, short and long by turns."""


def chart(limits: Limits, *rules: Rule, plotted: Plotted = Plotted.INDIVIDUALS) -> ChartState:
    return ChartState(plotted, limits, frozenset(rules or Rule))


def points(values: Sequence[float]) -> list[Point]:
    """Numbered from 1."""
    return [Point(str(number), value) for number, value in enumerate(values, start=1)]


def judged(limits: Limits, values: Sequence[float], *rules: Rule) -> tuple[Violation, ...]:
    return rejudge(chart(limits, *rules), points(values))[1]


def signals(limits: Limits, values: Sequence[float], rule: Rule) -> list[int]:
    """Numbers of the points that complete this rule, the first being 1."""
    return [int(found.points[-1]) for found in judged(limits, values, rule)]
