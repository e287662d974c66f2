"""From the unit a source speaks to the unit of the plant: a factor and an offset, found once."""

from functools import cache
from importlib import import_module
from tokenize import TokenError
from typing import Any

_SPELLED = {"°C": "degC", "°F": "degF", "%": "percent", "1/min": "1/minute", "rpm": "1/minute"}
"""As plant files write them, where pint has another word."""


_NONSENSE = (TokenError, AssertionError, ArithmeticError, AttributeError, TypeError, ValueError)
"""What pint's parser may raise for a text that is no unit."""


class UnitError(ValueError):
    """No such unit, or no way from one to the other."""


@cache
def conversion(source: str, target: str) -> tuple[float, float]:
    """What a value in the source's unit is multiplied with, and what is then added.

    Temperatures are points on a scale: 0 °C is 32 °F. A difference of temperatures is written
    `delta_degC`.

    Raises:
        UnitError: a unit is unknown, or they measure different things.
    """
    zero, one = _converted(0.0, source, target), _converted(1.0, source, target)
    return one - zero, zero


def _converted(value: float, source: str, target: str) -> float:
    pint = _pint()
    try:
        quantity = _registry().Quantity(value, _parsed(source))
        return float(quantity.to(_parsed(target)).magnitude)
    except pint.UndefinedUnitError as error:
        raise UnitError(f"no such unit: {error.unit_names}") from None
    except pint.DimensionalityError:
        raise UnitError(f"{source} and {target} measure different things") from None
    except (pint.PintError, *_NONSENSE):
        raise UnitError(f"{source} or {target} is no unit") from None


def _parsed(unit: str) -> Any:
    return _registry().parse_units(_SPELLED.get(unit, unit))


@cache
def _registry() -> Any:
    return _pint().UnitRegistry(autoconvert_offset_to_baseunit=False)


def _pint() -> Any:
    """Imported when the first unit has to be converted: that takes most of a second."""
    return import_module("pint")
