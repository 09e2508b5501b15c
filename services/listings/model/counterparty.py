"""What an organisation thinks of another: a favourite, or one that it does not trade with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shared.events import Event
from shared.events.listings import CounterpartyChanged

Standing = Literal["favourite", "blocked"]


@dataclass(kw_only=True)
class Counterparty:
    """`standing` of `counterparty_id` with the organisation; None once it was taken back. Nobody else is told of it."""

    id: str
    version: int = 0
    organisation_id: str
    counterparty_id: str
    standing: Standing | None = None
    updated_at: datetime

    def stand(self, standing: Standing | None, now: datetime) -> list[Event]:
        if standing == self.standing:
            return []
        self.standing, self.updated_at = standing, now
        self.version += 1
        return [
            CounterpartyChanged(
                id=self.id,
                version=self.version,
                at=now,
                organisation_id=self.organisation_id,
                counterparty_id=self.counterparty_id,
                standing=standing,
            )
        ]
