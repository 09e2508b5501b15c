"""The use cases of logistics, one function each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final, Literal

from services.logistics.model import STEPS, Changes, Haulage, Photo, PhotoFile, Report, Shipment, load_of
from services.logistics.routing import Quote, quotes, split
from services.logistics.store import HAULAGES, PHOTO_FILES, SHIPMENTS, use_ticket
from shared import geo, parties
from shared.auth import Caller, Relation, authorise
from shared.events.trading import TradeAgreed, TradeCancelRequested
from shared.files import contents, thumbnail_id
from shared.geo import Position
from shared.ids import new_id
from shared.mongo import Unit
from shared.pictures import File
from shared.problem import AlreadyExists, InputIsInvalid, NotAllowed, NotFound, WrongState

FUTURE: Final = timedelta(hours=24)
"""How far a reported time may lie ahead of ours: a wrong clock or time zone, not another day."""
PAST: Final = timedelta(days=366)
"""How long before its planning a load's step may be said to have happened."""
ACTIONS: Final[Mapping[Literal["carrier", "buyer"], str]] = {"carrier": "shipments.haul", "buyer": "shipments.receive"}

End = Position | str
"""One end of a quote: a position, a region's code or a site's id."""


def quote(unit: Unit, caller: Caller, ends: tuple[End, End], kg: int, material: str) -> list[Quote]:
    """The ways to haul `kg` between two ends. Raises NotHeardYet for an unknown site."""
    origin, destination = (_position(unit, caller, end) for end in ends)
    return quotes(origin, destination, kg, material)


def _position(unit: Unit, caller: Caller, end: End) -> Position:
    """Where an end is; of another's site only the region is given away."""
    if isinstance(end, Position):
        return end
    region = geo.region(end)
    if region is not None:
        return region.position
    site = parties.site(unit, end)
    region = geo.region(site.region)
    hidden = site.organisation_id != caller.organisation_id and caller.role != "operator"
    return region.position if hidden and region is not None else site.position


def plan(unit: Unit, event: TradeAgreed) -> None:
    """A trade is agreed: plan its loads in one go, once, unless its cancellation came first."""
    if HAULAGES.find(unit, event.id) is not None:
        return
    masses = split(event.terms.kg, unit.settings.load_t)
    shipments = [load_of(new_id(), event.id, event.proposal_id, event.terms, kg, unit.now) for kg in masses]
    unit.emit(*(one.planned(len(shipments), unit.now) for one in shipments))
    SHIPMENTS.add(unit, *shipments)
    HAULAGES.add(unit, Haulage(event.id, 1, "planned", [one.id for one in shipments]))


def cancel(unit: Unit, event: TradeCancelRequested) -> None:
    """A party wants out: take the loads back, or say that one is loaded. Every load is written, so that a load that is
    being loaded at this moment meets us in its own transaction."""
    haulage = HAULAGES.find(unit, event.id) or Haulage(event.id)
    shipments = SHIPMENTS.select(unit, {"trade_id": event.id}, [("_id", 1)])
    unit.emit(*haulage.cancel(shipments, unit.now))
    HAULAGES.save(unit, haulage)
    if haulage.status == "cancelled":
        for shipment in shipments:
            SHIPMENTS.save(unit, shipment)


def relations(shipment: Shipment, caller: Caller) -> set[Relation]:
    """What the caller's organisation is to the load; carriers see the loads on offer."""
    sides: dict[Relation, str | None] = {
        "seller": shipment.seller_id,
        "buyer": shipment.buyer_id,
        "carrier": shipment.carrier_id,
    }
    found = {side for side, organisation in sides.items() if organisation == caller.organisation_id}
    if not found and shipment.status == "planned" and caller.role == "carrier":
        return {"visible"}
    return found


def readable(unit: Unit, caller: Caller, identifier: str, action: str = "shipments.read") -> Shipment:
    """The shipment, where the caller may do `action` to it. Raises NotFound, NotAllowed."""
    shipment = SHIPMENTS.find(unit, identifier)
    authorise(caller, action, relations(shipment, caller) if shipment else set())
    return shipment or SHIPMENTS.get(unit, identifier)


def takes_part(shipment: Shipment, caller: Caller) -> set[Relation]:
    """`relations`, of the trade's parties and the carrier alone: photos of a load show plates, people and places."""
    return relations(shipment, caller) - {"visible"}


def with_photos(unit: Unit, caller: Caller, identifier: str, action: str) -> Shipment:
    """The shipment, where the caller may do `action` to its photos; to all who take no part in it they are not there, the
    operator too. Raises NotFound, NotAllowed."""
    shipment = SHIPMENTS.get(unit, identifier)
    sides = takes_part(shipment, caller)
    if not sides:
        raise NotFound
    authorise(caller, action, sides)
    return shipment


