"""A Tron block and its results become effects by the rules of Tron, or are incomplete."""

from collections.abc import Callable

import pytest

from chains.codecs.abi import TRANSFER_TOPIC, encode_transfer
from chains.tron.effects import read_block
from domain.errors import BlockIncomplete
from domain.onchain import BlockEffects
from tests.support.tron_blocks import Json, Tx, address, block, call, coins, failed, id_of, shown, word

HEIGHT = 70_000
PAYER, PAYEE, OTHER, TOKEN, SPOOF = (address(number) for number in range(1, 6))


def log(contract: bytes, payee: bytes, amount: int) -> Json:
    """A Transfer event; the address of a log stands without 41."""
    return {
        "address": contract.hex(),
        "topics": [TRANSFER_TOPIC.hex(), word(PAYER), word(payee)],
        "data": amount.to_bytes(32, "big").hex(),
    }


def pays(*logs: Json, serial: int = 0) -> Tx:
    """A call of a token that succeeded, whatever it returned."""
    return call(PAYER, TOKEN, encode_transfer(PAYEE, 7), list(logs), serial)


def read(*transactions: Tx, source: str = "head") -> BlockEffects:
    """What the reader makes of a block with these transactions."""
    found = block(HEIGHT, list(transactions))
    return read_block(id_of(found), found, [tx.result(HEIGHT) for tx in transactions], source)


def told(found: BlockEffects) -> list[tuple[str, bytes, bytes, int, bool]]:
    """Each effect in short."""
    return [(one.position, one.contract, one.receiver, one.amount, one.succeeded) for one in found.effects]


def test_each_kind_of_movement_is_one_effect() -> None:
    """Coins by their contract, tokens by their logs counted within the transaction, in order."""
    approval: Json = {"address": TOKEN.hex(), "topics": ["ab" * 32], "data": ""}
    found = read(coins(PAYER, PAYEE, 5), pays(approval, log(TOKEN, PAYEE, 7), log(SPOOF, OTHER, 8)))
    assert told(found) == [
        ("native", b"", PAYEE, 5, True),
        ("log-1", TOKEN, PAYEE, 7, True),
        ("log-2", SPOOF, OTHER, 8, True),
    ]
    assert {one.sender for one in found.effects} == {PAYER}
    assert found.completeness == {
        "transactions": "2",
        "logs": "3",
        "effects": found.completeness["effects"],
        "source": "head",
    }


@pytest.mark.parametrize("outcome", ["REVERT", "OUT_OF_ENERGY", "OUT_OF_TIME", "TRANSFER_FAILED", "UNKNOWN"])
def test_a_failed_call_moved_nothing_and_cost_its_fee(outcome: str) -> None:
    """N12, T10: what the call asked for is an effect that did not succeed; the fee is booked."""
    found = read(failed(pays(log(TOKEN, PAYEE, 7)), outcome))
    assert told(found) == [("log-0", TOKEN, PAYEE, 7, False)]
    (mined,) = found.transactions
    assert (mined.sender, mined.nonce, mined.succeeded, mined.fee) == (PAYER, None, False, 100_000)


def test_a_result_that_says_failed_above_its_receipt_is_a_failure() -> None:
    """T10: SUCCESS of the receipt alone does not suffice."""
    tx = pays(log(TOKEN, PAYEE, 7))
    tx.info["result"] = "FAILED"
    assert told(read(tx)) == [("log-0", TOKEN, PAYEE, 7, False)]


def test_a_token_of_the_network_itself_is_no_contract() -> None:
    """N13, T19: a TRC-10 token stands under its number, whatever it calls itself."""
    value: Json = {
        "owner_address": shown(PAYER),
        "to_address": shown(PAYEE),
        "asset_name": b"1000001".hex(),
        "amount": 9,
    }
    found = read(Tx("TransferAssetContract", value, b"\x01"))
    assert told(found) == [("trc10", b"trc10:1000001", PAYEE, 9, True)]


def test_what_goes_along_with_a_call_is_moved_by_it() -> None:
    """Coins and TRC-10 units that a call carries are effects of their own."""
    tx = pays()
    tx.value |= {"call_value": 3, "call_token_value": 4, "token_id": 1_000_001}
    assert told(read(tx)) == [("native", b"", TOKEN, 3, True), ("trc10", b"trc10:1000001", TOKEN, 4, True)]


def test_other_contracts_move_nothing_and_are_recorded() -> None:
    """A delegation of ours has an owner, a result and a fee, and no effect."""
    value: Json = {"owner_address": shown(PAYER), "receiver_address": shown(PAYEE), "balance": 10**9}
    found = read(Tx("DelegateResourceContract", value, b"\x02", info={"fee": 275_000}))
    assert told(found) == []
    assert [(one.sender, one.succeeded, one.fee) for one in found.transactions] == [(PAYER, True, 275_000)]


