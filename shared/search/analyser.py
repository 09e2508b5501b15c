"""Which analyser reads free text: what the cluster has, asked when an index is made."""

from __future__ import annotations

from elasticsearch import BadRequestError, Elasticsearch

STANDARD = "standard"
ANALYSERS = ("ik_max_word", "smartcn", "cjk", STANDARD)
"""From words of a dictionary over words of a model and pairs of characters to single characters, which every cluster has."""


def analyser_of(client: Elasticsearch, wanted: str) -> str:
    """The analyser `wanted`; for `auto` the first of ANALYSERS that the cluster has. Raises BadRequestError where it lacks the
    one that is wanted."""
    if wanted != "auto":
        client.indices.analyze(analyzer=wanted, text="重废")
        return wanted
    for name in ANALYSERS[:-1]:
        try:
            client.indices.analyze(analyzer=name, text="重废")
        except BadRequestError:
            continue
        return name
    return STANDARD
