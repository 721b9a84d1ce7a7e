"""The one table from error codes to what the outside sees, and the problem document (RFC 9457) made from it.

The outside never learns which of our parts is down or which of our records disagree: such codes are shown as
UNAVAILABLE or INTERNAL, and the log line of the request carries the inner code.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi.responses import JSONResponse

from api.schemas.problems import PROBLEM_MEDIA_TYPE, Problem, Retry
from domain.errors import CroupierError

TYPE_PREFIX = "urn:croupier:error:"
RETRY_AFTER_SECONDS = 1
UNAVAILABLE = "UNAVAILABLE"
INTERNAL = "INTERNAL"
METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
REQUEST_TOO_LARGE = "REQUEST_TOO_LARGE"
EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True)
class Entry:
    """What one code is outside; `shown_as` replaces a code about our inside and hides its sentence."""

    status: HTTPStatus
    title: str
    retry: Retry = Retry.NONE
    shown_as: str | None = None


class Refused(Exception):
    """An answer that was decided elsewhere and arrived as code and sentence, not as an object."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


def _inside(status: HTTPStatus, retry: Retry, shown_as: str) -> Entry:
    titles = {UNAVAILABLE: "Not available right now", INTERNAL: "Something went wrong on our side"}
    return Entry(status, titles[shown_as], retry, shown_as)


_DOWN = _inside(HTTPStatus.SERVICE_UNAVAILABLE, Retry.SAME_ID, UNAVAILABLE)
_BROKEN = _inside(HTTPStatus.INTERNAL_SERVER_ERROR, Retry.NONE, INTERNAL)

