"""Nothing in the project can write to a Modbus device: no name of pymodbus that writes is used."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pymodbus.pdu.bit_message
import pymodbus.pdu.file_message
import pymodbus.pdu.register_message
import pytest
from pymodbus.client import AsyncModbusTcpClient

ROOT = Path(__file__).parents[2]
PACKAGES = ("plantstream", "ingest", "processors", "sinks", "schemas", "deploy")
FILES = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
ALLOWED = frozenset(
    {"read_coils", "read_discrete_inputs", "read_holding_registers", "read_input_registers"}
)
MESSAGES = (
    pymodbus.pdu.bit_message,
    pymodbus.pdu.file_message,
    pymodbus.pdu.register_message,
)


def requests() -> set[str]:
    """The requests of pymodbus' client: what it documents with a function code."""
    names = {name for name in dir(AsyncModbusTcpClient) if not name.startswith("_")}
    return {
        name for name in names if "(code 0x" in (getattr(AsyncModbusTcpClient, name).__doc__ or "")
    }


def forbidden() -> set[str]:
    """Names whose use could change something in a device."""
    classes = {name for module in MESSAGES for name in vars(module) if "Write" in name}
    return (requests() - ALLOWED) | classes


def uses(source: str, names: set[str]) -> Iterator[str]:
    """The names that this source says, also as a string for `getattr`."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(attr=name) | ast.Name(id=name) | ast.alias(name=name):
                said = name
            case ast.Constant(value=str(name)):
                said = name
            case _:
                continue
        if said in names:
            yield said


def test_only_reads_of_pymodbus_are_used():
    names = forbidden()
    speaking = [file for file in FILES if "pymodbus" in file.read_text(encoding="utf-8")]
    told = [
        f"{file.relative_to(ROOT)}: {name}"
        for file in speaking
        for name in uses(file.read_text(encoding="utf-8"), names)
    ]

    assert speaking
    assert not told, "\n" + "\n".join(told)


def test_the_names_are_those_that_write():
    names = forbidden()

    assert {
        "write_coil",
        "write_coils",
        "write_register",
        "write_registers",
        "mask_write_register",
        "readwrite_registers",
        "write_file_record",
        "diag_restart_communication",
        "WriteSingleRegisterRequest",
    } <= names
    assert not names & ALLOWED


@pytest.mark.parametrize(
    "source",
    [
        "client.write_coil(1, True)",
        "getattr(client, 'write_registers')",
        "from pymodbus.pdu.register_message import WriteSingleRegisterRequest",
        "send = client.mask_write_register",
    ],
)
def test_a_write_is_seen(source):
    assert list(uses(source, forbidden()))
