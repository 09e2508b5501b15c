"""Sealed-bid tenders: opening one, bidding, and the close: the best bid becomes a proposal that both sides have accepted.

A bid is judged by the clearing's rules for a pair when it is made, and again at the close over the book as it stands then.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.matching.clearing import Deal, deal
from services.matching.model import Bid, BookDemand, BookLot, Proposal, Tender
from services.matching.service import allowances
from services.matching.service.market import read_pair
from services.matching.service.rules import must_break_none
from services.matching.service.turns import interrupt, touch
from services.matching.store import BOOK_DEMANDS, BOOK_LOTS, PROPOSALS, TENDERS, due_tenders
from shared import parties
from shared.auth import Caller, authorise
from shared.auth.policy import Relation
from shared.ids import new_id
from shared.mongo import Database, Unit
from shared.problem import InputIsInvalid, NotFound, NotHeardYet, WrongState
from shared.settings import Settings
from shared.units import net_fen

CLOSED_AT_ONCE = 50
LENGTHS = ((86_400, "天", "day"), (3600, "小时", "hour"), (60, "分钟", "minute"), (1, "秒", "second"))


@dataclass(frozen=True)
class TenderDraft:
    """What a seller asks for. `kg` None: all that is available; `reserve_fen_per_t` net, to the seller."""

    lot_id: str
    kg: int | None
    closes_at: datetime
    reserve_fen_per_t: int | None
    deposit_fen: int | None


def relations(tender: Tender | None, caller: Caller) -> set[Relation]:
    """What the caller's organisation is to the tender; open ones are everybody's to see."""
    if tender is None:
        return set()
    found: set[Relation] = set()
    if tender.seller_id == caller.organisation_id:
        found.add("seller")
    if tender.bids_of(caller.organisation_id):
        found.add("buyer")
    if tender.status == "open":
        found.add("visible")
    return found


def readable(unit: Unit, caller: Caller, identifier: str, action: str = "tenders.read") -> Tender:
    """The tender, where the caller may see it. Raises NotFound, NotAllowed."""
    tender = TENDERS.find(unit, identifier)
    authorise(caller, action, relations(tender, caller))
    if tender is None:
        raise NotFound
    return tender


def open_tender(unit: Unit, caller: Caller, draft: TenderDraft) -> Tender:
    """Take an own open lot out of the clearings and ask for bids. Raises OrganisationIsNotVerified, NotHeardYet, WrongState,
    InputIsInvalid."""
    parties.must_be_verified(unit, caller)
    lot = BOOK_LOTS.find(unit, draft.lot_id)
    if lot is None or not lot.heard:
        raise NotHeardYet("lot", draft.lot_id)
    if lot.organisation_id != caller.organisation_id:
        raise InputIsInvalid([("/lot_id", "没有这批货源", "You have no such lot")])
    if not lot.open:
        raise WrongState(zh="这批货不在挂牌中", en="This lot is not open")
    if lot.tender_id is not None:
        raise WrongState(zh="这批货已在招标", en="This lot is under tender already")
    available_kg = read_pair(unit, lot, None).lots[0].kg_available
    kg = available_kg if draft.kg is None else draft.kg
    faults = _faults(unit.settings, lot, kg, available_kg, draft, unit.now)
    if faults:
        raise InputIsInvalid(faults)
    tender = Tender(
        id=new_id(),
        version=1,
        lot_id=lot.id,
        lot_terms_version=lot.terms_version,
        seller_id=lot.organisation_id,
        grade=lot.grade,
        family=lot.family,
        region=lot.region,
        kg=kg,
        closes_at=draft.closes_at,
        created_at=unit.now,
        updated_at=unit.now,
        reserve_fen_per_t=draft.reserve_fen_per_t,
        deposit_fen=draft.deposit_fen,
    )
    lot.tender_id = tender.id
    BOOK_LOTS.save(unit, lot)
    TENDERS.add(unit, tender)
    unit.emit(*tender.opened())
    interrupt(unit, lot.family)
    return tender


def _faults(
    settings: Settings, lot: BookLot, kg: int, available_kg: int, draft: TenderDraft, now: datetime
) -> list[tuple[str, str, str]]:
    faults: list[tuple[str, str, str]] = []
    misfit = lot.misfit(kg, available_kg) if available_kg else lot.all_held()
    if misfit is not None:
        faults.append(("/quantity_t", *misfit))
    least, most = timedelta(seconds=settings.tender_least_s), timedelta(days=settings.tender_most_days)
    if not now + least <= draft.closes_at <= now + most:
        (least_zh, least_en), (most_zh, most_en) = length_of(least), length_of(most)
        zh = f"截止时间最早在 {least_zh}后，最晚在 {most_zh}后"
        faults.append(("/closes_at", zh, f"It closes {least_en} from now at the earliest, {most_en} at the latest"))
    elif lot.available_until is not None and draft.closes_at > lot.available_until:
        faults.append(("/closes_at", "截止时间晚于货源到期时间", "The lot's own window is over before that"))
    if draft.reserve_fen_per_t is not None and draft.reserve_fen_per_t < lot.net_fen_per_t:
        faults.append(
            ("/reserve_cny_per_t", "保留价低于不含税要价，不起作用", "Below the lot's ask, net of VAT, it binds nobody")
        )
    return faults


def length_of(time: timedelta) -> tuple[str, str]:
    """A length of time as a person says it, in the largest unit that it is whole in."""
    seconds = round(time.total_seconds())
    length, zh, en = next(one for one in LENGTHS if seconds % one[0] == 0)
    count = seconds // length
    return f"{count} {zh}", f"{count} {en}{'' if count == 1 else 's'}"


def cancel(unit: Unit, caller: Caller, identifier: str) -> Tender:
    """The seller thinks better of it. Raises WrongState where somebody bids, or it is closed."""
    tender = readable(unit, caller, identifier, "tenders.cancel")
    unit.emit(*tender.cancel_by_seller(unit.now))
    _leave(unit, tender)
    return tender


def bid(
    unit: Unit, caller: Caller, identifier: str, demand_id: str, price_fen_per_t: int, deposit_reference: str | None
) -> tuple[Tender, Bid]:
    """Bid with an own open demand, or change that demand's bid. The price is delivered at its gate and includes its VAT.

    Raises OrganisationIsNotVerified, NotHeardYet, NotFound, InputIsInvalid, WrongState with the rules that the bid breaks."""
    tender = readable(unit, caller, identifier, "tenders.bid")
    tender.must_take_bids(unit.now)
    parties.must_be_verified(unit, caller)
    demand = BOOK_DEMANDS.find(unit, demand_id)
    if demand is None or not demand.heard:
        raise NotHeardYet("demand", demand_id)
    if demand.organisation_id != caller.organisation_id:
        raise NotFound
    if not demand.open:
        raise WrongState(zh="这单采购需求已结束", en="This demand is not open")
    net = net_fen(price_fen_per_t, demand.vat_bp)
    judged = _judge(unit, BOOK_LOTS.get(unit, tender.lot_id), demand, tender.kg, net)
    way = must_break_none(judged)
    made = Bid(
        demand_id=demand.id,
        buyer_id=demand.organisation_id,
        price_fen_per_t=price_fen_per_t,
        net_fen_per_t=net,
        vat_bp=demand.vat_bp,
        value_fen_per_t=net - way.freight_fen_per_t,
        at=unit.now,
        deposit_reference=deposit_reference,
    )
    kept = tender.bid(made, unit.now)
    TENDERS.save(unit, tender)
    return tender, kept


def withdraw_bid(unit: Unit, caller: Caller, identifier: str, demand_id: str) -> None:
    """Raises NotFound, WrongState."""
    tender = readable(unit, caller, identifier, "tenders.bid")
    known = tender.bid_of(demand_id)
    if known is None or known.buyer_id != caller.organisation_id:
        raise NotFound
    tender.withdraw_bid(demand_id, unit.now)
    TENDERS.save(unit, tender)


def close_due(database: Database) -> None:
    """The timer: tenders of which a bid is to be chosen, each in a transaction of its own. Another worker that was first has
    changed the tender, which is read anew."""
    for tender in due_tenders(database.read(), database.clock(), CLOSED_AT_ONCE):
        database.write(lambda unit, identifier=tender.id: _decide(unit, identifier))  # type: ignore[misc]


def _decide(unit: Unit, identifier: str) -> None:
    tender = TENDERS.get(unit, identifier)
    if not tender.due(unit.now):
        return
    lot = BOOK_LOTS.get(unit, tender.lot_id)
    gone = _gone(lot, tender)
    if gone is not None:
        unit.emit(*tender.cancel(gone, unit.now))
        _leave(unit, tender)
        return
    demands = BOOK_DEMANDS.many(unit, {one.demand_id for one in tender.standing})
    judged = {one.demand_id: _judge(unit, lot, demands[one.demand_id], tender.kg, one.net_fen_per_t) for one in tender.standing}
    best = tender.choose({one.demand_id: _verdict(one, demands, judged) for one in tender.standing}, unit.now)
    if best is None:
        unit.emit(*tender.fail(unit.now))
        _leave(unit, tender)
        return
    demand, way, price = demands[best.demand_id], must_break_none(judged[best.demand_id]), best.value_fen_per_t
    made = Proposal.between(new_id(), lot, demand, tender.kg, price, way, "buyer", unit.now, tender_id=tender.id)
    allowances.promise(unit, lot)
    PROPOSALS.add(unit, made)
    unit.emit(*made.made())
    tender.propose(best, made.id, unit.now)
    TENDERS.save(unit, tender)


def _judge(unit: Unit, lot: BookLot, demand: BookDemand, kg: int, net_fen_per_t: int) -> Deal:
    """The bid's price takes the place of the demand's own; the lot's ask, which everybody may see, stays the least."""
    market = read_pair(unit, lot, demand)
    return deal(market, market.lots[0], replace(market.demands[0], bid_net_fen_per_t=net_fen_per_t), kg)


