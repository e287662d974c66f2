"""Quality of one product: results judged, rates, deviations, releases. Pure.

Facts are kept as they were said; all else follows from them, so that order and repeats change
nothing. What is told is the difference between what followed before and what follows now.
"""
