"""The door in a test: chosen resources, a client that checks OpenAPI, an asker that follows a script."""

import hashlib
from collections.abc import AsyncIterable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

import httpx
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fastapi import FastAPI
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from api.app import Listener, create_app
from api.asking import NoAnswer, Question, Record, Verb
from api.callers import PlayerTokens
from bootstrap.resources import DoorResources, OperatorKey, TokenMaterial
from bootstrap.temporal import connect
from domain.assets import Catalogue
from domain.cases import Said
from domain.ids import player_of
from domain.rules import AmountTier, DepositTerms, Policy, StakeBounds, WithdrawalTerms
from domain.wire import Message
from ledger.session import Sessions, create_ledger_engine
from tests.support.ledger_database import COIN, TOKEN
from workflows.names import BETS_NAMESPACE, MONEY_NAMESPACE

NOWHERE = "127.0.0.1:1"
"""A port on which nobody answers."""
PLAYER = player_of(1, 17)
CATALOGUE = Catalogue((COIN, TOKEN))
POLICY = Policy(
    version=1,
    withdrawal_tiers=(AmountTier(asset_id=2, allow=50_000_000, review=5_000_000_000),),
    withdrawal_terms=(WithdrawalTerms(asset_id=2, minimum=1_000_000, fee=500_000, network_fee_cap=10**16),),
    deposit_terms=(DepositTerms(asset_id=2, minimum=1_000_000),),
    stake_bounds=(StakeBounds(asset_id=2, minimum=100_000, maximum=100_000_000),),
)
OPERATOR_KEY = "backend.0123456789abcdef0123456789abcdef"
COLLEAGUE_KEY = "colleague.00112233445566778899aabbccddeeff"
OTHER_OPERATOR_KEY = "stranger.fedcba9876543210fedcba9876543210"
OPERATOR_KEYS = {
    "backend": OperatorKey(1, "casino back end", hashlib.sha256(OPERATOR_KEY.encode()).digest()),
    "colleague": OperatorKey(1, "a colleague", hashlib.sha256(COLLEAGUE_KEY.encode()).digest()),
    "stranger": OperatorKey(2, "another casino", hashlib.sha256(OTHER_OPERATOR_KEY.encode()).digest()),
}
TOKEN_MATERIAL = TokenMaterial(
    generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    issuer="croupier-test",
    lifetime_seconds=300,
)


async def door_resources(dsn: str | None = None, temporal: str = NOWHERE) -> DoorResources:
    """Resources over a real database and a real Temporal server, or over ports where nobody answers."""
    engine = create_ledger_engine(dsn or f"postgresql://croupier_api:none@{NOWHERE}/none", pool_size=2)
    return DoorResources(
        sessions=Sessions(engine),
        bets=await connect(temporal, BETS_NAMESPACE, at_once=False),
        money=await connect(temporal, MONEY_NAMESPACE, at_once=False),
        catalogue=CATALOGUE,
        policy=POLICY,
        tokens=TOKEN_MATERIAL,
        operator_keys=OPERATOR_KEYS,
    )


@dataclass
class ScriptedAsker:
    """Answers every question from a list, in order, and remembers what was asked. An exception is raised."""

    answers: list[Message | NoAnswer | Exception] = field(default_factory=list)
    asked: list[Question[Any] | Verb[Any]] = field(default_factory=list)

    async def ask(self, question: Question[Record]) -> Record | NoAnswer:
        return cast("Record | NoAnswer", self._next(question))

    async def say(self, verb: Verb[Record]) -> Record | NoAnswer:
        return cast("Record | NoAnswer", self._next(verb))

    async def case(self, withdrawal_id: UUID) -> Said | None:
        return Said(sentence=f"{withdrawal_id} is scripted.")

    def _next(self, asked: Question[Any] | Verb[Any]) -> Message | NoAnswer:
        self.asked.append(asked)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if not isinstance(answer, NoAnswer):
            assert isinstance(answer, asked.answer), answer
        return answer


