"""The cursor of a search: where its page ended and the point in time it reads, sealed."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from services.listings.views.criteria import Criteria
from shared.mongo import make_cursor, read_cursor
from shared.problem import InputIsInvalid


@dataclass(frozen=True, slots=True)
class Place:
    """`after` are the sort values of the last hit; `eased` that places and words only preferred."""

    after: list[Any]
    point: str | None
    eased: bool


def sealed(place: Place, kind: str, criteria: Criteria, key: str) -> str:
    """A cursor that belongs to this search alone and can't be made by hand: Elasticsearch trusts its values."""
    data = orjson.dumps([place.after, place.point, place.eased]).decode()
    return make_cursor(orjson.dumps([data, _digest(data, kind, criteria, key)]).decode())


def opened(cursor: str, kind: str, criteria: Criteria, key: str) -> Place:
    """Raises InputIsInvalid for a cursor of another search."""
    fault = InputIsInvalid([("/cursor", "无效的游标", "This cursor was not given by this search")])
    try:
        data, digest = orjson.loads(read_cursor(cursor))
        if not isinstance(data, str) or not hmac.compare_digest(str(digest), _digest(data, kind, criteria, key)):
            raise fault
        return Place(*orjson.loads(data))
    except (ValueError, TypeError) as error:
        raise fault from error


def _digest(data: str, kind: str, criteria: Criteria, key: str) -> str:
    message = orjson.dumps([data, kind, asdict(criteria)])
    return hmac.new(key.encode(), message, hashlib.blake2b).hexdigest()[:32]
