"""JSON documents into frozen dataclasses. Unknown keys and wrong types are errors."""

import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any, get_args, get_origin, get_type_hints


def parse(kind: Any, value: Any, where: str) -> Any:
    """``value`` of a JSON document as ``kind``: dataclass, tuple, mapping, StrEnum or plain type.

    A key may be missing only where its field has a default. A union is of dataclasses with a class variable
    ``kind``, which the document repeats; without it the first is meant. ``X | None`` may be null. Raises
    ValueError naming the place.
    """
    if get_origin(kind) is types.UnionType:
        kind, value = _member(get_args(kind), value, where)
    if is_dataclass(kind):
        return _parse_fields(kind, value, where)
    if get_origin(kind) is tuple:
        return _parse_tuple(get_args(kind), value, where)
    if get_origin(kind) is Mapping:
        _expect(isinstance(value, dict), value, where)
        _, item_kind = get_args(kind)
        return types.MappingProxyType(
            {name: parse(item_kind, item, f"{where}.{name}") for name, item in value.items()}
        )
    if isinstance(kind, type) and issubclass(kind, Fraction | StrEnum):
        try:
            return kind(value if type(value) is str else "not a string")
        except (ValueError, ZeroDivisionError) as error:
            raise ValueError(f"{where} is {value!r}") from error
    if kind is float:
        _expect(type(value) in (int, float), value, where)
        return float(value)
    _expect(type(value) is kind, value, where)
    return value


def _member(kinds: tuple[Any, ...], value: Any, where: str) -> tuple[Any, Any]:
    """The member of a union that ``value`` is or names, and the rest of ``value``."""
    if types.NoneType in kinds:
        kinds = tuple(kind for kind in kinds if kind is not types.NoneType)
        if value is None or len(kinds) == 1:
            return (types.NoneType if value is None else kinds[0]), value
    _expect(isinstance(value, dict), value, where)
    wanted = value.get("kind", kinds[0].kind)
    for kind in kinds:
        if kind.kind == wanted:
            return kind, {key: item for key, item in value.items() if key != "kind"}
    raise ValueError(f"{where}.kind is {wanted!r}")


def _parse_fields(kind: Any, value: Any, where: str) -> Any:
    _expect(isinstance(value, dict), value, where)
    known = {field.name: field for field in fields(kind)}
    for name in value:
        if name not in known:
            raise ValueError(f"{where}.{name} is unknown")
    for name, field in known.items():
        if name not in value and field.default is MISSING and field.default_factory is MISSING:
            raise ValueError(f"{where}.{name} is missing")
    hints = get_type_hints(kind)
    return kind(**{name: parse(hints[name], item, f"{where}.{name}") for name, item in value.items()})


def _parse_tuple(kinds: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    _expect(isinstance(value, list), value, where)
    if kinds[-1] is Ellipsis:
        kinds = (kinds[0],) * len(value)
    _expect(len(kinds) == len(value), value, where)
    return tuple(
        parse(kind, item, f"{where}[{index}]")
        for index, (kind, item) in enumerate(zip(kinds, value, strict=True))
    )


def _expect(is_right: bool, value: Any, where: str) -> None:
    if not is_right:
        raise ValueError(f"{where} is {value!r}")
