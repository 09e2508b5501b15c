"""Searches and documents by chance, and what fits read off the query word for word, without any index."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from hypothesis import strategies as st

from services.listings.alerting import analyse
from services.listings.alerting.text import within
from services.listings.model import Demand, DemandDraft, DemandTerms, Lot, LotDraft, LotTerms, Place
from services.listings.views import Criteria, document_of, query_of
from shared.geo import Position, great_circle_m, region
from shared.parties import Compliance
from tests.unit.listings.builders import LATER, NOW

GRADES = ("steel.hms1", "steel.hms2", "steel.light", "paper.news", "plastic.hdpe")
REGIONS = ("420100", "420107", "420000", "110105", "110000", "419001")
WORDS = (
    "重废",
    "废钢",
    "武汉",
    "湖北",
    "hms1",
    "HMS 1&2",
    "heavy",
    "melting",
    "newsprnt",
    "chaoyang",
    "钢梁",
    "厂区",
    "dry",
    "OCC",
    "&",
    "clean",
)
TITLES = ("", "厂区拆除 钢梁", "dry, clean newsprint", "HMS 1&2 无锈", "武汉 重废 30吨")
SPOTS = (
    Position(30.59, 114.30),
    Position(30.70, 114.30),
    Position(39.9, 116.4),
    Position(-0.1, 0.1),
    Position(89.9, 10),
    Position(10, 179.9),
)
FAMILIES = ("steel", "paper", "plastic")


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


def _criteria(values: dict[str, Any]) -> Criteria:
    return Criteria(**values | ({"within_km": None} if values["near"] is None else {}))


CRITERIA = st.fixed_dictionaries(
    {
        "q": st.lists(st.sampled_from(WORDS), max_size=5).map(" ".join),
        "material": maybe(st.sampled_from(FAMILIES + GRADES)),
        "grade": maybe(st.sampled_from(GRADES)),
        "region": maybe(st.sampled_from(REGIONS)),
        "near": maybe(st.sampled_from(SPOTS)),
        "within_km": maybe(st.sampled_from((1.0, 13.0, 150.0, 1200.0, 20_000.0))),
        "min_kg": maybe(st.sampled_from((0, 10_000, 30_000))),
        "max_kg": maybe(st.sampled_from((10_000, 30_000))),
        "min_price_fen": maybe(st.sampled_from((100_000, 245_000))),
        "max_price_fen": maybe(st.sampled_from((100_000, 245_000))),
        "compliant": st.booleans(),
    }
).map(_criteria)


def place(code: str, at: Position) -> Place:
    assert region(code) is not None
    return Place("site-1", code, at)


def lot_of(grade: str, code: str, at: Position, kg: int, fen: int, title: str) -> Lot:
    terms = LotTerms(grade=grade, ask_fen_per_t=fen, available_from=NOW, available_until=LATER)
    draft = LotDraft(site_id="site-1", quantity_kg=kg, terms=terms, title=title, description=title[::-1])
    return Lot.new("listing-1", "seller", draft, place(code, at), NOW)


def _demand(grades: list[str], code: str, at: Position, kg: int, fen: int) -> Demand:
    terms = DemandTerms(grades=grades, bid_fen_per_t=fen, deliver_from=NOW, deliver_until=LATER)
    return Demand.new("listing-1", "buyer", DemandDraft(site_id="site-1", quantity_kg=kg, terms=terms), place(code, at), NOW)


_KG, _FEN = st.sampled_from((9_999, 10_000, 30_000, 30_001)), st.sampled_from((100_000, 245_000, 245_001))
LISTINGS: st.SearchStrategy[Lot | Demand] = st.builds(
    lot_of, st.sampled_from(GRADES), st.sampled_from(REGIONS), st.sampled_from(SPOTS), _KG, _FEN, st.sampled_from(TITLES)
) | st.builds(
    _demand,
    st.lists(st.sampled_from(GRADES), min_size=1, max_size=3, unique=True),
    st.sampled_from(REGIONS),
    st.sampled_from(SPOTS),
    _KG,
    _FEN,
)


def entry(family: str, begins: int) -> Compliance:
    begin = NOW + timedelta(hours=begins)
    return Compliance(family, None, begin, begin + timedelta(hours=2))


ENTRIES = st.lists(st.builds(entry, st.sampled_from(FAMILIES), st.sampled_from((-5, -2, -1, 0, 1))), max_size=2)


def document(listing: Lot | Demand, entries: list[Compliance], is_open: bool) -> dict[str, Any]:
    if is_open:
        listing.publish(NOW)
    return document_of(listing, entries)


def query(criteria: Criteria) -> dict[str, Any]:
    return query_of(SimpleNamespace(now=NOW), criteria)  # type: ignore[arg-type]


def fits(query: dict[str, Any], document: dict[str, Any]) -> bool:
    """What Elasticsearch would say, clause by clause."""
    [(name, body)] = query.items()
    if name == "bool":
        needed = [*body.get("filter", ()), *body.get("must", ())]
        should = sum(fits(one, document) for one in body.get("should", ()))
        enough = _enough(body.get("minimum_should_match", "0" if needed else "1"), len(body.get("should", ())))
        never = any(fits(one, document) for one in body.get("must_not", ()))
        return all(fits(one, document) for one in needed) and (should >= enough or not body.get("should")) and not never
    if name == "dis_max":
        return any(fits(one, document) for one in body["queries"])
    if name == "constant_score":
        return fits(body["filter"], document)
    if name in ("term", "terms"):
        [(field, value)] = body.items()
        held = document[field]
        wanted = set(value) if name == "terms" else {value}
        return bool(wanted & set(held if isinstance(held, list) else [held]))
    if name == "range":
        return _in_range(body, document)
    if name == "geo_distance":
        near, at, far = body["position"], document["position"], body["distance"]
        metres = float(far.removesuffix("km")) * 1000 if far.endswith("km") else float(far.removesuffix("m"))
        return great_circle_m(near["lat"], near["lon"], at["lat"], at["lon"]) <= metres
    if name == "match_phrase":
        [(field, text)] = body.items()
        body = {"query": text, "type": "phrase", "fields": [field]}
    return any(
        _in_text(body, text) for field in body["fields"] for text in _texts(document.get(field.split("^")[0].strip("*"), ""))
    )


def _enough(wanted: str, of: int) -> int:
    """`1`, `75%`, or `2<75%`."""
    if "<" in wanted:
        few, _, wanted = wanted.partition("<")
        if of <= int(few):
            return of
    return of * int(wanted.removesuffix("%")) // 100 if wanted.endswith("%") else int(wanted)


def _in_range(body: dict[str, Any], document: dict[str, Any]) -> bool:
    [(field, ends)] = body.items()
    if field == "compliant":
        return any(one["gte"] <= ends["gte"] < one["lt"] for one in document[field])
    held: int = document[field]
    return bool(ends.get("gte", held) <= held <= ends.get("lte", held))


def _texts(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def _in_text(body: dict[str, Any], text: str) -> bool:
    wanted, found = analyse(body["query"]), analyse(text)
    spans = [found[at : at + len(wanted)] for at in range(len(found) - len(wanted) + 1)] if wanted else []
    if body.get("type") == "phrase":
        return wanted in spans
    if body.get("type") == "phrase_prefix":
        return any(span[:-1] == wanted[:-1] and span[-1].startswith(wanted[-1]) for span in spans)
    if "minimum_should_match" in body:
        return sum(one in found for one in wanted) >= max(1, _enough(body["minimum_should_match"], len(wanted)))
    assert (body["fuzziness"], body["prefix_length"]) == ("AUTO", 2)
    return any(
        one[:2] == other[:2] and within(one, other, 0 if len(one) < 3 else 1 if len(one) < 6 else 2)
        for one in wanted
        for other in found
    )
