"""Customer service: exceptions are opened, taken, and worked on; merchants, riders and customers answer their own."""

from __future__ import annotations

from typing import Annotated, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Response

from dispatch.api.asking import Asking, Asks
from dispatch.api.auth import InMarket, Who, may
from dispatch.api.cursors import Pages
from dispatch.api.etag import OutdatedError, show_version
from dispatch.api.schemas.base import Name, PageOf, When, instant
from dispatch.api.schemas.cases import CaseDetail, CaseOut, CaseReport, CaseSumOut, NewCase, NewStep
from dispatch.api.state import Api
from dispatch.model.actor import ActorKind
from dispatch.model.commands import TakeCase, TakeCaseStep
from dispatch.model.events import CaseId, CaseOpened
from dispatch.model.lifecycle import CaseStatus
from dispatch.model.order import MarketId, MerchantId, OrderId, ZoneId
from dispatch.model.reasons import CaseKind, CaseStage, Party
from dispatch.model.rider import RiderId
from dispatch.service.asks import Done, Ref
from dispatch.service.case_file import STAFF, CaseFile, case_file, next_steps, own_case, own_cases
from dispatch.service.host import VersionError
from dispatch.service.principals import Principal, Right
from dispatch.service.service import Services
from dispatch.store.case_report import Grouping, report
from dispatch.store.cases import CaseFilter, cases, merchants_of
from dispatch.store.queries import Cut
from dispatch.units import DAY_S, Instant

router = APIRouter(prefix="/v1/cases", tags=["customer service"])

_USUAL_S: Final = 30 * DAY_S


@router.get("", dependencies=[Depends(may(Right.SEE_CASES))])
async def list_cases(
    api: Api,
    who: Who,
    market_id: InMarket,
    pages: Pages,
    kind: Annotated[list[CaseKind] | None, Query()] = None,
    status: Annotated[list[CaseStatus] | None, Query()] = None,
    stage: Annotated[list[CaseStage] | None, Query()] = None,
    owner: Annotated[list[ActorKind] | None, Query()] = None,
    party: Annotated[list[Party] | None, Query()] = None,
    person: Name | None = None,
    order_id: Name | None = None,
    rider_id: Name | None = None,
    merchant_id: Name | None = None,
    zone_id: Name | None = None,
    opened_from: When | None = None,
    opened_before: When | None = None,
    overdue: Annotated[bool, Query(description="Only those whose next step is late.")] = False,
) -> PageOf[CaseOut]:
    """Exceptions that fit, the newest first. Merchants, riders and customers see those of their own orders."""
    now = api.clock.now()
    wanted = CaseFilter(
        statuses=status or (),
        kinds=kind or (),
        stages=stage or (),
        owners=owner or (),
        parties=party or (),
        person=person,
        order_id=None if order_id is None else OrderId(order_id),
        rider_id=None if rider_id is None else RiderId(rider_id),
        merchant_id=None if merchant_id is None else MerchantId(merchant_id),
        zone_id=None if zone_id is None else ZoneId(zone_id),
        opened_from=None if opened_from is None else instant(opened_from),
        opened_before=None if opened_before is None else instant(opened_before),
        overdue_at=now if overdue else None,
    )
    return await _page(api, who, market_id, wanted, pages, now)


async def _page(
    api: Services, who: Principal, market_id: MarketId, wanted: CaseFilter, pages: Pages, now: Instant
) -> PageOf[CaseOut]:
    narrowed = own_cases(who, wanted)
    page = await api.reads.run(lambda c: cases(c, market_id, narrowed, pages.cut))
    found = [one.value for one in page.items]
    named = sorted({case.order_id for case in found if case.order_id is not None})
    merchants = await api.reads.run(lambda c: merchants_of(c, market_id, named))
    shown = [case if who.role in STAFF else case._replace(person="") for case in found]
    items = [CaseOut.of(case, merchants.get(case.order_id or OrderId("")), now) for case in shown]
    return PageOf(items=items, next=pages.next(page.after))


