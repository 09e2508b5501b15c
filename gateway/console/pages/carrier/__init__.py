"""The carrier's pages."""

from gateway.console.pages.carrier.common import ROLES
from gateway.console.pages.carrier.loads import day, earnings, home, load
from gateway.console.pages.carrier.offers import offers
from gateway.console.registry import Page

PAGES = (
    Page("/carrier", home, ROLES, word="nav_home", icon="home"),
    Page("/carrier/loads", offers, ROLES, word="nav_loads", icon="list"),
    Page("/carrier/day", day, ROLES, word="nav_day", icon="clock"),
    Page("/carrier/earnings", earnings, ROLES, word="nav_earnings", icon="money"),
    Page("/carrier/loads/<load_id>", load, ROLES, posts=True),
)
