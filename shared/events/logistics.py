"""Topic `huanliu.logistics`."""

from __future__ import annotations

from shared.events.base import Event, Moment, Point


class _Shipment(Event):
    """One load; `id` is the shipment's. `at` is the moment reported for the step. `terms` of the trade stay in the trade."""

    trade_id: str
    proposal_id: str
    lot_id: str
    demand_id: str
    seller_id: str
    buyer_id: str
    grade: str
    planned_kg: int
    from_region: str
    to_region: str
    mode: str
    carrier_id: str | None = None
    vehicle: str | None = None
    status: str
    recorded_at: Moment
    from_site_id: str | None = None
    to_site_id: str | None = None
    distance_m: int | None = None
    resold_bp: int = 0
    """What share of the lot its seller had received from others before, in basis points."""


class ShipmentPlanned(_Shipment, type="shipment.planned"):
    """One of the `loads` loads of a trade, all planned in one transaction."""

    loads: int


class ShipmentAssigned(_Shipment, type="shipment.assigned"):
    """A carrier and a vehicle are named."""


class ShipmentBooked(_Shipment, type="shipment.booked"):
    """The carrier confirms."""


class ShipmentLoaded(_Shipment, type="shipment.loaded"):
    """The planned tonnes are on the road: reserved → in transit."""


class PositionReported(_Shipment, type="position.reported"):
    """Where the vehicle is."""

    position: Point


class ShipmentArrived(_Shipment, type="shipment.arrived"):
    """At the buyer's gate."""


class ShipmentWeighed(_Shipment, type="shipment.weighed"):
    """Gross and tare by a ticket of the buyer's weighbridge."""

    gross_kg: int
    tare_kg: int
    ticket: str


class ShipmentInspected(_Shipment, type="shipment.inspected"):
    """What the buyer's inspection found."""

    moisture_pct: float | None = None
    impurity_pct: float | None = None
    found_grade: str | None = None


class ShipmentReceived(_Shipment, type="shipment.received"):
    """The load is taken in. net = gross − tare; settled + deducted = net. `consumed_kg` is what it uses of the reservation
    (planned, or net where net is below the tolerance), `shortfall_kg` = planned − consumed goes back, `difference_kg` =
    consumed − net is the weighing difference, signed."""

    net_kg: int
    settled_kg: int
    deducted_kg: int
    consumed_kg: int
    shortfall_kg: int
    difference_kg: int
    ticket: str
    moisture_pct: float | None = None
    impurity_pct: float | None = None


class ShipmentCorrected(_Shipment, type="shipment.corrected"):
    """The buyer put the ticket or the inspection of a received load right, for `reason`. `at` is when the load was received, as
    it is known now; the figures are the right ones, the `previous_…` those that stood before. What the load consumes of the
    reservation stays: the change of net weight goes to the weighing difference, so settled + deducted + difference =
    consumed, before and after."""

    reason: str
    net_kg: int
    settled_kg: int
    deducted_kg: int
    difference_kg: int
    ticket: str
    moisture_pct: float | None = None
    impurity_pct: float | None = None
    previous_at: Moment
    previous_net_kg: int
    previous_settled_kg: int
    previous_deducted_kg: int
    previous_difference_kg: int


class ShipmentRefused(_Shipment, type="shipment.refused"):
    """The buyer refused it; its tonnes stay in transit until it is returned."""

    reason: str


class ShipmentReturned(_Shipment, type="shipment.returned"):
    """A refused load is back at the seller's."""


class HaulageCancelled(Event, type="haulage.cancelled"):
    """Every load of the trade `id` is cancelled before loading."""

    shipment_ids: tuple[str, ...]


class HaulageKept(Event, type="haulage.kept"):
    """The trade `id` can't be cancelled: a load is loaded, or every load has ended."""

    reason: str
