"""How fast Modbus registers become samples, beside plain pymodbus and plain struct.unpack."""

import asyncio
import struct
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plantstream.commands.bench_figure import Figure, Needs
from plantstream.commands.console import messages
from plantstream.runtime import clock
from plantstream.runtime.errors import PlantstreamError

if TYPE_CHECKING:
    from ingest.inputs.modbus.fields import Field
    from ingest.inputs.modbus.plan import Block

NEEDS = Needs.NOTHING
ROUNDS = 10
ROUND_S = 0.6
"""By turns, and the best of each counts: what else the machine does disturbs some, not all."""
STARTED_WITHIN_S = 20
TAGS = 2_480
TAGS_PER_READ = 62
DECODES, REPEATS = 50, 200
REGISTERS_OF_A_READ = 125
FACTOR, OFFSET = 0.1, -40.0

_MIX = ("int16", "uint16", "int32", "uint32", "float32", "float64")
_ORDERS = ("ABCD", "CDAB", "BADC", "DCBA")


async def measure(data_dir: Path) -> list[Figure]:
    """Read by turns with a bare client and with the input; then decode."""
    del data_dir
    async with _server() as port:
        bare, ours = [], []
        for _ in range(ROUNDS):
            bare.append(await _bare(port))
            ours.append(await _ours(port))
    messages.print(f"registers/s: {max(ours):,.0f} as samples, {max(bare):,.0f} by pymodbus alone")
    plain, mixed = _plain(), _mixed()
    return [
        Figure("modbus_ratio", max(ours) / max(bare), 1.0),
        Figure("modbus_decode_plain", decode_ratio(plain, is_scaled=False), 1.0),
        Figure("modbus_decode_mixed", decode_ratio(mixed, is_scaled=True), 1.0),
    ]


def decode_ratio(block: "Block", *, is_scaled: bool) -> float:
    """How many times as long as one prepared struct.unpack of all its registers it takes."""
    from ingest.inputs.modbus.decode import Decoder
    from ingest.values import scaled

    payload = bytes(range(64, 64 + 125)) * 2
    decoder = Decoder(block)
    measured = [one.register.type not in {"bool", "string"} for one in decoder.fields]
    unpack = struct.Struct(f">{REGISTERS_OF_A_READ}H").unpack

    def decode() -> Any:
        values = decoder.values(payload)
        if not is_scaled:
            return values
        return [
            scaled(one, FACTOR, OFFSET) if is_measured else one
            for one, is_measured in zip(values, measured, strict=True)
        ]

    ours, plain = _best_seconds(decode, lambda: unpack(payload))
    told = f"{len(decoder.fields)} tags{' of all types, scaled' if is_scaled else ''}"
    messages.print(f"decoding {told}: {ours * 1e6:.2f} µs, struct.unpack {plain * 1e6:.2f} µs")
    return ours / plain


def _best_seconds(*works: Callable[[], Any]) -> list[float]:
    rounds = [[_seconds(work) for work in works] for _ in range(REPEATS)]
    return [min(found) for found in zip(*rounds, strict=True)]


def _seconds(work: Callable[[], Any]) -> float:
    started = clock.monotonic()
    for _ in range(DECODES):
        work()
    return (clock.monotonic() - started) / DECODES


def _plain() -> "Block":
    from ingest.inputs.modbus.plan import block_of

    return block_of([_field(at, type="uint16") for at in range(REGISTERS_OF_A_READ)])


def _mixed() -> "Block":
    """Numbers of all types and orders by turns, eight flags and a text, in 125 registers."""
    from ingest.inputs.modbus.plan import block_of

    fields = [_field(0, type="bool", bit=bit) for bit in range(8)]
    fields.append(_field(1, type="string", length=8))
    kinds = [(kind, order) for order in _ORDERS for kind in _MIX]
    for kind, order in islice(cycle(kinds), 10_000):
        one = _field(fields[-1].end, type=kind, order=order)
        if one.end > REGISTERS_OF_A_READ:
            break
        fields.append(one)
    fields += [_field(at) for at in range(fields[-1].end, REGISTERS_OF_A_READ)]
    return block_of(fields)


def _field(address: int, **register: Any) -> "Field":
    from ingest.inputs.modbus.fields import Field
    from schemas.plant.sources import Register

    return Field("bench", f"{address}", 1, Register(address=address, **register))


async def _bare(port: int) -> float:
    from pymodbus.client import AsyncModbusTcpClient

    client = AsyncModbusTcpClient("127.0.0.1", port=port)
    await client.connect()
    registers, started = 0, clock.monotonic()
    try:
        while clock.monotonic() - started < ROUND_S:
            for at in range(0, TAGS, TAGS_PER_READ):
                answer = await client.read_holding_registers(2 * at, count=2 * TAGS_PER_READ)
                registers += len(answer.registers)
        return registers / (clock.monotonic() - started)
    finally:
        client.close()


async def _ours(port: int) -> float:
    from ingest.input import Sample
    from ingest.inputs.modbus import ModbusInput
    from schemas.plant.equipment import Equipment
    from schemas.plant.sources import ModbusSource, Register
    from schemas.plant.tags import Tag

    places = [Register(address=2 * at, type="float32") for at in range(TAGS)]
    tags = [Tag(name=f"t{one.address}", register=one) for one in places]
    equipment = Equipment(id="bench", area="a", line="l", unit_id=1, tags=tags)
    source = ModbusSource(
        type="modbus", host="127.0.0.1", port=port, poll_ms=10, max_registers=2 * TAGS_PER_READ
    )
    reading = ModbusInput("bench", source, [("e/s/a/l/bench", equipment)]).chunks(None)
    observed = 0
    async with aclosing(reading) as chunks:  # type: ignore[type-var]
        first = (await anext(chunks)).observations[0]
        if not isinstance(first, Sample) or first.quality:
            raise PlantstreamError(f"the benchmark's Modbus server was not read: {first}")
        started = clock.monotonic()
        async for chunk in chunks:
            observed += len(chunk.observations)
            if clock.monotonic() - started > ROUND_S:
                break
        return 2 * observed / (clock.monotonic() - started)


@asynccontextmanager
async def _server() -> AsyncIterator[int]:
    module = "plantstream.commands.bench_modbus_server"
    command: Sequence[str] = (sys.executable, "-m", module)
    pipe, nowhere = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=nowhere)
    try:
        async with asyncio.timeout(STARTED_WITHIN_S):
            said = await process.stdout.readline() if process.stdout else b""
        if not said:
            raise PlantstreamError("the benchmark's Modbus server did not start")
        yield int(said)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
