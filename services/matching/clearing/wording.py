"""What each rule says to people, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from services.matching.clearing.candidates import Rule

RULES: Mapping[Rule, tuple[str, str]] = {
    Rule.GRADE: ("等级不在对方所求之列", "the grade is not asked for"),
    Rule.OWN_ORGANISATION: ("双方属于同一单位", "both sides are the same organisation"),
    Rule.BLOCKED: ("双方中有一方不与另一方交易", "one of the two does not trade with the other"),
    Rule.ENDED_BEFORE: (
        "双方此前未谈成，改条件后再撮合",
        "the pair ended before; it is tried again when a side's terms change",
    ),
    Rule.LOT_OVER: ("货源期限已过", "the lot's window is over"),
    Rule.NOT_WHOLE: ("对方无法整批接收", "the lot is indivisible and the demand can't take it whole"),
    Rule.COMPLIANCE: ("不在规范条件企业名单内", "a compliance list entry is missing"),
    Rule.QUALITY: ("质量超出限值", "a quality is outside the limits"),
    Rule.QUALITY_UNKNOWN: ("有限值的质量指标未填", "a quality that is limited is not stated"),
    Rule.WINDOW: ("供货与收货时间无法衔接", "the windows can't meet"),
    Rule.GAIN: ("扣除运费后没有收益", "after freight there is no gain"),
    Rule.KEPT: (
        "对方自动成交，余量按价值更高的预计来货留价",
        "the side that accepts by itself keeps its room for lots that are expected to gain more",
    ),
    Rule.MIN_TAKE: ("低于最小成交量", "below a minimum take"),
    Rule.ALLOWANCE: ("超出该产废单位的核定量", "the producer's allowance does not reach for it"),
    Rule.BLEND: ("会使掺配质量超限", "the blend would pass its limits"),
    Rule.QUANTITY: (
        "一方可用数量不足 (匹配方案与交易占用的不计在内)",
        "one side has not as much available: what proposals and trades hold does not count",
    ),
    Rule.UNDER_TENDER: ("该批货正在招标，请参与投标", "the lot is under tender: bid for it there"),
}
