"""The operator's pages: is anything late, lost or waiting; and the way of one lot."""

from __future__ import annotations

from gateway.console.pages.operator import checks, clearings, following, health, letters, members
from gateway.console.registry import Page

ROLES = ("operator",)

PAGES = (
    Page("/operator", health.home, ROLES, word="nav_health", icon="heart"),
    Page("/operator/dead-letters", letters.letters, ROLES, word="nav_letters", icon="alert"),
    Page("/operator/dead-letters/<room>/<letter_id>", letters.letter, ROLES, posts=True),
    Page("/operator/follow", following.follow, ROLES, word="nav_follow", icon="search"),
    Page("/operator/organisations", members.members, ROLES, word="nav_members", icon="person"),
    Page("/operator/organisations/<organisation_id>", members.member, ROLES, posts=True),
    Page(
        "/operator/clearings", clearings.clearings, ROLES, word="nav_clearings", icon="swap", group="group_running", posts=True
    ),
    Page("/operator/clearings/<clearing_id>", clearings.clearing, ROLES),
    Page("/operator/checks", checks.checks, ROLES, word="nav_checks", icon="check", group="group_running"),
    Page("/operator/webhooks", checks.webhooks, ROLES, word="nav_webhooks", icon="upload", group="group_running", posts=True),
)
