"""Who is let in: password and code, each code once, and not for ever."""

import json
import stat
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyotp
import pytest

from plantstream.runtime.errors import MisconfiguredError
from plantstream.runtime.people.attempts import LOCKED_FOR, MOST_FAILURES
from plantstream.runtime.people.door import MOST_STRANGERS, Door, NotLetInError, Shown
from plantstream.runtime.people.factors import STEP_S, address, hashed
from plantstream.runtime.people.file import PeopleFile, Person

NOW = datetime(2026, 3, 2, 6, 0, 15, tzinfo=UTC)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PASSWORD = "a long pass phrase"
HASH = hashed(PASSWORD)


def ana(login: str = "ana", **changes: object) -> Person:
    given = {"name": "Ana Ruiz", "roles": ("qa",), "password": HASH, "secret": SECRET}
    return Person(login, created_at="2026-03-01", **given | changes)  # type: ignore[arg-type]


@pytest.fixture
def people(tmp_path: Path) -> PeopleFile:
    file = PeopleFile(tmp_path / "people.json")
    file.add(ana())
    return file


@pytest.fixture
def door(people: PeopleFile) -> Door:
    return opened(people)


def opened(people: PeopleFile) -> Door:
    return Door(people, people.path.parent / "attempts.json")


def code(at: datetime = NOW) -> str:
    return pyotp.TOTP(SECRET).at(at)


def shown(login: str = "ana", password: str = PASSWORD, given: str | None = None) -> Shown:
    return Shown(login, password, code() if given is None else given)


def refused(door: Door, what: Shown, now: datetime = NOW) -> NotLetInError:
    with pytest.raises(NotLetInError) as told:
        door.enter(what, now)
    return told.value


def reasons(door: Door, what: Sequence[Shown], now: datetime = NOW) -> list[str]:
    return [refused(door, one, now).reason for one in what]


def test_password_and_code_let_in(door: Door):
    assert door.enter(shown(), NOW).name == "Ana Ruiz"


@pytest.mark.parametrize("late_s", [-STEP_S, 0, STEP_S])
def test_a_clock_may_be_one_step_off(door: Door, late_s: int):
    given = code(NOW + timedelta(seconds=late_s))

    assert door.enter(shown(given=given), NOW).login == "ana"


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        pytest.param(shown(login="eve"), "unknown", id="nobody"),
        pytest.param(shown(password="a wrong pass phrase"), "password", id="password"),
        pytest.param(shown(given="000000"), "code", id="code"),
        pytest.param(shown(given="ünï123"), "code", id="no digits"),
        pytest.param(shown(given=code(NOW - timedelta(minutes=1))), "code", id="too old"),
        pytest.param(shown(given=code(NOW + timedelta(minutes=1))), "code", id="too early"),
    ],
)
def test_what_does_not_fit_lets_nobody_in(door: Door, what: Shown, reason: str):
    assert refused(door, what).reason == reason


def test_a_code_is_taken_once_also_after_a_restart(people: PeopleFile, door: Door):
    door.enter(shown(), NOW)

    assert refused(door, shown()).reason == "code_used"
    assert refused(opened(people), shown()).reason == "code_used"


def test_codes_before_one_that_was_used_are_used_up(door: Door):
    door.enter(shown(), NOW)

    before = code(NOW - timedelta(seconds=STEP_S))
    assert refused(door, shown(given=before)).reason == "code_used"
    later = NOW + timedelta(seconds=STEP_S)
    assert door.enter(shown(given=code(later)), later).login == "ana"


def test_a_code_with_a_wrong_password_is_not_used_up(door: Door):
    refused(door, shown(password="a wrong pass phrase"))

    assert door.enter(shown(), NOW).login == "ana"


def test_after_too_many_failures_nothing_is_taken_for_a_while(people: PeopleFile, door: Door):
    wrong = [shown(given="000000")] * MOST_FAILURES
    assert reasons(door, wrong) == ["code"] * MOST_FAILURES

    told = refused(opened(people), shown())
    assert (told.reason, told.wait_s) == ("locked", LOCKED_FOR.total_seconds())
    over = NOW + LOCKED_FOR
    assert refused(door, shown(given=code(over)), over - timedelta(seconds=1)).reason == "locked"
    assert door.enter(shown(given=code(over)), over).login == "ana"


def test_a_success_forgets_failures(door: Door):
    wrong = [shown(given="000000")] * (MOST_FAILURES - 1)
    reasons(door, wrong)
    door.enter(shown(), NOW)

    assert reasons(door, wrong) == ["code"] * (MOST_FAILURES - 1)


def test_failures_of_one_lock_nobody_else(people: PeopleFile, door: Door):
    people.add(ana("ben"))
    reasons(door, [shown(given="000000")] * MOST_FAILURES)

    assert door.enter(shown(login="ben"), NOW).login == "ben"


def test_a_login_that_nobody_has_is_locked_like_any_other(door: Door):
    told = reasons(door, [shown(login="eve")] * (MOST_FAILURES + 1))

    assert told == ["unknown"] * MOST_FAILURES + ["locked"]


def test_strangers_fill_no_memory(door: Door, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("plantstream.runtime.people.door.fits", lambda *_: False)
    reasons(door, [shown(login=f"eve{n}") for n in range(MOST_STRANGERS + 5)])

    assert len(door._strangers) == MOST_STRANGERS
    assert not door._path.exists()


def test_who_is_disabled_is_not_let_in(people: PeopleFile, door: Door):
    people.change("ana", disabled=True)

    assert refused(door, shown()).reason == "disabled"


def test_files_are_their_owners_and_hold_no_password(people: PeopleFile, door: Door):
    door.enter(shown(), NOW)

    for file in (people.path, door._path):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert PASSWORD not in people.path.read_text()
    assert json.loads(people.path.read_text())["people"][0]["password"].startswith("$argon2id$")


def test_an_authenticator_is_given_an_address():
    told = address(SECRET, "ana", "plantstream")

    factor = pyotp.parse_uri(told)
    assert isinstance(factor, pyotp.TOTP)
    assert factor.at(NOW) == code()


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"[]", b'{"people": [{}]}', b'{"people": [{"login": 1}]}'),
        pytest.param('{"people": ["ñ"]}'.encode("latin-1"), id="no UTF-8"),
    ],
)
def test_a_file_that_is_none_of_people_is_told_and_left_alone(people: PeopleFile, content: bytes):
    people.path.write_bytes(content)

    with pytest.raises(MisconfiguredError, match="no file of people"):
        people.add(ana("ben"))
    assert people.path.read_bytes() == content


def test_a_damaged_file_of_attempts_lets_nobody_in(door: Door):
    door._path.write_text('{"ana": 5}')

    with pytest.raises(MisconfiguredError, match="no file of attempts"):
        door.enter(shown(), NOW)


@pytest.mark.parametrize(
    ("person", "said"),
    [
        pytest.param(ana(), "was given before", id="taken"),
        pytest.param(ana("Ana"), "is no login", id="capitals"),
        pytest.param(ana("ben", name=" "), "a printed name", id="no name"),
        pytest.param(ana("ben", roles=("Q A",)), "is no role", id="no role"),
    ],
)
def test_who_cannot_be_is_refused(people: PeopleFile, person: Person, said: str):
    with pytest.raises(MisconfiguredError, match=said):
        people.add(person)


@pytest.mark.parametrize("password", ["short", "x" * 201])
def test_a_password_is_long_enough(password: str):
    with pytest.raises(MisconfiguredError, match="12 to 200 characters"):
        hashed(password)
