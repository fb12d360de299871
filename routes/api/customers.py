"""Looking customers up, for a call centre's own screens: by phone, customer number or name; every look-up is kept."""

from typing import Any

from flask.typing import ResponseReturnValue

from routes.api import show
from routes.api.blueprint import blueprint
from routes.api.outages import known
from routes.api.read import read_texts
from routes.request import now, store, user
from triage.customers import CustomerRecord, Dossier, look_up, pick
from triage.masking import mask_address, mask_name, mask_phone


@blueprint.post("/customers/find")
def find_customers() -> ResponseReturnValue:
    """Find customers by `query`, or take the one of `number` from a list: one match comes with its dossier."""
    sent = read_texts("query", "number")
    if sent.get("number"):
        found = pick(sent["number"], user=user(), store=store(), now=now())
    else:
        found = look_up(sent.get("query", ""), user=user(), store=store(), now=now())
    units = show.unit_names()
    return {
        **show.term("by", found.by),
        "count": len(found.customers),
        "is_more": found.is_more,
        "customers": [record(one, units, is_masked=found.is_masked) for one in found.customers],
        "dossier": dossier(found.dossier) if found.dossier else None,
    }


def record(one: CustomerRecord, units: Any, *, is_masked: bool) -> dict[str, Any]:
    """A customer as recorded; of strangers (people of one name) only what tells them apart."""
    return {
        "number": one.number,
        "name": mask_name(one.name) if is_masked else one.name,
        "phone": mask_phone(one.phone) if is_masked else one.phone,
        "address": mask_address(one.address) if is_masked else one.address,
        **show.row("unit_code", one.unit_code, units),
        **show.term("locality", one.locality),
        "transformer_area": one.transformer_area or None,
        "key_kind": one.key_kind or None,
        **show.term("supply", one.supply),
        "supply_since_on": one.supply_since_on.isoformat() if one.supply_since_on else None,
        "advice": one.advice or None,
    }


def dossier(one: Dossier) -> dict[str, Any]:
    """What belongs to one customer."""
    return {
        "open_tickets": show.tickets(one.open_tickets),
        "earlier_tickets": show.tickets(one.earlier_tickets),
        "outages": [known(outage) for outage in one.outages.known],
        "recent_outages": one.outages.recent_count,
    }
