"""Rules that a new plant file brings: what was before them counts for nothing."""

import pytest

from tests.processors.rules.telling import SITE, Run, Sayer, plant, short, site

HOT = "- {alert: Hot, when: {tag: temperature, above: 80}, severity: warning, summary: x}"
QUIET = "- {alert: Quiet, when: {absent: temperature, after: 10m}, severity: warning, summary: x}"
DEAD = "- {alert: Dead, when: {absent: equipment, after: 10m}, severity: warning, summary: x}"
SILENT = "- {alert: Silent, when: {absent: source, after: 10m}, severity: warning, summary: x}"
OTHER = "- {alert: Other, when: {tag: setpoint, above: 80}, severity: warning, summary: x}"
LONG = 5 * 24 * 3600


def rules(*some: str):
    return plant("\n".join(some))


@pytest.mark.parametrize("is_written", [False, True])
@pytest.mark.parametrize(
    "rule", [pytest.param(QUIET, id="a tag"), pytest.param(DEAD, id="the equipment")]
)
def test_a_silence_that_is_asked_for_begins_with_the_rule(rule: str, is_written: bool):
    before, after = rules(HOT), rules(HOT, rule)
    run, said = Run(before, written=is_written), Sayer(before)
    run.hear(said.tag(0, 50), said.tag(LONG, 50))
    said.plant = run.plant = after
    run.hear(said.tag(LONG + 5, 50, "setpoint" if rule is QUIET else "temperature"))
    run.tick(LONG + 5 + 599)

    assert not run.told

    run.tick(LONG + 5 + 600)

    assert short(run.told) == [f"firing {LONG + 605}"]


def test_a_source_that_a_new_file_brings_is_not_silent_from_the_beginning():
    before, after = rules(HOT), rules(HOT, SILENT)
    said = Sayer(before)
    run = site(before, said.source_alive(0), said.source_alive(LONG))
    said.plant = run.plant = after
    run.hear(said.source_alive(LONG + 1)).tick(LONG + 300)

    assert not run.told

    run.hear(said.source_alive(LONG + 400)).tick(LONG + 700)

    assert [(one.labels["source"], one.state) for one in run.told] == [("lab-plc", "firing")]
    assert run.about == SITE


def test_a_silence_that_is_told_goes_on_under_another_file():
    before, after = rules(QUIET), rules(QUIET, OTHER)
    run, said = Run(before), Sayer(before)
    run.hear(said.tag(0, 50), said.tag(1, 5, "setpoint")).tick(600)
    said.plant = run.plant = after
    run.hear(said.tag(700, 5, "setpoint")).tick(5000)

    assert short(run.told) == ["firing 600"]


def test_a_silence_of_what_never_spoke_is_not_told_anew_with_each_file():
    before, after = rules(QUIET, OTHER), rules(QUIET, OTHER, HOT)
    run, said = Run(before), Sayer(before)
    run.hear(said.tag(0, 5, "setpoint")).tick(600)
    said.plant = run.plant = after
    run.hear(said.tag(700, 5, "setpoint")).tick(5000)

    assert short(run.told) == ["firing 600"]


def test_what_was_said_while_no_rule_listened_is_no_silence_when_one_does_again():
    listening, deaf = rules(HOT, QUIET), rules(HOT)
    run, said = Run(listening), Sayer(listening)
    run.hear(said.tag(0, 50))
    for file, seconds in ((deaf, 60), (listening, LONG)):
        said.plant = run.plant = file
        run.hear(said.tag(seconds - 1, 50), said.tag(seconds, 50, "setpoint"))
        run.hear(said.alive(seconds))

    assert short(run.tick(LONG + 400).told) == []
