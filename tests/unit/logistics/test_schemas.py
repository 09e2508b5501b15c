"""What is reported of a load: every fault at once, at its own pointer."""

from __future__ import annotations

import orjson
import pytest
from pydantic import ValidationError

from services.logistics.schemas import EventIn, QuoteIn, QuoteQuery
from shared.geo import Position
from shared.problem import faults_of

AT = "2026-11-24T12:00:00.123456+08:00"


def pointers(body: object) -> set[str]:
    with pytest.raises(ValidationError) as caught:
        EventIn.model_validate_json(orjson.dumps(body))
    return {pointer for pointer, zh, en in faults_of(caught.value.errors()) if zh and en}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"/type"}),
        ([], {""}),
        ({"type": "sold", "at": AT}, {"/type"}),
        ({"type": 3}, {"/type"}),
        ({"type": "booked"}, {"/at"}),
        ({"type": "booked", "at": "yesterday", "gross_t": 3}, {"/at", "/gross_t"}),
        ({"type": "booked", "at": "2026-11-24T12:00:00"}, {"/at"}),
        ({"type": "booked", "at": "0001-01-01T00:00:00+08:00"}, {"/at"}),
        ({"type": "booked", "at": "9999-12-31T23:59:59-08:00"}, {"/at"}),
        ({"type": "position", "at": AT, "lat": 91, "lon": "x"}, {"/lat", "/lon"}),
        ({"type": "weighed", "at": AT}, {"/gross_t", "/tare_t", "/ticket"}),
        ({"type": "weighed", "at": 5, "gross_t": -1, "tare_t": "5", "ticket": " "}, {"/at", "/gross_t", "/tare_t", "/ticket"}),
        ({"type": "weighed", "at": AT, "gross_t": 10, "tare_t": 10, "ticket": "1"}, {"/gross_t"}),
        ({"type": "weighed", "at": AT, "gross_t": 10_001, "tare_t": 0.0001, "ticket": "1"}, {"/gross_t", "/tare_t"}),
        ({"type": "inspected", "at": AT, "moisture_pct": 101, "impurity_pct": -1}, {"/moisture_pct", "/impurity_pct"}),
        ({"type": "inspected", "at": AT, "grade": "steel.gold", "status": "received"}, {"/grade", "/status"}),
        ({"type": "refused", "at": AT}, {"/reason"}),
        ({"type": "received", "at": AT, "net_t": 3}, {"/net_t"}),
    ],
)
def test_faults(body: object, expected: set[str]) -> None:
    assert pointers(body) == expected


def test_a_good_report_is_cut_to_milliseconds_and_kilograms() -> None:
    body = {"type": "weighed", "at": AT, "gross_t": 40.12, "tare_t": 15, "ticket": " A-7 "}
    report = EventIn.model_validate_json(orjson.dumps(body)).report()
    assert (report.gross_kg, report.tare_kg, report.ticket) == (40_120, 15_000, "A-7")
    assert report.at.isoformat() == "2026-11-24T04:00:00.123000+00:00"


def test_ends_of_a_quote() -> None:
    asked = {"from": "30.6, 114.3", "to": "320300", "tonnes": "32.5", "material": "steel"}
    query = QuoteQuery.model_validate(asked)
    assert (query.from_, query.to, query.tonnes) == (Position(30.6, 114.3), "320300", 32_500)
    body = QuoteIn.model_validate_json(
        b'{"from": {"lat": 30.6, "lon": 114}, "to": "320300", "tonnes": 32, "material": "steel.hms1"}'
    )
    assert body.from_ == Position(30.6, 114)
    for bad in ({"lat": 95, "lon": 1}, {"lat": 1}, {"lat": "1", "lon": 1}, "999999", "site", "91,0", 7, None):
        with pytest.raises(ValidationError):
            QuoteIn.model_validate_json(orjson.dumps({"from": bad, "to": "320300", "tonnes": 1, "material": "steel"}))
    for bad in ("0", "-1", "nan", "x", "1e9"):
        with pytest.raises(ValidationError):
            QuoteQuery.model_validate(asked | {"tonnes": bad})