def assign(unit: Unit, caller: Caller, identifier: str, carrier_id: str, vehicle: str) -> Shipment:
    """Name the carrier and its vehicle: a carrier itself, the buyer any verified carrier.

    Raises NotAllowed, NotHeardYet, InputIsInvalid, WrongState.
    """
    shipment = readable(unit, caller, identifier, "shipments.assign")
    parties.must_be_verified(unit, caller)
    if caller.role == "carrier" and carrier_id != caller.organisation_id:
        raise NotAllowed(zh="承运方只能为本单位接单", en="A carrier takes loads for its own organisation only")
    carrier = parties.party(unit, carrier_id)
    if carrier.role != "carrier" or carrier.status != "verified":
        raise InputIsInvalid([("/carrier_id", "不是已审核的承运方", "This is no verified carrier")])
    unit.emit(*shipment.assign(carrier_id, vehicle, unit.now))
    SHIPMENTS.save(unit, shipment)
    return shipment


def report(unit: Unit, caller: Caller, identifier: str, reported: Report) -> Shipment:
    """Take one step of the chain. Raises NotFound, NotAllowed, InputIsInvalid, AlreadyExists, WrongState."""
    shipment = readable(unit, caller, identifier, ACTIONS[STEPS[reported.type].by])
    parties.must_be_verified(unit, caller)
    _must_be_plausible(unit, shipment, reported)
    events = shipment.report(reported, caller.user_id, unit.settings.load_tolerance_pct, unit.now)
    if reported.ticket is not None:
        _use(unit, shipment, reported.ticket)
    unit.emit(*events)
    SHIPMENTS.save(unit, shipment)
    return shipment


def correct(unit: Unit, caller: Caller, identifier: str, changes: Changes) -> Shipment:
    """Put right what was reported of a received load, while it may be. Raises NotFound, NotAllowed, InputIsInvalid,
    AlreadyExists, WrongState."""
    shipment = readable(unit, caller, identifier, "shipments.correct")
    parties.must_be_verified(unit, caller)
    if changes.received_at is not None:
        _must_be_possible(unit, changes.received_at, "/received_at")
    if shipment.status == "received":
        _must_be_young(unit, shipment)
    own = {shipment.weighing.ticket} if shipment.status == "received" else set()
    events = shipment.correct(changes, caller.user_id, unit.settings.load_tolerance_pct, unit.now)
    if changes.ticket is not None and changes.ticket not in own:
        _use(unit, shipment, changes.ticket)
    unit.emit(*events)
    SHIPMENTS.save(unit, shipment)
    return shipment


def add_photo(unit: Unit, caller: Caller, identifier: str, read: Callable[[], File]) -> Photo:
    """Add a photo to a load that one hauls or buys; what the load has already is not added again. `read` makes sure what was
    sent, and is asked only where the caller may send it. Raises NotFound, NotAllowed, WrongState and what `read` raises."""
    shipment = with_photos(unit, caller, identifier, "shipment_photos.add")
    parties.must_be_verified(unit, caller)
    file = read()
    by: Literal["carrier", "buyer"] = "carrier" if caller.role == "carrier" else "buyer"
    offered = Photo.of(file, unit.now, by=by, organisation_id=caller.organisation_id)
    kept = shipment.add_photo(offered, unit.now)
    if kept is offered:
        SHIPMENTS.save(unit, shipment)
        PHOTO_FILES.add(unit, *(PhotoFile(shipment_id=identifier, **vars(one)) for one in contents(kept.id, file)))
    return kept


def photo_file(unit: Unit, caller: Caller, identifier: str, photo_id: str, thumbnail: bool) -> PhotoFile:
    """The bytes of a load's photo. Raises NotFound."""
    photo = with_photos(unit, caller, identifier, "shipment_photos.read").photo(photo_id)
    return PHOTO_FILES.get(unit, thumbnail_id(photo.id) if thumbnail else photo.id)


def remove_photo(unit: Unit, caller: Caller, identifier: str, photo_id: str) -> None:
    """Take one's photo off a load, its bytes too. Raises NotFound, NotAllowed, WrongState."""
    shipment = with_photos(unit, caller, identifier, "shipment_photos.remove")
    parties.must_be_verified(unit, caller)
    gone = shipment.photo(photo_id)
    shipment.remove_photo(gone, caller.organisation_id, unit.now)
    SHIPMENTS.save(unit, shipment)
    for file_id in gone.file_ids:
        PHOTO_FILES.delete(unit, file_id)


def _must_be_young(unit: Unit, shipment: Shipment) -> None:
    days = unit.settings.correction_days
    received = next(one.recorded_at for one in reversed(shipment.events) if one.report.type == "received")
    if unit.now > received + timedelta(days=days):
        raise WrongState(
            zh=f"收货已超过 {days:g} 天，不能再更正", en=f"A load can be put right for {days:g} days after its receipt"
        )


def _use(unit: Unit, shipment: Shipment, number: str) -> None:
    if not use_ticket(unit, shipment.buyer_id, number, shipment.id):
        raise AlreadyExists(zh="该磅单号已使用过", en=f"Ticket {number} has been used already")


def _must_be_possible(unit: Unit, at: datetime, pointer: str) -> None:
    if at > unit.now + FUTURE:
        zh, en = "时间晚于现在 24 小时以上", "More than 24 hours in the future"
        raise InputIsInvalid([(pointer, zh, en)])


def _must_be_plausible(unit: Unit, shipment: Shipment, reported: Report) -> None:
    _must_be_possible(unit, reported.at, "/at")
    if reported.at < shipment.created_at - PAST:
        zh, en = "时间早于运单一年以上", "More than a year before the load was planned"
        raise InputIsInvalid([("/at", zh, en)])