def _verdict(bid: Bid, demands: dict[str, BookDemand], judged: dict[str, Deal]) -> int | str:
    """What the bid leaves the seller, fen per tonne, or why it can't be made."""
    found = judged[bid.demand_id]
    if not demands[bid.demand_id].open:
        return "demand-closed"
    if found.rules or found.way is None:
        return str(found.rules[0])
    return bid.net_fen_per_t - found.way.freight_fen_per_t


def _gone(lot: BookLot, tender: Tender) -> str | None:
    """Why there is nothing left to award: the lot is not what was put to tender."""
    if not lot.open:
        return "lot-closed"
    return None if lot.terms_version == tender.lot_terms_version else "lot-changed"


def _leave(unit: Unit, tender: Tender) -> None:
    """The tender has ended: its lot is back in the clearings."""
    TENDERS.save(unit, tender)
    lot = BOOK_LOTS.get(unit, tender.lot_id)
    if lot.tender_id == tender.id:
        lot.tender_id = None
        BOOK_LOTS.save(unit, lot)
        touch(unit, lot.family, lot)


def follow_lot(unit: Unit, lot: BookLot) -> None:
    """A lot is closed or has other terms: its tender is off."""
    tender = TENDERS.find(unit, lot.tender_id) if lot.tender_id else None
    gone = _gone(lot, tender) if tender else None
    if tender is None or gone is None:
        return
    unit.emit(*tender.cancel(gone, unit.now))
    if not tender.running:
        _leave(unit, tender)


def follow_reserved(unit: Unit, proposal: Proposal) -> None:
    """Listings reserved the best bid."""
    if proposal.tender_id is not None:
        tender = TENDERS.get(unit, proposal.tender_id)
        events = tender.reserved(proposal.id, unit.now)
        if events:
            unit.emit(*events)
            _leave(unit, tender)


def follow_refused(unit: Unit, proposal: Proposal, reason: str) -> None:
    """Listings could not reserve it; the timer tries the next best."""
    if proposal.tender_id is not None:
        tender = TENDERS.get(unit, proposal.tender_id)
        tender.refused(proposal.id, reason, unit.now)
        TENDERS.save(unit, tender)
