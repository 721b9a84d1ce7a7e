"""Who is let in: tokens and keys that hold, and every way in which one does not."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from api.app import Listener
from api.callers import PlayerTokens, operator_key_digest, operator_of_key
from bootstrap.resources import TokenMaterial
from domain.errors import SignatureInvalid
from domain.ids import player_of
from tests.support.door import OPERATOR_KEY, OPERATOR_KEYS, TOKEN_MATERIAL, scripted_door

PLAYER = player_of(1, 17)
NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
TOKENS = PlayerTokens(TOKEN_MATERIAL)
KEY = ECKey.import_key(TOKEN_MATERIAL.private_key_pem)
CLAIMS: dict[str, Any] = {
    "iss": TOKEN_MATERIAL.issuer,
    "aud": "player",
    "sub": "p-1-17",
    "sid": "s",
    "jti": "j",
    "iat": int(NOW.timestamp()),
    "nbf": int(NOW.timestamp()),
    "exp": int(NOW.timestamp()) + 300,
}
HEADER = {"alg": "ES256", "kid": KEY.thumbprint()}


def _token(
    claims: dict[str, Any] | None = None, header: dict[str, Any] | None = None, key: ECKey | OctKey = KEY
) -> str:
    chosen = {**HEADER, **(header or {})}
    return jwt.encode(chosen, {**CLAIMS, **(claims or {})}, key, algorithms=[chosen["alg"]])


def _without(name: str) -> str:
    return jwt.encode(HEADER, {key: value for key, value in CLAIMS.items() if key != name}, KEY)


def _unsigned() -> str:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({**HEADER, 'alg': 'none'})}.{part(CLAIMS)}."


def _other_key() -> ECKey:
    pem = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return ECKey.import_key(pem)


BAD = [
    ("nothing", ""),
    ("no token", "abc"),
    ("signed by another key", _token(key=_other_key())),
    ("not signed", _unsigned()),
    ("signed with a shared secret", _token(header={"alg": "HS256"}, key=OctKey.import_key("s" * 32))),
    ("another key id", _token(header={"kid": "other"})),
    ("a key of its own choice", _token(header={"jwk": KEY.as_dict(private=False)})),
    ("a key from elsewhere", _token(header={"jku": "https://example.org/keys"})),
    ("a critical extension", _token(header={"crit": ["b64"], "b64": True})),
    ("another issuer", _token({"iss": "somebody"})),
    ("for another listener", _token({"aud": "operator"})),
    ("expired", _token({"exp": int(NOW.timestamp()) - 6})),
    ("not yet valid", _token({"nbf": int(NOW.timestamp()) + 6})),
    ("from the future", _token({"iat": int(NOW.timestamp()) + 6})),
    ("for nobody", _token({"sub": "somebody"})),
    ("for the house", _token({"sub": "p-1-0"})),
    ("too long", _token({"jti": "j" * 2048})),
    *((f"without {name}", _without(name)) for name in CLAIMS),
]


def test_a_minted_token_speaks_for_its_player_until_it_dies() -> None:
    """A token holds for its lifetime and five seconds of differing clocks, and not longer."""
    minted = TOKENS.mint(PLAYER, NOW)
    assert minted.expires_at == NOW + timedelta(seconds=300)
    assert TOKENS.player_of(minted.token, NOW) == PLAYER
    assert TOKENS.player_of(minted.token, NOW + timedelta(seconds=304)) == PLAYER
    with pytest.raises(SignatureInvalid):
        TOKENS.player_of(minted.token, NOW + timedelta(seconds=305))


def test_every_token_is_another_one() -> None:
    """Two tokens of one player in one second can be told apart."""
    assert TOKENS.mint(PLAYER, NOW).token != TOKENS.mint(PLAYER, NOW).token


def test_the_reference_token_holds() -> None:
    """The token all bad ones are made from is a good one, so each row fails for its own reason."""
    assert TOKENS.player_of(_token(), NOW) == PLAYER


@pytest.mark.parametrize("token", [token for _, token in BAD], ids=[name for name, _ in BAD])
def test_a_token_that_does_not_hold_is_refused(token: str) -> None:
    """Whatever is wrong with a token, the caller is not recognised."""
    with pytest.raises(SignatureInvalid):
        TOKENS.player_of(token, NOW)


def test_a_token_of_another_house_is_refused() -> None:
    """A token signed by another house's key does not hold here, though its claims are the same."""
    pem = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    other = PlayerTokens(TokenMaterial(pem, TOKEN_MATERIAL.issuer, 300))
    with pytest.raises(SignatureInvalid):
        TOKENS.player_of(other.mint(PLAYER, NOW).token, NOW)


def test_an_operator_key_is_known_by_its_hash() -> None:
    """The stored hash covers key id and secret together."""
    assert operator_of_key(OPERATOR_KEYS, OPERATOR_KEY).operator == 1
    assert OPERATOR_KEYS["backend"].key_sha256 == operator_key_digest(OPERATOR_KEY)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "backend",
        "backend.",
        OPERATOR_KEY[:-1],
        OPERATOR_KEY + "0",
        OPERATOR_KEY.replace("backend", "stranger"),
        "ü",
    ],
)
def test_an_operator_key_that_does_not_hold_is_refused(text: str) -> None:
    """A wrong id, a wrong secret and no key at all get the same answer."""
    with pytest.raises(SignatureInvalid):
        operator_of_key(OPERATOR_KEYS, text)


@pytest.mark.parametrize(
    ("listener", "path", "bearer"),
    [
        (Listener.PLAYER, "/v1/balances", None),
        (Listener.PLAYER, "/v1/balances", OPERATOR_KEY),
        (Listener.PLAYER, "/v1/balances", "x"),
        (Listener.OPERATOR, "/v1/players/p-1-17", None),
        (Listener.OPERATOR, "/v1/players/p-1-17", TOKENS.mint(PLAYER, NOW).token),
    ],
)
async def test_a_listener_takes_only_its_own_callers(
    listener: Listener, path: str, bearer: str | None
) -> None:
    """A player token opens nothing on the operator's listener, an operator key nothing on the player's."""
    door = await scripted_door(listener, bearer=bearer)
    answer = await door.get(path)
    assert (answer.status_code, answer.json()["code"]) == (401, "SIGNATURE_INVALID")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_another_operators_player_is_not_found() -> None:
    """An operator learns nothing about players of another brand, not even that they exist."""
    door = await scripted_door(Listener.OPERATOR, bearer=OPERATOR_KEY)
    answer = await door.get("/v1/players/p-2-17")
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
