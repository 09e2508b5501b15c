"""Shapes of tenders and their sealed bids."""

from __future__ import annotations

from typing import Literal

from services.matching.clearing import RULES
from services.matching.model import Bid, Tender
from services.matching.schemas.proposals import Text
from services.matching.service.tenders import TenderDraft
from shared.auth import Caller
from shared.http import ListQuery, Shape
from shared.http.filters import Material, Region
from shared.http.shapes import Time
from shared.units import CnyAmount, CnyOut, CnyPerTonne, Tonnes, TonnesOut, VatPctOut

LOST: dict[str, tuple[str, str]] = {
    **{str(rule): texts for rule, texts in RULES.items()},
    "outbid": ("另有报价对卖方更优", "another bid leaves the seller more"),
    "below-reserve": ("低于卖方保留价", "below the seller's reserve"),
    "demand-closed": ("采购需求已结束", "the demand is closed"),
    "demand-changed": ("采购需求的条件已改", "the demand's terms were changed"),
    "lot-closed": ("货源已结束", "the lot is closed"),
    "lot-changed": ("货源的条件已改", "the lot's terms were changed"),
    "not-enough": ("数量已不足", "not enough is left"),
    "allowance-passed": ("超出以渣定产核定量", "it would pass the allowance of new output"),
}


class TenderIn(Shape):
    """`quantity_t`: all that is available, unless said. `reserve_cny_per_t`: the least price to the seller, net of VAT, which
    bidders are not told. With a `deposit_cny` a bid names the reference under which it was lodged."""

    lot_id: str
    closes_at: Time
    quantity_t: Tonnes | None = None
    reserve_cny_per_t: CnyPerTonne | None = None
    deposit_cny: CnyAmount | None = None

    def to_draft(self) -> TenderDraft:
        return TenderDraft(self.lot_id, self.quantity_t, self.closes_at, self.reserve_cny_per_t, self.deposit_cny)


class BidIn(Shape):
    """Delivered at the demand's gate, with VAT at the demand's rate, as a demand's bid is."""

    price_cny_per_t: CnyPerTonne
    deposit_reference: Text | None = None


class TenderQuery(ListQuery):
    lot_id: str | None = None
    status: Literal["open", "deciding", "awarded", "failed", "cancelled"] | None = None
    material: Material | None = None
    region: Region | None = None
    mine: bool = False
    """Only those of the caller, as seller or bidder."""

    def filters(self) -> dict[str, str | None]:
        return self.model_dump(exclude={"limit", "cursor", "mine"})


class BidOut(Shape):
    """`value_cny_per_t` is what decides: the price less VAT and freight, what it leaves the seller. `lost` says why, once it is
    decided."""

    version: int
    demand_id: str
    price_cny_per_t: CnyOut
    vat_rate_pct: VatPctOut
    net_cny_per_t: CnyOut
    value_cny_per_t: CnyOut
    deposit_reference: str | None
    at: Time
    outcome: Literal["standing", "withdrawn", "won", "lost"]
    lost: str | None
    zh: str | None
    en: str | None

    @classmethod
    def of(cls, tender: Tender, bid: Bid) -> BidOut:
        lost = None if tender.running else bid.lost
        zh, en = LOST.get(lost, (f"没能锁定：{lost}", f"listings could not reserve it: {lost}")) if lost else (None, None)
        return cls(
            version=bid.version,
            demand_id=bid.demand_id,
            price_cny_per_t=bid.price_fen_per_t,
            vat_rate_pct=bid.vat_bp,
            net_cny_per_t=bid.net_fen_per_t,
            value_cny_per_t=bid.value_fen_per_t,
            deposit_reference=bid.deposit_reference,
            at=bid.at,
            outcome=_outcome(tender, bid),
            lost=lost,
            zh=zh,
            en=en,
        )


def _outcome(tender: Tender, bid: Bid) -> Literal["standing", "withdrawn", "won", "lost"]:
    if bid.withdrawn:
        return "withdrawn"
    if tender.status == "awarded" and tender.winner == bid.demand_id:
        return "won"
    return "standing" if tender.running else "lost"


class TenderOut(Shape):
    """As its reader may see it. Until it is decided each bid is its bidder's secret: the seller sees `bid_count` alone, and
    after it all. `reserve_cny_per_t` is the seller's secret. `winning_price_cny_per_t`: to the seller, net, what all bids are
    compared in. `version` is that of what the reader sees."""

    id: str
    version: int
    status: Literal["open", "deciding", "awarded", "failed", "cancelled"]
    reason: str | None
    lot_id: str
    grade: str
    material: str
    region: str
    quantity_t: TonnesOut
    closes_at: Time
    decided_at: Time | None
    reserve_cny_per_t: CnyOut | None
    deposit_cny: CnyOut | None
    bid_count: int | None
    bids: list[BidOut]
    winning_price_cny_per_t: CnyOut | None
    proposal_id: str | None
    created_at: Time
    updated_at: Time

    @classmethod
    def of(cls, tender: Tender, caller: Caller) -> TenderOut:
        reader, operator = caller.organisation_id, caller.role == "operator"
        is_seller = reader == tender.seller_id
        winner = tender.bid_of(tender.winner) if tender.winner else None
        is_party = is_seller or (winner is not None and winner.buyer_id == reader)
        return cls(
            id=tender.id,
            version=tender.version_for(reader, operator),
            status=tender.status,
            reason=tender.reason,
            lot_id=tender.lot_id,
            grade=tender.grade,
            material=tender.family,
            region=tender.region,
            quantity_t=tender.kg,
            closes_at=tender.closes_at,
            decided_at=tender.decided_at,
            reserve_cny_per_t=tender.reserve_fen_per_t if is_seller else None,
            deposit_cny=tender.deposit_fen,
            bid_count=len(tender.standing) if is_seller or (operator and not tender.sealed) else None,
            bids=[BidOut.of(tender, bid) for bid in tender.shown_to(reader, operator)],
            winning_price_cny_per_t=tender.price_fen_per_t,
            proposal_id=tender.proposal_id if tender.status == "awarded" and (is_party or operator) else None,
            created_at=tender.created_at,
            updated_at=tender.updated_at,
        )
