"""Who takes part in the demo market, and where: real steel plants, synthetic yards and processors around real cities."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Literal

from shared import catalogue, geo
from shared.geo import Position
from shared.tables import read_table

PACKAGE = "deploy.demo"
EMAIL_DOMAIN = "demo.huanliu.example"
YARDS = 40
CLUSTERS = {"paper": 5, "plastic": 5, "nonferrous": 4, "solid_waste": 6}
"""Cities in which a family has a processor and two sellers; families not named have one city and one seller."""
PHOSPHATE, PLASTER = "phosphate-works", "plaster-works"
PERMIT_T = 60
"""What the demo yard's permit lets lie there: assumed, and little, so that its stock alarm shows."""
SiteKind = Literal["yard", "plant", "centre", "park"]
Role = Literal["collector", "buyer", "carrier", "park_operator", "operator"]


@dataclass(frozen=True, slots=True)
class Site:
    """A site as `POST /v1/sites` takes it."""

    name: str
    kind: SiteKind
    region: str
    position: Position
    stock_limit_t: int | None = None


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation of the demo. `family` is what it deals in; `steel_need_t` a plant's yearly need of scrap."""

    key: str
    role: Role
    name: str
    region: str
    email: str
    family: str
    site: Site | None
    steel_need_t: int = 0


def _email(key: str) -> str:
    return f"{key}@{EMAIL_DOMAIN}"


def scrap_need_t(eaf_ktpa: float, bof_ktpa: float, crude_ktpa: float) -> int:
    """Tonnes of scrap a plant takes in a year: 0.7 t per tonne of electric-arc steel, 0.15 t per tonne of converter steel.

    Assumed ratios (arc furnaces here also charge hot metal); capacity of neither kind counts as converter capacity.
    """
    other = max(0.0, crude_ktpa - eaf_ktpa - bof_ktpa)
    return round(1000 * (0.7 * eaf_ktpa + 0.15 * (bof_ktpa + other)))


def steel_mills() -> Iterator[Organisation]:
    """One organisation per operating steel plant, with its real name and position."""
    for row in read_table(PACKAGE, "steel_plants.csv"):
        position = Position(float(row["lat"]), float(row["lon"]))
        region = geo.nearest_county(position, within=row["province"]).code
        key = f"mill-{row['plant_id'].lower()}"
        name = f"{row['name_zh']} {row['name_en']}"
        need_t = scrap_need_t(float(row["eaf_ktpa"]), float(row["bof_ktpa"]), float(row["crude_ktpa"]))
        site = Site(f"{row['name_zh']}·厂区", "plant", region, position)
        yield Organisation(key, "buyer", name, region, _email(key), "steel", site, need_t)


@dataclass(frozen=True, slots=True)
class City:
    """A city of the table with its weight: population × its province's GDP per head."""

    position: Position
    county: str
    name_zh: str
    name_en: str
    weight: float


