"""Threshold, `for` and `keep_firing_for` against intervals on paper."""

from collections.abc import Sequence

from hypothesis import given, settings, strategies as st

from tests.processors.rules.telling import Run, Sayer, rule, short

Samples = list[tuple[int, int]]
HORIZON = 100


def on_paper(samples: Samples, wait: int, keep: int) -> list[str]:
    """What is told by `HORIZON`, from the spans in which the value is above 80."""
    ends = [second for second, _ in samples[1:]] + [10**6]
    spans: list[list[int]] = []
    for (start, value), end in zip(samples, ends, strict=True):
        if value > 80 and spans and spans[-1][1] == start:
            spans[-1][1] = end
        elif value > 80:
            spans.append([start, end])
    found: list[tuple[int, str]] = []
    while spans:
        start, end = spans.pop(0)
        if wait:
            found.append((start, "pending"))
        if end - start >= wait:
            found.append((start + wait, "firing"))
            while spans and spans[0][0] < end + keep:
                end = spans.pop(0)[1]
            end += keep
        found.append((end, "resolved"))
    return [f"{state} {second}" for second, state in found if second <= HORIZON]


def samples() -> st.SearchStrategy[Samples]:
    times = st.lists(st.integers(0, 60), min_size=1, max_size=12, unique=True).map(sorted)
    return times.flatmap(
        lambda found: st.tuples(
            *[st.tuples(st.just(at), st.sampled_from([70, 90])) for at in found]
        )
    ).map(list)


@settings(max_examples=300, deadline=None)
@given(
    samples=samples(),
    wait=st.integers(0, 20),
    keep=st.integers(0, 20),
    ticks=st.sets(st.integers(0, 60), max_size=6),
)
def test_what_is_told_is_what_the_intervals_say(
    samples: Samples, wait: int, keep: int, ticks: Sequence[int]
):
    plant = rule(
        "{tag: temperature, above: 80}", for_=f"{wait}s", keep_firing_for=f"{keep}s", flapping="0"
    )
    run, said = Run(plant), Sayer(plant)

    for second, value in samples:
        for tick in sorted(one for one in ticks if one <= second):
            run.tick(tick)
        run.hear(said.tag(second, value))
    run.tick(HORIZON)

    assert short(run.told) == on_paper(samples, wait, keep)
