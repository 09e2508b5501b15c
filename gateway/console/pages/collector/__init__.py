"""The collector's pages: what a yard sells, to whom, and when it is paid."""

from gateway.console.pages.collector.deliveries import deliveries, delivery
from gateway.console.pages.collector.home import home, worth
from gateway.console.pages.collector.imports import imported, imports
from gateway.console.pages.collector.lots import lot, lots
from gateway.console.pages.collector.money import money, statement
from gateway.console.pages.collector.prices import prices, region
from gateway.console.pages.collector.proposals import proposal, proposals
from gateway.console.pages.collector.sell import edit, grades, sell
from gateway.console.pages.collector.yards import settings, yards
from gateway.console.registry import Page

ROLES = ("collector",)
PAGES = (
    Page("/collector", home, ROLES, word="nav_home", icon="home"),
    Page("/collector/sell", sell, ROLES, word="nav_sell", icon="plus", posts=True, files=True),
    Page("/collector/proposals", proposals, ROLES, word="nav_proposals", icon="swap"),
    Page("/collector/money", money, ROLES, word="nav_money", icon="money"),
    Page("/collector/lots", lots, ROLES, word="nav_lots", icon="list", group="group_goods"),
    Page("/collector/deliveries", deliveries, ROLES, word="nav_deliveries", icon="truck", group="group_goods"),
    Page("/collector/imports", imports, ROLES, word="nav_import", icon="upload", group="group_goods", posts=True, files=True),
    Page("/collector/prices", prices, ROLES, word="nav_prices", icon="chart", group="group_prices"),
    Page("/collector/region", region, ROLES, word="nav_region", icon="map", group="group_prices"),
    Page("/collector/yards", yards, ROLES, word="nav_yards", icon="pin", group="group_own", posts=True),
    Page("/collector/settings", settings, ROLES, word="nav_settings", icon="bell", group="group_own", posts=True),
    Page("/collector/grades", grades, ROLES),
    Page("/collector/worth", worth, ROLES),
    Page("/collector/lots/<lot_id>", lot, ROLES, posts=True, files=True),
    Page("/collector/lots/<lot_id>/edit", edit, ROLES, posts=True),
    Page("/collector/proposals/<proposal_id>", proposal, ROLES, posts=True),
    Page("/collector/deliveries/<shipment_id>", delivery, ROLES),
    Page("/collector/money/<trade_id>", statement, ROLES, posts=True),
    Page("/collector/imports/<import_id>", imported, ROLES, posts=True),
)
