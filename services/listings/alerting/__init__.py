"""Which of very many saved searches a document fits: an inverted matcher over the queries that the search itself sends."""

from __future__ import annotations

from services.listings.alerting.conditions import QueryIsNotUnderstood, compiled
from services.listings.alerting.matcher import Matcher, Search
from services.listings.alerting.text import Word, analyse

__all__ = ["Matcher", "QueryIsNotUnderstood", "Search", "Word", "analyse", "compiled"]
