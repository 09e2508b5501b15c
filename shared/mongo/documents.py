"""What is stored: the base of every document, how dataclasses become rows and come back, and the seal."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar, Protocol

import bson
import orjson
from bson.codec_options import CodecOptions
from cattrs.preconf.bson import make_converter
from mongoengine import DynamicDocument, IntField, StringField

from shared.clock import cut_to_ms
from shared.events.base import Value

Row = dict[str, Any]


def _is_value(kind: Any) -> bool:
    """Frozen parts of events (`Terms`) are kept as they came."""
    return isinstance(kind, type) and issubclass(kind, Value)


CONVERTER = make_converter(detailed_validation=False)
CONVERTER.register_structure_hook(datetime, lambda value, _: value)
CONVERTER.register_unstructure_hook(datetime, lambda value: cut_to_ms(value.astimezone(UTC)))  # as it is read back
CONVERTER.register_structure_hook_func(_is_value, lambda row, kind: kind.model_validate(row))
CONVERTER.register_unstructure_hook_func(_is_value, lambda value: value.model_dump())


class Sealed(DynamicDocument):  # type: ignore[misc]
    """The base of every document: a string id, the aggregate's version, the seal. Subclasses name a collection and indexes."""

    meta: ClassVar[dict[str, Any]] = {"abstract": True, "auto_create_index": False}

    id = StringField(primary_key=True)
    version = IntField()
    seal = StringField()


class Entity(Protocol):
    """What a repository keeps: a dataclass with an id."""

    id: str


def seal_of(row: Mapping[str, Any], key: str) -> str:
    """The keyed digest of a document without its `seal`."""
    content = {name: value for name, value in row.items() if name != "seal"}
    data = orjson.dumps(content, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return hmac.new(key.encode(), data, hashlib.blake2b).hexdigest()[:32]


def sealed(row: Row, key: str) -> Row:
    """The document with its seal."""
    return row | {"seal": seal_of(row, key)}


AWARE: CodecOptions[Row] = CodecOptions(tz_aware=True)


def pack(row: Mapping[str, Any]) -> bytes:
    """A document as the database has it on disk: to keep many in memory."""
    return bson.encode(row)


def unpack(data: bytes) -> Row:
    """What `pack` was given."""
    return bson.decode(data, AWARE)
