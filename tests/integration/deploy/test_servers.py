"""The servers of a test session: real, reachable where declared, unreachable where not."""

from __future__ import annotations

import httpx
import pytest
from kafka.admin import KafkaAdminClient
from pymongo import MongoClient
from pymongo.errors import ServerSelectionTimeoutError

from shared.settings import Settings


@pytest.mark.mongodb
def test_mongodb_has_transactions_and_change_streams(settings: Settings) -> None:
    with MongoClient[dict[str, object]](settings.mongodb_uri) as client:
        rows = client[settings.database("accounts")]["rows"]
        rows.insert_one({"_id": 0})
        with rows.watch() as changes:
            with client.start_session() as session, session.start_transaction():
                rows.insert_one({"_id": 1}, session=session)
            assert changes.next()["documentKey"] == {"_id": 1}
        client.drop_database(settings.database("accounts"))


@pytest.mark.kafka
def test_kafka_answers_its_clients(settings: Settings) -> None:
    admin = KafkaAdminClient(bootstrap_servers=settings.kafka_brokers)
    assert admin.list_topics() is not None
    admin.close()


@pytest.mark.elasticsearch
def test_elasticsearch_indexes_a_document(settings: Settings) -> None:
    url = f"{settings.elasticsearch_url}/{settings.index('lots')}"
    assert httpx.put(f"{url}/_doc/1?refresh=true", json={"grade": "重废"}).status_code == 201
    found = httpx.post(f"{url}/_search", json={"query": {"match_phrase": {"grade": "重废"}}}).json()
    assert found["hits"]["total"]["value"] == 1
    assert httpx.delete(url).status_code == 200


def test_an_undeclared_server_is_out_of_reach(settings: Settings) -> None:
    with MongoClient[dict[str, object]](settings.mongodb_uri) as client, pytest.raises(ServerSelectionTimeoutError):
        client.admin.command("ping")
    with pytest.raises(httpx.ConnectError):
        httpx.get(settings.elasticsearch_url)
