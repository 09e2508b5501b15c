"""Lots, sites and prices as far as allowances and alarms watch them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.regions.model.allowances import Counted

WASTE = "solid_waste."
"""The family whose grades a rule of allowances may name."""


@dataclass(frozen=True, slots=True)
class Quantities:
    """What listings said of a lot at `version`, in kilograms."""

    version: int
    available_kg: int
    reserved_kg: int
    consumed_kg: int


@dataclass
class WatchedLot:
    """A lot as last heard, in whatever order: where it is from the newest of its own events (`placed`), its quantities from
    the newest of all (`version`), and what is on the road as the sum of what was loaded and has ended."""

    id: str
    version: int = 0
    placed: int = 0
    organisation_id: str | None = None
    site_id: str | None = None
    region: str = ""
    grade: str = ""
    new: bool = True
    published_at: datetime | None = None
    available_kg: int = 0
    reserved_kg: int = 0
    consumed_kg: int = 0
    in_transit_kg: int = 0
    on_site_kg: int = 0
    loaded_at: datetime | None = None
    """When the last load of it left."""

    def hear(self, heard: Quantities) -> None:
        if heard.version > self.version:
            self.version = heard.version
            self.available_kg, self.reserved_kg = heard.available_kg, heard.reserved_kg
            self.consumed_kg = heard.consumed_kg
            self._stand()

    def load(self, kg: int, at: datetime) -> None:
        """A load has left its site."""
        self.loaded_at = at if self.loaded_at is None else max(at, self.loaded_at)
        self.move(kg)

    def move(self, kg: int) -> None:
        """`kg` more are on the road; less where it is negative."""
        self.in_transit_kg += kg
        self._stand()

    def _stand(self) -> None:
        """What lies at its site: on offer or promised, and not loaded yet. Events of loads and of quantities come by different
        topics, so it may be off while one of a pair is still on its way."""
        self.on_site_kg = max(0, self.available_kg + self.reserved_kg - self.in_transit_kg)

    def counted(self) -> Counted | None:
        """What it adds to its producer's allowances: new output that was listed and not taken back. None where it is from
        stock, or not of a waste, or was not published as far as is known. A lot that does not say counts as new."""
        if self.organisation_id is None or self.published_at is None or not self.new or not self.grade.startswith(WASTE):
            return None
        promised = self.reserved_kg + self.consumed_kg
        place = self.organisation_id, self.region, self.grade, self.published_at
        return Counted(*place, used_kg=self.available_kg + promised, promised_kg=promised)


@dataclass
class SiteActivity:
    """When last something happened at the site `id`: a lot or demand was listed, a load left or came."""

    id: str
    version: int
    last_at: datetime

    def hear(self, at: datetime) -> bool:
        """Whether it is news."""
        if at <= self.last_at:
            return False
        self.last_at = at
        self.version += 1
        return True


@dataclass
class DemandSite:
    """Where a demand's loads arrive, None until its posting has come; and when the last one was received."""

    id: str
    version: int = 0
    site_id: str | None = None
    received_at: datetime | None = None

    def receive(self, at: datetime) -> None:
        self.received_at = at if self.received_at is None else max(at, self.received_at)
        self.version += 1


@dataclass
class KnownPrice:
    """The last price of a grade in a region; `id` is `<region>:<grade>`."""

    id: str
    version: int
    grade: str
    region: str
    day: str
    price_fen_per_t: int
    at: datetime
