"""From the country down: province, city, county or park, lot, ledger entry, ticket. Every total opens the list it sums."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from flask import Response

from gateway.console.client import Ask, Reply
from gateway.console.formats import material_name, region_name
from gateway.console.maps import Map, Place, map_of
from gateway.console.pages.park.looking import (
    MEASURES,
    ORIGIN_ONLY,
    Look,
    as_csv,
    by_material,
    choices,
    look_of,
    mix,
    named_region,
    period_name,
    total,
)
from gateway.console.sites import NO_PLACE
from gateway.console.visit import Visit
from shared.geo import children, places_above, region
from shared.tables import read_table

ACCOUNTS = ("on_offer", "reserved", "in_transit", "settled", "deducted", "weighing_difference", "withdrawn", "expired")
SHADES = 5


@dataclass(frozen=True)
class Tile:
    """A province in its place, how much it counted, how dark that is (0 nothing, to SHADES), and whether there may be more."""

    code: str
    row: int
    column: int
    name: str
    value: float
    shade: int
    withheld: bool


def country(visit: Visit) -> Response:
    """Every province as a tile; the areas of policy."""
    look = look_of(visit)
    if (table := as_csv(visit, "/v1/regions/parts", look.query(), "provinces")) is not None:
        return table
    parts, areas = visit.api.all(Ask("/v1/regions/parts", look.query()), Ask("/v1/regions/parts", look.query(kind="area")))
    assert parts is not None
    items = ranked(parts.items, look.measure)
    return visit.render(
        "country.html",
        look=look,
        tiles=tiles_of(items, look.measure, visit),
        parts=items,
        areas=ranked(areas.items, look.measure) if areas is not None and areas.is_ok else None,
        whole=total(items, look.measure),
        label=lambda one: name_of(one, visit.t),
        **choices(visit.t),
    )


def place(visit: Visit, code: str) -> Response:
    """One region, park or area of policy: its totals, its parts, its mix over time, its ledger, what became of it."""
    look = look_of(visit)
    base = f"/v1/regions/{code}"
    about = visit.api.get(base).body
    is_outer = about["level"] in ("province", "city")
    if (table := as_csv(visit, "/v1/regions/parts", look.query(parent=code), f"parts-{code}")) is not None:
        return table
    span = {"material": look.material, "from": look.start}
    rows, parts, parks, balance, outcomes = visit.api.all(
        Ask(f"{base}/volumes", look.query(granularity=look.grain)),
        Ask("/v1/regions/parts", look.query(parent=code)) if is_outer else None,
        Ask("/v1/regions/parts", look.query(parent=code, kind="park"))
        if about["level"] in ("province", "city", "county")
        else None,
        Ask(f"{base}/balance", {"material": look.material, "as_of": look.as_of}),
        Ask(f"{base}/outcomes", span),
    )
    assert rows is not None
    shown = [one for one in MEASURES if look.side == "origin" or one not in ORIGIN_ONLY]
    return visit.render(
        "place.html",
        place=about,
        name=name_of(about, visit.t),
        above=above(about, visit),
        look=look,
        withheld=bool(rows.body.get("withheld")),
        sums=[(one, total(rows.items, one)) for one in shown],
        parts=_ranked(parts, look.measure),
        parks=_ranked(parks, look.measure),
        map=_map(visit, code, parts, look.measure),
        drawing=mix(rows.items, look.measure, visit.t),
        over_time=by_period(rows.items, look.measure),
        balance=balance.body if balance is not None and balance.is_ok else None,
        is_balanced=balance is not None and balance.is_ok and is_balanced(balance.body),
        accounts=ACCOUNTS,
        outcomes=outcomes.body if outcomes is not None and outcomes.is_ok else None,
        label=lambda one: name_of(one, visit.t),
        material=lambda one: material_name(one, visit.t),
        **choices(visit.t),
    )


def volumes(visit: Visit, code: str) -> Response:
    """The list that a total sums: by grade, and by period; as CSV whole."""
    look = look_of(visit)
    about = visit.api.get(f"/v1/regions/{code}").body
    path, query = f"/v1/regions/{code}/volumes", look.query(granularity=look.grain)
    if (table := as_csv(visit, path, query, f"volumes-{code}")) is not None:
        return table
    found = visit.api.get(path, query).body
    rows = found["items"]
    return visit.render(
        "volumes.html",
        place=about,
        name=name_of(about, visit.t),
        above=above(about, visit),
        look=look,
        withheld=found["withheld"],
        whole=total(rows, look.measure),
        grades=by_material(rows, (look.measure,)),
        periods=by_period(rows, look.measure),
        material=lambda one: material_name(one, visit.t),
        **choices(visit.t),
    )


def entries(visit: Visit, code: str) -> Response:
    """The postings behind a balance, of one account or all, newest first."""
    args = visit.request.args
    account = args.get("account", "")
    account = account if account in ACCOUNTS else ""
    about = visit.api.get(f"/v1/regions/{code}").body
    path, query = f"/v1/regions/{code}/entries", {"account": account, "material": args.get("material")}
    if (table := as_csv(visit, path, query, f"entries-{code}")) is not None:
        return table
    pages, balance = visit.api.all(Ask(path, {**query, "cursor": args.get("cursor"), "limit": 50}), whole_of(visit, code))
    assert pages is not None
    page = pages.body
    return visit.render(
        "entries.html",
        place=about,
        name=name_of(about, visit.t),
        above=above(about, visit),
        account=account,
        accounts=ACCOUNTS,
        chosen=args.get("material", ""),
        items=page["items"],
        cursor=page["next_cursor"],
        withheld=is_withheld(balance),
        material=lambda one: material_name(one, visit.t),
        where=lambda one: region_name(one, visit.t),
    )


def revisions(visit: Visit, code: str) -> Response:
    """What changed days that were over, each with its reason."""
    about = visit.api.get(f"/v1/regions/{code}").body
    path = f"/v1/regions/{code}/revisions"
    if (table := as_csv(visit, path, {}, f"revisions-{code}")) is not None:
        return table
    pages, balance = visit.api.all(Ask(path, {"cursor": visit.request.args.get("cursor"), "limit": 50}), whole_of(visit, code))
    assert pages is not None
    page = pages.body
    return visit.render(
        "revisions.html",
        place=about,
        name=name_of(about, visit.t),
        above=above(about, visit),
        items=page["items"],
        cursor=page["next_cursor"],
        withheld=is_withheld(balance),
        material=lambda one: material_name(one, visit.t),
    )


def lot(visit: Visit, code: str, lot_id: str) -> Response:
    """One lot's life in the ledger: every posting, its event and its ticket, and what each account holds in the end."""
    about, page, balance, listing, loads = visit.api.all(
        Ask(f"/v1/regions/{code}"),
        Ask(f"/v1/regions/{code}/entries", {"lot_id": lot_id, "limit": 200}),
        whole_of(visit, code),
        Ask(f"/v1/lots/{lot_id}"),
        Ask("/v1/shipments", {"lot_id": lot_id, "limit": 200}) if visit.role == "operator" else None,
    )
    assert about is not None and page is not None
    found = page.items[::-1]
    held: dict[str, int] = {}
    for one in found:
        for account, tonnes in one["entries"].items():
            held[account] = held.get(account, 0) + round(tonnes * 1000)
    return visit.render(
        "lot.html",
        200 if found else 404,
        place=about.body,
        name=name_of(about.body, visit.t),
        above=above(about.body, visit),
        lot_id=lot_id,
        items=found,
        withheld=is_withheld(balance),
        is_cut=bool(page.body["next_cursor"]),
        held=[(account, held.get(f"{account}_t", 0) / 1000) for account in ACCOUNTS],
        listing=listing.body if listing is not None and listing.is_ok else None,
        loads=loads.items if loads is not None and loads.is_ok else [],
        material=lambda one: material_name(one, visit.t),
    )


