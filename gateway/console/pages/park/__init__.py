"""The park operator's pages: what came, went and stayed, against target; and from the country down to one lot's ledger."""

from __future__ import annotations

from gateway.console.pages.park import alarms, allowances, board, flows, places, reports, targets
from gateway.console.registry import Page

ROLES = ("park_operator",)
BOTH = ("park_operator", "operator")
OPERATOR = ("operator",)

PAGES = (
    Page("/park", board.home, ROLES, word="nav_board", icon="gauge"),
    Page("/park/regions", places.country, BOTH, word="nav_regions", icon="map", group="group_regions"),
    Page("/park/regions/<code>", places.place, BOTH),
    Page("/park/regions/<code>/volumes", places.volumes, BOTH),
    Page("/park/regions/<code>/entries", places.entries, BOTH),
    Page("/park/regions/<code>/revisions", places.revisions, BOTH),
    Page("/park/regions/<code>/lots/<lot_id>", places.lot, BOTH),
    Page("/park/alarms", alarms.alarms, BOTH, word="nav_alarms", icon="alert", group="group_regions", posts=True),
    Page("/park/alarms/rules", alarms.rules, BOTH, posts=True),
    Page("/park/alarms/rules/<rule_id>", alarms.rule, BOTH, posts=True),
    Page("/park/reports", reports.reports, BOTH, word="nav_reports", icon="print", group="group_regions", posts=True),
    Page("/park/reports/<report_id>/<name>", reports.file, BOTH),
    Page("/park/flows", flows.flows, BOTH, word="nav_flows", icon="swap", group="group_regions"),
    Page("/park/targets", targets.targets, BOTH, word="nav_targets", icon="check", group="group_regions"),
    Page("/park/targets/<target_id>", targets.target, OPERATOR, posts=True),
    Page("/park/allowances/rules/<allowance_rule_id>", allowances.rule, OPERATOR, posts=True),
    Page("/park/allowances", allowances.allowances, BOTH, word="nav_allowances", icon="list", group="group_regions"),
)
