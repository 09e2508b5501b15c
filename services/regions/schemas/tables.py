"""Any table as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel

from shared.sheets import Cell, guarded


def csv_of(items: Sequence[BaseModel], shape: type[BaseModel]) -> bytes:
    """`items` as CSV (RFC 4180) with the JSON names as its head; what is part of a part is `<part>_<name>`, and a list
    stands in one cell. No text can be taken for a formula."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(_head(shape)))
    writer.writeheader()
    for item in items:
        writer.writerow(dict(_cells(item.model_dump(mode="json", by_alias=True), shape)))
    return text.getvalue().encode()


def _head(shape: type[BaseModel]) -> Iterator[str]:
    for name, part in _fields(shape):
        if part is None:
            yield name
        else:
            yield from (f"{name}_{inner}" for inner in _head(part))


def _fields(shape: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel] | None]]:
    """Each field's JSON name, and what it is made of where that is another shape."""
    for name, field in shape.model_fields.items():
        kinds = (field.annotation, *get_args(field.annotation))
        part = next((one for one in kinds if isinstance(one, type) and issubclass(one, BaseModel)), None)
        yield field.serialization_alias or name, part


def _cells(row: Mapping[str, Any] | None, shape: type[BaseModel]) -> Iterator[tuple[str, Cell]]:
    for name, part in _fields(shape):
        value = None if row is None else row[name]
        if part is not None:
            yield from ((f"{name}_{inner}", cell) for inner, cell in _cells(value, part))
        elif isinstance(value, Mapping):
            yield name, guarded(" ".join(f"{key}={one}" for key, one in value.items()))
        elif isinstance(value, list):
            yield name, guarded(" ".join(map(str, value)))
        else:
            yield name, guarded(value) if isinstance(value, str) else value
