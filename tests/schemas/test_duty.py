"""Who is on call when: turns by the clock on the wall, layers, windows, overrides."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings, strategies as st

from schemas.plant.alerts.duty import Roster, Taken, WindowTimes, holes
from schemas.plant.alerts.people import Schedule
from schemas.plant.local_time import instant

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
ZONES = ["America/Tijuana", "Europe/Ljubljana", "America/Mexico_City"]
PEOPLE = ["ana", "ben", "cai"]


def schedule(*layers: dict, **said) -> Schedule:
    weekly = {"people": PEOPLE, "since": "2026-01-05 08:00"}
    return Schedule.model_validate({"layers": [weekly | one for one in layers or ({},)], **said})


def at(text: str, zone: str = "UTC") -> datetime:
    return instant(datetime.fromisoformat(text), ZoneInfo(zone))


def window(days, start: str, end: str) -> dict:
    return {"days": days, "start": start, "end": end}


def test_somebody_who_takes_over_at_the_end_of_all_days_changes_nothing_before():
    last = datetime(9999, 12, 31, 23, tzinfo=UTC)
    roster = Roster(schedule(), "UTC", [Taken("cai", last - HOUR, last)])

    assert roster.duty(at("2026-03-02 09:00")) == Roster(schedule(), "UTC").duty(
        at("2026-03-02 09:00")
    )


@pytest.mark.parametrize(
    ("zone", "monday", "hours"),
    [
        pytest.param("America/Tijuana", "2026-03-02 08:00", 167, id="Tijuana, forward"),
        pytest.param("America/Tijuana", "2026-10-26 08:00", 169, id="Tijuana, back"),
        pytest.param("Europe/Ljubljana", "2026-03-23 08:00", 167, id="Ljubljana, forward"),
        pytest.param("Europe/Ljubljana", "2026-10-19 08:00", 169, id="Ljubljana, back"),
        pytest.param("America/Mexico_City", "2026-03-02 08:00", 168, id="no change of clocks"),
    ],
)
def test_a_week_of_duty_is_a_week_of_the_clock_on_the_wall(zone, monday, hours):
    roster = Roster(schedule(), zone)
    start = at(monday, zone)
    duty = roster.duty(start + 3 * DAY)

    assert duty.end is not None
    assert (duty.start, duty.end) == (start, start + hours * HOUR)
    assert roster.at(start - HOUR) != roster.at(start) == roster.at(duty.end - HOUR)
    assert duty.end.astimezone(ZoneInfo(zone)).strftime("%a %H:%M") == "Mon 08:00"


def test_turns_of_eight_hours_keep_their_times_of_day_when_clocks_change():
    zone = "America/Tijuana"
    roster = Roster(schedule({"turn": "8h", "since": "2026-01-05 06:00"}), zone)
    found = list(roster.between(at("2026-03-07 06:00", zone), at("2026-03-09 06:00", zone)))

    local = [one.start.astimezone(ZoneInfo(zone)).strftime("%H:%M") for one in found]
    assert local == ["06:00", "14:00", "22:00", "06:00", "14:00", "22:00", "06:00"]
    assert [(b.start - a.start) / HOUR for a, b in pairwise(found)] == [8, 8, 7, 8, 8, 8]


def test_nobody_is_on_call_before_the_first_turn_and_from_the_last_day_on():
    roster = Roster(schedule(until="2026-02-01"), "UTC")

    assert roster.at(at("2026-01-05 07:59")) == ()
    assert roster.next_change(at("2025-01-05 07:59")) == at("2026-01-05 08:00")
    assert roster.at(at("2026-01-05 08:00")) == ("ana",)
    assert roster.at(at("2026-01-31 23:59")) == ("ana",)
    assert roster.at(at("2026-02-01 00:00")) == ()
    assert roster.next_change(at("2026-02-01 00:00")) is None


def test_a_window_that_crosses_midnight_belongs_to_the_day_on_which_it_opens():
    night = window(["fri"], "22:00", "06:00")
    roster = Roster(schedule({"people": ["ana"], "windows": [night]}), "Europe/Ljubljana")
    opens, closes = (
        at("2026-01-09 22:00", "Europe/Ljubljana"),
        at("2026-01-10 06:00", "Europe/Ljubljana"),
    )

    assert roster.at(opens - HOUR) == ()
    assert roster.at(opens) == roster.at(closes - HOUR) == ("ana",)
    assert roster.at(closes) == ()
    assert roster.next_change(closes) == opens + WEEK


def test_a_later_layer_is_called_where_the_first_has_nobody_on_duty():
    day = window("all", "08:00", "20:00")
    roster = Roster(schedule({"people": ["ana"], "windows": [day]}, {"people": ["ben"]}), "UTC")

    assert roster.at(at("2026-01-06 12:00")) == ("ana", "ben")
    assert roster.at(at("2026-01-06 21:00")) == ("ben",)
    assert roster.next_change(at("2026-01-06 12:00")) == at("2026-01-06 20:00")


def test_who_takes_over_is_called_instead_and_the_later_statement_wins():
    override = {"person": "cai", "start": "2026-01-06T08:00", "end": "2026-01-07T08:00"}
    day = Taken("ben", at("2026-01-06 12:00"), at("2026-01-06 14:00"))
    roster = Roster(schedule({}, {"people": ["dan"]}, overrides=[override]), "UTC", [day])

    found = roster.between(at("2026-01-06 00:00"), at("2026-01-07 08:00"))
    assert [(one.start.hour, one.people) for one in found] == [
        (0, ("ana", "dan")),
        (8, ("cai", "dan")),
        (12, ("ben", "dan")),
        (14, ("cai", "dan")),
        (8, ("ana", "dan")),
    ]


def test_somebody_may_take_over_where_nobody_is_on_duty():
    night = Taken("ben", at("2026-01-06 02:00"), at("2026-01-06 04:00"))
    day = window("all", "08:00", "20:00")
    roster = Roster(schedule({"people": ["ana"], "windows": [day]}), "UTC", [night])

    assert roster.duty(at("2026-01-06 03:00")).people == ("ben",)
    assert roster.next_change(at("2026-01-06 03:00")) == at("2026-01-06 04:00")


def test_holes_are_told_with_their_instants():
    weekdays = window(["mon", "tue", "wed", "thu", "fri"], "00:00", "24:00")
    wanted = schedule({"windows": [weekdays]}, until="2026-01-20")

    assert holes(wanted, "Europe/Ljubljana", 2026) == [
        (at("2026-01-10 00:00", "Europe/Ljubljana"), at("2026-01-12 00:00", "Europe/Ljubljana")),
        (at("2026-01-17 00:00", "Europe/Ljubljana"), at("2026-01-19 00:00", "Europe/Ljubljana")),
    ]
    assert holes(schedule(), "Europe/Ljubljana", 2026) == []
    assert holes(schedule(), "Europe/Ljubljana", 2025) == []


def test_two_windows_that_meet_leave_no_hole_when_clocks_change():
    day, night = window("all", "06:00", "18:00"), window("all", "18:00", "06:00")
    both = schedule({"windows": [day]}, {"windows": [night]})

    for zone in ZONES:
        assert holes(both, zone, 2026) == []


def test_a_year_of_holes_is_found_at_once_where_only_one_hour_is_left_out():
    late = schedule({"windows": [window("all", "01:00", "24:00")]})

    found = holes(late, "America/Tijuana", 2026)
    assert len(found) == 360
    assert {end - start for start, end in found} == {HOUR}


def test_windows_on_no_day_are_never_open():
    assert WindowTimes([], ZoneInfo("UTC")).next_change(at("2026-01-06 00:00")) is None
    never = Roster(schedule({"windows": [window([], "08:00", "09:00")]}), "UTC")
    assert never.at(at("2026-01-06 08:30")) == ()


MINUTES = st.integers(0, 24 * 4 - 1).map(lambda n: f"{n // 4:02}:{n % 4 * 15:02}")
WINDOWS = st.lists(
    st.builds(
        window,
        st.sets(st.sampled_from(["mon", "wed", "sat", "sun"]), min_size=1).map(sorted),
        MINUTES,
        MINUTES,
    ),
    max_size=2,
)
LAYERS = st.lists(
    st.fixed_dictionaries(
        {
            "people": st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=4),
            "turn": st.sampled_from(["6h", "8h", "12h", "1d", "2d", "1w"]),
            "since": st.sampled_from(["2026-01-05 08:00", "2026-02-01", "2026-01-01 02:30"]),
            "windows": WINDOWS,
        }
    ),
    min_size=1,
    max_size=3,
)
CHANGES_OF_CLOCKS = st.sampled_from(["2026-03-08", "2026-03-29", "2026-10-25", "2026-11-01"])
few = settings(max_examples=25, deadline=None)


@few
@given(LAYERS, st.sampled_from(ZONES), CHANGES_OF_CLOCKS, st.data())
def test_hand_overs_are_exactly_where_the_answer_changes(layers, zone, day, data):
    start = at(day, zone) - 3 * DAY
    taken = [
        Taken(data.draw(st.sampled_from(PEOPLE)), start + hours * HOUR, start + (hours + 5) * HOUR)
        for hours in data.draw(st.lists(st.integers(0, 100), max_size=2))
    ]
    roster = Roster(schedule(*layers), zone, taken)
    duties = list(roster.between(start, start + 6 * DAY))

    quarter = timedelta(minutes=15)
    for one, other in pairwise(duties):
        assert one.end == other.start
        assert one.people != other.people
    for number in range(6 * 96):
        moment = start + number * quarter
        found = [one for one in duties if one.start <= moment and (not one.end or moment < one.end)]
        assert [one.people for one in found] == [roster.at(moment)]
    middle = duties[len(duties) // 2]
    again = roster.duty(middle.start)
    assert (again.end, again.people) == (middle.end, middle.people)
    assert again.start == middle.start or middle is duties[0]


@few
@given(LAYERS, st.sampled_from(ZONES), st.integers(0, 8000))
def test_at_most_one_of_each_layer_is_on_call(layers, zone, hours):
    wanted = schedule(*layers)
    people = Roster(wanted, zone).at(at("2026-01-01", zone) + hours * HOUR)

    assert len(people) <= len(layers)
    assert len(set(people)) == len(people)
    everybody = {name for layer in wanted.layers for name in layer.people}
    assert set(people) <= everybody


@few
@given(st.permutations(PEOPLE), st.sampled_from(ZONES), st.sampled_from(["8h", "12h", "1d", "1w"]))
def test_everybody_has_as_many_turns_as_the_others(people, zone, turn):
    assume(len(people) == 3)
    roster = Roster(schedule({"people": people, "turn": turn}), zone)
    start = roster.begins
    end = start + 3 * 63 * DAY
    duties = list(roster.between(start, end))[:-1]

    turns = Counter(one.people for one in duties)
    assert max(turns.values()) - min(turns.values()) <= 1
    assert [one.people[0] for one in duties[:3]] == list(people)
    lengths = {other.start - one.start for one, other in pairwise(duties)}
    assert max(lengths) - min(lengths) <= 2 * HOUR


@few
@given(LAYERS, st.sampled_from(ZONES))
def test_holes_are_where_nobody_answers(layers, zone):
    wanted = schedule(*layers, until="2026-04-05")
    roster = Roster(wanted, zone)
    found = holes(wanted, zone, 2026)

    for start, end in found:
        assert start < end
        assert roster.at(start) == ()
        assert roster.at(end - timedelta(seconds=1)) == ()
    at_night = at("2026-03-08 02:15", zone)
    for number in range(48):
        moment = at_night + number * HOUR
        inside = any(start <= moment < end for start, end in found)
        assert inside is (roster.at(moment) == ()), moment.astimezone(UTC)
