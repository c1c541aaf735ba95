"""People who use a service that may be killed at any moment: they ask again until they are answered.

What the service acknowledged is noted by the id of its command, so that a test can look for it in the database.
"""

from __future__ import annotations

import asyncio
import json
import random
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from tests.api.test_orders import DROPOFF, PICKUP, START

Json = dict[str, Any]
AWAY: Final = (502, 503, 504)
_RETRY_S: Final = 0.1
_KEPT: Final = 40
"""So many answers are kept to be asked for again."""


@dataclass(slots=True)
class Acknowledged:
    """What the service said it has done; ``again`` are requests that must be answered as they were."""

    commands: set[str] = field(default_factory=set)
    orders: set[str] = field(default_factory=set)
    again: list[tuple[str, Json, str, str]] = field(default_factory=list)


class City:
    """A service at ``urls``, which change with each start of a process, and everybody who uses it."""

    def __init__(self, chance: random.Random) -> None:
        self.chance, self.noted = chance, Acknowledged()
        self.urls: list[str] = []
        self.office, self.office_id = "", ""
        self._client = httpx.AsyncClient(timeout=30, limits=httpx.Limits(max_connections=None))

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def ask(
        self, method: str, path: str, body: Json | None = None, *, token: str = "", key: str = "", tag: str = ""
    ) -> httpx.Response:
        """The answer to a request, sent until there is one. Fails where the service is at fault."""
        headers = {"Authorization": f"Bearer {token or self.office}"}
        headers |= {"Idempotency-Key": key} if key else {}
        headers |= {"If-Match": tag} if tag else {}
        while True:
            try:
                url = self.chance.choice(self.urls)
                answer = await self._client.request(method, url + path, json=body, headers=headers)
            except httpx.TransportError:
                await asyncio.sleep(_RETRY_S)
                continue
            if answer.status_code in AWAY:
                await asyncio.sleep(_RETRY_S)
                continue
            assert answer.status_code < 500, answer.text
            return answer

    async def write(self, path: str, body: Json, *, tag: str = "") -> Json | None:
        """What a write of the office is answered with, None for a refusal; with a key of its own."""
        key = uuid.UUID(int=self.chance.getrandbits(128)).hex
        answer = await self.ask("POST", path, body, key=key, tag=tag)
        if answer.status_code not in (200, 201):
            assert answer.status_code in (404, 409, 412), answer.text
            return None
        self.noted.commands.add(f"{self.office_id}:{key}")
        self.noted.again.append((path, body, key, answer.text))
        if len(self.noted.again) > _KEPT:
            del self.noted.again[self.chance.randrange(_KEPT)]
        return dict(answer.json())

    async def ask_again(self) -> None:
        """Repeat writes with their keys: the answers are what they were."""
        for path, body, key, text in self.noted.again:
            answer = await self.ask("POST", path, body, key=key)
            assert told(answer.text) == told(text), f"{path} was answered in another way the second time"

    async def place_orders(self) -> None:
        """A shop without end; most orders are called off again, so that the city does not fill up."""
        while True:
            placed = await self.write("/v1/orders", {"merchant_id": "m1", "dropoff": DROPOFF})
            assert placed is not None
            self.noted.orders.add(placed["id"])
            await asyncio.sleep(self.chance.random() * 0.1)
            if self.chance.random() < 0.7:
                await self.write(f"/v1/orders/{placed['id']}/cancel", {"reason": "duplicate"})

    async def decide(self, riders: Sequence[str]) -> None:
        """A dispatcher who gives open orders to anybody, without asking the others."""
        why = {"reason": "urgent_order", "text": "as a test"}
        while True:
            listed = (await self.ask("GET", "/v1/orders?dispatch=open&limit=20")).json()["items"]
            for order in self.chance.sample(listed, min(2, len(listed))):
                give = {"kind": "assign", "order_id": order["id"], "rider_id": self.chance.choice(riders), **why}
                await self.write("/v1/overrides", give, tag=f'"{order["version"]}"')
            await asyncio.sleep(self.chance.random() * 0.1)

    async def set_up(self, key: Json, riders: Sequence[str]) -> None:
        """Come in with the key of a server, and make a merchant and riders known."""
        self.office, self.office_id = key["secret"], key["id"]
        await self.write("/v1/merchants", {"id": "m1", "name": "Arepas", "place": PICKUP})
        for name in riders:
            await self.write("/v1/riders", {"id": name})


class Phone:
    """A rider who does whatever there is to do, at once."""

    def __init__(self, city: City, rider_id: str) -> None:
        self._city, self._rider_id = city, rider_id
        self._token = self._device = ""
        self._devices = self._sequence = 0

    async def ride(self) -> None:
        """Work until cancelled."""
        await self._sign_in()
        await self._with_token(
            lambda: self._city.ask("POST", "/v1/riders/me/shift", {"start": START}, token=self._token)
        )
        while True:
            answer = await self._with_token(lambda: self._city.ask("GET", "/v1/riders/me/tasks", token=self._token))
            action = _next(answer.json())
            if action is None:
                await asyncio.sleep(0.1)
            elif not await self._act(action):
                await asyncio.sleep(0.05)

    async def _act(self, action: Mapping[str, object]) -> bool:
        """Do one thing; whether the service took it. Sent again as it is until it is answered."""
        self._sequence += 1
        body = {"actions": [{**action, "sequence": self._sequence}]}
        answer = await self._with_token(
            lambda: self._city.ask("POST", "/v1/riders/me/actions", body, token=self._token)
        )
        (told,) = answer.json()["results"]
        if told["status"] == "refused":
            return False
        self._city.noted.commands.add(f"{self._device}#{self._sequence}")
        return True

    async def _with_token(self, ask: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
        """An answer; with a new device where the token has run out."""
        answer = await ask()
        while answer.status_code == 401:
            await self._sign_in()
            answer = await ask()
        return answer

    async def _sign_in(self) -> None:
        while True:
            self._devices += 1
            device = f"phone-{self._rider_id}-{self._devices}"
            made = await self._city.ask("POST", f"/v1/riders/{self._rider_id}/devices", {"device_id": device})
            token = made.json()["refresh_token"]
            tokens = await self._city.ask("POST", "/v1/auth/refresh", {"refresh_token": token})
            if tokens.status_code == 200:  # a token counts no more where its answer was lost for longer than a minute
                self._token = tokens.json()["access_token"]
                self._device = f"{made.json()['account_id']}:{device}"
                return


def told(answer: str) -> Json:
    """What has to be the same in an answer to a repeated request: all but what a decision is foreseen to change."""
    body: Json = json.loads(answer)
    return {name: value for name, value in body.items() if name != "foreseen"}


def _next(tasks: Json) -> Json | None:
    """What a rider does next."""
    if tasks["offers"]:
        return {"kind": "accept", "offer_id": tasks["offers"][0]["id"]}
    if tasks["leg"] is not None:
        return {"kind": "arrived"}
    if not tasks["stops"]:
        return None
    stop = tasks["stops"][0]
    if stop["place"] != tasks["rider"]["place"]:
        return {"kind": "depart"}
    names = [task["order_id"] for task in stop["tasks"]]
    match stop["tasks"][0]["kind"]:
        case "pickup":
            return {"kind": "picked_up", "order_ids": names}
        case "dropoff":
            return {"kind": "delivered", "order_id": names[0]}
    return {"kind": "returned", "order_id": names[0]}
