"""What a monthly return says: each table with the measure of its figures and where they come from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from services.regions import store
from services.regions.ledger import Outcomes, Span
from services.regions.ledger.volumes import LATE
from services.regions.model import ACCOUNTS, Column, Measure, Named, Printed, Return, Section, Side, month_span
from services.regions.views.names import material_name, place_name
from services.regions.views.outcomes import emission_source, outcomes
from services.regions.views.sight import WHOLE
from services.regions.views.targets import progress
from services.regions.views.volumes import MOST_FLOWS, Asked, balance, flows, revisions, volumes
from shared.clock import SHANGHAI
from shared.mongo import Unit
from shared.units import div_half_up

FLOWS_PRINTED = 40
REVISIONS_PRINTED = 40
REVISIONS = {"late": Named("迟报", "late"), "corrected": Named("更正", "corrected")}
REASONS = {LATE: Named("次日之后才上报", "reported after its day")}
MEASURES: dict[Measure, tuple[Named, Named]] = {
    "listed": (Named("挂牌", "Listed"), Named("发布及增加的数量", "published, and added later")),
    "withdrawn": (Named("撤牌", "Withdrawn"), Named("卖方撤牌的数量", "taken off again by the seller")),
    "agreed": (Named("成交", "Agreed"), Named("成交合同数量", "agreed in trades")),
    "cancelled": (Named("取消", "Cancelled"), Named("成交后取消的数量", "agreed, then cancelled")),
    "loaded": (Named("装车", "Loaded"), Named("装车计划数量", "planned tonnes on the road")),
    "received": (Named("收货净重", "Received, net"), Named("毛重减皮重", "net weight at the gate, gross less tare")),
    "refused": (Named("拒收", "Refused"), Named("拒收车次的计划数量", "planned tonnes of loads refused")),
    "used": (
        Named("首次利用", "Used for the first time"),
        Named("收货净重中第一次收货的部分，转卖后的不再计", "of the received, what was not received before and sold on"),
    ),
    "deducted": (Named("扣重", "Deducted"), Named("按质检扣水、扣杂的重量", "moisture and impurities taken off by inspection")),
}
"""Name and meaning of each measure."""
OFFERED: tuple[Measure, ...] = ("listed", "withdrawn", "agreed", "cancelled")
DELIVERED: tuple[Measure, ...] = ("loaded", "received", "refused", "deducted")
ACCOUNT_NAMES: dict[str, Named] = {
    "published": Named("发布", "Published"),
    "on_offer": Named("在售", "On offer"),
    "reserved": Named("已锁定", "Reserved"),
    "in_transit": Named("在途", "In transit"),
    "settled": Named("已结算", "Settled"),
    "deducted": Named("扣重", "Deducted"),
    "weighing_difference": Named("磅差", "Weighing difference"),
    "withdrawn": Named("撤牌", "Withdrawn"),
    "expired": Named("到期", "Expired"),
}
MODES = {"road": Named("公路", "Road"), "rail": Named("铁路", "Rail"), "water": Named("水运", "Water")}
QUALITIES = {
    "published": Named("公开发表", "published"),
    "secondary": Named("转引", "quoted by others"),
    "weak": Named("依据较弱", "weak"),
}
EVENTS = Named("环流交易与运输事件（每车一条磅单）", "Huanliu's events of trades and loads, each load by its ticket")
LEDGER = Named("环流物料台账（复式记账）", "Huanliu's mass ledger, double entry")
TOTAL = Named("合计", "Total")
MATERIAL = Column(Named("品种", "Material"), "text")


def return_of(unit: Unit, code: str, month: str) -> Return:
    """The return of a region, as known now. Raises NotFound."""
    start, end = month_span(month)
    span = Span(start, end)
    sections = [
        _volumes(unit, code, span, "origin", OFFERED, Named("本地货源的挂牌与成交", "What was offered here")),
        _volumes(unit, code, span, "origin", DELIVERED, Named("本地发出的货物", "What left here")),
        _volumes(unit, code, span, "destination", DELIVERED, Named("到达本地的货物", "What came here")),
        _days(unit, code, span),
        _flows(unit, code, span),
        _balance(unit, code, end),
        _revisions(unit, code, span),
        *_outcomes(unit, code, span),
        _targets(unit, code),
    ]
    return Return(code, place_name(unit, code), month, unit.now, tuple(sections))


def _measured(measures: Iterable[Measure]) -> Named:
    pairs = [MEASURES[measure] for measure in measures]
    return Named(
        "；".join(f"{name.zh}：{meaning.zh}" for name, meaning in pairs),
        "; ".join(f"{name.en}: {meaning.en}" for name, meaning in pairs),
    )


def _tonnes(measures: Iterable[Measure]) -> tuple[Column, ...]:
    return tuple(Column(MEASURES[measure][0], "t") for measure in measures)


def _volumes(unit: Unit, code: str, span: Span, side: Side, measures: Sequence[Measure], title: Named) -> Section:
    rows: list[tuple[Printed, ...]] = []
    total = dict.fromkeys(measures, 0)
    for row in volumes(unit, code, Asked(None, span, side, "month")):
        if any(row.kg[measure] for measure in measures):
            rows.append((material_name(row.material), *(row.kg[measure] for measure in measures)))
            for measure in measures:
                total[measure] += row.kg[measure]
    if rows:
        rows.append((TOTAL, *total.values()))
    return Section(title, _measured(measures), EVENTS, (MATERIAL, *_tonnes(measures)), tuple(rows))


def _days(unit: Unit, code: str, span: Span) -> Section:
    sides: tuple[tuple[Side, Measure, Named], ...] = (
        ("origin", "listed", Named("挂牌", "Listed here")),
        ("origin", "received", Named("本地发出已收货", "Left here, received")),
        ("destination", "received", Named("本地收货", "Received here")),
    )
    days: defaultdict[str, list[int]] = defaultdict(lambda: [0] * len(sides))
    for place, (side, measure, _) in enumerate(sides):
        for row in volumes(unit, code, Asked(None, span, side, "day")):
            days[row.period][place] += row.kg[measure]
    columns = (Column(Named("日期", "Day"), "text"), *(Column(name, "t") for _, _, name in sides))
    rows: tuple[tuple[Printed, ...], ...] = tuple((day, *kg) for day, kg in sorted(days.items()) if any(kg))
    return Section(Named("逐日", "Day by day"), _measured(("listed", "received")), EVENTS, columns, rows)


def _flows(unit: Unit, code: str, span: Span) -> Section:
    found = flows(unit, code, Asked(None, span))
    rows = tuple(
        (place_name(unit, one.from_region), place_name(unit, one.to_region), material_name(one.material), one.received_kg)
        for one in found[:FLOWS_PRINTED]
    )
    columns = (
        Column(Named("产地", "From"), "text"),
        Column(Named("去向", "To"), "text"),
        MATERIAL,
        *_tonnes(("received",)),
    )
    more = len(found) - FLOWS_PRINTED
    count = f"{more}+" if len(found) >= MOST_FLOWS else str(more)
    remarks = (Named(f"另有 {count} 条较小的流向未列出", f"{count} smaller flows are not listed"),) if more > 0 else ()
    return Section(Named("流向", "Flows"), _measured(("received",)), EVENTS, columns, rows, remarks)


def _balance(unit: Unit, code: str, end: datetime) -> Section:
    names = ("published", *ACCOUNTS)
    total = dict.fromkeys(names, 0)
    for _, kg in balance(unit, code, None, min(end, unit.now)):
        for name in names:
            total[name] += kg[name]
    rows = tuple((ACCOUNT_NAMES[name], kg) for name, kg in total.items()) if any(total.values()) else ()
    measure = Named(
        "本地发布的货源，各科目余额；发布等于其余之和", "lots published here, by account: published is the sum of the others"
    )
    columns = (Column(Named("科目", "Account"), "text"), Column(Named("余额", "Balance"), "t"))
    at = f"{min(end, unit.now).astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    remarks = (Named(f"截至 {at} 已记账的余额", f"as posted by {at}"),)
    return Section(Named("物料台账余额", "Balance of the mass ledger"), measure, LEDGER, columns, rows, remarks)


def _revisions(unit: Unit, code: str, span: Span) -> Section:
    page = revisions(unit, code, Asked(None, span), None, REVISIONS_PRINTED, {})
    rows: tuple[tuple[Printed, ...], ...] = tuple(
        (
            one.at,
            one.recorded_at,
            material_name(one.grade),
            REVISIONS.get(str(one.revision), Named("", "")),
            REASONS.get(str(one.reason)) or Named(str(one.reason), str(one.reason)),
            one.ticket,
            one.kg.get("received"),
        )
        for one in page.items
    )
    columns = (
        Column(Named("归属时间", "Belongs to"), "time"),
        Column(Named("记录时间", "Recorded"), "time"),
        MATERIAL,
        Column(Named("类别", "Kind"), "text"),
        Column(Named("原因", "Reason"), "text"),
        Column(Named("磅单", "Ticket"), "text"),
        Column(Named("收货净重增减", "Change of received"), "t"),
    )
    title = Named("迟报与更正", "Late and corrected tickets")
    more = (Named("仅列最近的记录", "only the latest are listed"),) if page.next_cursor else ()
    return Section(title, _measured(("received",)), EVENTS, columns, rows, more)


def _outcomes(unit: Unit, code: str, span: Span) -> list[Section]:
    found = outcomes(unit, code, WHOLE, Asked(None, span))
    received = _measured(("received",))
    return [_circulation(found, received), _modes(found, received), _avoided(found, received)]


def _circulation(found: Outcomes, received: Named) -> Section:
    figures = (found.loads, found.received_kg, found.inside_kg, found.circulation_bp, found.radius_m)
    return Section(
        Named("循环与供应半径", "Circulation and radius of supply"),
        received,
        EVENTS,
        (
            Column(Named("车次", "Loads"), "count"),
            *_tonnes(("received",)),
            Column(Named("其中产自本地", "Of it arose here"), "t"),
            Column(Named("循环率", "Circulation"), "pct"),
            Column(Named("加权供应半径", "Radius of supply, weighted by tonnes"), "km"),
        ),
        (figures,) if found.loads else (),
    )


def _modes(found: Outcomes, received: Named) -> Section:
    return Section(
        Named("运输方式", "Modes of transport"),
        received,
        EVENTS,
        (Column(Named("方式", "Mode"), "text"), *_tonnes(("received",)), Column(Named("占比", "Share"), "pct"), SOURCE),
        tuple(
            (MODES.get(mode, Named(mode, mode)), kg, div_half_up(kg * 10_000, found.received_kg), emission_source(mode))
            for mode, kg in found.by_mode.items()
            if kg
        ),
        (
            Named(
                f"运输排放 {found.freight_kg / 1000:,.3f} 吨 CO2e；来源列为该方式的排放因子出处",
                f"Haulage emitted {found.freight_kg / 1000:,.3f} t CO2e; the source is that of the mode's emission factor",
            ),
        ),
    )


def _avoided(found: Outcomes, received: Named) -> Section:
    return Section(
        Named("避免的排放", "Avoided emissions"),
        Named(f"收货净重 × 系数；{received.zh}", f"received × factor; {received.en}"),
        Named("见各行", "in each row"),
        (
            MATERIAL,
            *_tonnes(("received",)),
            Column(Named("系数", "Factor"), "kg_per_t"),
            Column(Named("避免 CO2e", "Avoided CO2e"), "t"),
            Column(Named("系数依据", "Quality of the factor"), "text"),
            SOURCE,
        ),
        tuple(
            (
                material_name(one.factor.material),
                one.kg,
                one.factor.kg_per_t,
                one.avoided_kg,
                QUALITIES[one.factor.quality],
                one.factor.source,
            )
            for one in found.avoided
        ),
        tuple(
            Named(f"{name.zh} {kg / 1000:,.3f} 吨没有可用的系数", f"no factor is known for {kg / 1000:,.3f} t of {name.en}")
            for name, kg in ((material_name(code_), kg) for code_, kg in found.unfactored_kg.items())
        ),
    )


SOURCE = Column(Named("来源", "Source"), "text")


def _targets(unit: Unit, code: str) -> Section:
    standing = store.TARGETS.select(unit, {"terms.region": code, "status": "standing"}, [("_id", 1)])
    rows: list[tuple[Printed, ...]] = []
    for one in standing:
        terms, at = one.terms, progress(unit, one)
        material, measure = material_name(terms.material), MEASURES[terms.measure][0]
        name = Named(f"{material.zh} {measure.zh}", f"{material.en}, {measure.en.lower()}")
        pace = (terms.kg, at.reached_kg, div_half_up(at.reached_kg * 10_000, terms.kg), at.at_this_rate_kg, at.missing_kg)
        rows.append((name, *pace, terms.source))
    columns = (
        Column(Named("目标", "Target"), "text"),
        Column(Named("目标吨数", "To reach"), "t"),
        Column(Named("已达", "Reached"), "t"),
        Column(Named("完成率", "Of target"), "pct"),
        Column(Named("照此速度到期可达", "At this rate by the end"), "t"),
        Column(Named("还差", "Still needed"), "t"),
        SOURCE,
    )
    measure = Named("与目标相同的口径", "the same measure as the target's")
    return Section(Named("目标与进度", "Targets and pace"), measure, EVENTS, columns, tuple(rows))
