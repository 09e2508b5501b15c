"""The buyer's pages."""

from gateway.console.pages.buyer.common import ROLES
from gateway.console.pages.buyer.demands import demand, demands, edit, new
from gateway.console.pages.buyer.home import home
from gateway.console.pages.buyer.inbound import inbound, load
from gateway.console.pages.buyer.plants import own
from gateway.console.pages.buyer.proposals import proposal, proposals
from gateway.console.pages.buyer.quality import quality
from gateway.console.pages.buyer.search import lot, photo, saved, search
from gateway.console.pages.buyer.trades import trade, trades
from gateway.console.registry import Page

PAGES = (
    Page("/buyer", home, ROLES, word="nav_home", icon="home"),
    Page("/buyer/proposals", proposals, ROLES, word="nav_proposals", icon="check", posts=True),
    Page("/buyer/inbound", inbound, ROLES, word="nav_inbound", icon="truck"),
    Page("/buyer/search", search, ROLES, word="nav_search", icon="search"),
    Page("/buyer/demands", demands, ROLES, word="nav_demands", icon="list", group="group_buying"),
    Page("/buyer/trades", trades, ROLES, word="nav_trades", icon="money", group="group_buying"),
    Page("/buyer/quality", quality, ROLES, word="nav_quality", icon="gauge", group="group_buying"),
    Page("/buyer/searches", saved, ROLES, word="nav_searches", icon="bell", group="group_buying", posts=True),
    Page("/buyer/plants", own, ROLES, word="nav_plants", icon="pin", group="group_own", posts=True),
    Page("/buyer/proposals/<proposal_id>", proposal, ROLES, posts=True),
    Page("/buyer/inbound/<load_id>", load, ROLES, posts=True),
    Page("/buyer/demands/new", new, ROLES, posts=True),
    Page("/buyer/demands/<demand_id>", demand, ROLES, posts=True),
    Page("/buyer/demands/<demand_id>/edit", edit, ROLES, posts=True),
    Page("/buyer/trades/<trade_id>", trade, ROLES, posts=True),
    Page("/buyer/lots/<lot_id>", lot, ROLES),
    Page("/buyer/lots/<lot_id>/photos/<photo_id>", photo, ROLES),
)
