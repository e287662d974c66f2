"""The tags of the plant file that are read from a Modbus line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from plantstream.runtime.errors import MisconfiguredError
from schemas.plant.equipment import Equipment
from schemas.plant.sources import ModbusSource, Register
from schemas.plant.tags import Tag
from schemas.record import EquipmentPath

_LAST_UNIT_OF_A_SERIAL_LINE = 247


@dataclass(frozen=True, slots=True)
class Field:
    """A tag, and where its value stands."""

    equipment: EquipmentPath
    tag: str
    unit: int
    register: Register

    @property
    def start(self) -> int:
        """Its first address."""
        return self.register.address

    @property
    def end(self) -> int:
        """The address behind its last one."""
        return self.register.address + self.register.size

    @property
    def place(self) -> str:
        """Where it stands, as people say it."""
        return f"unit {self.unit} {self.register.table} {self.register.address}"


def fields(
    source: ModbusSource, equipment: Sequence[tuple[EquipmentPath, Equipment]]
) -> tuple[Field, ...]:
    """All tags of this equipment.

    Raises:
        MisconfiguredError: with every tag that this line can never give.
    """
    found: list[Field] = []
    mistakes: list[str] = []
    for path, one in equipment:
        for tag in one.tags:
            field = _field(path, one, tag)
            mistakes += [f"tag {tag.name} of {one.id}: {said}" for said in _mistakes(source, field)]
            found += [field] if field else []
    if mistakes:
        raise MisconfiguredError("\n".join(mistakes))
    return tuple(found)


def _field(path: EquipmentPath, equipment: Equipment, tag: Tag) -> Field | None:
    register = tag.register_
    if register is None:
        return None
    unit = equipment.unit_id if register.unit_id is None else register.unit_id
    return None if unit is None else Field(path, tag.name, unit, register)


def _mistakes(source: ModbusSource, field: Field | None) -> Iterator[str]:
    if field is None:
        yield "register or unit_id is missing"
        return
    is_serial = source.transport != "tcp"
    if is_serial and not 1 <= field.unit <= _LAST_UNIT_OF_A_SERIAL_LINE:
        yield f"unit_id {field.unit}: units of a serial line are 1 to 247"
    if field.register.size > source.max_registers:
        said = f"its {field.register.size} registers are more than max_registers"
        yield f"{said} {source.max_registers} of the source"
