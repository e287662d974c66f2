"""Which event an output goes back to, and that its name and its trace survive the way."""

from dataclasses import replace
from datetime import timedelta

import pytest

from plantstream.runtime.causes import EVENT, TRACEPARENT, event_name
from plantstream.runtime.ports import Record
from processors.step import Output
from processors.streams.causes import ALERTS_KEPT, Arrival, Causes, cause_of
from schemas.alerts import AlertTransition
from schemas.topics import ALERT, MACHINE, NOTIFICATION
from tests.makers import PATH, Machine
from tests.processors.streams.doubles import EVENTS, Bench, records
from tests.sinks.alert_story import notification, transition

TRACE = b"00-" + b"1" * 32 + b"-" + b"2" * 16 + b"-01"
HEADERS = {EVENT: b"edge/e/t/k/7", TRACEPARENT: TRACE}
FIRING = transition("Hot", 0, "firing", 3)


def arrival(event: object, headers: dict[str, bytes] | None = None) -> Arrival:
    carried = tuple((headers or {}).items())
    return Arrival(Record(ALERT.name, 0, 0, b"k", b"", headers=carried), event)


def raised(name: str, second: float) -> Output:
    return Output(ALERT, "acme/north", name, transition(name, second, "firing", second))


def page(*alerts: AlertTransition) -> Output:
    return Output(NOTIFICATION, "g", "n", notification("n", 9, *alerts))


def name_of(seq: int) -> bytes:
    first = Machine().alive(0).id
    return event_name(MACHINE.name, PATH, first.model_copy(update={"seq": seq})).encode()


def test_an_event_of_the_field_is_named_and_keeps_its_trace():
    (record,) = records(Machine().alive(4))
    traced = replace(record, headers=((TRACEPARENT, TRACE), ("late-s", b"70")))

    assert cause_of(Arrival(record, Machine().alive(4))) == {EVENT: name_of(0)}
    assert cause_of(Arrival(traced, Machine().alive(4))) == {
        EVENT: name_of(0),
        TRACEPARENT: TRACE,
    }


def test_what_another_engine_wrote_goes_back_to_what_that_went_back_to():
    causes = Causes().among([arrival(FIRING, HEADERS)])

    assert causes.of(page(FIRING)) == HEADERS


def test_a_message_that_time_brings_about_goes_back_to_what_raised_its_alert():
    causes = Causes()
    causes.among([arrival(FIRING, HEADERS)])
    causes.among([arrival(transition("Leak", 5, "firing", 5), {EVENT: b"other"})])

    assert causes.of_tick(page(FIRING)) == HEADERS
    assert causes.of_tick(page(transition("Silent", 1, "firing", 2))) == {}


@pytest.mark.parametrize(
    ("second", "seq"),
    [
        pytest.param(1.5, 1, id="the newest that had happened by then"),
        pytest.param(2, 2, id="at that very time"),
        pytest.param(99, 2, id="the newest of all"),
    ],
)
def test_of_several_events_it_is(second: float, seq: int):
    output, machine = raised("Hot", second), Machine()
    begin = transition("Hot", 0, "firing", 0).at
    events = [
        machine.alive(n).model_copy(update={"source_time": begin + timedelta(seconds=n)})
        for n in range(3)
    ]
    arrivals = [Arrival(record, one) for record, one in zip(records(*events), events, strict=True)]

    assert Causes().among(arrivals).of(output)[EVENT] == name_of(seq)


def test_so_many_alerts_are_remembered_and_no_more():
    causes = Causes()
    for number in range(ALERTS_KEPT + 1):
        alert = FIRING.model_copy(update={"fingerprint": f"f-{number}"})
        causes.among([arrival(alert, HEADERS)])

    assert len(causes.alerts) == ALERTS_KEPT
    assert causes.of_tick(page(FIRING.model_copy(update={"fingerprint": "f-0"}))) == {}


async def test_outputs_of_the_shell_carry_name_and_trace_and_its_reach_grows():
    bench = Bench()
    bench.feed.assign(EVENTS)
    (record,) = records(bench.machine.alive(0))
    bench.feed.pieces.append([replace(record, headers=((TRACEPARENT, TRACE),))])

    await bench.turns(1)
    before = bench.shell._reach.positions
    await bench.turns(1)

    (output,) = bench.journal.outputs
    assert output.headers == {EVENT: name_of(0), TRACEPARENT: TRACE}
    assert [before, bench.shell._reach.positions] == [{EVENTS: 0}, {EVENTS: 1}]