@cache
def cities() -> tuple[City, ...]:
    """The cities around which sellers and processors are made up, one per GB/T 2260 city."""
    wealth = _wealth_per_head()
    typical = sorted(wealth.values())[len(wealth) // 2]
    found: dict[str, City] = {}
    for row in read_table(PACKAGE, "cities.csv"):
        position = Position(float(row["lat"]), float(row["lon"]))
        county = geo.nearest_county(position).code
        city = next((geo.region(code) for code in geo.ancestors(county)), None)
        province = geo.region(county[:2] + "0000")
        if city is None or province is None:
            continue
        named = province if city.name_zh in ("市辖区", "县") else city
        weight = int(row["population"]) * wealth.get(province.code, typical)
        found.setdefault(named.code, City(position, county, named.name_zh, named.name_en, weight))
    return tuple(found.values())


def _wealth_per_head() -> dict[str, float]:
    rows = read_table(PACKAGE, "provinces.csv")
    return {r["code"]: float(r["gdp_1e8cny"]) / float(r["population_10k"]) for r in rows if r["gdp_1e8cny"]}


def draw_cities(rng: Random, count: int) -> list[City]:
    """`count` different cities, the weightier the likelier (Efraimidis and Spirakis' keys)."""
    keyed = sorted(cities(), key=lambda city: math.log(1 - rng.random()) / city.weight, reverse=True)
    return keyed[:count]


def near(rng: Random, centre: Position, least_km: float, most_km: float) -> Position:
    """A point between `least_km` and `most_km` from `centre`, in any direction; good for short distances."""
    distance_km, bearing = rng.uniform(least_km, most_km), rng.uniform(0, 2 * math.pi)
    north, east = distance_km * math.cos(bearing) / 111.195, distance_km * math.sin(bearing) / 111.195
    lat = centre.lat + north
    return Position(round(lat, 5), round(centre.lon + east / math.cos(math.radians(lat)), 5))


def _synthetic(rng: Random, city: City, role: Role, family: str, number: int) -> Organisation:
    kin = catalogue.family(family)
    if kin is None:
        raise LookupError(f"the catalogue has no family {family}")
    sells = role == "collector"
    zh, en = ("回收站", "yard") if sells else ("再生加工厂", "processor")
    key = f"{'yard' if sells else 'works'}-{family.replace('_', '-')}-{number}"
    position = near(rng, city.position, 4, 18)
    region = geo.nearest_county(position, within=city.county[:2] + "0000").code
    label_zh = f"{city.name_zh}{kin.name_zh}{zh}{number}"
    name = f"演示·{label_zh} {city.name_en} {kin.name_en.lower()} {en} {number} (synthetic)"
    site = Site(f"演示·{label_zh} (synthetic)", "yard" if sells else "plant", region, position)
    return Organisation(key, role, name, region, _email(key), family, site)


def scrap_yards(rng: Random) -> Iterator[Organisation]:
    """Synthetic sellers of scrap steel, one per city drawn."""
    for number, city in enumerate(draw_cities(rng, YARDS), 1):
        yield _synthetic(rng, city, "collector", "steel", number)


def clusters(rng: Random) -> Iterator[Organisation]:
    """For each family but steel: in each of a few cities a synthetic processor and its sellers, so that freight is short."""
    for kin in catalogue.families():
        if kin.code == "steel":
            continue
        sellers = 2 if kin.code in CLUSTERS else 1
        for number, city in enumerate(draw_cities(rng, CLUSTERS.get(kin.code, 1))):
            yield _synthetic(rng, city, "buyer", kin.code, number + 1)
            for seller in range(sellers):
                yield _synthetic(rng, city, "collector", kin.code, number * sellers + seller + 1)


def phosphate_works() -> tuple[Organisation, Organisation]:
    """A producer of phosphogypsum in Hubei, where new output follows verified use, and who makes plaster of it near by; neither
    is of a family, so that no lot or demand falls to them by chance."""
    zh, en = "演示·宜都磷化工", "Yidou phosphate works (synthetic)"
    yard = Site(f"{zh}·渣场 (synthetic)", "yard", "420581", Position(30.3712, 111.4571))
    producer = Organisation(PHOSPHATE, "collector", f"{zh} {en}", "420581", _email(PHOSPHATE), "", yard)
    zh, en = "演示·枝江石膏建材", "Zhijiang plaster works (synthetic)"
    plant = Site(f"{zh}·厂区 (synthetic)", "plant", "420583", Position(30.4312, 111.7461))
    return producer, Organisation(PLASTER, "buyer", f"{zh} {en}", "420583", _email(PLASTER), "", plant)


def personas() -> list[Organisation]:
    """The five accounts of the contract, `<role>@huanliu.example`: two with a site in Wuhan."""
    yard = Site("演示·洪山回收站 (demo)", "yard", "420111", Position(30.5005, 114.4003), PERMIT_T)
    mill = Site("演示·青山钢厂 (demo)", "plant", "420107", Position(30.6395, 114.4402))
    rows: list[tuple[Role, str, str, str, Site | None]] = [
        ("collector", "演示回收站 Demo collector", "420111", "steel", yard),
        ("buyer", "演示钢厂 Demo mill", "420107", "steel", mill),
        ("carrier", "演示承运商 Demo carrier", "420100", "", None),
        ("park_operator", "演示湖北园区 Demo park operator, Hubei", "420000", "", None),
        ("operator", "演示平台运营 Demo marketplace operator", "420000", "", None),
    ]
    return [
        Organisation(role, role, name, region, f"{role}@huanliu.example", family, site)
        for role, name, region, family, site in rows
    ]
