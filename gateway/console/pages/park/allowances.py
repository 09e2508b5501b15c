"""以渣定产: what producers may still list of new output, and the rules behind, which the operator sets."""

from __future__ import annotations

from flask import Response

from gateway.console.client import Ask
from gateway.console.formats import just_before, material_name
from gateway.console.pages.park.looking import as_csv, named_region
from gateway.console.pages.park.setting import Setting, set_by_hand
from gateway.console.visit import Visit
from shared.catalogue import grades

WASTE = "solid_waste"
STATUSES = ("standing", "withdrawn")
RULE = Setting(
    "allowance_rule",
    "/v1/allowance-rules",
    "/park/allowances/rules",
    "/park/allowances",
    fields=("region", "material", "ratio_pct", "initial_t", "period", "from", "to", "source"),
    changed=("ratio_pct", "initial_t", "to", "source"),
    numbers=("ratio_pct", "initial_t"),
    emptied=("to",),
)


def allowances(visit: Visit) -> Response:
    """Those of one region, or all, the fullest first; and the rules that stand, or were withdrawn."""
    args = visit.request.args
    code = args.get("region", "")
    path = f"/v1/regions/{code}/allowances" if code else "/v1/allowances"
    if (table := as_csv(visit, path, {}, f"allowances-{code}" if code else "allowances")) is not None:
        return table
    status = args.get("rules", "")
    status = status if status in STATUSES else "standing"
    found, rules = visit.api.all(
        Ask(path, {"cursor": args.get("cursor"), "limit": 50}),
        Ask("/v1/allowance-rules", {"region": code or None, "status": status, "limit": 50}),
    )
    assert found is not None
    return visit.render(
        "allowances.html",
        items=sorted(found.items, key=lambda one: -one["used_pct"]),
        cursor=found.body["next_cursor"],
        rules=rules,
        region=code,
        chosen=status,
        statuses=STATUSES,
        ends=just_before,
        where=lambda code: named_region(code, visit.t),
        material=lambda code: material_name(code, visit.t),
    )


def rule(visit: Visit, allowance_rule_id: str) -> Response:
    """One to set, to change, to withdraw or to bring back."""
    wastes = [one.code for one in grades() if one.family == WASTE]
    options = {
        "materials": [(code, material_name(code, visit.t)) for code in wastes],
        "periods": [(one, visit.t[f"per_{one}"]) for one in ("year", "month")],
        "material": lambda code: material_name(code, visit.t),
    }
    return set_by_hand(visit, RULE, allowance_rule_id, options)
