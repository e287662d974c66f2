"""The bytes of an answer to values: whole blocks at once, with layouts prepared beforehand.

Two buffers and two endians make four orders: where the bytes of each register are swapped, CDAB is
little-endian and BADC big-endian, for values of any length.
"""

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import groupby
from struct import Struct
from typing import Any

from ingest.input import Value
from ingest.inputs.modbus.fields import Field
from ingest.inputs.modbus.plan import Block

_CODES = {
    "int16": "h",
    "uint16": "H",
    "int32": "i",
    "uint32": "I",
    "int64": "q",
    "uint64": "Q",
    "float32": "f",
    "float64": "d",
}
_SWAPPED = {"ABCD": False, "CDAB": True, "BADC": True, "DCBA": False}
_ENDIAN = {"ABCD": ">", "CDAB": "<", "BADC": ">", "DCBA": "<"}

Read = Callable[[bytes], Iterable[Value]]


class Decoder:
    """The layout of one block."""

    def __init__(self, block: Block) -> None:
        layers = _bit_layers(block) if block.is_bits else _register_layers(block)
        self.fields: tuple[Field, ...] = tuple(one for layer in layers for one in layer[2])
        """The tags of the values, in their order."""
        self.equipment = tuple(one.equipment for one in self.fields)
        self.tags = tuple(one.tag for one in self.fields)
        self._layers = [(swapped, read) for swapped, read, _ in layers]
        self._swaps = any(swapped for swapped, _ in self._layers)
        self._only = self._layers[0][1] if len(layers) == 1 and not self._swaps else None

    def values(self, payload: bytes) -> Iterable[Value]:
        """The values in these bytes, which are as many as the block has."""
        if self._only is not None:
            return self._only(payload)
        swapped = _byteswapped(payload) if self._swaps else payload
        found: list[Value] = []
        for is_swapped, read in self._layers:
            found += read(swapped if is_swapped else payload)
        return found


_Layer = tuple[bool, Read, Sequence[Field]]
"""Whether it reads swapped bytes, how, and whose values it gives."""


def _register_layers(block: Block) -> list[_Layer]:
    def kind(field: Field) -> tuple[str, bool, str]:
        order, type_ = field.register.order, field.register.type
        if field.register.size == 1 and type_ != "string":
            # One register has two bytes, and so no order of words.
            order = "BADC" if order in {"BADC", "DCBA"} else "ABCD"
        sort = type_ if type_ in {"bool", "string"} else "number"
        return sort, _SWAPPED[order], _ENDIAN[order]

    layers: list[_Layer] = []
    for (sort, swapped, endian), group in groupby(sorted(block.fields, key=kind), key=kind):
        if sort == "bool":
            layers.append(_flags(block, swapped, list(group)))
            continue
        for part in _without_overlap(group):
            unpack = _unpack(endian, _format(block, part))
            layers.append((swapped, partial(_texts, unpack) if sort == "string" else unpack, part))
    return layers


def _flags(block: Block, swapped: bool, part: Sequence[Field]) -> _Layer:
    addresses = sorted({one.start for one in part})
    unpack = _unpack(">", _spaced(block, [(one, one + 1, "H") for one in addresses]))
    places = [(addresses.index(one.start), 1 << (one.register.bit or 0)) for one in part]
    return swapped, partial(_masked, unpack, places), part


def _bit_layers(block: Block) -> list[_Layer]:
    offsets = [one.start - block.address for one in block.fields]
    places = [(offset // 8, 1 << offset % 8) for offset in offsets]
    return [(False, partial(_masked, bytes, places), block.fields)]


def _masked(
    unpack: Callable[[bytes], Sequence[int]], places: Sequence[tuple[int, int]], payload: bytes
) -> list[bool]:
    words = unpack(payload)
    return [words[index] & mask != 0 for index, mask in places]


def _texts(unpack: Callable[[bytes], Iterable[bytes]], payload: bytes) -> list[str]:
    return [_text(raw) for raw in unpack(payload)]


def _text(raw: bytes) -> str:
    """Up to the first NUL, without blanks around it; UTF-8, or Latin-1 where it is none."""
    cut = raw.partition(b"\0")[0]
    try:
        return cut.decode().strip()
    except UnicodeDecodeError:
        return cut.decode("latin-1").strip()


def _without_overlap(group: Iterable[Field]) -> list[list[Field]]:
    """The tags in as few rows as it takes for no two of a row to share a register."""
    rows: list[list[Field]] = []
    for field in sorted(group, key=lambda one: (one.start, one.end)):
        row = next((one for one in rows if one[-1].end <= field.start), None)
        if row is None:
            rows.append([field])
        else:
            row.append(field)
    return rows


def _format(block: Block, part: Sequence[Field]) -> str:
    return _spaced(block, [(one.start, one.end, _code(one)) for one in part])


def _code(field: Field) -> str:
    known: Mapping[str, str] = _CODES
    return known.get(field.register.type) or f"{2 * field.register.size}s"


def _spaced(block: Block, items: Iterable[tuple[int, int, str]]) -> str:
    """A struct's format with gaps between what stands from first to behind the last register."""
    codes: list[str] = []
    at = block.address
    for start, end, code in items:
        codes += [f"{2 * (start - at)}x"] if start > at else []
        codes.append(code)
        at = end
    return "".join(_shortened(codes))


def _shortened(codes: Iterable[str]) -> Iterable[str]:
    """`HHH` as `3H`, which struct unpacks faster."""
    for code, group in groupby(codes):
        number = len(list(group))
        yield f"{number}{code}" if number > 1 and len(code) == 1 else number * code


def _unpack(endian: str, layout: str) -> Callable[[bytes], tuple[Any, ...]]:
    return Struct(endian + layout).unpack_from


def _byteswapped(payload: bytes) -> bytes:
    words = array("H", payload)
    words.byteswap()
    return words.tobytes()
