"""The gateway's own database: the counters of its rate limits."""

from __future__ import annotations

from typing import Any

from limits.storage import MongoDBStorage


class Counters(MongoDBStorage):
    """MongoDB as the limiter knows it, but for its end: one that was never used does not connect in order to close.

    `server` among the options is MongoDB's own address; the storage's says only that it is of this kind.
    """

    STORAGE_SCHEME = ["huanliu-counters"]  # noqa: RUF012 - the base declares it so

    def _init_mongo_client(self, uri: str | None, **options: int | str | bool) -> Any:
        return super()._init_mongo_client(str(options.pop("server")), **options)

    def close(self) -> None:
        """Let go of the connections."""
        if self._storage is not None:
            self._storage.close()

    def __del__(self) -> None:
        self.close()


COUNTERS_URI = f"{Counters.STORAGE_SCHEME[0]}://"
