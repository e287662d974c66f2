"""What comes late is judged by its own time, and the present stays as it is."""

from tests.processors.rules.telling import Run, Sayer, heard, rule, short

HOT = "{tag: temperature, above: 80}"


def test_a_late_value_raises_what_it_would_have_raised_and_the_next_late_one_ends_it():
    plant = rule(HOT)
    said = Sayer(plant)
    samples = [said.tag(100, 20), said.tag(10, 90), said.tag(20, 70)]

    assert heard(plant, *samples) == ["firing 10 late", "resolved 20 late"]


def test_what_a_late_value_raised_ends_with_the_newest_known_one_if_nothing_late_follows():
    plant = rule(HOT)
    said = Sayer(plant)
    run = Run(plant).hear(said.tag(100, 20), said.tag(10, 90))

    assert short(run.hear(said.tag(400, 20)).told) == ["firing 10 late"]
    assert short(run.hear(said.tag(401, 20)).told) == ["firing 10 late", "resolved 100 late"]
    assert list(run.engine.dump(run.state)) == ["head"]


def test_for_is_judged_by_the_times_of_what_came_late():
    plant = rule(HOT, for_="60s")
    said = Sayer(plant)
    samples = [said.tag(1000, 20), said.tag(10, 90), said.tag(70, 90), said.tag(80, 20)]

    assert heard(plant, *samples) == ["pending 10 late", "firing 70 late", "resolved 80 late"]


def test_one_late_value_is_no_proof_of_what_followed():
    plant = rule(HOT, for_="60s")
    said = Sayer(plant)
    samples = [said.tag(1000, 20), said.tag(10, 90), said.tag(1301, 20)]

    assert heard(plant, *samples) == ["pending 10 late", "resolved 1000 late"]


def test_the_present_is_not_disturbed():
    plant = rule(HOT, for_="60s")
    said = Sayer(plant)
    run = Run(plant).hear(said.tag(100, 90), said.tag(10, 20), said.tag(50, 70)).tick(160)

    assert short(run.told) == ["pending 100", "firing 160"]


def test_what_the_alert_has_told_of_already_is_not_told_again():
    plant = rule(HOT)
    said = Sayer(plant)
    run = Run(plant).hear(said.tag(0, 90), said.tag(100, 20), said.tag(50, 95))

    assert short(run.told) == ["firing 0", "resolved 100"]


def test_a_late_alarm_that_is_over_by_now():
    plant = rule("{alarm: 500}")
    said = Sayer(plant)
    over = said.alarm(60, 700, active=False)

    assert heard(plant, over, said.alarm(5, 700)) == ["firing 5 late", "resolved 60 late"]
