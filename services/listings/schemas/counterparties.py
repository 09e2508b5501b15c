"""Shapes of counterparties, and of whom a clerk lists for."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, StringConstraints

from services.listings.model import Counterparty, OnBehalfOf
from services.listings.model.counterparty import Standing
from services.listings.schemas.fields import Identifier, Moment
from shared.http import ListQuery, Shape
from shared.http.shapes import Time
from shared.problem import Fault

_PHONE = re.compile(r"\+?\d[\d -]{4,18}\d")


class CounterpartyIn(Shape):
    """`null` takes back what was said."""

    standing: Standing | None


class CounterpartyOut(Shape):
    """What one thinks of another organisation; `standing` null is nothing."""

    organisation_id: str
    standing: Standing | None
    updated_at: Time
    version: int

    @classmethod
    def of(cls, one: Counterparty) -> CounterpartyOut:
        return cls(organisation_id=one.counterparty_id, standing=one.standing, updated_at=one.updated_at, version=one.version)


class CounterpartiesQuery(ListQuery):
    """Filters of the list of counterparties."""

    standing: Standing | None = None
    organisation_id: Identifier | None = None

    def where(self) -> dict[str, Any]:
        where: dict[str, Any] = {"standing": self.standing or {"$ne": None}}
        return where | ({"counterparty_id": self.organisation_id} if self.organisation_id else {})


def _phone(text: str) -> str:
    if not _PHONE.fullmatch(text):
        raise Fault("不是有效的电话号码", "This is no telephone number")
    return text


class OnBehalfOfIn(Shape):
    """A person without an account for whom the lot is listed, and how and when that person agreed."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)]
    phone: Annotated[str, AfterValidator(_phone)] | None = None
    consent: Literal["verbal", "signed", "recording"]
    consented_at: Moment

    def person(self) -> OnBehalfOf:
        return OnBehalfOf(name=self.name, phone=self.phone, consent=self.consent, consented_at=self.consented_at)


class OnBehalfOfOut(Shape):
    """As `OnBehalfOfIn`."""

    name: str
    phone: str | None
    consent: Literal["verbal", "signed", "recording"]
    consented_at: Time

    @classmethod
    def of(cls, person: OnBehalfOf) -> OnBehalfOfOut:
        return cls(name=person.name, phone=person.phone, consent=person.consent, consented_at=person.consented_at)