TABLE: dict[str, Entry] = {
    "REQUEST_INVALID": Entry(HTTPStatus.BAD_REQUEST, "The request has the wrong form"),
    "SIGNATURE_INVALID": Entry(HTTPStatus.UNAUTHORIZED, "The caller could not be recognised"),
    "NOT_ALLOWED": Entry(HTTPStatus.FORBIDDEN, "This caller may not do this"),
    "PLAYER_BLOCKED": Entry(HTTPStatus.FORBIDDEN, "The player is blocked"),
    "NOT_FOUND": Entry(HTTPStatus.NOT_FOUND, "Nothing is known under this id"),
    METHOD_NOT_ALLOWED: Entry(HTTPStatus.METHOD_NOT_ALLOWED, "This method does not exist here"),
    "CONFLICT": Entry(HTTPStatus.CONFLICT, "This id was already used with other content"),
    "ALREADY_CLOSED": Entry(HTTPStatus.CONFLICT, "It has already ended"),
    "TOO_LATE": Entry(HTTPStatus.CONFLICT, "It is too late for that"),
    "NOT_REPLACEABLE": Entry(HTTPStatus.CONFLICT, "Nothing can be replaced on this network"),
    "MAY_STILL_LAND": Entry(HTTPStatus.CONFLICT, "A transaction of it may still land"),
    "BLOCKED": Entry(HTTPStatus.CONFLICT, "It takes nothing any more"),
    EXPIRED: Entry(HTTPStatus.CONFLICT, "No answer was given in time, and nothing was taken"),
    REQUEST_TOO_LARGE: Entry(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large"),
    "AMOUNT_INVALID": Entry(HTTPStatus.UNPROCESSABLE_ENTITY, "The amount cannot be used"),
    "ADDRESS_INVALID": Entry(HTTPStatus.UNPROCESSABLE_ENTITY, "The address cannot be used"),
    "ASSET_UNKNOWN": Entry(HTTPStatus.UNPROCESSABLE_ENTITY, "The asset or network is not listed here"),
    "INSUFFICIENT_FUNDS": Entry(HTTPStatus.UNPROCESSABLE_ENTITY, "The available balance is too small"),
    "FUNDS_LOCKED": Entry(HTTPStatus.UNPROCESSABLE_ENTITY, "Part of the balance is not final so far"),
    "DEBT_OPEN": Entry(HTTPStatus.UNPROCESSABLE_ENTITY, "A deposit that was taken back is still owed"),
    "LIMIT_EXCEEDED": Entry(HTTPStatus.UNPROCESSABLE_ENTITY, "A limit is exceeded"),
    "REFUSED_BY_RULES": Entry(HTTPStatus.UNPROCESSABLE_ENTITY, "The rules refuse this"),
    "REFUSED_BY_SIGNER": Entry(HTTPStatus.UNPROCESSABLE_ENTITY, "The signer refuses this"),
    "NOT_YET": Entry(HTTPStatus.NOT_FOUND, "It does not exist so far", Retry.SAME_ID),
    "BUSY": Entry(HTTPStatus.SERVICE_UNAVAILABLE, "Too much work at once", Retry.SAME_ID),
    UNAVAILABLE: _DOWN,
    "LEDGER_UNAVAILABLE": _DOWN,
    "TEMPORAL_UNAVAILABLE": _DOWN,
    "NODE_UNAVAILABLE": _DOWN,
    "NODE_STALE": _DOWN,
    "BLOCK_INCOMPLETE": _DOWN,
    "CHAIN_FROZEN": _DOWN,
    "CHAIN_STALLED": _DOWN,
    "WALLET_FROZEN": _DOWN,
    "FEE_ABOVE_CAP": _DOWN,
    "WALLET_SHORT": _DOWN,
    "ENERGY_POOL_EMPTY": _DOWN,
    "SIGNER_UNAVAILABLE": _DOWN,
    "SIGNING_PAUSED": _DOWN,
    "SLOT_CLOSED": _DOWN,
    "ACCOUNT_MISSING": _DOWN,
    "SEND_UNCERTAIN": Entry(HTTPStatus.ACCEPTED, "It may have happened", Retry.LOOK),
    INTERNAL: _inside(HTTPStatus.INTERNAL_SERVER_ERROR, Retry.LOOK, INTERNAL),
    "INVARIANT_BROKEN": _BROKEN,
    "FINALITY_BROKEN": _BROKEN,
    "BYTES_MISMATCH": _BROKEN,
    "RECORD_MISMATCH": _BROKEN,
    "BAD_SIGNATURE": _BROKEN,
}


def entry_of(code: str) -> Entry:
    """The entry of a code; a code without one is a defect of ours and shown as INTERNAL."""
    return TABLE.get(code, TABLE[INTERNAL])


def outside(error: Exception, request_id: str) -> Problem:
    """The problem document of an error: by its code if it has one, INTERNAL without detail for others."""
    if isinstance(error, CroupierError):
        return problem(error.code, error.sentence, request_id, **_extensions(error))
    if isinstance(error, Refused):
        return problem(error.code, error.sentence, request_id)
    return problem(INTERNAL, None, request_id)


def problem(code: str, detail: str | None, request_id: str, **extensions: str) -> Problem:
    """The problem document of a code; a code of our inside keeps its sentence to itself."""
    entry = entry_of(code)
    shown = entry.shown_as or (code if code in TABLE else INTERNAL)
    return Problem(
        type=TYPE_PREFIX + shown,
        title=entry.title,
        status=entry.status,
        code=shown,
        detail=None if entry.shown_as else detail,
        retry=entry.retry,
        request_id=request_id,
        **extensions,
    )


def respond(document: Problem) -> JSONResponse:
    """The response of a problem document, with the headers its status asks for."""
    headers: dict[str, str] = {}
    if document.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if document.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(
        document.model_dump(mode="json", exclude_none=True),
        status_code=document.status,
        headers=headers,
        media_type=PROBLEM_MEDIA_TYPE,
    )


def declared(*codes: str) -> dict[int | str, dict[str, Any]]:
    """What a route says in OpenAPI about its refusals: these codes, and those every route may answer."""
    by_status: dict[int, list[str]] = {}
    for code in dict.fromkeys((*codes, "REQUEST_INVALID", UNAVAILABLE, INTERNAL, REQUEST_TOO_LARGE)):
        by_status.setdefault(int(TABLE[code].status), []).append(code)
    return {
        status: {
            "description": "; ".join(f"{code}: {TABLE[code].title}" for code in sorted(codes_here)),
            "content": {PROBLEM_MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, codes_here in sorted(by_status.items())
    }


def _extensions(error: CroupierError) -> dict[str, str]:
    return {name: str(error.objects[name]) for name in ("field", "reason") if name in error.objects}
