"""What pages share within a process."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.console.board import Market
from gateway.console.client import Caller
from gateway.console.sessions import Sessions
from gateway.openapi import Document
from shared.settings import Settings


@dataclass(frozen=True)
class House:
    """One for the process; opens nothing before the first request."""

    settings: Settings
    market: Market
    document: Document
    sessions: Sessions
    caller: Caller
