"""Who is calling: player tokens (ES256, five minutes) and operator keys (compared by hash)."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry

from bootstrap.resources import OperatorKey, TokenMaterial
from domain.errors import NotFound, SignatureInvalid
from domain.ids import PlayerKey, parse_player, player_text

ALGORITHM = "ES256"
PLAYER_AUDIENCE = "player"
LEEWAY_SECONDS = 5
TOKEN_BYTES_MAX = 2048
TOKEN_ID_BYTES = 16
FORBIDDEN_HEADERS = frozenset({"jku", "x5u", "jwk", "crit", "x5c"})
_OPERATOR_KEY_FORM = re.compile(r"([A-Za-z0-9_-]{1,32})\.([A-Za-z0-9_-]{32,128})", re.ASCII)
_REGISTRY = JWSRegistry(algorithms=[ALGORITHM])


@dataclass(frozen=True, slots=True)
class PlayerToken:
    """A signed token and the moment it dies."""

    token: str
    expires_at: datetime


class PlayerTokens:
    """Mints and checks player tokens with one P-256 key (RFC 7519, RFC 8725)."""

    def __init__(self, material: TokenMaterial) -> None:
        self._key = ECKey.import_key(material.private_key_pem)
        self._kid = self._key.thumbprint()
        self._issuer = material.issuer
        self._lifetime = timedelta(seconds=material.lifetime_seconds)

    def mint(self, player: int, now: datetime) -> PlayerToken:
        """A token of this player, valid from `now`."""
        issued = now.astimezone(UTC).replace(microsecond=0)
        expires = issued + self._lifetime
        token_id = secrets.token_urlsafe(TOKEN_ID_BYTES)
        claims = {
            "iss": self._issuer,
            "aud": PLAYER_AUDIENCE,
            "sub": player_text(player),
            "sid": token_id,
            "jti": token_id,
            "iat": int(issued.timestamp()),
            "nbf": int(issued.timestamp()),
            "exp": int(expires.timestamp()),
        }
        header = {"alg": ALGORITHM, "kid": self._kid}
        return PlayerToken(jwt.encode(header, claims, self._key, registry=_REGISTRY), expires)

    def player_of(self, token: str, now: datetime) -> PlayerKey:
        """The player a token speaks for at `now`; raises SignatureInvalid."""
        if len(token) > TOKEN_BYTES_MAX:
            raise SignatureInvalid("the token is too long")
        try:
            parsed = jwt.decode(token, self._key, registry=_REGISTRY)
            self._claims(now).validate(parsed.claims)
        except (JoseError, ValueError, TypeError):
            raise SignatureInvalid("the token does not hold") from None
        if FORBIDDEN_HEADERS & parsed.header.keys() or parsed.header.get("kid") != self._kid:
            raise SignatureInvalid("the token was not signed for this door")
        return _subject(parsed.claims["sub"])

    def _claims(self, now: datetime) -> jwt.JWTClaimsRegistry:
        return jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": PLAYER_AUDIENCE},
            sub={"essential": True},
            sid={"essential": True},
            jti={"essential": True},
            iat={"essential": True},
            nbf={"essential": True},
            exp={"essential": True},
        )


def operator_key_digest(text: str) -> bytes:
    """What is stored of an operator key `<key id>.<secret>`: SHA-256 of the whole text.

    A plain hash suffices because the secret is drawn at random, 32 characters or more, and cannot be guessed.
    """
    return hashlib.sha256(text.encode("ascii")).digest()


def operator_of_key(keys: Mapping[str, OperatorKey], text: str) -> OperatorKey:
    """The operator key behind a bearer text, compared in constant time; raises SignatureInvalid."""
    match = _OPERATOR_KEY_FORM.fullmatch(text)
    key = keys.get(match[1]) if match else None
    if key is None or not hmac.compare_digest(key.key_sha256, operator_key_digest(text)):
        raise SignatureInvalid("the operator key is not known")
    return key


def _subject(text: object) -> PlayerKey:
    try:
        return parse_player(str(text))
    except NotFound:
        raise SignatureInvalid("the token names no player") from None
