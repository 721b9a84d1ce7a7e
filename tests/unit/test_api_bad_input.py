"""Bad input at the door: each row is refused with its own status and code, and no workflow is asked."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, NamedTuple

import pytest

from tests.support.door import ScriptedDoor, operator_door, player_door
from tests.support.ledger_database import NETWORK

PAYEE = "0x52908400098527886E0F7030069857D2E4169EE7"
BET = {"key": "b-1", "game": "dice", "asset": "TUSD", "network": NETWORK, "stake": "1000000", "under": 5000}
WITHDRAWAL = {"asset": "TUSD", "network": NETWORK, "to": PAYEE, "amount": "20000000"}
KEY = {"Idempotency-Key": "k-1"}


class Row(NamedTuple):
    """One malformed request: what is changed in a good body, and what must come back."""

    name: str
    change: dict[str, Any]
    status: int
    code: str
    extension: str | None = None


AMOUNTS = [
    Row("a float", {"amount": 20.5}, 422, "AMOUNT_INVALID"),
    Row("a whole float", {"amount": 2e7}, 422, "AMOUNT_INVALID"),
    Row("a JSON integer", {"amount": 20000000}, 422, "AMOUNT_INVALID"),
    Row("true", {"amount": True}, 422, "AMOUNT_INVALID"),
    Row("null", {"amount": None}, 422, "AMOUNT_INVALID"),
    Row("a list", {"amount": ["20000000"]}, 422, "AMOUNT_INVALID"),
    Row("NaN as text", {"amount": "NaN"}, 422, "AMOUNT_INVALID"),
    Row("Infinity as text", {"amount": "Infinity"}, 422, "AMOUNT_INVALID"),
    Row("negative", {"amount": "-1"}, 422, "AMOUNT_INVALID"),
    Row("a plus sign", {"amount": "+1"}, 422, "AMOUNT_INVALID"),
    Row("zero", {"amount": "0"}, 422, "AMOUNT_INVALID"),
    Row("finer than a unit", {"amount": "20000000.5"}, 422, "AMOUNT_INVALID"),
    Row("an exponent", {"amount": "2e7"}, 422, "AMOUNT_INVALID"),
    Row("hexadecimal", {"amount": "0x10"}, 422, "AMOUNT_INVALID"),
    Row("blanks around", {"amount": " 1 "}, 422, "AMOUNT_INVALID"),
    Row("digits of another script", {"amount": "\u0661\u0662"}, 422, "AMOUNT_INVALID"),
    Row("empty", {"amount": ""}, 422, "AMOUNT_INVALID"),
    Row("79 digits", {"amount": "1" * 79}, 422, "AMOUNT_INVALID"),
]
DESTINATIONS = [
    Row("empty", {"to": ""}, 422, "ADDRESS_INVALID", "EMPTY"),
    Row(
        "a Tron address",
        {"to": "TJRabPrwbZy45sbavfcjinPJC18kjpRTv8"},
        422,
        "ADDRESS_INVALID",
        "LOOKS_LIKE_TRON",
    ),
    Row(
        "a Bitcoin address",
        {"to": "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"},
        422,
        "ADDRESS_INVALID",
        "LOOKS_LIKE_BITCOIN",
    ),
    Row("a broken checksum", {"to": PAYEE.replace("E7", "e7")}, 422, "ADDRESS_INVALID", "BAD_CHECKSUM"),
    Row("one digit short", {"to": PAYEE[:-1]}, 422, "ADDRESS_INVALID", "BAD_LENGTH"),
    Row("a name", {"to": "vitalik.eth"}, 422, "ADDRESS_INVALID", "NAME_NOT_ADDRESS"),
    Row("nobody's", {"to": "0x" + "0" * 40}, 422, "ADDRESS_INVALID", "ZERO_OR_BURN"),
    Row("a precompile", {"to": "0x" + "0" * 39 + "4"}, 422, "ADDRESS_INVALID", "PRECOMPILE"),
    Row(
        "a listed token's contract",
        {"to": "0x1111111111111111111111111111111111111111"},
        422,
        "ADDRESS_INVALID",
        "TOKEN_CONTRACT",
    ),
    Row(
        "an invisible character",
        {"to": PAYEE[:10] + "\u200b" + PAYEE[10:]},
        422,
        "ADDRESS_INVALID",
        "BAD_CHARACTER",
    ),
    Row("far too long", {"to": "0x" + "a" * 300}, 400, "REQUEST_INVALID"),
    Row("a number", {"to": 5}, 400, "REQUEST_INVALID"),
]
NAMES = [
    Row("an unknown asset", {"asset": "DOGE"}, 422, "ASSET_UNKNOWN"),
    Row("an unknown network", {"network": "eip155:999"}, 422, "ASSET_UNKNOWN"),
    Row("a network that is no EVM network", {"network": "tron:0x2b6653dc"}, 422, "ASSET_UNKNOWN"),
    Row("the symbol in another case", {"asset": "tusd"}, 422, "ASSET_UNKNOWN"),
    Row("an asset that is no text", {"asset": 2}, 400, "REQUEST_INVALID"),
    Row("a field nobody reads", {"memo": "hello"}, 400, "REQUEST_INVALID"),
]
BETS = [
    Row("a float stake", {"stake": 1.5}, 422, "AMOUNT_INVALID"),
    Row("a stake of nothing", {"stake": "0"}, 422, "AMOUNT_INVALID"),
    Row("an unknown asset", {"asset": "DOGE"}, 422, "ASSET_UNKNOWN"),
    Row("an unknown game", {"game": "roulette"}, 400, "REQUEST_INVALID"),
    Row("a target as text", {"under": "5000"}, 400, "REQUEST_INVALID"),
    Row("a float target", {"under": 5000.0}, 400, "REQUEST_INVALID"),
    Row("a target that is true", {"under": True}, 400, "REQUEST_INVALID"),
    Row("a target beyond the dice", {"under": 10_002}, 400, "REQUEST_INVALID"),
    Row("a key with a slash", {"key": "a/b"}, 400, "REQUEST_INVALID"),
    Row("an empty key", {"key": ""}, 400, "REQUEST_INVALID"),
    Row("a key of 65 characters", {"key": "k" * 65}, 400, "REQUEST_INVALID"),
]
TEXTS = [
    ("no JSON", "{", 400),
    ("nothing", "", 400),
    ("a name twice", '{"network": "eip155:1", "network": "eip155:1"}', 400),
    ("NaN", '{"network": NaN}', 400),
    ("Infinity", '{"network": -Infinity}', 400),
    ("a number of 5000 digits", '{"network": ' + "1" * 5000 + "}", 400),
    ("ten thousand brackets", "[" * 10_000, 400),
    ("a list", "[]", 400),
    ("no UTF-8", b'{"network": "\xff"}', 400),
]


@pytest.mark.parametrize("row", AMOUNTS + DESTINATIONS + NAMES, ids=lambda row: row.name)
async def test_a_malformed_withdrawal_is_refused_before_any_workflow(row: Row) -> None:
    """A withdrawal with one wrong field gets the code of that field, and nothing is asked."""
    door = await player_door()
    answer = await door.post("/v1/withdrawals", json={**WITHDRAWAL, **row.change}, headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (row.status, row.code), answer.text
    assert answer.json().get("reason") == row.extension
    assert answer.json()["retry"] == "none"
    assert door.asker.asked == []


@pytest.mark.parametrize("row", BETS, ids=lambda row: row.name)
async def test_a_malformed_bet_is_refused_before_any_workflow(row: Row) -> None:
    """A bet with one wrong field gets the code of that field, and nothing is asked."""
    door = await player_door()
    answer = await door.post("/v1/bets", json={**BET, **row.change})
    assert (answer.status_code, answer.json()["code"]) == (row.status, row.code), answer.text
    assert door.asker.asked == []


@pytest.mark.parametrize("field", sorted(WITHDRAWAL))
async def test_a_missing_field_is_named(field: str) -> None:
    """A body without a required field is refused, and the answer names the field."""
    door = await player_door()
    body = {name: value for name, value in WITHDRAWAL.items() if name != field}
    answer = await door.post("/v1/withdrawals", json=body, headers=KEY)
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert door.asker.asked == []


@pytest.mark.parametrize("key", [None, "", "a b", "a/b", "k" * 65, "é"])
async def test_a_withdrawal_needs_a_well_formed_key(key: str | None) -> None:
    """Without a usable idempotency key nothing is started."""
    door = await player_door()
    headers = {} if key is None else {"Idempotency-Key": key.encode()}
    answer = await door.post("/v1/withdrawals", json=WITHDRAWAL, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "REQUEST_INVALID")
    assert door.asker.asked == []


@pytest.mark.parametrize(("name", "text", "status"), TEXTS, ids=[name for name, _, _ in TEXTS])
async def test_a_body_that_is_not_strict_json_is_refused(name: str, text: str | bytes, status: int) -> None:
    """What two parsers might read differently is not read at all."""
    door = await player_door()
    answer = await door.post(
        "/v1/deposit-addresses", content=text, headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (status, "REQUEST_INVALID"), name
    assert door.asker.asked == []


@pytest.mark.parametrize(
    ("open_door", "path", "bytes_max"),
    [(player_door, "/v1/bets", 16 * 1024), (operator_door, "/v1/players", 256 * 1024)],
)
@pytest.mark.parametrize("is_announced", [True, False])
async def test_a_body_is_counted_while_it_is_read(
    open_door: Callable[[], Awaitable[ScriptedDoor]], path: str, bytes_max: int, *, is_announced: bool
) -> None:
    """One byte over the listener's bound is refused, whether the length was announced or not."""
    door = await open_door()

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(bytes_max // 1024):
            yield b" " * 1024
        yield b" "

    body = b" " * (bytes_max + 1) if is_announced else parts()
    answer = await door.post(path, content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "REQUEST_TOO_LARGE")
    assert door.asker.asked == []


@pytest.mark.parametrize(
    "external_id", ["", "a/b", "two words", "x" * 65, "ünï", "mail@example.org", 5, None]
)
async def test_an_external_id_is_opaque_and_plain(external_id: object) -> None:
    """An id that could hold a name, or break a workflow id, is refused."""
    door = await operator_door()
    answer = await door.post("/v1/players", json={"external_id": external_id})
    assert (answer.status_code, answer.json()["code"]) == (400, "REQUEST_INVALID")
    assert door.asker.asked == []


@pytest.mark.parametrize("client_seed", ["", "a b", "a:b", "x" * 65, "ü"])
async def test_a_client_seed_has_a_plain_form(client_seed: str) -> None:
    """A client seed with a colon could forge another nonce in the stream's message."""
    door = await player_door()
    answer = await door.post("/v1/fair/rotations", json={"key": "r-1", "client_seed": client_seed})
    assert (answer.status_code, answer.json()["code"]) == (400, "REQUEST_INVALID")
    assert door.asker.asked == []


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=ten",
        "cursor=%21",
        "cursor=AAAA",
        "cursor=" + "a" * 201,
        "cursor=bm90aGluZw",
    ],
)
async def test_a_page_that_cannot_be_meant_is_refused(query: str) -> None:
    """A cursor that was not given out here, or a limit out of range, is refused without reading anything."""
    door = await player_door()
    answer = await door.get(f"/v1/withdrawals?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "REQUEST_INVALID")
