import pytest
from hypothesis import given, strategies as st

from plantstream.commands.tables import hex_dump, print_columns, printable


def test_columns_are_as_wide_as_their_widest_cell_and_numbers_stand_to_the_right(
    capsys: pytest.CaptureFixture[str],
):
    rows = [{"id": "x" * 200, "size": 7, "note": None}, {"id": "y", "size": 1000, "note": "late"}]
    print_columns(rows)
    first, second, third = capsys.readouterr().out.splitlines()
    assert first == "id" + " " * 200 + "size  note"
    assert second == "x" * 200 + "     7"
    assert third == "y" + " " * 201 + "1000  late"


def test_fractions_have_three_places_and_no_value_is_nothing(capsys: pytest.CaptureFixture[str]):
    print_columns([{"of": "a", "oee": 0.5}, {"of": "b", "oee": None}, {"of": "c", "oee": 12.34567}])
    assert capsys.readouterr().out.splitlines() == [
        "of     oee",
        "a    0.500",
        "b",
        "c   12.346",
    ]


def test_no_rows_are_no_lines(capsys: pytest.CaptureFixture[str]):
    print_columns([])
    assert capsys.readouterr().out == ""


def test_what_a_machine_says_cannot_steer_a_terminal():
    assert printable("B-\x1b[31m1\r\n°") == "B-\\x1b[31m1\\r\\n°"


@given(st.text())
def test_printable_text_stays_as_it_is_and_all_else_becomes_printable(text: str):
    assert printable(text).isprintable()
    assert not text.isprintable() or printable(text) == text


def test_a_dump_shows_where_bytes_stand_and_what_is_ascii():
    assert list(hex_dump(b"{nope\xff" + bytes(11))) == [
        "00000000  7b 6e 6f 70 65 ff 00 00 00 00 00 00 00 00 00 00  {nope...........",
        "00000010  00" + " " * 47 + ".",
    ]


@given(st.binary(max_size=100))
def test_every_byte_is_in_the_dump(content: bytes):
    shown = "".join(line[10:57].replace(" ", "") for line in hex_dump(content))
    assert bytes.fromhex(shown) == content
