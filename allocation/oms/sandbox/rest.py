"""Events, jobs and batches under ``/api/v4.1``."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from allocation.oms.sandbox import inventory, workflow
from allocation.oms.sandbox.codes import Rejected
from allocation.oms.sandbox.context import Context, picked
from allocation.oms.sandbox.instants import instant_of, text_of
from allocation.oms.sandbox.ledger import Commit
from allocation.oms.sandbox.requests import Reply, Request, reply_json
from allocation.oms.sandbox.state import Record

PREFIX: Final = "/api/v4.1/"
EVENTS_DEFAULT, EVENTS_MAX = 100, 5000
"""[DOC using-the-event-api]"""
DAYS_DEFAULT: Final = 30
RECORDS_MAX: Final = 5000
"""Of a batch [DOC]."""
BATCH_S: Final = 1.0
"""A batch is worked on after its request was answered."""
_CONTEXT: Final = ("entityType", "entityId", "entityRef", "rootEntityType", "rootEntityId", "rootEntityRef")


def answer(request: Request, context: Context) -> Reply:
    """The reply to a request under ``/api/v4.1``, with the statuses that are documented: 200, 400, 404."""
    parts = request.path.removeprefix(PREFIX).strip("/").split("/")
    if request.method == "GET":
        return _read(parts, request.query, context)
    try:
        body = json.loads(request.content() or b"")
    except ValueError:
        return _error(400, "the body is no JSON")
    if not isinstance(body, dict):
        return _error(400, "the body is no object")
    if parts in (["event", "sync"], ["event", "async"]):
        return _post_event(body, context, sync=parts[1] == "sync")
    if parts == ["job"]:
        return _post_job(body, context)
    if parts[::2] == ["job", "batch"]:
        return _post_batch(parts[1], body, context)
    return _error(404, "there is no such resource")


def _read(parts: list[str], query: Mapping[str, str], context: Context) -> Reply:
    match parts:
        case ["event"]:
            return _search(query, context)
        case ["event", event_id]:
            found = context.find("Event", "", eventId=event_id) or context.read("Event", event_id)
            return reply_json(_event(found, context)) if found else _error(404, f"event {event_id} was not found")
        case ["job", job_id]:
            job = context.read("Job", job_id)
            return reply_json(_job(job, context)) if job else _error(404, f"job {job_id} was not found")
        case ["job", job_id, "batch", number]:
            batch = context.read("Batch", number)
            if batch is None or batch["jobId"] != job_id:
                return _error(404, f"batch {number} of job {job_id} was not found")
            return reply_json(picked(batch, "id", "status", "createdOn"))
        case ["job", job_id, "results"] if context.read("Job", job_id):
            # Called by the SDK; what it looks like is not documented. [INF]
            batches = [context.read("Batch", n) or {} for n in context.state.numbers("Batch", parent=job_id)]
            shown = ("id", "status", "processed", "failed", "errors")
            return reply_json({"count": len(batches), "results": [picked(batch, *shown) for batch in batches]})
    return _error(404, "there is no such resource")


# ----- events


def _post_event(body: Mapping[str, Any], context: Context, *, sync: bool) -> Reply:
    """Take an event [DOC event-api, manual-event; the asynchronous reply INF]."""
    missing = [name for name in ("name", "retailerId", "entityType") if not body.get(name)]
    if not (body.get("entityRef") or body.get("entityId")):
        missing.append("entityRef")
    if missing:
        return _error(400, f"missing: {', '.join(missing)}")
    entity = _entity(body, context)
    matched = entity is not None and context.settings.mode == "active"
    status = "PENDING" if not sync else "COMPLETE" if matched else "NO_MATCH"
    record = {**picked(body, "name", *_CONTEXT), "attributes": body.get("attributes") or {}, "eventStatus": status}
    record |= {"ref": "", "retailerId": str(body["retailerId"]), "generatedOn": context.at}
    event = context.state.add("Event", record)
    number = _uuid(context, event)
    context.commits.append(Commit(context.request, context.at, "event", "Event", str(body["name"]), event["id"]))
    if not sync:
        context.state.change("Event", event, {"eventStatus": "COMPLETE" if matched else "NO_MATCH"})
        return reply_json({"id": number})
    entity_id = body.get("entityId") or (entity or {}).get("id")
    return reply_json({"eventId": number, "entityId": entity_id, "eventStatus": status})


def _entity(body: Mapping[str, Any], context: Context) -> Record | None:
    kind = "".join(part.capitalize() for part in str(body["entityType"]).split("_"))
    if body.get("entityId"):
        return context.read(kind, str(body["entityId"]))
    more = {}
    if kind in {"InventoryPosition", "InventoryQuantity"} and body.get("rootEntityRef"):
        more = {"catalogueRef": body["rootEntityRef"]}
    return context.find(kind, str(body["entityRef"]), **more)


def _uuid(context: Context, event: Record) -> str:
    text = f"{context.settings.seed} event {event['id']}"
    number = str(uuid.UUID(bytes=hashlib.blake2b(text.encode(), digest_size=16).digest(), version=4))
    context.state.change("Event", event, {"eventId": number})
    return number


def _search(query: Mapping[str, str], context: Context) -> Reply:
    """Search events: the last 30 days, 100 of them, unless something else is asked [DOC using-the-event-api]."""
    start, count = query.get("start", "0"), query.get("count", str(EVENTS_DEFAULT))
    if not (start.isdigit() and count.isdigit()):
        return _error(400, "start and count are whole numbers")
    low = query.get("from") or text_of(instant_of(context.at) - timedelta(days=DAYS_DEFAULT))
    high = query.get("to") or context.at
    wanted = {name: query[f"context.{name}"] for name in _CONTEXT if f"context.{name}" in query}
    wanted |= {name: query[name] for name in ("name", "eventStatus", "retailerId") if name in query}
    found = [
        event
        for event in (context.read("Event", number) for number in context.state.numbers("Event"))
        if event is not None
        and low <= event["generatedOn"] <= high
        and query.get("eventType", "ORCHESTRATION") == "ORCHESTRATION"
        and all(str(event.get(name)) == value for name, value in wanted.items())
    ]
    first, most = int(start), min(int(count), EVENTS_MAX)
    page = found[first : first + most]
    return reply_json(
        {
            "start": first,
            "count": len(page),
            "hasMore": first + most < len(found),
            "results": [_event(event, context) for event in page],
        }
    )


def _event(event: Record, context: Context) -> Record:
    return {
        "id": event.get("eventId") or event["id"],
        "name": event["name"],
        "type": "ORCHESTRATION",
        "accountId": context.settings.credentials.client_id,
        "retailerId": event["retailerId"],
        "category": "NORMAL",
        "context": picked(event, *_CONTEXT),
        "eventStatus": event["eventStatus"],
        "attributes": event["attributes"],
        "source": None,
        "generatedBy": context.settings.credentials.username,
        "generatedOn": event["generatedOn"],
    }


# ----- jobs and batches


def _post_job(body: Mapping[str, Any], context: Context) -> Reply:
    if not body.get("name") or not body.get("retailerId"):
        return _error(400, "a job needs name and retailerId")
    job = context.add("Job", {"ref": body["name"], "retailerId": str(body["retailerId"])})
    context.commits.append(Commit(context.request, context.at, "job", "Job", str(body["name"]), job["id"]))
    return reply_json({"id": job["id"]})


def _job(job: Record, context: Context) -> Record:
    """A job is open until midnight UTC [DOC job-api 2025-02]."""
    is_open = job["createdOn"][:10] == context.at[:10]
    batches = [context.read("Batch", n) or {} for n in context.state.numbers("Batch", parent=job["id"])]
    return {
        "id": job["id"],
        "name": job["ref"],
        "retailerId": job["retailerId"],
        "status": "OPEN" if is_open else "CLOSED",
        "createdOn": job["createdOn"],
        "batch": [picked(batch, "id", "status") for batch in batches],
    }


def _post_batch(job_id: str, body: Mapping[str, Any], context: Context) -> Reply:
    job = context.read("Job", job_id)
    if job is None:
        return _error(404, f"job {job_id} was not found")
    entities = body.get("entities")
    if _job(job, context)["status"] != "OPEN":
        return _error(400, f"job {job_id} is closed")
    if body.get("action") != "UPSERT" or body.get("entityType") != "INVENTORY" or not isinstance(entities, list):
        return _error(400, "a batch needs action UPSERT, entityType INVENTORY and entities")
    if not 0 < len(entities) <= RECORDS_MAX:
        return _error(400, f"a batch has 1 to {RECORDS_MAX} entities, not {len(entities)}")
    catalogue = body.get("catalogueRef") or f"DEFAULT:{context.settings.retailer_id}"
    record = {"ref": "", "jobId": job_id, "status": "PENDING", "catalogueRef": catalogue, "entities": entities}
    batch = context.add("Batch", {**record, "processed": 0, "failed": 0, "errors": []})
    return reply_json({"id": batch["id"]})


def work(context: Context, batch: Record) -> None:
    """Work on a batch: every record by itself, complete also with errors [DOC]."""
    errors: list[Record] = []
    for i, entity in enumerate(batch["entities"]):
        try:
            _upsert(context, entity, {"ref": batch["catalogueRef"]})
        except Rejected as error:
            errors.append({"index": i, "code": error.code, "message": str(error)})
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            errors.append({"index": i, "code": None, "message": f"not a record of inventory: {error}"})
    done = len(batch["entities"]) - len(errors)
    changes = {"status": "COMPLETE", "processed": done, "failed": len(errors), "errors": errors, "entities": []}
    context.change("Batch", batch, changes)


def _upsert(context: Context, entity: Mapping[str, Any], catalogue: Mapping[str, str]) -> None:
    sku, location, quantity = str(entity["skuRef"]), str(entity["locationRef"]), int(entity["qty"])
    kind = str(entity.get("type") or "LAST_ON_HAND")
    position = {"ref": f"{sku}:{location}:DEFAULT", "catalogue": catalogue}
    if context.in_catalogue("InventoryPosition", position) is None:
        inventory.create_position(context, {**position, "type": "DEFAULT", "productRef": sku, "locationRef": location})
    key = {"ref": f"{position['ref']}:{kind}", "catalogue": catalogue}
    if context.in_catalogue("InventoryQuantity", key) is None:
        inventory.create_quantity(context, {**key, "position": position, "type": kind, "quantity": quantity})
    changes = {"quantity": quantity, "status": entity.get("status") or "ACTIVE", "attributes": entity.get("attributes")}
    updated = inventory.update_quantity(context, {**key, **changes})
    if kind == workflow.LAST_ON_HAND and context.settings.mode == "active":
        workflow.end_what_was_counted(context, updated)
    context.commits.append(
        Commit(context.request, context.at, "batch", "InventoryQuantity", updated["ref"], updated["id"])
    )


def _error(status: int, message: str) -> Reply:
    return reply_json({"errors": [{"message": message, "code": str(status)}]}, status)
