"""The map of the console: every area and its pages."""

from gateway.console.pages import buyer, carrier, collector, deals, operator, park, public
from gateway.console.pages.public import sign_in_page
from gateway.console.registry import Area

AREAS: tuple[Area, ...] = (
    Area("collector", collector.PAGES),
    Area("buyer", buyer.PAGES),
    Area("carrier", carrier.PAGES),
    Area("operator", operator.PAGES),
    Area("park", park.PAGES),
    Area("deals", deals.PAGES),
    Area("public", public.PAGES),
)

__all__ = ["AREAS", "sign_in_page"]
