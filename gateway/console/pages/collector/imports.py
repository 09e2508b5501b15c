"""A spreadsheet of lots: tried first, taken then; rows that were refused are mended where they stand."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response

from gateway.console.client import ApiRefused, Ask
from gateway.console.visit import Visit

MOST_ROWS = 100
"""Rows that are mended on one page; more are better mended in the file."""


@dataclass(frozen=True)
class Cell:
    """`fault` and `suggestion` of the API; empty where it is well."""

    column: str
    value: str
    fault: str
    suggestion: str


def imports(visit: Visit) -> Response:
    """Earlier imports, and a form for a file."""
    form = visit.form()
    if visit.request.method == "POST":
        sent = visit.request.files.get("file")
        if sent is None or not sent.filename:
            form.faults["file"] = visit.t["import_no_file"]
        else:
            files = {"file": (sent.stream, sent.filename, sent.mimetype or "application/octet-stream")}
            reply = visit.api.upload("/v1/lots/imports", files, _how(form.value("how")))
            if reply.is_ok:
                return visit.go(f"/collector/imports/{reply.body['id']}")
            form.refuse(reply, known=("file",))
    found = visit.api.get("/v1/lots/imports", limit=20)
    return visit.render("imports.html", 422 if form.is_faulty else 200, form=form, items=found.items)


def imported(visit: Visit, import_id: str) -> Response:
    """How far it is; then what was refused, each fault at its cell. The mended rows are posted here and make another import."""
    form = visit.form()
    if visit.request.method == "POST":
        content = _sheet(visit.request.form)
        files = {"file": (io.BytesIO(content), f"{visit.t['import_mended']}.csv", "text/csv")}
        reply = visit.api.upload("/v1/lots/imports", files, _how(form.value("how")))
        if reply.is_ok:
            return visit.go(f"/collector/imports/{reply.body['id']}", visit.t["did_mend"])
        form.refuse(reply)
    if visit.request.args.get("file") == "rejected":
        reply = visit.api.file(f"/v1/lots/imports/{import_id}/rejected")
        if not reply.is_ok:
            raise ApiRefused(reply)
        return visit.send(reply.content, reply.headers["content-type"], "rejected.csv")
    one, rejected = visit.api.all(Ask(f"/v1/lots/imports/{import_id}"), Ask(f"/v1/lots/imports/{import_id}/rejected"))
    assert one is not None and rejected is not None
    body = one.body
    rows = _rows(body["errors"], rejected.content) if body["status"] == "done" and rejected.is_ok else []
    return visit.render(
        "imported.html", 422 if form.is_faulty else 200, one=body, rows=rows[:MOST_ROWS], more=len(rows) > MOST_ROWS, form=form
    )


def _how(how: str) -> dict[str, str]:
    return {"dry_run": "true"} if how == "try" else {"publish": "true"} if how == "publish" else {}


def _rows(errors: Sequence[Mapping[str, Any]], content: bytes) -> list[list[Cell]]:
    """The rejected rows with each fault at its cell; they come in the order of their lines, without what was taken."""
    read = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    if not read:
        return []
    head = read[0][:-1]  # the last column is the reasons
    by_line: dict[int, dict[str, Mapping[str, Any]]] = {}
    for one in errors:
        by_line.setdefault(one["line"], {})[one["column"]] = one
    found = []
    for line, row in zip(sorted(by_line), read[1:], strict=False):
        faults = by_line[line]
        found.append([_cell(name, value, faults.get(name)) for name, value in zip(head, row, strict=False)])
    return found


def _cell(name: str, value: str, fault: Mapping[str, Any] | None) -> Cell:
    if fault is None:
        return Cell(name, value, "", "")
    return Cell(name, value, fault["reason"], fault["suggestion"] or "")


def _sheet(typed: Any) -> bytes:
    """The mended rows as CSV: fields `cell-<row>-<column>` under the heads `head-<column>`."""
    heads: list[str] = []
    while (name := typed.get(f"head-{len(heads)}")) is not None:
        heads.append(name)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(heads)
    row = 0
    while f"cell-{row}-0" in typed and row < MOST_ROWS:
        if typed.get(f"leave-{row}") != "yes":
            writer.writerow([typed.get(f"cell-{row}-{column}", "") for column in range(len(heads))])
        row += 1
    return out.getvalue().encode("utf-8-sig")