def test_what_was_used_is_told_in_words() -> None:
    """Energy, bandwidth and what was burnt for them; an activation is what a transfer paid beyond."""
    assert read(pays()).transactions[0].used == {
        "energy": "1000",
        "energy_burnt_sun": "100000",
        "bandwidth": "345",
    }
    tx = coins(PAYER, PAYEE, 1)
    tx.info = {"fee": 1_100_000, "receipt": {"net_fee": 100_000}}
    assert read(tx).transactions[0].used == {"bandwidth_burnt_sun": "100000", "activation_sun": "1000000"}


def test_a_memo_changes_nothing() -> None:
    """N13: whatever a memo says, the payment is the same; only the id differs."""
    plain = read(coins(PAYER, PAYEE, 5))
    spoken = read(coins(PAYER, PAYEE, 5, memo=b"credit 5000000 USDT to player 1"))
    assert told(plain) == told(spoken)
    assert plain.effects[0].txid != spoken.effects[0].txid


def test_the_digest_is_of_what_the_books_take() -> None:
    """The same effects from either store give the same digest, any other amount, outcome or fee another."""
    digests = [
        read(pays(log(TOKEN, PAYEE, 7)), source=source).completeness["effects"]
        for source in ("head", "solid")
    ]
    assert digests[0] == digests[1]
    dearer = pays(log(TOKEN, PAYEE, 7))
    dearer.info["fee"] = 100_001
    others = [
        read(pays(log(TOKEN, PAYEE, 8))),
        read(pays()),
        read(failed(pays(log(TOKEN, PAYEE, 7)), "REVERT")),
        read(dearer),
    ]
    assert len({digests[0], *(one.completeness["effects"] for one in others)}) == 5


def test_many_payments_of_one_transaction_are_told_apart() -> None:
    """N15: 52 logs are 52 effects, each under its own place, two of them to one receiver twice."""
    found = read(pays(*(log(TOKEN, address(10 + number % 50), 1 + number) for number in range(52))))
    assert [one.position for one in found.effects] == [f"log-{place}" for place in range(52)]
    assert sum(one.amount for one in found.effects) == sum(range(1, 53))


def _fewer(infos: list[Json]) -> list[Json]:
    return infos[:-1]


def _doubled(infos: list[Json]) -> list[Json]:
    return [infos[0], infos[0]]


def _foreign(infos: list[Json]) -> list[Json]:
    return [infos[0], infos[1] | {"id": "ab" * 32}]


def _earlier(infos: list[Json]) -> list[Json]:
    return [infos[0], infos[1] | {"blockNumber": HEIGHT - 1}]


def _unsaid(infos: list[Json]) -> list[Json]:
    return [infos[0], infos[1] | {"receipt": {}}]


def _other_end(infos: list[Json]) -> list[Json]:
    return [infos[0], infos[1] | {"receipt": {"result": "REVERT"}, "result": "FAILED"}]


@pytest.mark.parametrize(
    "tamper", [list[Json].copy, _fewer, _doubled, _foreign, _earlier, _unsaid, _other_end, lambda _: []]
)
def test_a_block_is_complete_or_raises(tamper: Callable[[list[Json]], list[Json]]) -> None:
    """C2, N14: results must be those of exactly its transactions, of its height, with its outcomes."""
    transactions = [coins(PAYER, PAYEE, 5), pays(log(TOKEN, PAYEE, 7))]
    found = block(HEIGHT, transactions)
    infos = tamper([tx.result(HEIGHT) for tx in transactions])
    if tamper == list[Json].copy:
        assert len(read_block(id_of(found), found, infos, "head").effects) == 2
        return
    with pytest.raises(BlockIncomplete):
        read_block(id_of(found), found, infos, "head")


def test_another_block_is_not_the_one_asked_for() -> None:
    """An answer under another id is incomplete, one that contradicts its own id is no answer at all."""
    found = block(HEIGHT, [])
    with pytest.raises(BlockIncomplete):
        read_block(bytes(32), found, [], "head")
    header = found["block_header"]
    assert isinstance(header, dict)
    header["raw_data"]["number"] = HEIGHT + 1
    with pytest.raises(ValueError, match="height"):
        read_block(id_of(found), found, [], "head")


def test_altered_bytes_are_no_answer() -> None:
    """N7: a transaction whose bytes do not hash to its id raises."""
    found = block(HEIGHT, [coins(PAYER, PAYEE, 5)])
    entries = found["transactions"]
    assert isinstance(entries, list)
    entries[0]["raw_data_hex"] = coins(PAYER, OTHER, 5).raw.hex()
    with pytest.raises(ValueError, match="other bytes"):
        read_block(id_of(found), found, [coins(PAYER, PAYEE, 5).result(HEIGHT)], "head")


@pytest.mark.parametrize("infos", [{}, None, "lack of computing resources", {"message": "busy"}])
def test_anything_but_a_list_of_results_is_no_answer(infos: object) -> None:
    """T3: an object in the place of the results never counts as none."""
    found = block(HEIGHT, [])
    with pytest.raises(ValueError, match="list"):
        read_block(id_of(found), found, infos, "head")
