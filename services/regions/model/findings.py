"""From figures to findings: what a rule says of them, in numbers and in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.regions.model.alarms import ONE_BP, AlarmTerms, Finding, above, below
from services.regions.model.allowances import Allowance
from services.regions.model.volumes import Measure
from services.regions.model.watched import KnownPrice
from shared import catalogue, geo
from shared.units import div_half_up, fen_to_cny, t_text

WINDOW_H, LEAST_KG, SHARE_OF_PERMIT_BP, SHARE_OF_ALLOWANCE_BP = 24, 10_000, 10_000, 9_000
"""Where a rule does not say."""
HOUR = timedelta(hours=1)
MEASURES: dict[Measure, tuple[str, str]] = {
    "listed": ("挂牌量", "listed"),
    "agreed": ("成交量", "agreed"),
    "loaded": ("装车量", "loaded"),
    "received": ("收货量", "received"),
    "refused": ("拒收量", "refused"),
    "deducted": ("扣重量", "deducted"),
    "withdrawn": ("撤牌量", "withdrawn"),
    "cancelled": ("取消量", "cancelled"),
    "used": ("首次利用量", "used for the first time"),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """What lies at a site, and what its permit allows; `last_at`: when last something happened there."""

    site_id: str
    name: str
    organisation_id: str
    limit_kg: int | None = None
    on_site_kg: int = 0
    last_at: datetime | None = None


def of_threshold(terms: AlarmTerms, kg: int) -> Finding:
    """Of the kilograms in its window."""
    hours, margin = terms.window_h or WINDOW_H, terms.margin_bp
    over = (False, True) if terms.above_kg is None else above(kg, terms.above_kg, margin)
    under = (False, True) if terms.below_kg is None else below(kg, terms.below_kg, margin)
    low = under[0] or terms.above_kg is None
    limit = terms.below_kg if low else terms.above_kg
    assert limit is not None  # a rule has one of the two at least
    what_zh, what_en = _measured(terms)
    zh = f"近 {hours} 小时{what_zh} {t_text(kg)} 吨，{'低于' if low else '高于'} {t_text(limit)} 吨"
    en = f"{t_text(kg)} t {what_en} in the last {hours} h, {'below' if low else 'above'} {t_text(limit)} t"
    return Finding(terms.region, kg, limit, "kg", over[0] or under[0], over[1] and under[1], zh, en)


def of_change(terms: AlarmTerms, today_kg: int, before_kg: int) -> Finding | None:
    """Of today's kilograms so far against those of the same hours a week before. None where then there was too little to
    compare with."""
    if before_kg < max(1, LEAST_KG if terms.least_kg is None else terms.least_kg):
        return None
    change = div_half_up((today_kg - before_kg) * ONE_BP, before_kg) if today_kg >= before_kg else -_fall(today_kg, before_kg)
    rise = (False, True) if terms.rise_bp is None else above(max(0, change), terms.rise_bp, terms.margin_bp)
    fall = (False, True) if terms.fall_bp is None else above(max(0, -change), terms.fall_bp, terms.margin_bp)
    down = fall[0] or terms.rise_bp is None
    limit = terms.fall_bp if down else terms.rise_bp
    assert limit is not None  # a rule has one of the two at least
    what_zh, what_en = _measured(terms)
    less_zh = "减少" if change < 0 else "增加"
    zh = f"今日{what_zh} {t_text(today_kg)} 吨，比上周同日同时段（{t_text(before_kg)} 吨）{less_zh} {_pct(abs(change))}"
    en = f"{t_text(today_kg)} t {what_en} so far today, {_pct(change)} on the same weekday before ({t_text(before_kg)} t)"
    value = -change if down else change
    return Finding(terms.region, value, limit, "bp", rise[0] or fall[0], rise[1] and fall[1], zh, en)


def of_silence(terms: AlarmTerms, site: Standing, since: datetime, now: datetime) -> Finding:
    """Of a site that nothing was heard of since `since` at the latest. Whatever happens there clears it."""
    last = max(since, site.last_at) if site.last_at is not None else since
    hours, limit = max(0, (now - last) // HOUR), terms.silent_h or 1
    beyond = now - last >= limit * HOUR
    zh, en = f"场站「{site.name}」已 {hours} 小时无任何动态", f"nothing has happened at the site «{site.name}» for {hours} h"
    return Finding(site.site_id, hours, limit, "hours", beyond, not beyond, zh, en, site.organisation_id)


def of_stock(terms: AlarmTerms, site: Standing) -> Finding | None:
    """Of what lies at a site; None where no permit limits it."""
    if site.limit_kg is None:
        return None
    limit = site.limit_kg * (terms.share_bp or SHARE_OF_PERMIT_BP) // ONE_BP
    beyond, back = above(site.on_site_kg, limit, terms.margin_bp)
    zh = f"场站「{site.name}」存量 {t_text(site.on_site_kg)} 吨，许可 {t_text(site.limit_kg)} 吨"
    en = f"{t_text(site.on_site_kg)} t lie at the site «{site.name}», whose permit is for {t_text(site.limit_kg)} t"
    return Finding(site.site_id, site.on_site_kg, limit, "kg", beyond, back, zh, en, site.organisation_id)


def of_price(terms: AlarmTerms, price: KnownPrice) -> Finding:
    """Of the last price published of the grade in the region."""
    fen, margin = price.price_fen_per_t, terms.margin_bp
    over = (False, True) if terms.high_fen is None else above(fen, terms.high_fen, margin)
    under = (False, True) if terms.low_fen is None else below(fen, terms.low_fen, margin)
    low = under[0] or terms.high_fen is None
    limit = terms.low_fen if low else terms.high_fen
    assert limit is not None  # a rule has one of the two at least
    zh_name, en_name = _names(price.grade)
    zh = f"{zh_name}价格 {fen_to_cny(fen):.2f} 元/吨，{'低于' if low else '高于'} {fen_to_cny(limit):.2f} 元/吨"
    en = f"{en_name} at CNY {fen_to_cny(fen):.2f}/t, {'below' if low else 'above'} CNY {fen_to_cny(limit):.2f}/t"
    return Finding(price.id, fen, limit, "fen_per_t", over[0] or under[0], over[1] and under[1], zh, en)


def of_allowance(terms: AlarmTerms, allowance: Allowance, producer: str) -> Finding:
    """Of how much of a producer's allowance is used."""
    limit = terms.share_bp or SHARE_OF_ALLOWANCE_BP
    value = allowance.used_bp
    beyond = value >= limit
    back = value * ONE_BP <= limit * (ONE_BP - terms.margin_bp) and not beyond
    zh_name, en_name = _names(allowance.material)
    zh = (
        f"{producer}{zh_name}核定量已用 {_pct(value)}（{allowance.period}）：核定 {t_text(allowance.allowed_kg)} 吨，"
        f"剩余 {t_text(allowance.left_kg)} 吨"
    )
    en = (
        f"{producer} has used {_pct(value)} of its allowance of {en_name} for {allowance.period}: "
        f"{t_text(allowance.allowed_kg)} t allowed, {t_text(allowance.left_kg)} t left"
    )
    subject = f"{allowance.rule_id}:{allowance.organisation_id}:{allowance.period}"
    return Finding(subject, value, limit, "bp", beyond, back, zh, en, allowance.organisation_id)


def _fall(today_kg: int, before_kg: int) -> int:
    return div_half_up((before_kg - today_kg) * ONE_BP, before_kg)


def _measured(terms: AlarmTerms) -> tuple[str, str]:
    """`湖北省废钢铁挂牌量` and `of steel scrap listed in Hubei`."""
    assert terms.measure is not None  # a rule of volumes has one
    place = geo.region(terms.region)
    measure_zh, measure_en = MEASURES[terms.measure]
    zh, en = _names(terms.material) if terms.material else ("", "")
    region_zh, region_en = (place.name_zh, place.name_en) if place else (terms.region, terms.region)
    reached_zh, reached_en = ("流入", "to") if terms.side == "destination" else ("", "in")
    return f"{region_zh}{reached_zh}{zh}{measure_zh}", f"{f'of {en} ' if en else ''}{measure_en} {reached_en} {region_en}"


def _names(code: str) -> tuple[str, str]:
    found = catalogue.grade(code) or catalogue.family(code)
    return (found.name_zh, found.name_en.lower()) if found else (code, code)


def _pct(bp: int) -> str:
    return f"{bp / 100:.1f}%"
