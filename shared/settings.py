"""Every setting of the project, read from the environment in this one file (the README's table lists them)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, FilePath, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOMS = ("accounts", "listings", "matching", "trading", "logistics", "regions")


class Settings(BaseSettings):
    """Frozen; made once per process by `Settings()` and handed to `create_app` and `create_worker`."""

    model_config = SettingsConfigDict(env_prefix="HUANLIU_", frozen=True, extra="ignore")

    host: str = "127.0.0.1"
    port: int = 8080
    data: Path = Path(".huanliu")
    java_home: Path | None = None
    downloads: Path | None = None
    """Where downloaded servers are kept; outside `data`. Default: `huanliu` in the user's cache folder."""

    mongodb_uri: str = "mongodb://127.0.0.1:27017/?replicaSet=huanliu"
    kafka_brokers: str = "127.0.0.1:9092"
    elasticsearch_url: str = "http://127.0.0.1:9200"
    namespace: str = ""
    """Prefix of topics, databases and indices, so that tests have fresh names on shared servers."""
    rooms: Annotated[dict[str, str], Field(default_factory=dict)]
    """Internal address of each room, `{"accounts": "http://127.0.0.1:1234", …}` (JSON)."""
    worker_port: int = 0
    """Port of a worker's own probes and metrics; 0 opens none."""
    replication: int = 1

    search_analyser: str = "auto"
    """Elasticsearch's analyser of free text; `auto` takes the best that the cluster has when an index is made."""
    secret_key: str = ""
    token_minutes: int = 10
    refresh_days: int = 30
    body_limit_bytes: int = 1_048_576
    upload_limit_bytes: int = 10 * 1_048_576
    """Of the routes that take files."""
    rate_limit_per_minute: int = 6000
    sign_in_limit_per_minute: int = 120

    clearing_interval_s: float = 5
    carbon_cny_per_kg: float = 0
    in_park_cny_per_t: float = 0
    low_value_radius_km: float = 300
    low_value_beyond_cny_per_tkm: float = 0
    hold_back_least_lots: int = 100
    """A family's lots of the last day: fewer are no forecast."""
    load_t: float = 32
    load_tolerance_pct: float = 5
    proposal_ttl_s: float = 3600
    expiry_warning_h: float = 24
    tender_least_s: float = 3600
    """An hour: time for a mill's buyer to see it and bid."""
    tender_most_days: float = 14
    """Longer, and the lot's own window or the price level is another."""
    dispute_h: float = 72
    payment_days: float = 7
    correction_days: float = 31
    hours_are_kept_days: Annotated[int, Field(ge=0, le=36_525)] = 0
    days_are_kept_months: Annotated[int, Field(ge=0, le=1_200)] = 0

    gateway_lanes: int = 16
    """Requests that a gateway process works on at once."""
    gateway_streams: int = 2000
    """Event streams that may be open, as far as open files allow."""
    webhook_hosts: str = ""
    """`host:port` of receivers that may be called though they are not public, and by http; parted by commas."""
    smtp_url: str = ""
    """`smtp[s]://user:password@host:port`; empty: e-mail goes to `messages.jsonl` in the data folder."""
    mail_from: str = "huanliu@localhost"
    sms_url: str = ""
    """Takes `{"to", "text"}` as JSON with the token as Bearer; empty: text messages go to `messages.jsonl`."""
    sms_token: str = ""

    map_layer: Annotated[FilePath, AfterValidator(Path.absolute)] | None = None
    """GeoJSON (WGS 84) of boundaries from an approved map, drawn below the points of places; none is shipped."""
    map_approval: str = ""
    """The approval number (审图号) of that map, shown with it."""

    demo: bool = False
    """Set by `huanliu up` unless `--no-demo`: the demo market belongs to this instance, ready only once it is loaded."""
    demo_password: str = "huanliu-demo"
    log_level: str = "INFO"

    @model_validator(mode="after")
    def _a_layer_has_its_number(self) -> Settings:
        if self.map_layer is not None and not self.map_approval.strip():
            raise ValueError(
                "HUANLIU_MAP_LAYER needs HUANLIU_MAP_APPROVAL: a map of boundaries is shown with its approval number"
            )
        return self

    @property
    def private_webhooks(self) -> frozenset[str]:
        """See `webhook_hosts`."""
        return frozenset(one.strip() for one in self.webhook_hosts.split(",") if one.strip())

    def topic(self, room: str) -> str:
        """The Kafka topic of `room`."""
        return f"{self.namespace}huanliu.{room}"

    def database(self, room: str) -> str:
        """The MongoDB database of `room`."""
        return f"{self.namespace}huanliu_{room}"

    def index(self, name: str) -> str:
        """The Elasticsearch alias `name`."""
        return f"{self.namespace}huanliu-{name}"

    def group(self, consumer: str) -> str:
        """The Kafka consumer group of `consumer`."""
        return f"{self.namespace}huanliu.{consumer}"


def cache_dir() -> Path:
    """The user's cache folder (XDG base directories)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def environment(extra: Mapping[str, str], without: Iterable[str] = ()) -> dict[str, str]:
    """This process's environment for a child: without names that start with one of `without`, then with `extra`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(tuple(without))}
    return kept | dict(extra)
