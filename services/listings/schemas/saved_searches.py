"""Shapes of saved searches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Self
from urllib.parse import urlencode

from pydantic import (
    GetJsonSchemaHandler,
    ModelWrapValidatorHandler,
    PrivateAttr,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from services.listings.model import Alert, SavedSearch, SavedSearchDraft, SearchKind
from services.listings.schemas.fields import not_null
from services.listings.schemas.search import SearchQuery
from services.listings.views import query_of
from shared.http import ListQuery, Shape
from shared.http.shapes import Time
from shared.mongo import Unit
from shared.problem import Fault, InputIsInvalid, faults_of

ANSWERS = ("sort", "limit", "cursor", "explain", "favourite")
"""Parameters of a search that say how its answer is given, or that depend on what one thinks of others by then."""
Name = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)]


class CriteriaIn(SearchQuery):
    """What is looked for: the parameters of `/v1/search/…` by the same names and rules, but those of how it answers."""

    _given: dict[str, Any] = PrivateAttr(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _as_given(cls, values: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        made = handler(values)
        if isinstance(values, Mapping):
            made._given = {name: value for name, value in values.items() if value is not None}
        return made

    @field_validator(*ANSWERS, mode="before")
    @classmethod
    def _is_not_kept(cls, value: Any) -> Any:
        raise Fault("不能保存此参数", "This parameter can't be saved")

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        made = handler.resolve_ref_schema(handler(schema))
        made["properties"] = {name: one for name, one in made["properties"].items() if name not in ANSWERS}
        return made

    @property
    def given(self) -> dict[str, Any]:
        """As it came, in the units of the search."""
        return self._given


class SavedSearchIn(Shape):
    """A search to be kept; `alert` says how to hear of what newly fits."""

    name: Name
    kind: SearchKind
    criteria: CriteriaIn
    alert: Alert = "off"

    def draft(self) -> SavedSearchDraft:
        return SavedSearchDraft(name=self.name, criteria=self.criteria.given, alert=self.alert)


class SavedSearchPatch(Shape):
    """Changes of a saved search; what is absent stays. The criteria are replaced as a whole."""

    name: Name | None = None
    criteria: CriteriaIn | None = None
    alert: Alert | None = None

    _not_null = field_validator("*", mode="before")(not_null)

    def revise(self, saved: SavedSearch) -> SavedSearchDraft:
        given = {name: getattr(self, name) for name in self.model_fields_set}
        if self.criteria is not None:
            given["criteria"] = self.criteria.given
        return replace(saved.draft(), **given)


class SavedSearchesQuery(ListQuery):
    """Filters of the list of saved searches."""

    kind: SearchKind | None = None
    alert: Alert | None = None

    def where(self) -> dict[str, Any]:
        return {name: value for name, value in (("kind", self.kind), ("alert", self.alert)) if value}


class SavedSearchOut(Shape):
    """A saved search as read; `url` is the search itself."""

    id: str
    name: str
    kind: SearchKind
    criteria: dict[str, Any]
    alert: Alert
    url: str
    created_at: Time
    updated_at: Time
    version: int

    @classmethod
    def of(cls, saved: SavedSearch) -> SavedSearchOut:
        return cls(
            id=saved.id,
            name=saved.name,
            kind=saved.kind,
            criteria=saved.criteria,
            alert=saved.alert,
            url=url_of(saved),
            created_at=saved.created_at,
            updated_at=saved.updated_at,
            version=saved.version,
        )


def url_of(saved: SavedSearch) -> str:
    """The search, as a path with its parameters."""
    given = {name: str(value).lower() if isinstance(value, bool) else value for name, value in saved.criteria.items()}
    return f"/v1/search/{saved.kind}" + (f"?{urlencode(given)}" if given else "")


def query_of_saved(unit: Unit, saved: SavedSearch) -> dict[str, Any]:
    """The query that the search at its `url` sends. Raises InputIsInvalid where its criteria are no longer a search."""
    try:
        return query_of(unit, CriteriaIn.model_validate(saved.criteria).criteria())
    except ValidationError as error:
        raise InputIsInvalid(faults_of(error.errors())) from error
