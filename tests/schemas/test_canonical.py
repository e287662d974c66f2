"""Canonical JSON against the RFC's own examples."""

import json
import struct

import pytest
from hypothesis import given

from schemas.canonical import canonical
from tests.schemas.strategies import JSON_OBJECTS

NUMBERS = {
    "0000000000000000": "0",
    "8000000000000000": "0",
    "0000000000000001": "5e-324",
    "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308",
    "ffefffffffffffff": "-1.7976931348623157e+308",
    "4340000000000000": "9007199254740992",
    "c340000000000000": "-9007199254740992",
    "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23",
    "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000",
    "444b1ae4d6e2ef4f": "999999999999999900000",
    "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332",
    "41b3de4355555554": "333333333.33333325",
    "41b3de4355555555": "333333333.3333333",
    "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}
"""Appendix B of RFC 8785: IEEE 754 bits, and what they are written as."""


@pytest.mark.parametrize(("bits", "text"), NUMBERS.items())
def test_numbers_are_written_as_the_rfc_says(bits: str, text: str):
    (number,) = struct.unpack(">d", bytes.fromhex(bits))

    assert canonical(number) == text.encode()


def test_the_example_of_the_rfc_is_written_as_it_says():
    text = r"""{
        "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
        "literals": [null, true, false]
    }"""

    assert canonical(json.loads(text)).decode() == (
        '{"literals":[null,true,false],'
        '"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )


def test_names_stand_in_the_order_of_their_utf_16_units():
    names = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\x80", "\xf6"]

    written = json.loads(canonical(dict.fromkeys(names)))

    assert list(written) == ["\r", "1", "\x80", "\xf6", "\u20ac", "\U0001f600", "\ufb33"]


def test_whole_numbers_keep_all_their_digits():
    assert (
        canonical([2**53 + 1, -(10**30)]) == b"[9007199254740993,-1000000000000000000000000000000]"
    )


@pytest.mark.parametrize("value", [float("nan"), float("-inf"), {1: 2}, {"a": {3}}, "\ud800"])
def test_what_is_no_json_is_refused(value: object):
    with pytest.raises(ValueError, match=r"JSON|surrogates"):
        canonical(value)


@given(JSON_OBJECTS)
def test_what_is_written_reads_as_the_same_and_is_written_the_same(value: object):
    written = canonical(value)

    assert json.loads(written) == value
    assert canonical(json.loads(written)) == written
