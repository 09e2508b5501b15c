"""Any table as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from pydantic import BaseModel

from shared.sheets import guarded


def csv_of(items: Sequence[BaseModel], shape: type[BaseModel]) -> bytes:
    """`items` as CSV (RFC 4180) with the JSON names as its head; no text can be taken for a formula."""
    text = io.StringIO()
    head = [field.serialization_alias or name for name, field in shape.model_fields.items()]
    writer = csv.DictWriter(text, head)
    writer.writeheader()
    for item in items:
        row = item.model_dump(by_alias=True)
        writer.writerow({name: guarded(value) if isinstance(value, str) else value for name, value in row.items()})
    return text.getvalue().encode()
