"""The operator's pages."""

from __future__ import annotations

from flask import Response

from gateway.console.registry import Page
from gateway.console.visit import Visit

ROLES = ("operator",)


def home(visit: Visit) -> Response:
    """Who is signed in, until the pages that this role works with stand here."""
    return visit.render("parts/me.html", me=visit.api.get("/v1/me").body)


PAGES = (Page("/operator", home, ROLES, word="nav_home", icon="home"),)
