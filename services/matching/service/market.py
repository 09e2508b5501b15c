"""The book as a clearing reads it: a material's open lots and demands, less what awaits listings' answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

from services.matching.clearing import Arrival, Demand, Lot, Market, Preferences, Taken, Validity
from services.matching.model import BookDemand, BookLot
from services.matching.service import allowances
from services.matching.store import RESERVES, blocked_pairs, holding, open_demands, open_lots, refused_pairs, unanswered
from shared import geo, parties
from shared.mongo import Unit
from shared.parties import KnownSite
from shared.settings import Settings

MODES = ("road",)
LOW_VALUE = frozenset({"textile", "glass"})
"""Families that are worth collecting near by and not worth a long haul."""


@dataclass(frozen=True)
class Sides:
    """The book's entries by id, and the same as the clearing's input, but for the lots under tender: no clearing reads them."""

    lots: dict[str, BookLot]
    demands: dict[str, BookDemand]
    market: Market
    tendered: tuple[Lot, ...]


def read_sides(unit: Unit, family: str) -> Sides:
    """The family as it stands in this unit, with the reserve prices of its demands."""
    lots = {lot.id: lot for lot in open_lots(unit, family)}
    demands = {demand.id: demand for demand in open_demands(unit, family)}
    market = _market(unit, family, lots, demands)
    under_tender = {lot.id for lot in lots.values() if lot.tender_id is not None}
    tendered = tuple(lot for lot in market.lots if lot.id in under_tender)
    reserves = RESERVES.find(unit, family)
    kept = {one: fen for one, fen in reserves.fen_per_t.items() if one in demands} if reserves else {}
    market = replace(market, lots=[lot for lot in market.lots if lot.id not in under_tender], reserve_fen_per_t=kept)
    return Sides(lots, demands, market, tendered)


def read_pair(unit: Unit, lot: BookLot, demand: BookDemand | None) -> Market:
    """One lot, and a demand where there is one yet, as a market of their own, open or not."""
    return _market(unit, lot.family, {lot.id: lot}, {demand.id: demand} if demand else {})


def as_listed(unit: Unit, lots: list[BookLot]) -> list[Arrival]:
    """Lots with all their tonnes, as they came."""
    sites = parties.SITES.many(unit, {lot.site_id for lot in lots})
    found = []
    for lot in lots:
        assert lot.came_at is not None
        whole = replace(_lot(lot, 0, sites.get(lot.site_id)), kg_available=lot.quantity_kg)
        found.append(Arrival(whole, lot.came_at))
    return found


def _market(unit: Unit, family: str, lots: dict[str, BookLot], demands: dict[str, BookDemand]) -> Market:
    out_of_book: dict[str, int] = defaultdict(int)
    for proposal in unanswered(unit, family):
        out_of_book[proposal.terms.lot_id] += proposal.terms.kg
        out_of_book[proposal.terms.demand_id] += proposal.terms.kg
    sites = parties.SITES.many(unit, {entry.site_id for entry in (*lots.values(), *demands.values())})
    blended = [demand.id for demand in demands.values() if demand.blend_limits]
    taken: dict[str, list[Taken]] = defaultdict(list)
    for proposal in holding(unit, blended) if blended else []:
        taken[proposal.terms.demand_id].append(Taken(proposal.terms.kg, proposal.terms.quality))
    excluded = [
        (pair.lot_id, pair.demand_id)
        for pair in refused_pairs(unit, lots)
        if pair.demand_id in demands
        and lots[pair.lot_id].terms_version == pair.lot_terms_version
        and demands[pair.demand_id].terms_version == pair.demand_terms_version
    ]
    room = allowances.room_of(unit, family, lots.values())
    return Market(
        family,
        unit.now,
        [
            replace(_lot(lot, out_of_book[lot.id], sites.get(lot.site_id)), allowance_id=room.of_lot.get(lot.id, ""))
            for lot in lots.values()
        ],
        [_demand(demand, out_of_book[demand.id], taken[demand.id], sites.get(demand.site_id)) for demand in demands.values()],
        excluded,
        carbon_fen_per_t_co2e(unit.settings),
        MODES,
        preferences=_preferences(unit.settings, family),
        allowance_kg=room.kg,
        blocked=blocked_pairs(unit, _owners(lots), _owners(demands)),
    )


def _owners(entries: Mapping[str, BookLot | BookDemand]) -> set[str]:
    return {entry.organisation_id for entry in entries.values()}


def _lot(lot: BookLot, out_of_book_kg: int, site: KnownSite | None) -> Lot:
    assert lot.available_from is not None and lot.available_until is not None
    entries = site.compliance if site else []
    return Lot(
        id=lot.id,
        seller_id=lot.organisation_id,
        grade=lot.grade,
        kg_available=max(0, lot.available_kg - out_of_book_kg),
        ask_net_fen_per_t=lot.net_fen_per_t,
        available_from=lot.available_from,
        available_until=lot.available_until,
        position=geo.Position(lot.position.lat, lot.position.lon),
        min_take_kg=lot.min_take_kg,
        divisible=lot.divisible,
        quality=lot.quality,
        compliance=tuple(Validity(e.valid_from, e.valid_until) for e in entries if e.list == lot.family),
        park_id=_park_of(site),
    )


def _demand(demand: BookDemand, out_of_book_kg: int, taken: list[Taken], site: KnownSite | None) -> Demand:
    assert demand.deliver_from is not None and demand.deliver_until is not None
    return Demand(
        id=demand.id,
        buyer_id=demand.organisation_id,
        grades=tuple(demand.grades),
        kg_available=max(0, demand.available_kg - out_of_book_kg),
        bid_net_fen_per_t=demand.net_fen_per_t,
        deliver_from=demand.deliver_from,
        deliver_until=demand.deliver_until,
        position=geo.Position(demand.position.lat, demand.position.lon),
        min_take_kg=demand.min_take_kg,
        quality_limits=demand.quality_limits,
        blend_limits=demand.blend_limits,
        compliant_sellers_only=demand.compliant_sellers_only,
        taken=tuple(taken),
        park_id=_park_of(site),
    )


def _park_of(site: KnownSite | None) -> str | None:
    """The park that a site stands in, or is."""
    if site is None:
        return None
    return site.id if site.kind == "park" else site.park_id


def _preferences(settings: Settings, family: str) -> Preferences:
    wishes = Preferences(in_park_fen_per_t=round(settings.in_park_cny_per_t * 100))
    if family not in LOW_VALUE:
        return wishes
    beyond = round(settings.low_value_beyond_cny_per_tkm * 100)
    return replace(wishes, radius_m=round(settings.low_value_radius_km * 1000), beyond_fen_per_tkm=beyond)


def carbon_fen_per_t_co2e(settings: Settings) -> int:
    """What a tonne of CO2e counts in the choice; it never enters a price."""
    return round(settings.carbon_cny_per_kg * 100_000)