@router.get("/report", dependencies=[Depends(may(Right.HANDLE_CASES))])
async def report_cases(
    api: Api,
    market_id: InMarket,
    by: Grouping = Grouping.KIND,
    kind: Annotated[list[CaseKind] | None, Query()] = None,
    merchant_id: Name | None = None,
    zone_id: Name | None = None,
    opened_from: When | None = None,
    opened_before: When | None = None,
) -> CaseReport:
    """Exceptions summed up by kind, party, zone, merchant, rider or hour: counts, time to close, money by who bears it.

    Those opened in the last 30 days, unless another time is named.
    """
    now = api.clock.now()
    wanted = CaseFilter(
        kinds=kind or (),
        merchant_id=None if merchant_id is None else MerchantId(merchant_id),
        zone_id=None if zone_id is None else ZoneId(zone_id),
        opened_from=now - _USUAL_S if opened_from is None else instant(opened_from),
        opened_before=None if opened_before is None else instant(opened_before),
    )
    zone = ZoneInfo(api.markets.get(market_id).settings.time_zone)
    found = await api.reads.run(lambda c: report(c, market_id, wanted, by, zone))
    return CaseReport(by=by, items=[CaseSumOut.of(one) for one in found])


@router.get("/{case_id}", dependencies=[Depends(may(Right.SEE_CASES))])
async def get_case(case_id: Name, api: Api, who: Who, market_id: InMarket, response: Response) -> CaseDetail:
    """One exception: what happened, what can be done next and by whom, and what that costs by the policy."""
    return _shown(api, who, await _own(api, who, market_id, case_id), response)


@router.post("", status_code=201, dependencies=[Depends(may(Right.HANDLE_CASES))])
async def open_case(body: NewCase, asks: Asks, response: Response) -> CaseDetail:
    """Have an exception looked after. Where one of the kind is open for the order, that is the answer (200)."""
    done = await asks.do(body.to_command())
    case_id = await opened_or_open(asks, done, body.kind, body.order_id)
    response.headers["Location"] = f"/v1/cases/{case_id}"
    if not done.events:
        response.status_code = 200
    return _shown(asks.api, asks.who, await _own(asks.api, asks.who, asks.market_id, case_id), response)


async def opened_or_open(asks: Asking, done: Done, kind: CaseKind, order_id: str | None) -> CaseId:
    """The case that a command has opened, or the one of the kind that was open for the order before."""
    opened = [one.event.case_id for one in done.events if isinstance(one.event, CaseOpened) and one.event.kind is kind]
    if opened:
        return opened[0]
    # The one that is open is the newest; a request that is repeated later may find it closed.
    wanted = CaseFilter(kinds=[kind], order_id=OrderId(order_id or ""))
    page = await asks.api.reads.run(lambda c: cases(c, asks.market_id, wanted, Cut(limit=1)))
    return page.items[0].value.case_id


@router.post("/{case_id}/take", dependencies=[Depends(may(Right.HANDLE_CASES))])
async def take_case(case_id: Name, asks: Asks, response: Response) -> CaseDetail:
    """Make the case one's own. `If-Match` keeps two from taking it at once."""
    return await _do(asks, TakeCase(case_id=CaseId(case_id), person=asks.who.id), response)


@router.post("/{case_id}/steps", dependencies=[Depends(may(Right.ANSWER_CASES))])
async def take_step(case_id: Name, body: NewStep, asks: Asks, response: Response) -> CaseDetail:
    """Do something about the case, with all that follows from it; `next_steps` of the case says what can be done."""
    await _own(asks.api, asks.who, asks.market_id, case_id)
    return await _do(asks, body.to_command(case_id, asks.who.actor.kind), response)


async def _do(asks: Asking, command: TakeCase | TakeCaseStep, response: Response) -> CaseDetail:
    """The case after a command; of two who go by the same version, the second gets it in the refusal."""
    case_id, outdated = command.case_id, None
    try:
        await asks.do(command, Ref("cases", case_id))
    except VersionError as error:
        outdated = error
    found = _shown(asks.api, asks.who, await _own(asks.api, asks.who, asks.market_id, case_id), response)
    if outdated is not None:
        raise OutdatedError(outdated, found.model_dump(mode="json"), found.version) from outdated
    return found


async def _own(api: Services, who: Principal, market_id: MarketId, case_id: str) -> CaseFile:
    return own_case(who, await case_file(api.store, market_id, CaseId(case_id)))


def _shown(api: Services, who: Principal, file: CaseFile, response: Response) -> CaseDetail:
    show_version(response, file.case.version)
    staff = who.role in STAFF
    steps = next_steps(file, None if staff else who.actor.kind)
    return CaseDetail.shown(file, steps, api.clock.now(), named=staff)
