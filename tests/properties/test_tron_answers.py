"""However a Tron node's answer is damaged, it is read or refused; nothing else ever breaks."""

import copy
from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from chains.codecs.abi import TRANSFER_TOPIC, encode_transfer
from chains.codecs.tron import TronCodec
from chains.tron.answers import read_header
from chains.tron.calling import _ran
from chains.tron.client import TronNode
from chains.tron.effects import read_block
from chains.tron.holdings import _left
from chains.tron.terms import _factor, _parameters
from chains.tron.writer import _contradiction, _judge
from domain.errors import BlockIncomplete
from domain.sends import SignedTx
from tests.support.tron_blocks import Json, address, block, call, coins, failed, id_of, shown, word
from tests.support.tron_transactions import EXAMPLE

HEIGHT = 70_000
PAYER, PAYEE, TOKEN = address(1), address(2), address(3)
RAW = TronCodec().encode(EXAMPLE)
TX = SignedTx(TronCodec().txid(RAW), RAW)
LOG: Json = {
    "address": TOKEN.hex(),
    "topics": [TRANSFER_TOPIC.hex(), word(PAYER), word(PAYEE)],
    "data": (7).to_bytes(32, "big").hex(),
}
TRANSACTIONS = [
    coins(PAYER, PAYEE, 5),
    call(PAYER, TOKEN, encode_transfer(PAYEE, 7), [LOG]),
    failed(call(PAYER, TOKEN, encode_transfer(PAYEE, 8), [LOG], 1), "REVERT"),
]
BLOCK = block(HEIGHT, TRANSACTIONS)
NODE = TronNode("node", "http://127.0.0.1:1", "http://127.0.0.1:1")

damage = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from(["ab" * 32, "41" + "01" * 20, "SUCCESS", "FAILED"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=5,
)


@dataclass(frozen=True)
class Reading:
    """An answer in order, and what reads it."""

    answer: object
    read: Callable[[object], object]


def _read_pair(answer: object) -> object:
    whole = answer if isinstance(answer, dict) else {}
    return read_block(id_of(BLOCK), whole.get("block"), whole.get("infos"), "head")


def _read_sent(answer: object) -> object:
    return (_contradiction(answer, TX), _judge(NODE, answer)) if isinstance(answer, dict) else None


READINGS = {
    "header": Reading(BLOCK, read_header),
    "block": Reading(
        {"block": BLOCK, "infos": [tx.result(HEIGHT) for tx in TRANSACTIONS]},
        _read_pair,
    ),
    "call": Reading(
        {
            "result": {"result": True, "message": "REVERT opcode executed"},
            "energy_used": 7,
            "constant_result": ["08c379a0" + "00" * 64],
        },
        _ran,
    ),
    "resources": Reading({"freeNetLimit": 600, "NetUsed": 3, "TotalEnergyLimit": 9}, _left),
    "parameters": Reading(
        {
            "chainParameter": [
                {"key": key, "value": 1}
                for key in (
                    "getEnergyFee",
                    "getTransactionFee",
                    "getCreateNewAccountFeeInSystemContract",
                    "getCreateAccountFee",
                    "getMaxFeeLimit",
                )
            ]
        },
        _parameters,
    ),
    "factor": Reading(
        {"smart_contract": {"contract_address": shown(TOKEN)}, "contract_state": {"energy_factor": 5}},
        lambda answer: _factor(answer, TOKEN),
    ),
    "broadcast": Reading(
        {
            "result": True,
            "code": "SUCCESS",
            "message": "",
            "txid": TX.txid.hex(),
            "transaction": {"raw_data": {"timestamp": 1}, "signature": ["00"]},
        },
        _read_sent,
    ),
}


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(sorted(READINGS)), st.data())
def test_a_damaged_answer_is_read_or_refused(name: str, data: st.DataObject) -> None:
    """G1: with any part replaced or gone there is a value, ValueError or BlockIncomplete, nothing else."""
    reading = READINGS[name]
    answer = copy.deepcopy(reading.answer)
    for _ in range(data.draw(st.integers(0, 3))):
        answer = _damaged(answer, data)
    try:
        reading.read(answer)
    except (ValueError, OverflowError, BlockIncomplete):
        return


def _damaged(answer: object, data: st.DataObject) -> object:
    """The answer with one part, at any depth, replaced or taken away."""
    parts = (
        answer.items() if isinstance(answer, dict) else enumerate(answer if isinstance(answer, list) else ())
    )
    keys = sorted(key for key, _ in parts)
    how = data.draw(st.sampled_from(["deeper", "deeper", "gone", "replaced"])) if keys else "replaced"
    if how == "replaced":
        return data.draw(damage)
    changed = copy.copy(answer)
    assert isinstance(changed, dict | list)
    key = data.draw(st.sampled_from(keys))
    if how == "gone":
        del changed[key]
    else:
        changed[key] = _damaged(changed[key], data)
    return changed
