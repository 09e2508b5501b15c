"""Event types and their stored schemas: none missing, none changed unnoticed, every change readable both ways."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from shared.events import REGISTRY
from shared.events.asyncapi import document
from shared.events.frozen import breaks, earlier, generated, stored
from shared.events.matching import ClearingCompleted

CLEARING = "huanliu.clearing.completed.v1"


def test_every_type_of_the_contract_is_there() -> None:
    names = """organisation.registered organisation.verified organisation.suspended site.changed compliance.changed
    lot.published lot.changed lot.withdrawn lot.expired lot.closed demand.posted demand.changed demand.closed demand.expired
    quantity.reserved quantity.refused quantity.released quantity.consumed clearing.completed proposal.made
    proposal.accepted proposal.rejected proposal.countered proposal.expired proposal.withdrawn trade.agreed trade.cancelled
    trade.delivered trade.disputed trade.settled shipment.planned shipment.assigned shipment.booked shipment.loaded
    shipment.arrived shipment.weighed shipment.inspected shipment.received shipment.refused shipment.returned
    position.reported"""
    assert {f"huanliu.{name}.v1" for name in names.split()} <= set(REGISTRY)


@pytest.mark.parametrize("type_", sorted(REGISTRY))
def test_the_stored_schema_is_the_one_in_the_code(type_: str) -> None:
    Draft202012Validator.check_schema(stored(type_))
    assert stored(type_) == generated(type_), "run `make schemas`"


@pytest.mark.parametrize("type_", sorted(REGISTRY))
def test_every_earlier_schema_is_compatible_both_ways(type_: str) -> None:
    for old in earlier(type_):
        assert breaks(old, stored(type_)) == []


def _clearing(**more: Any) -> dict[str, Any]:
    names = "lots demands proposals matched_kg surplus_fen objective_fen bound_fen duration_ms version"
    numbers = dict.fromkeys(names.split(" "), 1)
    return {"id": "c", "at": "2026-11-24T00:00:00Z", "material": "steel", "solver": "flow", **numbers, **more}


def test_a_type_that_did_change_reads_old_with_new_and_new_with_old() -> None:
    (old,) = earlier(CLEARING)
    assert "input_digest" not in old["properties"]
    assert ClearingCompleted.model_validate(_clearing()).input_digest is None
    Draft202012Validator(old).validate(_clearing(input_digest="ab"))
    assert ClearingCompleted.model_validate(_clearing(input_digest="ab", not_yet_thought_of=1)).input_digest == "ab"


def _changed(change: str) -> dict[str, Any]:
    schema = generated(CLEARING)
    properties = dict(schema["properties"])
    if change == "a field is dropped":
        properties.pop("solver")
        return {**schema, "properties": properties, "required": [n for n in schema["required"] if n != "solver"]}
    if change == "a needed field is added":
        return {
            **schema,
            "properties": {**properties, "market": {"type": "string"}},
            "required": [*schema["required"], "market"],
        }
    if change == "a type changes":
        return {**schema, "properties": {**properties, "lots": {"type": "string"}}}
    return {**schema, "properties": {**properties, "material": {"enum": ["steel"], "type": "string"}}}


@pytest.mark.parametrize("change", ["a field is dropped", "a needed field is added", "a type changes", "values are narrowed"])
def test_a_breaking_change_is_refused(change: str) -> None:
    assert breaks(generated(CLEARING), _changed(change))


def test_a_reader_refuses_what_breaks_the_schema() -> None:
    with pytest.raises(ValidationError):
        ClearingCompleted.model_validate(_clearing(lots="many"))


def test_the_asyncapi_page_is_the_generated_one() -> None:
    page = yaml.safe_load(Path("docs/asyncapi.yaml").read_text(encoding="utf-8"))
    assert page == document(), "run `make schemas`"
