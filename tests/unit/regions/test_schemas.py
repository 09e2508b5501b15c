"""Spans, zones and CSV."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.regions.model import MEASURES
from services.regions.schemas import MeasuresOut, SpanQuery, VolumeOut, VolumesOut, VolumesQuery, csv_of, volumes_out
from services.regions.views import VolumeRow
from shared.problem import InputIsInvalid, faults_of


def span(**query: str) -> tuple[datetime | None, datetime | None]:
    asked = SpanQuery.model_validate(query).asked()
    return asked.span.start, asked.span.end


def test_dates_are_days_in_china_unless_the_zone_says_otherwise() -> None:
    query = {"from": "2026-11-24", "to": "2026-11-25"}
    assert span(**query) == (datetime(2026, 11, 23, 16, tzinfo=UTC), datetime(2026, 11, 24, 16, tzinfo=UTC))
    assert span(**query, tz="UTC") == (datetime(2026, 11, 24, tzinfo=UTC), datetime(2026, 11, 25, tzinfo=UTC))


def test_times_have_an_offset_even_where_its_plus_became_a_blank() -> None:
    for text in ("2026-11-24T08:30:00+08:00", "2026-11-24T08:30:00 08:00", "2026-11-24T00:30:00Z"):
        assert span(**{"from": text}) == (datetime(2026, 11, 24, 0, 30, tzinfo=UTC), None)


@pytest.mark.parametrize(
    ("query", "pointers"),
    [
        ({"from": "yesterday", "to": "2026-02-30"}, ["/from", "/to"]),
        ({"from": "2026-11-24T08:00:00"}, ["/from"]),
        ({"from": "2026-11-24", "to": "2026-11-24"}, ["/to"]),
        ({"from": "2026-11-25", "to": "2026-11-24"}, ["/to"]),
        ({"from": "1000-01-01", "to": "2026-01-01"}, ["/to"]),
        ({"from": "0001-01-01"}, ["/from"]),
        ({"tz": "Mars/Olympus"}, ["/tz"]),
        ({"tz": "../etc/passwd"}, ["/tz"]),
        ({"tz": ""}, ["/tz"]),
        ({"tz": "Asia"}, ["/tz"]),
    ],
)
def test_faults_of_a_span_are_named(query: dict[str, str], pointers: list[str]) -> None:
    with pytest.raises(InputIsInvalid) as caught:
        VolumesQuery.model_validate(query)
    assert [fault[0] for fault in caught.value.faults] == pointers


def test_faults_of_the_other_parameters_are_named_at_once() -> None:
    query = {"material": "unobtainium", "side": "middle", "granularity": "week", "colour": "red"}
    with pytest.raises(ValidationError) as caught:
        VolumesQuery.model_validate(query)
    assert {fault[0] for fault in faults_of(caught.value.errors())} == {"/material", "/side", "/granularity", "/colour"}


def test_csv_has_the_names_of_the_json() -> None:
    kg = dict.fromkeys(MEASURES, 0)
    row = VolumeOut.of(VolumeRow("2026-11", "paper.occ_a", kg | {"received": 30_123}))
    [read] = csv.DictReader(io.StringIO(csv_of([row], VolumeOut).decode()))
    assert read["period"] == "2026-11"
    assert read["received_t"] == "30.123"
    own = [f"own_{name}" for name in MeasuresOut.model_fields]
    names = [part for name in VolumeOut.model_fields for part in (own if name == "own" else [name])]
    assert list(read) == names and names[:2] == ["period", "material"]


KILOGRAMS = st.fixed_dictionaries({measure: st.integers(-(10**12), 10**12) for measure in MEASURES})


@given(st.lists(st.tuples(KILOGRAMS, st.none() | KILOGRAMS, st.booleans()), max_size=4), st.booleans())
def test_volumes_are_written_byte_for_byte_as_their_shape(drawn: list[Any], withheld: bool) -> None:
    rows = [VolumeRow("2026-11-24", "paper.occ_a", *one) for one in drawn]
    shape = VolumesOut(items=[VolumeOut.of(row) for row in rows], withheld=withheld)
    assert orjson.dumps(volumes_out(rows, withheld)) == shape.model_dump_json(by_alias=True).encode()


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(text: str) -> None:
    row = VolumeOut.of(VolumeRow("2026-11", text, dict.fromkeys(MEASURES, 1)))
    [read] = csv.DictReader(io.StringIO(csv_of([row], VolumeOut).decode(), newline=""))
    assert read["material"] == f"'{text}"
    assert (read["period"], read["listed_t"]) == ("2026-11", "0.001")
