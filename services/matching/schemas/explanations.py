"""Shapes of explanations: why there is a match, or why there is none and what would make one."""

from __future__ import annotations

from typing import Literal

from services.matching.clearing import RULES, Change
from services.matching.model import Proposal, RunnerUp
from services.matching.service.explain import Explanation
from shared.geo import round_km
from shared.http import Shape
from shared.http.shapes import Time
from shared.units import CnyOut, TonnesOut, VatPctOut, div_half_up, fen_to_cny, kg_to_t, net_fen

LACKS: dict[str, tuple[str, str]] = {
    "gain": ("每吨收益较低", "it gains less per tonne"),
    "worth": ("余量留给别家收益更高", "what it has left is worth more to others"),
    "fit": ("和同批其他方案排不下", "it did not fit beside the rest of the plan"),
}


class LineOut(Shape):
    """One line of the sum, in CNY per tonne and for the whole; what is taken off is negative."""

    line: str
    zh: str
    en: str
    cny_per_t: CnyOut
    cny: CnyOut


class RunnerUpOut(Shape):
    """The best other demand of the lot (`side` is `demand`), or the best other lot of the demand, when it was cleared."""

    side: Literal["lot", "demand"]
    id: str
    mode: str
    distance_km: float
    freight_cny_per_t: CnyOut
    gain_cny_per_t: CnyOut
    lacked: str
    lacked_cny_per_t: CnyOut
    zh: str
    en: str


class ProposalExplanationOut(Shape):
    """Why these two. The lines lead from the bid, net of VAT, to the gain, its two halves, and what the seller is paid; carbon
    steers the choice and is in no price. Of a call-off or a tender they lead from its price to the delivered cost: the demand's
    own bid has no part in it."""

    id: str
    quantity_t: TonnesOut
    mode: str
    distance_km: float
    hours: float
    vat_rate_pct: VatPctOut
    lines: list[LineOut]
    co2e_kg: float
    carbon_cny: CnyOut
    runners_up: list[RunnerUpOut]

    @classmethod
    def of(cls, proposal: Proposal, carbon_fen_per_t_co2e: int) -> ProposalExplanationOut:
        terms = proposal.terms
        co2e_g = div_half_up(terms.co2e_g_per_t * terms.kg, 1000)
        return cls(
            id=proposal.id,
            quantity_t=terms.kg,
            mode=terms.mode,
            distance_km=kg_to_t(terms.distance_m),
            hours=terms.hours,
            vat_rate_pct=terms.vat_bp,
            lines=_lines(proposal),
            co2e_kg=kg_to_t(co2e_g),
            carbon_cny=div_half_up(co2e_g * carbon_fen_per_t_co2e, 1_000_000),
            runners_up=[_runner_up(proposal, one) for one in proposal.runners_up],
        )


def _lines(proposal: Proposal) -> list[LineOut]:
    terms = proposal.terms
    share = terms.price_fen_per_t - proposal.ask_net_fen_per_t
    vat = div_half_up(terms.price_fen_per_t * terms.vat_bp, 10_000)
    whole = {"gain": proposal.surplus_fen, "seller-share": proposal.seller_gain_fen, "buyer-share": proposal.buyer_gain_fen}
    per_t = (
        ("bid", "买方到厂价，不含税", "bid at the gate, net of VAT", proposal.bid_net_fen_per_t),
        ("freight", "减运费", "less freight", -terms.freight_fen_per_t),
        ("ask", "减卖方要价，不含税", "less the ask, net of VAT", -proposal.ask_net_fen_per_t),
        ("gain", "交易收益", "the gain", proposal.gain_fen_per_t),
        ("seller-share", "其中卖方所得", "the seller's share of it", share),
        ("buyer-share", "其中买方所得", "the buyer's share of it", proposal.gain_fen_per_t - share),
        ("price", "付给卖方，不含税", "paid to the seller, net of VAT", terms.price_fen_per_t),
        ("vat", "增值税", "VAT on it", vat),
        ("delivered", "买方到厂成本，不含税", "delivered cost, net of VAT", terms.price_fen_per_t + terms.freight_fen_per_t),
    )
    by_zh, by_en = ("中标价", "as won in the tender") if proposal.tender_id else ("长协价", "by the agreement")
    by_formula = (
        ("price", f"付给卖方，不含税（{by_zh}）", f"paid to the seller, net of VAT, {by_en}", terms.price_fen_per_t),
        ("freight", "加运费", "plus freight", terms.freight_fen_per_t),
        per_t[-1],
        ("vat", "增值税", "VAT on the price", vat),
    )
    return [
        LineOut(line=line, zh=zh, en=en, cny_per_t=fen, cny=whole.get(line, div_half_up(fen * terms.kg, 1000)))
        for line, zh, en, fen in (by_formula if proposal.agreement_id or proposal.tender_id else per_t)
    ]


