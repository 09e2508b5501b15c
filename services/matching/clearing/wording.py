"""What each rule says to people, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from services.matching.clearing.candidates import Rule

RULES: Mapping[Rule, tuple[str, str]] = {
    Rule.GRADE: ("不是对方要的品种", "the grade is not asked for"),
    Rule.OWN_ORGANISATION: ("买卖双方是同一单位", "both sides are the same organisation"),
    Rule.BLOCKED: ("其中一方不与另一方交易", "one of the two does not trade with the other"),
    Rule.ENDED_BEFORE: (
        "双方上次没有谈成，改条件后再撮合",
        "the pair ended before; it is tried again when a side's terms change",
    ),
    Rule.LOT_OVER: ("货源已到期", "the lot's window is over"),
    Rule.NOT_WHOLE: ("对方无法整批接收", "the lot is indivisible and the demand can't take it whole"),
    Rule.COMPLIANCE: ("不在规范条件企业名单内", "a compliance list entry is missing"),
    Rule.QUALITY: ("质量超出限值", "a quality is outside the limits"),
    Rule.QUALITY_UNKNOWN: ("对方限定的质量指标没有填", "a quality that is limited is not stated"),
    Rule.WINDOW: ("提货和收货时间接不上", "the windows can't meet"),
    Rule.GAIN: ("扣除运费后没有收益", "after freight there is no gain"),
    Rule.KEPT: (
        "对方自动接受，余量留给预计出价更好的来货",
        "the side that accepts by itself keeps its room for lots that are expected to gain more",
    ),
    Rule.MIN_TAKE: ("低于最小提货量", "below a minimum take"),
    Rule.ALLOWANCE: ("超出产废单位的核定量", "the producer's allowance does not reach for it"),
    Rule.BLEND: ("会使加权平均质量超限", "the blend would pass its limits"),
    Rule.QUANTITY: (
        "一方可用数量不足（已锁定的不计在内）",
        "one side has not as much available: what proposals and trades hold does not count",
    ),
    Rule.UNDER_TENDER: ("这批货正在招标，请去投标", "the lot is under tender: bid for it there"),
}
