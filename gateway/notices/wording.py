"""What people are told by message, in both languages: only what they should act on or were waiting for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from gateway.notices.model import Notice
from shared.catalogue import grade
from shared.clock import SHANGHAI

MESSAGES_OF: Mapping[str, tuple[str, str]] = {
    "saved_search.matched": (
        "符合「{name}」：{grade_zh} {available_t} 吨",
        "New for «{name}»: {available_t} t of {grade_en}",
    ),
    "lot.expiring": ("货源即将到期，剩余 {available_t} 吨", "A lot's window ends soon; {available_t} t are left"),
    "demand.expiring": (
        "采购需求即将到期，还缺 {available_t} 吨",
        "A demand's window ends soon; {available_t} t are still needed",
    ),
    "proposal.made": (
        "新的匹配方案：{grade_zh} {quantity_t} 吨，请确认",
        "A new proposal: {quantity_t} t of {grade_en}; please decide",
    ),
    "proposal.expiring": (
        "匹配方案即将过期：{grade_zh} {quantity_t} 吨，请尽快确认",
        "A proposal expires soon: {quantity_t} t of {grade_en}; please decide soon",
    ),
    "proposal.countered": (
        "对方还价：{grade_zh} {quantity_t} 吨",
        "A counter-offer has come: {quantity_t} t of {grade_en}",
    ),
    "trade.agreed": ("成交：{grade_zh} {quantity_t} 吨", "A trade is agreed: {quantity_t} t of {grade_en}"),
    "trade.cancelled": ("交易取消：{grade_zh} {quantity_t} 吨", "A trade was cancelled: {quantity_t} t of {grade_en}"),
    "trade.settled": ("已结算：{grade_zh}，货款 {amount_cny} 元", "Settled: {grade_en}, CNY {amount_cny}"),
    "trade.due": (
        "货款 {amount_cny} 元应在 {due_at}（北京时间）前付清",
        "CNY {amount_cny} is due by {due_at}, Beijing time",
    ),
    "trade.payment_withdrawn": (
        "卖方撤回了收款确认：{grade_zh} {quantity_t} 吨",
        "The seller says the money has not come after all: {quantity_t} t of {grade_en}",
    ),
    "shipment.corrected": (
        "一车货的磅单已更正：{grade_zh} {quantity_t} 吨",
        "The ticket of a load was corrected: {quantity_t} t of {grade_en}",
    ),
    "shipment.refused": ("一车货被拒收：{grade_zh} {quantity_t} 吨", "A load was refused: {quantity_t} t of {grade_en}"),
    "organisation.verified": ("单位已通过审核，可以发布和交易", "Your organisation is verified: it may publish and trade"),
    "report.made": ("{name_zh} {month} 月报已生成", "The monthly report of {name_en} for {month} is ready"),
    "alarm.raised": ("预警「{name}」：{zh}", "Alarm «{name}»: {en}"),
    "alarm.escalated": ("预警「{name}」无人处理，已上报：{zh}", "Nobody has taken on the alarm «{name}»: {en}"),
    "alarm.cleared": ("预警「{name}」已解除", "The alarm «{name}» is cleared"),
    "webhook.disabled": ("推送地址已停用：{reason}", "A webhook was switched off: {reason}"),
}
"""By type of notice; every field is of the notice's data, `grade_zh` and `grade_en` of the catalogue."""


def message_of(notice: Notice) -> tuple[str, str]:
    """What a notice says by message, with the path to read."""
    zh, en = MESSAGES_OF[notice.type]
    facts = dict(notice.data)
    found = grade(str(facts.get("grade", "")))
    facts |= {name: f"{value:,.2f}" for name, value in facts.items() if name.endswith("_cny") and value is not None}
    facts |= {name: _minute(value) for name, value in facts.items() if name.endswith("_at") and value}
    facts |= {"grade_zh": found.name_zh if found else "", "grade_en": found.name_en if found else ""}
    return f"{zh.format(**facts)}（{notice.subject}）", f"{en.format(**facts)} ({notice.subject})"


def _minute(at: str) -> str:
    return f"{datetime.fromisoformat(at).astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