def whole_of(visit: Visit, code: str) -> Ask | None:
    """What says whether the reader sees a region's ledger whole: its lists of an outsider are just shorter, or empty."""
    return None if visit.role == "operator" else Ask(f"/v1/regions/{code}/balance")


def is_withheld(balance: Reply | None) -> bool:
    return balance is not None and balance.is_ok and bool(balance.body["withheld"])


def is_balanced(balance: Mapping[str, Any]) -> bool:
    """To the kilogram."""
    kg: dict[str, int] = {name: round(balance[f"{name}_t"] * 1000) for name in (*ACCOUNTS, "published")}
    return kg["published"] == sum(kg[name] for name in ACCOUNTS)


def name_of(one: Mapping[str, Any], words: Any) -> str:
    """Of anything with a Chinese and an English name."""
    return str(one["name_zh"] if words.code == "zh" else one["name_en"])


def above(about: Mapping[str, Any], visit: Visit) -> list[tuple[str, str]]:
    """What it lies in, the outermost first."""
    codes = (about["parent"], *places_above(about["parent"]))[::-1] if about["parent"] else ()
    found = [region(one) for one in codes]
    return [(one.code, one.name_zh if visit.t.code == "zh" else one.name_en) for one in found if one is not None]


def by_period(rows: Iterable[Mapping[str, Any]], measure: str) -> list[tuple[str, float, bool]]:
    """The latest first: the period, its tonnes, and whether there may be more."""
    sums: dict[str, int] = {}
    withheld = set()
    for row in rows:
        sums[row["period"]] = sums.get(row["period"], 0) + round(row[f"{measure}_t"] * 1000)
        if row["withheld"]:
            withheld.add(row["period"])
    shown = ((period, kg) for period, kg in sums.items() if kg or period in withheld)
    return [(period_name(period), kg / 1000, period in withheld) for period, kg in sorted(shown, reverse=True)]


