"""What the search finds for the judged queries, over real Elasticsearch."""

from __future__ import annotations

import math

import pytest

from services.listings import views
from services.listings.views import Criteria
from services.listings.views.index import index_of
from shared.auth import Caller
from tests.integration.listings.market import Market
from tests.relevance.judged import TOP, Measured, corpus, measure, queries, store

pytestmark = [pytest.mark.mongodb, pytest.mark.elasticsearch]
LEAST_NDCG = 0.90
MOST_EMPTY = 0.02
SOMEBODY = Caller("user", "organisation", "buyer", "420100")


def measured(market: Market) -> Measured:
    """The judged queries over the judged lots, through the room's own search."""
    lots = corpus()
    store(market.database, lots)
    views.rebuild(market.settings)
    unit = market.database.read()

    def ask(query: str) -> list[str]:
        found = views.search(unit, SOMEBODY, "lots", Criteria(q=query), None, TOP)
        return [hit.listing.id for hit in found.hits]

    try:
        return measure(lots, ask)
    finally:
        for name in views.KINDS:
            client = index_of(market.settings, name).client
            client.indices.delete(index=list(client.indices.get(index=f"{market.settings.index(name)}-*").body))


def test_there_are_judged_queries_of_every_kind_and_each_has_an_answer() -> None:
    judged, lots = queries(), corpus()
    assert len(judged) >= 120
    assert len({one.query for one in judged}) == len(judged)
    kinds = {one.kind for one in judged}
    assert kinds >= {"name", "synonym", "code", "place", "mixed", "misspelt", "traditional", "full-width", "number", "free"}
    assert [one.query for one in judged if not any(one.relevance(lot) == 3 for lot in lots)] == []


def test_the_judged_queries_are_answered_well(market: Market) -> None:
    found = measured(market)
    worst = sorted(found.by_query.items(), key=lambda pair: pair[1])[:40]
    said = "\n".join(f"{figure:.3f}  {query}" for query, figure in worst)
    assert not any(math.isnan(figure) for figure in found.by_query.values()), said
    assert found.ndcg >= LEAST_NDCG, f"nDCG@10 {found.ndcg:.4f}, the worst:\n{said}"
    assert found.zero_rate <= MOST_EMPTY, found.empty
