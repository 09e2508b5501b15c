"""Shapes of imports, and a spreadsheet's row as a lot."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ValidationError

from services.listings.importing import measures
from services.listings.model import Import, LotDraft, RowFault
from services.listings.schemas.lots import LotIn
from shared.http import ListQuery, Query, Shape
from shared.http.shapes import Time
from shared.problem import InputIsInvalid, Language, faults_of

ImportStatus = Literal["running", "done", "failed"]


class ImportQuery(Query):
    """`publish=true` opens the lots at once; `dry_run=true` checks all of it and makes none."""

    publish: bool = False
    dry_run: bool = False


class ImportsQuery(ListQuery):
    """Filters of the list of imports."""

    status: ImportStatus | None = None

    def where(self) -> dict[str, Any]:
        return {"status": self.status} if self.status else {}


class RowFaultOut(Shape):
    """A bad cell: `line` counts from 1 with the header; `suggestion` is what may have been meant."""

    line: int
    column: str
    value: str
    reason: str
    suggestion: str | None

    @classmethod
    def of(cls, fault: RowFault, language: Language) -> RowFaultOut:
        reason = fault.zh if language == "zh-CN" else fault.en
        return cls(line=fault.line, column=fault.column, value=fault.value, reason=reason, suggestion=fault.suggestion)


class ImportOut(Shape):
    """An import as read. `rows_total` is null until the file is read; `errors` are at most 1,000, every bad row is counted."""

    id: str
    status: ImportStatus
    filename: str
    publish: bool
    dry_run: bool
    rows_total: int | None
    rows_done: int
    rows_accepted: int
    rows_rejected: int
    errors: list[RowFaultOut]
    created_at: Time
    updated_at: Time
    version: int

    @classmethod
    def of(cls, imported: Import, language: Language) -> ImportOut:
        return cls(
            id=imported.id,
            status=imported.status,
            filename=imported.filename,
            publish=imported.publish,
            dry_run=imported.dry_run,
            rows_total=imported.rows_total,
            rows_done=imported.rows_done,
            rows_accepted=imported.rows_accepted,
            rows_rejected=imported.rows_rejected,
            errors=[RowFaultOut.of(one, language) for one in imported.errors],
            created_at=imported.created_at,
            updated_at=imported.updated_at,
            version=imported.version,
        )


def draft_of(values: dict[str, Any]) -> LotDraft:
    """A row by the rules of a lot sent as JSON. Raises InputIsInvalid."""
    quality = {name: values[name] for name in measures().intersection(values)}
    body = {name: value for name, value in values.items() if name not in quality and "." not in name} | {"quality": quality}
    traits = {name.partition(".")[2]: value for name, value in values.items() if name.startswith("traits.")}
    if traits:
        body["traits"] = traits
    person = {name.partition(".")[2]: value for name, value in values.items() if name.startswith("on_behalf_of.")}
    if person:
        body["on_behalf_of"] = person
    try:
        return LotIn.model_validate(body).draft()
    except ValidationError as error:
        raise InputIsInvalid(faults_of(error.errors())) from error
