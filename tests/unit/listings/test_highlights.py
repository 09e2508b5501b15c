"""What of a hit is marked."""

from __future__ import annotations

import pytest

from services.listings.views.highlights import SHORT, highlights_of
from tests.relevance.judged import corpus


@pytest.mark.parametrize(
    ("title", "query", "marked"),
    [
        ("厂区拆除 <b>钢梁</b>", "钢梁", "厂区拆除 &lt;b&gt;<em>钢梁</em>&lt;&#x2F;b&gt;"),
        ("廢鋼 厚料", "废钢", "<em>废钢</em> 厚料"),
        ("HMS1 and HMS-2", "hms 1", "<em>HMS1</em> and HMS-2"),
        ("HMS10", "hms1", None),
        ("Bales of newsprint", "newsprnt", "Bales of <em>newsprint</em>"),
        ("拆迁钢梁混装", "厂拆钢梁", "拆迁<em>钢梁</em>混装"),
        ("量大从优", "", None),
    ],
)
def test_titles(title: str, query: str, marked: str | None) -> None:
    lot = corpus(1)[0]
    lot.title = title
    assert highlights_of(lot, query).get("title", [None])[0] == marked


def test_names_and_places_in_both_languages_and_long_texts_in_part() -> None:
    lot = next(one for one in corpus(3) if one.terms.grade == "steel.hms1")
    lot.region, lot.description = "420100", "x" * 500 + " 重废 " + "y" * 500
    found = highlights_of(lot, "wuhan 重废")
    assert "<em>重废</em>" in found["names"]
    assert found["places"] == ["<em>Wuhan</em>"]
    [part] = found["description"]
    assert "<em>重废</em>" in part and part[0] == part[-1] == "…" and len(part) < SHORT + 20
