"""What routes are given (caller, arrival, connections, page), as typed aliases for their signatures."""

from typing import Annotated

from fastapi import Depends, Header, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.arrivals import Arrival, arrival_of
from api.asking import Asker
from api.callers import PlayerTokens, operator_of_key
from api.destinations import Destinations
from api.paging import CURSOR_CHARACTERS_MAX, LIMIT_DEFAULT, LIMIT_MAX, Page
from api.schemas.amounts import CLIENT_KEY_FORM
from bootstrap.resources import DoorResources, OperatorKey
from domain.assets import Catalogue
from domain.errors import NotFound, SignatureInvalid
from domain.ids import PlayerKey, operator_of_player, parse_player
from domain.rules import Policy
from ledger.session import Sessions

player_scheme = HTTPBearer(
    scheme_name="player token",
    bearerFormat="JWT",
    description="A short-lived player token.",
    auto_error=False,
)
operator_scheme = HTTPBearer(
    scheme_name="operator key", description="A key of the casino's back end.", auto_error=False
)
Bearer = HTTPAuthorizationCredentials | None


def resources_of(request: Request) -> DoorResources:
    """The connections and configuration this application was built over."""
    resources = request.app.state.resources
    assert isinstance(resources, DoorResources), resources
    return resources


Door = Annotated[DoorResources, Depends(resources_of)]
Now = Annotated[Arrival, Depends(arrival_of)]


def catalogue_of(door: Door) -> Catalogue:
    """The assets of the house."""
    return door.catalogue


def policy_of(door: Door) -> Policy:
    """The rules of the house, for showing limits; the door decides nothing by them."""
    return door.policy


def asker_of(request: Request) -> Asker:
    """The way to workflows."""
    asker: Asker = request.app.state.asker
    return asker


def tokens_of(request: Request) -> PlayerTokens:
    """What mints and checks player tokens."""
    tokens: PlayerTokens = request.app.state.tokens
    return tokens


def destinations_of(request: Request) -> Destinations:
    """The address books."""
    destinations: Destinations = request.app.state.destinations
    return destinations


Assets = Annotated[Catalogue, Depends(catalogue_of)]
Rules = Annotated[Policy, Depends(policy_of)]
Workflows = Annotated[Asker, Depends(asker_of)]
Tokens = Annotated[PlayerTokens, Depends(tokens_of)]
Addresses = Annotated[Destinations, Depends(destinations_of)]


def books_of(door: Door) -> Sessions:
    """Transactions over the ledger."""
    return door.sessions


Books = Annotated[Sessions, Depends(books_of)]
"""Transactions under the door's role, which reads and never posts; opened only when a route needs rows."""


def calling_player(tokens: Tokens, now: Now, bearer: Annotated[Bearer, Depends(player_scheme)]) -> PlayerKey:
    """The player this request speaks for; raises SignatureInvalid."""
    if bearer is None:
        raise SignatureInvalid("the request carries no player token")
    return tokens.player_of(bearer.credentials, now.received_at)


def calling_operator(door: Door, bearer: Annotated[Bearer, Depends(operator_scheme)]) -> OperatorKey:
    """The operator key of this request; raises SignatureInvalid."""
    if bearer is None:
        raise SignatureInvalid("the request carries no operator key")
    return operator_of_key(door.operator_keys, bearer.credentials)


CallingPlayer = Annotated[PlayerKey, Depends(calling_player)]
CallingOperator = Annotated[OperatorKey, Depends(calling_operator)]


def named_player(player_id: str, operator: CallingOperator) -> PlayerKey:
    """The player in the path, if it is one of the calling operator's; raises NotFound for all others."""
    player = parse_player(player_id)
    if operator_of_player(player) != operator.operator:
        raise NotFound("player", player_id)
    return player


NamedPlayer = Annotated[PlayerKey, Depends(named_player)]
Cursor = Annotated[
    str | None, Query(max_length=CURSOR_CHARACTERS_MAX, description="`next` of the page before this one.")
]
Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX, description="Entries per page.")]


def page_of(cursor: Cursor = None, limit: Limit = LIMIT_DEFAULT) -> Page:
    """The page a caller asks for."""
    return Page(cursor, limit)


AskedPage = Annotated[Page, Depends(page_of)]
IdempotencyKey = Annotated[
    str,
    Header(
        pattern=CLIENT_KEY_FORM,
        description="Chosen by the client; the same key is the same operation for ever.",
        examples=["k-1"],
    ),
]
