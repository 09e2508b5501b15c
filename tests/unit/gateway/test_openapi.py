"""One document out of the rooms'."""

from __future__ import annotations

from typing import Any

from gateway.openapi import listing, merge


def room(schema: dict[str, Any], path: str, operation: str = "read") -> dict[str, Any]:
    reference = {"$ref": "#/components/schemas/Position"}
    answer = {"200": {"content": {"application/json": {"schema": reference}}}}
    return {
        "paths": {path: {"get": {"operationId": operation, "responses": answer, "tags": ["t"], "security": []}}},
        "components": {"schemas": {"Position": schema, "Box": {"properties": {"at": reference}}}},
    }


POINT = {"type": "object"}


def test_equal_schemas_are_one() -> None:
    merged = merge([("accounts", room(POINT, "/v1/a")), ("listings", room(POINT, "/v1/b", "list"))])
    assert sorted(merged["components"]["schemas"]) == ["Box", "Position"]
    assert list(merged["paths"]) == ["/v1/a", "/v1/b"]


def test_different_ones_are_told_apart_and_references_follow() -> None:
    other = {"type": "array"}
    merged = merge([("accounts", room(POINT, "/v1/a")), ("listings", room(other, "/v1/b"))])
    schemas = merged["components"]["schemas"]
    assert (schemas["Position"], schemas["ListingsPosition"]) == (POINT, other)
    answer = merged["paths"]["/v1/b"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert answer == {"$ref": "#/components/schemas/ListingsPosition"}
    assert merged["paths"]["/v1/b"]["get"]["operationId"] == "listings_read"


def test_what_is_for_the_gateway_alone_is_left_out() -> None:
    assert merge([("accounts", room(POINT, "/v1/api-keys/exchange"))])["paths"] == {}


def test_the_listing_names_what_a_reader_needs() -> None:
    ((tag, (row,)),) = listing(merge([("accounts", room(POINT, "/v1/a"))]))
    assert (tag, row["method"], row["path"], row["public"], row["answer"]) == ("t", "GET", "/v1/a", True, "Position")


def test_a_schema_of_another_meaning_takes_with_it_those_that_refer_to_it() -> None:
    merged = merge([("accounts", room(POINT, "/v1/a")), ("listings", room({"type": "array"}, "/v1/b", "list"))])
    boxes = {name: schema for name, schema in merged["components"]["schemas"].items() if name.endswith("Box")}
    assert boxes == {
        "Box": {"properties": {"at": {"$ref": "#/components/schemas/Position"}}},
        "ListingsBox": {"properties": {"at": {"$ref": "#/components/schemas/ListingsPosition"}}},
    }