class DoorClient:
    """Calls an application in memory and demands that OpenAPI declares every status it answers."""

    def __init__(self, app: FastAPI, bearer: str | None = None) -> None:
        self.app = app
        self.bearer = bearer
        self.logs: list[MutableMapping[str, Any]] = []
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://door", headers=headers)

    async def call(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        content: str | bytes | AsyncIterable[bytes] | None = None,
        headers: Mapping[str, str | bytes] | None = None,
    ) -> httpx.Response:
        with capture_logs(processors=[merge_contextvars]) as self.logs:
            sent = httpx.Headers([(name.encode(), _raw(text)) for name, text in (headers or {}).items()])
            response = await self.http.request(method, path, json=json, content=content, headers=sent)
        declared = declared_statuses(self.app, method, path)
        if declared is not None:
            assert response.status_code in declared, (method, path, response.status_code, declared)
        if response.status_code >= 400:
            check_problem(response)
        assert response.headers["X-Request-Id"], response
        return response

    async def get(self, path: str, *, headers: Mapping[str, str | bytes] | None = None) -> httpx.Response:
        return await self.call("GET", path, headers=headers)

    async def post(
        self,
        path: str,
        *,
        json: object = None,
        content: str | bytes | AsyncIterable[bytes] | None = None,
        headers: Mapping[str, str | bytes] | None = None,
    ) -> httpx.Response:
        return await self.call("POST", path, json=json, content=content, headers=headers)


class ScriptedDoor(DoorClient):
    """A client of a door whose workflows follow a script."""

    def __init__(self, app: FastAPI, bearer: str | None, asker: ScriptedAsker) -> None:
        super().__init__(app, bearer)
        self.asker = asker


_scripted: dict[Listener, FastAPI] = {}


async def scripted_door(
    listener: Listener, answers: Iterable[Message | NoAnswer | Exception] = (), *, bearer: str | None = None
) -> "ScriptedDoor":
    """A door whose workflows are scripted and whose database does not exist: what needs rows cannot pass."""
    if listener not in _scripted:
        _scripted[listener] = create_app(listener, await door_resources())
    app = _scripted[listener]
    asker = ScriptedAsker(list(answers))
    app.state.asker = asker
    return ScriptedDoor(app, bearer, asker)


async def player_door(*answers: Message | NoAnswer | Exception) -> ScriptedDoor:
    """The player listener, called with a good token of PLAYER."""
    token = PlayerTokens(TOKEN_MATERIAL).mint(PLAYER, datetime.now(UTC)).token
    return await scripted_door(Listener.PLAYER, answers, bearer=token)


async def operator_door(*answers: Message | NoAnswer | Exception) -> ScriptedDoor:
    """The operator listener, called with a good key of operator 1."""
    return await scripted_door(Listener.OPERATOR, answers, bearer=OPERATOR_KEY)


def declared_statuses(app: FastAPI, method: str, path: str) -> set[int] | None:
    """The statuses OpenAPI declares for a call; None for a path that the application does not have."""
    wanted = path.partition("?")[0].split("/")
    found = None
    for template, operations in app.openapi()["paths"].items():
        parts = template.split("/")
        fits = len(parts) == len(wanted) and all(
            part.startswith("{") or part == given for part, given in zip(parts, wanted, strict=True)
        )
        if fits and method.lower() in operations and (found is None or "{" not in template):
            found = {int(status) for status in operations[method.lower()]["responses"]}
    return found


def _raw(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def check_problem(response: httpx.Response) -> None:
    """A refusal is a complete problem document that names its request."""
    assert response.headers["Content-Type"] == "application/problem+json", response.text
    document = response.json()
    assert document["status"] == response.status_code
    assert document["type"] == "urn:croupier:error:" + document["code"]
    assert document["request_id"] == response.headers["X-Request-Id"]
    assert document["retry"] in {"none", "same_id", "look"}
    assert document["title"]
