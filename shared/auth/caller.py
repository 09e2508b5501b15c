"""The caller of a request, as the access token names it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["collector", "buyer", "carrier", "park_operator", "operator"]
ROLES: tuple[Role, ...] = ("collector", "buyer", "carrier", "park_operator", "operator")


@dataclass(frozen=True, slots=True)
class Caller:
    """A signed-in user. `region` is the GB/T 2260 code of the organisation."""

    user_id: str
    organisation_id: str
    role: Role
    region: str
    name: str = ""
