"""The judged queries, the lots they are judged over, and the two figures: nDCG@10 and the rate of queries without an answer.

The lots are drawn by a fixed seed over every grade of the catalogue and 30 regions, with the titles and remarks that sellers
write, some of which name other goods and other places. `queries.csv` says how it was judged.
"""

from __future__ import annotations

import csv
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.listings.model import Lot, LotTerms
from services.listings.store import LOTS
from shared import geo
from shared.catalogue import family_of, grades
from shared.geo import Position
from shared.mongo import Database

TOP = 10
REGIONS = (
    *("420100", "420100", "420100", "420111", "420700", "421100", "420500", "130200", "130100", "440600", "440600", "441900"),
    *("440100", "320500", "320300", "371300", "370200", "370100", "110105", "110115", "310000", "310115", "150200", "150600"),
    *("520100", "520121", "430100", "410100", "210300", "510100", "500000", "350582"),
)
REMARKS = (
    *(
        "",
        "",
        "",
        "",
        "",
        "量大从优",
        "可开专票",
        "带票, 现货",
        "长期供应, 每月稳定",
        "无密封容器, 已过放射性检测",
        "可送到武汉",
        "不要重废",
        "与废铝分开堆放",
    ),
    *("dry, clean", "under roof, loaded by crane", "can deliver to Tangshan", "自提, 上门看货", "纸箱包装"),
)
TITLES = {
    "steel.hms1": ("厂拆钢梁", "带票 厚料", "船厂边角"),
    "steel.hms2": ("拆迁钢梁混装", "旧设备"),
    "steel.medium": ("工地钢筋头", "螺纹钢头", "厂拆钢梁小件"),
    "steel.small": ("工地钢筋短头", "角铁"),
    "steel.light": ("彩钢瓦", "自行车料"),
    "steel.bundle": ("钢筋压块", "冲压边丝打包"),
    "steel.stainless": ("不锈钢边角料", "201/304 混"),
    "nonferrous.copper": ("电缆线剥皮铜", "报废变压器铜线圈", "废铜线"),
    "nonferrous.aluminium": ("铝合金门窗", "易拉罐压块", "电缆铝线"),
    "paper.occ_a": ("超市纸箱", "OCC bales"),
    "plastic.pet_bottle": ("饮料瓶毛料打包", "PET bottle bales"),
    "solid_waste.fly_ash": ("一级灰 长期供应", "电厂自提"),
}
LOTS_OF_A_GRADE = 40
AT_HOME = (("steel.shredded", "130200"), ("paper.occ_a", "441900"), ("solid_waste.gangue", "150600"))
"""Goods that are never lacking where they are asked for."""
BEGAN = datetime(2026, 1, 5, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Judged:
    """One row of `queries.csv`; see its head."""

    query: str
    kind: str
    worth: dict[str, int]
    regions: tuple[str, ...]
    least_kg: int
    most_kg: float
    max_price_fen: float
    about_kg: int
    km: float
    words: tuple[str, ...]

    def relevance(self, lot: Lot) -> int:
        """0 to 3."""
        if not self.least_kg <= lot.available_kg <= self.most_kg or lot.terms.ask_net_fen_per_t > self.max_price_fen:
            return 0
        worth = self._of_grade(lot.terms.grade)
        text = f"{lot.title or ''} {lot.description or ''}"
        if self.words and not any(word in text for word in self.words):
            worth = worth - 1 if self.worth else 0
        if lot.available_kg < 0.8 * self.about_kg:
            worth -= 1
        return max(0, min(worth, worth - self._away(lot)))

    def _of_grade(self, grade: str) -> int:
        return max(self.worth.get(grade, 0), self.worth.get(family_of(grade), 0)) if self.worth else 3

    def _away(self, lot: Lot) -> int:
        """What the lot's place takes from its worth."""
        if self.km:
            centre = geo.region(self.regions[0])
            assert centre is not None
            metres = geo.great_circle_m(centre.position.lat, centre.position.lon, lot.position.lat, lot.position.lon)
            return 0 if metres <= self.km * 1000 else 3
        if not self.regions or any(geo.contains(one, lot.region) for one in self.regions):
            return 0
        return 2 if any(one[:2] == lot.region[:2] for one in self.regions) else 3


def queries() -> list[Judged]:
    """Every judged query."""
    text = Path(__file__).with_name("queries.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return [_judged(row) for row in rows]


def _judged(row: dict[str, str]) -> Judged:
    worth = {grade: points for points, column in ((3, "exact"), (2, "near"), (1, "loose")) for grade in _parts(row[column])}
    return Judged(
        query=row["query"],
        kind=row["kind"],
        worth=worth,
        regions=_parts(row["regions"]),
        least_kg=round(float(row["min_t"] or 0) * 1000),
        most_kg=float(row["max_t"] or math.inf) * 1000,
        max_price_fen=float(row["max_price"] or math.inf) * 100,
        about_kg=round(float(row["about_t"] or 0) * 1000),
        km=float(row["km"] or 0),
        words=_parts(row["words"]),
    )


def _parts(cell: str) -> tuple[str, ...]:
    return tuple(part for part in cell.split("|") if part)


def corpus(lots_of_a_grade: int = LOTS_OF_A_GRADE) -> list[Lot]:
    """Open lots of every grade, the same at every call."""
    drawn = random.Random(20260105)
    drawn_lots = [
        _lot(drawn, grade.code, drawn.choice(REGIONS), number) for number in range(lots_of_a_grade) for grade in grades()
    ]
    return drawn_lots + [_lot(drawn, grade, code, number) for grade, code in AT_HOME for number in (9998, 9999)]


def _lot(drawn: random.Random, grade: str, code: str, number: int) -> Lot:
    region = geo.region(code)
    assert region is not None
    at = BEGAN + timedelta(minutes=drawn.randrange(100_000))
    bulk = 50 if grade.startswith("solid_waste") else 1
    kg = drawn.choice((800, 3_000, 4_500, 8_000, 12_500, 18_000, 24_000, 30_000, 45_000, 80_000)) * bulk // (bulk // 10 or 1)
    price = {"nonferrous": 20_000, "battery": 9_000, "plastic": 4_000, "solid_waste": 60}.get(family_of(grade), 2_200)
    title = drawn.choice((None, None, *TITLES.get(grade, ())))
    terms = LotTerms(
        grade=grade,
        ask_fen_per_t=round(price * 100 * drawn.uniform(0.7, 1.3)),
        available_from=BEGAN,
        available_until=BEGAN + timedelta(days=36_500),
    )
    return Lot(
        id=f"0190{number:04d}-{drawn.getrandbits(48):012x}-{grade}",
        version=2,
        status="open",
        seller_id=f"seller-{drawn.randrange(200)}",
        site_id=f"site-{drawn.randrange(400)}",
        region=code,
        position=Position(
            round(region.position.lat + drawn.uniform(-0.2, 0.2), 5), round(region.position.lon + drawn.uniform(-0.2, 0.2), 5)
        ),
        terms=terms,
        title=title,
        description=drawn.choice(REMARKS) or None,
        quantity_kg=kg,
        available_kg=kg,
        created_at=at,
        updated_at=at,
        published_at=at,
    )


def store(database: Database, lots: Sequence[Lot]) -> None:
    """The lots as rows of the room."""
    for begin in range(0, len(lots), 500):
        database.write(lambda unit, begin=begin: LOTS.add(unit, *lots[begin : begin + 500]))  # type: ignore[misc]


def ndcg(gains: Sequence[int], ideal: Sequence[int]) -> float:
    """Normalised discounted cumulated gain of the first ten, with gains of 2^relevance - 1."""
    best = _dcg(sorted(ideal, reverse=True)[:TOP])
    return _dcg(gains[:TOP]) / best if best else float("nan")


def _dcg(relevances: Sequence[int]) -> float:
    return sum((2**one - 1) / math.log2(rank + 2) for rank, one in enumerate(relevances))


@dataclass(frozen=True)
class Measured:
    """`by_query` has nDCG@10 of each; those for which the corpus has nothing are not judged."""

    by_query: dict[str, float]
    empty: tuple[str, ...]

    @property
    def ndcg(self) -> float:
        return sum(self.by_query.values()) / len(self.by_query)

    @property
    def zero_rate(self) -> float:
        return len(self.empty) / len(self.by_query)


def measure(lots: Sequence[Lot], ask: Callable[[str], Sequence[str]]) -> Measured:
    """`ask` gives the ids that a query finds, best first."""
    by_id = {lot.id: lot for lot in lots}
    figures: dict[str, float] = {}
    empty: list[str] = []
    for one in queries():
        found = ask(one.query)
        figures[one.query] = ndcg([one.relevance(by_id[i]) for i in found], [one.relevance(lot) for lot in lots])
        if not found:
            empty.append(one.query)
    return Measured(figures, tuple(empty))