def ranked(items: Iterable[dict[str, Any]], measure: str) -> list[dict[str, Any]]:
    """The most of the measure on top; what merely groups districts only where something was counted of it."""
    found = (one for one in items if one["name_zh"] != NO_PLACE or one[f"{measure}_t"])
    return sorted(found, key=lambda one: -one[f"{measure}_t"])


def _ranked(reply: Reply | None, measure: str) -> list[dict[str, Any]] | None:
    return ranked(reply.items, measure) if reply is not None and reply.is_ok else None


def _map(visit: Visit, code: str, parts: Reply | None, measure: str) -> Map | None:
    """None where it would be one point or none."""
    if parts is None or not parts.is_ok:
        return None
    places = places_in(code, {one["region"]: one[f"{measure}_t"] for one in parts.items}, visit)
    settings = visit.house.settings
    return map_of(places, settings.map_layer, settings.map_approval) if len(places) > 1 else None


def places_in(code: str, values: Mapping[str, float], visit: Visit) -> list[Place]:
    """Every place directly below this one, those that counted nothing as well."""
    below = (one for one in children(code) if one.name_zh != NO_PLACE)
    return [Place(short(named_region(one.code, visit.t)), one.position, values.get(one.code, 0.0)) for one in below]


@cache
def layout() -> tuple[tuple[str, int, int], ...]:
    """Where each province's tile stands: code, row, column."""
    return tuple((row["adcode"], int(row["row"]), int(row["col"])) for row in read_table("shared.geo", "province_tiles.csv"))


def tiles_of(parts: Iterable[Mapping[str, Any]], measure: str, visit: Visit) -> list[Tile]:
    """A province that has no row counted nothing."""
    items = list(parts)
    known = {one["region"]: one[f"{measure}_t"] for one in items}
    withheld = {one["region"] for one in items if one["withheld"]}
    most = max(known.values(), default=0.0)
    found = []
    for code, row, column in layout():
        value, name = known.get(code, 0.0), named_region(code, visit.t)
        shade = 0 if not value else max(1, round(SHADES * value / most))
        found.append(Tile(code, row, column, short(name), value, shade, code in withheld))
    return found


SUFFIXES = ("维吾尔自治区", "壮族自治区", "回族自治区", "特别行政区", "自治区", "省", "市", " District", " County", " City")


def short(name: str) -> str:
    """As maps write it: 湖北, 内蒙古, Beibei."""
    return next((name.removesuffix(one) for one in SUFFIXES if name.endswith(one)), name)


__all__ = ["Look", "country", "entries", "lot", "name_of", "place", "revisions", "volumes"]