def _runner_up(proposal: Proposal, one: RunnerUp) -> RunnerUpOut:
    is_demand = one.lot_id == proposal.terms.lot_id
    return RunnerUpOut(
        side="demand" if is_demand else "lot",
        id=one.demand_id if is_demand else one.lot_id,
        mode=one.mode,
        distance_km=kg_to_t(one.distance_m),
        freight_cny_per_t=one.freight_fen_per_t,
        gain_cny_per_t=one.gain_fen_per_t,
        lacked=one.lacked,
        lacked_cny_per_t=one.lacked_fen_per_t,
        zh=LACKS[one.lacked][0],
        en=LACKS[one.lacked][1],
    )


class RuleOut(Shape):
    """One rule, in both languages, and how many counterparts it forbids."""

    rule: str
    zh: str
    en: str
    counterparts: int


class CounterpartOut(Shape):
    """A lot or demand on the other side; no `rules`: a candidate, but the clearing found better for one of the two."""

    id: str
    distance_km: float
    rules: list[str]


class ChangeOut(Shape):
    """Set `field` to `value` and it matches `counterpart_id`, as the book stands. Prices include the listing's own VAT rate."""

    counterpart_id: str
    field: str
    value: float | bool | Time

    @classmethod
    def of(cls, change: Change, vat_bp: int) -> ChangeOut:
        field, value = change.field, change.value
        if isinstance(value, int) and not isinstance(value, bool):
            field, value = _as_typed(field, value, vat_bp)
        return cls(counterpart_id=change.counterpart_id, field=field, value=value)


def _as_typed(field: str, value: int, vat_bp: int) -> tuple[str, float]:
    """A mass in tonnes; a price with VAT, such that its net is at most what an ask, at least what a bid, must be."""
    if field in ("available", "allowance"):
        return f"{field}_t", kg_to_t(value)
    gross = div_half_up(value * (10_000 + vat_bp), 10_000)
    if field == "ask":
        gross -= net_fen(gross, vat_bp) > value
    else:
        gross += net_fen(gross, vat_bp) < value
    return f"{field}_cny_per_t", fen_to_cny(gross)


class ExplanationOut(Shape):
    """Why there is, or is not, a match: the clearing's own rules over the book as it stands. `tender_id`: the tender that a lot
    is under; no clearing matches it until that has ended."""

    id: str
    open: bool
    tender_id: str | None
    available_t: TonnesOut
    proposals: list[str]
    counterparts: int
    summary: list[RuleOut]
    nearest: list[CounterpartOut]
    change: ChangeOut | None

    @classmethod
    def of(cls, found: Explanation) -> ExplanationOut:
        return cls(
            id=found.id,
            open=found.open,
            tender_id=found.tender_id,
            available_t=found.available_kg,
            proposals=[proposal.id for proposal in found.proposals],
            counterparts=found.counterparts,
            summary=[
                RuleOut(rule=rule, zh=RULES[rule][0], en=RULES[rule][1], counterparts=count)
                for rule, count in found.summary.items()
            ],
            nearest=[
                CounterpartOut(id=one.id, distance_km=round_km(one.distance_m, 5), rules=[str(rule) for rule in one.rules])
                for one in found.nearest
            ],
            change=None if found.change is None else ChangeOut.of(found.change, found.vat_bp),
        )
