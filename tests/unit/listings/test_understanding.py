"""What a person means by what is typed."""

from __future__ import annotations

import pytest

from services.listings.views.lexicon import corrected
from services.listings.views.measures import MOST, Measure, measures
from services.listings.views.suggest import suggest
from services.listings.views.understanding import understand
from shared.catalogue import grades, resolve
from shared.text import plain


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("10吨以上重废", Measure("10吨以上", "kg", least=10_000)),
        ("废铝 >20t", Measure(">20t", "kg", least=20_000)),
        ("20-50吨 轻薄料", Measure("20-50吨", "kg", least=20_000, most=50_000)),
        ("200吨 粉煤灰", Measure("200吨", "kg", about=200_000)),
        ("5000公斤以下", Measure("5000公斤以下", "kg", most=5_000)),
        ("100斤以上", Measure("100斤以上", "kg", least=50)),
        ("1,200 tonnes or more", Measure("1,200 tonnes or more", "kg", least=1_200_000)),
        ("重废 2000元以下", Measure("2000元以下", "fen_per_t", most=200_000)),
        ("under 2500 yuan", Measure("under 2500 yuan", "fen_per_t", most=250_000)),
        ("1.2元/斤", Measure("1.2元/斤", "fen_per_t", about=240_000)),
        ("2.1万以内", Measure("2.1万以内", "fen_per_t", most=2_100_000)),
        ("武汉50公里内", Measure("50公里内", "m", most=50_000)),
        ("within 30 km", Measure("within 30 km", "m", most=30_000)),
        ("一千吨以上 粉煤灰", Measure("1000吨以上", "kg", least=1_000_000)),
        ("五十吨到一百吨", Measure("50吨到 100吨", "kg", least=50_000, most=100_000)),
        ("两千五百元以下", Measure("2500元以下", "fen_per_t", most=250_000)),
        ("每吨2200以内 重废", Measure("2200元/吨以内", "fen_per_t", most=220_000)),
        ("9" * 40 + "吨", Measure("9" * 40 + "吨", "kg", about=MOST)),
    ],
)
def test_numbers_with_units(text: str, found: Measure) -> None:
    assert measures(text)[0] == [found]


@pytest.mark.parametrize(
    "text",
    ["HMS 1 Tangshan", "304不锈钢", "OCC 11", "201A", "ISRI 200-206", "80:20", "吨", "t", "三元区", "三四吨", "千斤顶", "一吨"],
)
def test_codes_are_no_quantities(text: str) -> None:
    assert measures(text) == ([], text)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("HMS 1&2", {"steel.hms1", "steel.hms2"}),
        ("ISRI 200-206", {"steel.hms1", "steel.hms2"}),
        ("hms-1", {"steel.hms1"}),
        ("201A", {"steel.hms1"}),
        ("OCC 11", {"paper.occ_b"}),
        ("PET 毛料", {"plastic.pet_bottle"}),
        ("黄纸板", {"paper.occ_a"}),
        ("不鏽鋼", {"steel.stainless"}),
        ("ＨＭＳ１", {"steel.hms1"}),
        ("alumnium", {"nonferrous.aluminium"}),
        ("废钢 重废二级", {"steel.hms2"}),
        ("不锈钢边角料", {"steel.stainless"}),
        ("304边角料", {"steel.stainless"}),
        ("工字钢", {"steel.hms1", "steel.hms2"}),
        ("电动车电池", {one.code for one in grades() if one.family == "battery"}),
        ("炉料", {one.code for one in grades() if one.family == "steel"}),
        ("重废 黄纸板", {"steel.hms1", "steel.hms2", "paper.occ_a"}),
    ],
)
def test_names_mean_grades(text: str, codes: set[str]) -> None:
    assert set(understand(text).grades) == codes


@pytest.mark.parametrize(
    ("text", "regions"),
    [
        ("武汉重废", ("420100",)),
        ("北京朝阳区 PET瓶", ("110105",)),
        ("湖北武汉洪山区", ("420111",)),
        ("武汉 鄂州", ("420100", "420700")),
        ("再生资源", ()),
    ],
)
def test_places(text: str, regions: tuple[str, ...]) -> None:
    assert understand(text).regions == regions


def test_every_piece_is_accounted_for() -> None:
    parts = [(one.text, one.kind, one.spelt) for one in understand("求购 10吨以上 coper 武汉 剥皮").parts]
    assert parts == [
        ("10吨以上", "quantity", None),
        ("求购", "ignored", None),
        ("coper", "grade", "copper"),
        ("武汉", "region", None),
        ("剥皮", "words", None),
    ]
    assert understand("剥皮 xyzzy").words == ("剥皮", "xyzzy")


def test_a_misspelt_place_is_a_guess() -> None:
    assert understand("copper wuahn").guessed
    assert not understand("copper wuhan").guessed


def test_every_name_of_every_grade_means_it() -> None:
    for one in grades():
        for name in (one.code, one.name_zh, one.name_en, *one.synonyms_zh, *one.synonyms_en):
            assert understand(name).grades.get(one.code, 0) >= 0.5, name


def test_one_slip_is_forgiven_and_short_words_are_not_guessed() -> None:
    known = {"copper", "turnings", "lead", "polypropylene"}
    assert [corrected(word, known) for word in ("coper", "copepr", "turnigs", "polyproplne", "led", "zinc")] == [
        *("copper", "copper", "turnings", "polypropylene", None, None)
    ]


def test_traditional_and_full_width_forms() -> None:
    assert plain("ＨＭＳ１ 廢鋼　㎏") == "HMS1 废钢 kg"
    found = resolve("廢紙箱")
    assert found is not None and found.code == "paper.occ_a"
    assert suggest("廢鋼", 1)[0].value == "steel"
    assert suggest("ＨＭＳ１", 1)[0].value == suggest("hms-1", 1)[0].value == "steel.hms1"
    assert suggest("alumnium", 1)[0].value == "nonferrous.aluminium"
    assert suggest("PS-5", 5)[0].value.startswith("paper.")
    assert suggest("武", 1)[0].value == "420100"
