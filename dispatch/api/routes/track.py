"""Customers: an order followed by a link, without signing in. Whoever has the link is the customer."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Annotated, Final

from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse

from dispatch.api.following import PRIVATE, Customer, Following
from dispatch.api.schemas.cases import AskToCancel, Complaint
from dispatch.api.schemas.payments import Checkout, Transfer
from dispatch.api.schemas.track import Answer, CancelTermsOut, PositionSeen, Rating, TrackOut, Words
from dispatch.errors import ConflictError, NotFoundError
from dispatch.model.actor import ActorKind
from dispatch.model.cancel_terms import cancel_terms
from dispatch.model.commands import (
    AskCancellation,
    ClaimTransfer,
    Command,
    Complain,
    RateOrder,
    TakeCaseStep,
    WriteMessage,
)
from dispatch.model.events import CaseId
from dispatch.model.reasons import CaseStep
from dispatch.service.feed import Watch
from dispatch.service.service import Services
from dispatch.service.tracking import Tracked, answers
from dispatch.store.live.ports import Seen

router = APIRouter(prefix="/v1/track/{token}", tags=["customers"])

_LOOK_S: Final = 3.0
"""How often the position is looked at."""
_ANEW_S: Final = 15.0
"""How often everything is looked at anew, and a sign of life sent."""


@router.get("")
async def get_progress(customer: Customer) -> TrackOut:
    """How far the order is, and, from the way to the pickup until it is there, who brings it and where."""
    return await _shown(customer.asks.api, customer.found)


async def _shown(api: Services, found: Tracked) -> TrackOut:
    return TrackOut.of(found, await _seen(api, found))


async def _seen(api: Services, found: Tracked) -> Seen | None:
    if found.rider is None:
        return None
    return await api.live.position(found.market_id, found.rider.rider.id)


@router.get("/cancel")
async def get_cancel_terms(customer: Customer) -> CancelTermsOut:
    """What cancelling would mean at this moment, and what it would cost."""
    found = customer.found
    return CancelTermsOut.of(cancel_terms(found.order, found.account, found.rules))


@router.post("/cancel")
async def cancel(body: AskToCancel, customer: Customer) -> TrackOut:
    """Call the order off. Before the merchant accepts it is off at once; later customer service decides with everybody.

    If the merchant accepts in the same moment, nothing is charged: it becomes a case, which can be withdrawn.
    """
    command = AskCancellation(order_id=customer.found.order_id, reason=body.reason, text=body.text)
    return await _said(customer, command)


@router.post("/messages")
async def write(body: Words, customer: Customer) -> TrackOut:
    """Tell the merchant, the rider and customer service something."""
    return await _said(customer, WriteMessage(order_id=customer.found.order_id, text=body.text))


@router.post("/rating")
async def rate(body: Rating, customer: Customer) -> TrackOut:
    """Say how it was, once the order is there. It counts once; who has more to say writes a message."""
    return await _said(customer, RateOrder(order_id=customer.found.order_id, stars=body.stars, text=body.text))


@router.post("/complaint")
async def complain(body: Complaint, customer: Customer) -> TrackOut:
    """Say what was wrong with the order. The merchant answers first, then customer service decides."""
    return await _said(customer, Complain(order_id=customer.found.order_id, text=body.text))


@router.post("/answers")
async def answer(body: Answer, customer: Customer) -> TrackOut:
    """Answer one of the `questions`."""
    case = next((one for one in customer.found.cases if one.case_id == body.case_id), None)
    if case is None:
        raise NotFoundError(f"There is no open question {body.case_id!r}.", "Look at the order again.")
    if body.step not in answers(case):
        possible = ", ".join(answers(case)) or "nothing at the moment"
        raise ConflictError(f"{body.step.value} is no answer to it.", f"Answer with: {possible}.", code="no_answer")
    command = TakeCaseStep(
        case_id=CaseId(body.case_id),
        step=body.step,
        by=ActorKind.CUSTOMER,
        text=body.address if body.step is CaseStep.ADDRESS_CORRECTED else body.text,
        place=None if body.place is None else body.place.to_model(),
    )
    return await _said(customer, command)


@router.post("/payment/checkout")
async def check_out(customer: Customer) -> Checkout:
    """A page of the gateway where the order is paid."""
    found = await customer.asks.api.payments.checkout(customer.found.market_id, customer.found.order_id)
    return Checkout(url=found.url, reference=found.reference)


@router.post("/payment/transfer")
async def claim_transfer(body: Transfer, customer: Customer) -> TrackOut:
    """Say that the money was sent."""
    return await _said(customer, ClaimTransfer(order_id=customer.found.order_id, picture=body.picture))


async def _said(customer: Following, command: Command) -> TrackOut:
    """Carry out what the customer says; the order afterwards."""
    await customer.asks.do(command)
    api = customer.asks.api
    return await _shown(api, await api.links.follow(customer.token))


@router.get("/stream", response_class=StreamingResponse)
async def stream_progress(
    customer: Customer, last_event_id: Annotated[str | None, Header(max_length=64)] = None
) -> StreamingResponse:
    """The same as it changes (server-sent events): `progress` is all of it, `position` where the rider is.

    It may break off at any time: with `Last-Event-ID` the next one begins with what has changed since, if anything.
    """
    headers = {**PRIVATE, "X-Accel-Buffering": "no"}
    text = _counted(customer, last_event_id or "")
    return StreamingResponse(text, media_type="text/event-stream", headers=headers)


async def _counted(customer: Following, known: str) -> AsyncIterator[str]:
    """The stream, unless too many watch the link already."""
    with customer.asks.api.links.watching(customer.token) as fits:
        if not fits:
            yield "retry: 60000\nevent: full\ndata: {}\n\n"
            return
        async for text in _stream(customer, known):
            yield text


async def _stream(customer: Following, known: str) -> AsyncIterator[str]:
    """Everything whenever something has changed, until the link counts no more."""
    api, found = customer.asks.api, customer.found
    feed = api.markets.get(found.market_id).feed
    yield "retry: 3000\n\n"
    while not feed.closed:
        with feed.watching(found.topics) as watch:
            try:
                known_topics, found = found.topics, await api.links.follow(customer.token)
            except NotFoundError:
                yield "event: over\ndata: {}\n\n"
                return
            if found.topics != known_topics:
                continue  # something else has to be watched, before it is looked at
            seen = await _seen(api, found)
            name, message = _progress(found, seen)
            yield message if name != known else ": still there\n\n"
            known = name
            async for text in _positions(api, found, seen, watch):
                yield text


async def _positions(api: Services, found: Tracked, seen: Seen | None, watch: Watch) -> AsyncIterator[str]:
    """Where the rider is seen, until something has happened or enough time has passed."""
    until = time.monotonic() + _ANEW_S
    while time.monotonic() < until and not await watch.wait(_LOOK_S):
        now_seen = await _seen(api, found)
        if now_seen is not None and now_seen != seen:
            seen = now_seen
            yield f"event: position\ndata: {PositionSeen.of(seen).model_dump_json()}\n\n"


def _progress(found: Tracked, seen: Seen | None) -> tuple[str, str]:
    """The name of a state of things, the same for the same wherever the rider is, and the message that tells it."""
    name = sha256(TrackOut.of(found, None).model_dump_json().encode()).hexdigest()[:16]
    return name, f"event: progress\nid: {name}\ndata: {TrackOut.of(found, seen).model_dump_json()}\n\n"
