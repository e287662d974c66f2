"""The decision table of the time model: what is true at a moment, and where its time goes."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.facts import Facts
from tests.makers import Machine, plant

Story = Callable[[Machine], Any]

BREAK = '[{start: "06:10", end: "06:20"}]'
"""600 to 1200 s after the shift began."""
NO_BATCH = {"when": "no_batch", "category": "delay", "reason": "no_material"}
CHANGEOVER = {"when": "changeover", "category": "setup", "reason": "format"}
START = {"when": "start_of_shift", "states": ["idle"], "category": "setup"}
MAINTAINED = {"when": "maintenance", "category": "delay"}
NIGHT_S = 8 * 3600
"""After the shift, nothing is planned."""


def running(m: Machine, at: float = 0) -> Any:
    m.product(at, "fast")
    return m.state(at, "running")


def stop_of(category: str, **said: Any) -> Story:
    """Running for a minute, then a stop of 100 s."""

    def story(m: Machine) -> None:
        running(m)
        m.state(60, category, **said)
        m.state(160, "running")
        m.alive(200)

    return story


TABLE = [
    # the device's own state
    ("running in planned time", {}, lambda m: (running(m), m.alive(60)), {"running": 60}),
    ("setup", {}, stop_of("setup"), {"running": 100, "setup": 100}),
    ("a planned stop", {}, stop_of("planned_stop"), {"running": 100, "planned_stop": 100}),
    ("starved or blocked", {}, stop_of("delay"), {"running": 100, "delay": 100}),
    ("a breakdown", {}, stop_of("unplanned_stop"), {"running": 100, "unplanned_stop": 100}),
    # minor stops
    (
        "an unplanned stop below the threshold",
        {"minor_stop_s": 101},
        stop_of("unplanned_stop"),
        {"running": 100, "minor_stop": 100},
    ),
    (
        "an unplanned stop as long as the threshold",
        {"minor_stop_s": 100},
        stop_of("unplanned_stop"),
        {"running": 100, "unplanned_stop": 100},
    ),
    (
        "a delay below the threshold is no minor stop",
        {"minor_stop_s": 101},
        stop_of("delay"),
        {"running": 100, "delay": 100},
    ),
    # the calendar
    (
        "standing after the shift",
        {},
        lambda m: (m.state(NIGHT_S, "unplanned_stop"), m.alive(NIGHT_S + 60)),
        {"not_scheduled": 60},
    ),
    (
        "running after the shift",
        {},
        lambda m: (running(m, NIGHT_S), m.alive(NIGHT_S + 60)),
        {"unplanned_running": 60},
    ),
    (
        "standing in a break, whatever the state",
        {"breaks": BREAK},
        lambda m: (running(m), m.state(540, "unplanned_stop"), m.state(1260, "running")),
        {"running": 540, "unplanned_stop": 120, "planned_stop": 600},
    ),
    (
        "running through a break",
        {"breaks": BREAK},
        lambda m: (running(m), m.alive(1260)),
        {"running": 660, "unplanned_running": 600},
    ),
    (
        "nobody sees a break",
        {"breaks": BREAK},
        lambda m: (running(m), m.gap(600, 1260), m.alive(1320)),
        {"running": 660, "planned_stop": 600, "unknown": 60},
    ),
    (
        "a break wins over a person's reason",
        {"breaks": BREAK},
        lambda m: (
            running(m),
            m.state(540, "unplanned_stop"),
            m.reason(1230, "format"),
            m.state(1260, "running"),
        ),
        {"running": 540, "setup": 120, "planned_stop": 600},
    ),
    # rules
    (
        "no batch is open",
        {"rules": [NO_BATCH]},
        lambda m: (m.batch(0, "b1"), stop_of("unplanned_stop")(m)),
        {"running": 100, "unplanned_stop": 100},
    ),
    (
        "a rule for when no batch is open",
        {"rules": [NO_BATCH]},
        stop_of("unplanned_stop"),
        {"running": 100, "delay": 100},
    ),
    (
        "the batch begins within the stop",
        {"rules": [NO_BATCH]},
        lambda m: (stop_of("unplanned_stop")(m), m.batch(130, "b1")),
        {"running": 100, "delay": 70, "unplanned_stop": 30},
    ),
    (
        "a changeover lasts from the end of a batch to the first part",
        {"rules": [CHANGEOVER]},
        lambda m: (
            m.batch(0, "b1"),
            running(m),
            m.state(60, "unplanned_stop"),
            m.batch_ends(70, "b1"),
            m.parts(100, good=1),
            m.state(160, "running"),
        ),
        {"running": 60, "unplanned_stop": 70, "setup": 30},
    ),
    (
        "a change of product begins a changeover",
        {"rules": [CHANGEOVER]},
        lambda m: (running(m), m.state(60, "delay"), m.product(80, "slow"), m.alive(100)),
        {"running": 60, "delay": 20, "setup": 20},
    ),
    (
        "the first of two rules wins",
        {"rules": [CHANGEOVER, NO_BATCH]},
        lambda m: (m.batch(0, "b1"), m.batch_ends(0, "b1"), stop_of("unplanned_stop")(m)),
        {"running": 100, "setup": 100},
    ),
    (
        "nothing has run since the shift began",
        {"rules": [START]},
        lambda m: (
            m.state(0, "unplanned_stop", "idle"),
            m.state(50, "running"),
            m.state(60, "unplanned_stop", "idle"),
            m.alive(100),
        ),
        {"setup": 50, "running": 10, "no_ideal": 10, "unplanned_stop": 40},
    ),
    (
        "a rule is about some states only",
        {"rules": [START]},
        lambda m: (m.state(0, "unplanned_stop", "fault"), m.alive(100)),
        {"unplanned_stop": 100},
    ),
    (
        "a short stop that a rule makes a delay is no minor stop",
        {"rules": [NO_BATCH], "minor_stop_s": 600},
        stop_of("unplanned_stop"),
        {"running": 100, "delay": 100},
    ),
    # maintenance
    (
        "planned maintenance",
        {},
        lambda m: (stop_of("unplanned_stop")(m), m.maintenance(80, planned=True)),
        {"running": 100, "unplanned_stop": 20, "planned_stop": 80},
    ),
    (
        "unplanned maintenance, until it ends",
        {},
        lambda m: (
            stop_of("delay")(m),
            m.maintenance(80, planned=False),
            m.maintenance_ends(100),
        ),
        {"running": 100, "delay": 80, "unplanned_stop": 20},
    ),
    (
        "a rule for maintenance",
        {"rules": [MAINTAINED]},
        lambda m: (stop_of("unplanned_stop")(m), m.maintenance(80, planned=True)),
        {"running": 100, "unplanned_stop": 20, "delay": 80},
    ),
    (
        "running in maintenance",
        {},
        lambda m: (running(m), m.maintenance(10, planned=True), m.alive(60)),
        {"running": 60},
    ),
    # reasons
    (
        "a reason with a category",
        {},
        lambda m: (stop_of("unplanned_stop")(m), m.reason(100, "cleaning")),
        {"running": 100, "planned_stop": 100},
    ),
    (
        "a reason wins over a rule",
        {"rules": [NO_BATCH]},
        lambda m: (stop_of("unplanned_stop")(m), m.reason(100, "format")),
        {"running": 100, "setup": 100},
    ),
    (
        "a reason for a part of the stop",
        {},
        lambda m: (stop_of("unplanned_stop")(m), m.reason(150, "format", since=80, until=110)),
        {"running": 100, "unplanned_stop": 70, "setup": 30},
    ),
    (
        "a reason makes a short stop a setup",
        {"minor_stop_s": 600},
        lambda m: (stop_of("unplanned_stop")(m), m.reason(100, "format")),
        {"running": 100, "setup": 100},
    ),
    # setup that counts as production
    (
        "setup as production time without parts",
        {"changeover": "performance"},
        stop_of("setup"),
        {"running": 100, "setup": 100, "producing_setup": 100},
    ),
    # runs that are too short
    (
        "a run that is too short ends no stop",
        {"min_run_s": 30, "minor_stop_s": 60},
        lambda m: (
            running(m),
            m.state(100, "unplanned_stop"),
            m.state(130, "running"),
            m.state(159, "unplanned_stop"),
            m.state(170, "running"),
            m.alive(300),
        ),
        {"running": 230, "unplanned_stop": 70},
    ),
    (
        "a run as long as it has to be ends the stop",
        {"min_run_s": 29, "minor_stop_s": 60},
        lambda m: (
            running(m),
            m.state(100, "unplanned_stop"),
            m.state(130, "running"),
            m.state(159, "unplanned_stop"),
            m.state(170, "running"),
            m.alive(300),
        ),
        {"running": 259, "minor_stop": 41},
    ),
    (
        "a short run between two kinds of stop belongs to the first",
        {"min_run_s": 30},
        lambda m: (
            running(m),
            m.state(100, "setup"),
            m.state(130, "running"),
            m.state(150, "delay"),
            m.alive(200),
        ),
        {"running": 100, "setup": 50, "delay": 50},
    ),
    # nobody knows
    (
        "silence within a stop",
        {"unknown_after_s": 30},
        lambda m: (m.state(0, "unplanned_stop"), m.state(100, "running"), m.alive(110)),
        {"unplanned_stop": 30, "unknown": 70, "running": 10, "no_ideal": 10},
    ),
    (
        "a reason moves no time that nobody saw",
        {"unknown_after_s": 30},
        lambda m: (
            m.state(0, "unplanned_stop"),
            m.alive(100),
            m.reason(101, "format"),
            m.alive(110),
        ),
        {"setup": 40, "unknown": 70},
    ),
]


@pytest.mark.parametrize(
    ("settings", "story", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_where_time_goes(
    settings: dict[str, Any], story: Story, expected: dict[str, float]
) -> None:
    machine = Machine(plant(**settings))
    story(machine)
    events = sorted(machine.said, key=lambda event: event.source_time)
    assert Facts(machine).tell(events).seconds() == expected
