"""Shapes of imports, and a spreadsheet's row as a lot."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ValidationError

from services.listings.model import Import, LotDraft
from services.listings.schemas.lots import LotIn
from shared import catalogue
from shared.http import ListQuery, Query, Shape
from shared.http.shapes import Time
from shared.problem import InputIsInvalid, Language, faults_of

ImportStatus = Literal["running", "done", "failed"]


class ImportQuery(Query):
    """`publish=true` opens the lots at once."""

    publish: bool = False


class ImportsQuery(ListQuery):
    """Filters of the list of imports."""

    status: ImportStatus | None = None

    def where(self) -> dict[str, Any]:
        return {"status": self.status} if self.status else {}


class RowFaultOut(Shape):
    """A bad cell: `line` counts from 1 with the header."""

    line: int
    column: str
    value: str
    reason: str


class ImportOut(Shape):
    """An import as read. `errors` are at most 1,000; every bad row is counted."""

    id: str
    status: ImportStatus
    filename: str
    publish: bool
    rows_accepted: int
    rows_rejected: int
    errors: list[RowFaultOut]
    created_at: Time
    updated_at: Time
    version: int

    @classmethod
    def of(cls, imported: Import, language: Language) -> ImportOut:
        zh = language == "zh-CN"
        return cls(
            id=imported.id,
            status=imported.status,
            filename=imported.filename,
            publish=imported.publish,
            rows_accepted=imported.rows_accepted,
            rows_rejected=imported.rows_rejected,
            errors=[
                RowFaultOut(line=one.line, column=one.column, value=one.value, reason=one.zh if zh else one.en)
                for one in imported.errors
            ],
            created_at=imported.created_at,
            updated_at=imported.updated_at,
            version=imported.version,
        )


def draft_of(values: dict[str, Any]) -> LotDraft:
    """A row by the rules of a lot sent as JSON. Raises InputIsInvalid."""
    measures = {one.name for one in catalogue.attributes()}
    body = {name: value for name, value in values.items() if name not in measures}
    body["quality"] = {name: value for name, value in values.items() if name in measures}
    try:
        return LotIn.model_validate(body).draft()
    except ValidationError as error:
        raise InputIsInvalid(faults_of(error.errors())) from error
