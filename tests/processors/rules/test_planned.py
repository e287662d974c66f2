"""Rules that are silent outside of planned time; the shift is 06:00 to 14:00, lunch at 10:00."""

from tests.processors.rules.telling import Run, Sayer, heard, rule, short

HOT = "{tag: temperature, above: 80}"
LUNCH, AFTER_LUNCH, END = 4 * 3600, 4.5 * 3600, 8 * 3600


def test_at_the_end_of_planned_time_what_fires_is_resolved_and_begins_anew_after_it():
    plant = rule(HOT, only_planned="true", keep_firing_for="1h")
    run = Run(plant).hear(Sayer(plant).tag(0, 90)).tick(END - 1)

    assert short(run.told) == ["firing 0", f"resolved {LUNCH}", f"firing {AFTER_LUNCH:g}"]


def test_what_is_pending_is_dropped_and_time_before_counts_for_nothing():
    plant = rule(HOT, only_planned="true", for_="1h")
    run = Run(plant).hear(Sayer(plant).tag(LUNCH - 1800, 90)).tick(END - 1)

    assert short(run.told) == [
        *(f"pending {LUNCH - 1800}", f"resolved {LUNCH}", f"pending {AFTER_LUNCH:g}"),
        f"firing {AFTER_LUNCH + 3600:g}",
    ]


def test_silence_of_the_night_is_no_silence_of_the_morning():
    plant = rule("{absent: equipment, after: 10m}", only_planned="true")
    run = Run(plant).hear(Sayer(plant).alive(-3600)).tick(599)

    assert short(run.told) == []
    assert short(run.tick(600).told) == ["firing 600"]


def test_without_a_tick_in_between_the_same_is_told():
    plant = rule(HOT, only_planned="true")
    said = Sayer(plant)

    assert heard(plant, said.tag(0, 90), said.tag(AFTER_LUNCH + 60, 20)) == [
        *("firing 0", f"resolved {LUNCH}", f"firing {AFTER_LUNCH:g}", "resolved 16260"),
    ]


def test_where_only_batches_are_planned_it_is_silent_without_one():
    plant = rule(HOT, only_planned="true", during="batch")
    said = Sayer(plant)
    events = [said.tag(0, 90), said.batch(60), said.batch_ends(120)]

    assert heard(plant, *events) == ["firing 60", "resolved 120"]


def test_the_end_of_a_batch_is_none_of_the_one_that_is_made():
    plant = rule(HOT, only_planned="true", during="batch")
    said = Sayer(plant)
    run = Run(plant).hear(said.batch(0, "b1"), said.batch(100, "b2"), said.batch_ends(200, "b1"))

    assert short(run.hear(said.tag(300, 96)).told) == ["firing 300"]
    assert short(run.hear(said.batch_ends(400, "b2")).told) == ["firing 300", "resolved 400"]
