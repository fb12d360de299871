"""The classification models: which there are, how good they are and where they err; one is put into use or rolled back."""

from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from routes.errors import status_of
from routes.request import parts, require
from routes.web.blueprint import blueprint
from routes.web.show import topic_name, type_name
from triage.errors import InvalidInput, NotFound, Problem
from triage.terms import Role
from triage.texts import clean
from triage.wording import say

TOPIC, DEMAND_TYPE, DECISION = "topic", "demand_type", "decision"
NAMES = {TOPIC: say("Topic"), DEMAND_TYPE: say("Demand type"), DECISION: say("Dispatch decision")}
WAYS = {"full": say("Full (words, character strings and sentence meaning)"), "fast": say("Fast (words and character strings)")}
ACTIONS = {"promoted": say("Enable"), "rolled back": say("Send back")}
REGISTERS = {"note": say("Ticket"), "speech": say("Speech"), "letter": say("Letter"), "short": say("Short phrase"), "correction": say("Correction")}
CONFLICT, PRECONDITION_FAILED = 409, 412
TROUBLES = {
    "model_missing": say("There is no model to put into use: it is gone, or no other model was used before"),
    "model_broken": say("The model file is damaged or was changed after training and cannot be put into use; train it again"),
    "model_stale": say("The model was trained with another format or dictionary version and cannot be put into use; train it again"),
    "model_in_use": say("Somebody else has just changed the model in use, so nothing was done; look at how things stand before you try again"),
}
MOST_PAIRS = 30
LONGEST_REASON = 200


@blueprint.get("/admin/models")
def models() -> ResponseReturnValue:
    """List the models and the changes of what is in use."""
    require(Role.ADMIN)
    return overview()


@blueprint.get("/admin/models/<version>")
def model(version: str) -> ResponseReturnValue:
    """Show a model's scores by label, its confusions and calibration, and hold it against the one in use."""
    require(Role.ADMIN)
    return card(version)


@blueprint.post("/admin/models/<version>/promote")
def promote_model(version: str) -> ResponseReturnValue:
    """Put a model into use; against the figures only with a reason."""
    who, force = require(Role.ADMIN), ""
    if "overrule" in request.form:
        try:
            force = reason(is_needed=True)
        except InvalidInput as error:
            return card(version, error=error), status_of(error)
    made = parts().models.promote(version, by=who.username, metric=request.form.get("metric", DECISION), force=force)
    if not made["done"]:
        return card(version, refused=made), status_of_refusal(made)
    flash(say("Model {version} has been put into use; the worker processes are switching to it", version=version))
    return redirect(url_for("pages.models"), 303)


@blueprint.post("/admin/models/rollback")
def roll_back() -> ResponseReturnValue:
    """Put the model that was in use before into use again."""
    who = require(Role.ADMIN)
    try:
        why = reason(is_needed=False)
    except InvalidInput as error:
        return overview(error=error), status_of(error)
    made = parts().models.rollback(by=who.username, seen=request.form.get("seen", ""), reason=why)
    if not made["done"]:
        return overview(refused=made), status_of_refusal(made)
    flash(say("The model before it is back in use; the worker processes are switching to it"))
    return redirect(url_for("pages.models"), 303)


def overview(*, error: InvalidInput | None = None, refused: Mapping[str, Any] | None = None) -> str:
    """Show the list, and what went wrong."""
    rows = parts().models.list()
    heads = list(dict.fromkeys(head for row in rows for head in row.get("scores", {})))
    return render_template(
        "pages/models.html",
        rows=rows,
        heads=heads,
        in_use=next((row["version"] for row in rows if row["in_use"]), None),
        way_back=next((row["version"] for row in rows if row["is_way_back"]), None),
        history=parts().models.history(),
        error=error,
        refused=refused,
        **words(),
    )


def card(version: str, *, error: InvalidInput | None = None, refused: Mapping[str, Any] | None = None) -> str:
    """Show one model with what went wrong.

    Raises:
        NotFound: there is none of this name.
    """
    found = parts().models.show(version)
    if found is None:
        raise NotFound(say("There is no model “{version}”; choose one from the list", version=version))
    ways = found.get("ways", {})
    asked = request.args.get("way", "")
    return render_template(
        "pages/model.html",
        model=found,
        way=asked if asked in ways else found.get("way"),
        figures=against(found, refused),
        error=error,
        refused=refused,
        typed=request.form,
        most=MOST_PAIRS,
        **words(),
    )


def against(found: Mapping[str, Any], refused: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Hold a model against the one in use; a refusal brings its figures along. None where there is nothing to compare."""
    if refused and refused["figures"]:
        return dict(refused["figures"])
    in_use = next((row for row in parts().models.list() if row["in_use"] and not row["trouble"]), None)
    if in_use is None or found["in_use"] or "ways" not in found:
        return None
    return parts().models.compare(in_use["version"], found["version"])


def reason(*, is_needed: bool) -> str:
    """Read why a change is made.

    Raises:
        InvalidInput: it is missing though needed, or too long.
    """
    text: str = clean(request.form.get("reason", "")).strip()
    if is_needed and not text:
        raise InvalidInput(Problem("reason", say("Reason: required, as it goes into the record of changes")))
    if len(text) > LONGEST_REASON:
        raise InvalidInput(Problem("reason", say("Reason: at most {most} characters, now {count}", most=LONGEST_REASON, count=len(text))))
    return text


def status_of_refusal(made: Mapping[str, Any]) -> int:
    """Give the HTTP status of a change that was not made."""
    return PRECONDITION_FAILED if made["code"] == "model_in_use" else CONFLICT


def label_name(label: str, head: str) -> str:
    """Give the Chinese name of a label of a head; one that is not of this trade is its own name."""
    return topic_name(label) if head == TOPIC else type_name(label) if head == DEMAND_TYPE else label


def words() -> dict[str, Any]:
    """What both pages name things by."""
    return {"names": NAMES, "way_names": WAYS, "registers": REGISTERS, "change_names": ACTIONS, "troubles": TROUBLES, "label_name": label_name}
