"""What libraries say again and again is told now and then."""

import logging

import pytest

from plantstream.runtime.logs import REPEATED_AFTER_S, Repeats


class Told(logging.Handler):
    """Keeps what is told."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


class Driver:
    """A library that logs, by a clock of its own."""

    def __init__(self, name: str) -> None:
        self.told = Told()
        self.told.addFilter(Repeats())
        self.name, self.now = name, 1000.0

    def says(self, text: str, *values: object) -> None:
        self._log(logging.LogRecord(self.name, logging.ERROR, "", 0, text, values, None))

    def fails(self, text: str) -> None:
        error = ValueError("why")
        info = type(error), error, None
        self._log(logging.LogRecord(self.name, logging.ERROR, "", 0, text, (), info))

    def _log(self, record: logging.LogRecord) -> None:
        record.created = self.now
        self.told.handle(record)


@pytest.fixture
def driver() -> Driver:
    return Driver("driver")


def test_what_is_said_a_thousand_times_is_told_once(driver: Driver):
    for port in range(1000):
        driver.says("unable to connect to %s", port)
    assert driver.told.lines == ["unable to connect to 0"]


def test_after_a_while_it_is_told_again_with_how_often_it_was_said(driver: Driver):
    for _ in range(3):
        driver.says("unable to connect to %s", "node 1")
    driver.now += REPEATED_AFTER_S
    driver.says("unable to connect to %s", "node 1")
    driver.now += REPEATED_AFTER_S
    driver.says("unable to connect to %s", "node 1")
    assert driver.told.lines == [
        "unable to connect to node 1",
        "unable to connect to node 1 (and 2 times since it was told last)",
        "unable to connect to node 1",
    ]


def test_something_else_is_told_at_once(driver: Driver):
    driver.says("unable to connect to %s", 1)
    driver.says("metadata are old")
    assert driver.told.lines == ["unable to connect to 1", "metadata are old"]


def test_what_comes_with_a_traceback_is_told_each_time(driver: Driver):
    for _ in range(2):
        driver.fails("a task failed")
    assert driver.told.lines == ["a task failed"] * 2


def test_a_clock_that_is_set_back_silences_nothing(driver: Driver):
    driver.says("metadata are old")
    driver.now -= 3600
    driver.says("metadata are old")
    assert len(driver.told.lines) == 2


def test_texts_that_always_differ_are_not_kept_for_ever(driver: Driver):
    for number in range(5000):
        driver.says(f"number {number}")
    (kept,) = driver.told.filters
    assert len(kept._told) <= 1000  # type: ignore[union-attr]
