"""The ways in which a node of the devnet fails when told to."""

import json
import urllib.error
from typing import Any

import pytest
import zmq
from tronpy import Tron

from devstack.tron.node import DevnetError, TronDevnet
from tests.support.tron_devnet import SUN, balance, dev_account

TRIGGER_MS = 5_000


def transfer(net: TronDevnet, tronpy_client: Tron, sender: int = 1) -> dict[str, Any]:
    """Return a signed transfer of 1 TRX as tronpy would send it."""
    key, address = dev_account(net, sender)
    built = tronpy_client.trx.transfer(address, dev_account(net, 9)[1], SUN).build().sign(key)
    signed: dict[str, Any] = built.to_json()
    return signed


def send(net: TronDevnet, signed: dict[str, Any]) -> dict[str, Any]:
    """Send it to the first node and return the answer."""
    answer: dict[str, Any] = net.ask("wallet/broadcasttransaction", **signed)
    return answer


def test_a_reply_is_lost_and_the_node_has_it(healed: TronDevnet, tronpy_client: Tron) -> None:
    """Taken, then the connection breaks; sent again it is a duplicate, and a block holds it once."""
    signed = transfer(healed, tronpy_client)
    fault = healed.inject("wallet/broadcasttransaction", "take_then_hang_up", times=1)
    with pytest.raises((OSError, urllib.error.URLError)):
        send(healed, signed)
    assert send(healed, signed)["code"] == "DUP_TRANSACTION_ERROR"
    assert healed.dev("struck", fault=fault)["struck"] == 1
    assert len(healed.dev("asked", path="wallet/broadcasttransaction")["asked"]) >= 2
    healed.mine()
    assert tronpy_client.get_transaction_info(signed["txID"])["id"] == signed["txID"]


def test_a_caching_node_poisons_a_duplicate(healed: TronDevnet, tronpy_client: Tron) -> None:
    """It refuses for another reason first; asked again it says duplicate, though nobody has it."""
    signed = {**transfer(healed, tronpy_client), "signature": []}
    healed.dev("remember_rejected")
    assert send(healed, signed)["code"] == "SIGERROR"
    assert send(healed, signed)["code"] == "DUP_TRANSACTION_ERROR"
    healed.mine()
    assert healed.ask("wallet/gettransactioninfobyid", value=signed["txID"]) == {}


@pytest.mark.parametrize(("taken", "pending"), [(True, 1), (False, 0)])
def test_a_busy_node_may_have_taken_it(
    healed: TronDevnet, tronpy_client: Tron, *, taken: bool, pending: int
) -> None:
    """SERVER_BUSY says nothing about whether the bytes were taken."""
    signed = transfer(healed, tronpy_client, sender=2)
    healed.dev("forget")
    healed.inject("wallet/broadcasttransaction", "code", code="SERVER_BUSY", taken=taken)
    assert send(healed, signed)["code"] == "SERVER_BUSY"
    assert healed.dev("status")["pending"] == pending
    healed.dev("forget")


def test_an_error_under_status_200(healed: TronDevnet) -> None:
    """The n-th call fails with a body that looks like success to whoever reads only the status."""
    healed.inject(
        "walletsolidity/getaccount", "error", message="lack of computing resources", first=2, times=1
    )
    answers = [
        healed.ask("walletsolidity/getaccount", address=healed.account(1)[1], visible=True) for _ in range(3)
    ]
    assert [answer.get("Error") for answer in answers] == [None, "lack of computing resources", None]
    assert answers[0] == answers[2]


@pytest.mark.parametrize(
    ("fault", "status"),
    [({"fault": "status", "status": 503}, "503"), ({"fault": "too_many_requests"}, "429")],
)
def test_http_errors(healed: TronDevnet, fault: dict[str, Any], status: str) -> None:
    """Rate limits and failing gateways."""
    healed.dev("fault", path="*", **fault)
    with pytest.raises(DevnetError, match=status):
        healed.ask("wallet/getnowblock")


def test_half_an_answer(healed: TronDevnet) -> None:
    """The answer breaks off in the middle."""
    healed.inject("wallet/getnowblock", "half_json")
    with pytest.raises(json.JSONDecodeError):
        healed.ask("wallet/getnowblock")


def test_infos_come_later_than_their_block(healed: TronDevnet, tronpy_client: Tron) -> None:
    """Withheld infos are missing from the list and unknown by id until the node has caught up."""
    sent = [send(healed, transfer(healed, tronpy_client, sender))["txid"] for sender in (3, 4)]
    number = healed.mine()["head"]
    healed.inject("wallet/gettransactioninfobyblocknum", "withhold_infos", txids=sent[:1])
    healed.inject("wallet/gettransactioninfobyid", "withhold_infos", txids=sent[:1])
    infos = healed.ask("wallet/gettransactioninfobyblocknum", num=number)
    assert [info["id"] for info in infos] == sent[1:]
    assert healed.ask("wallet/gettransactioninfobyid", value=sent[0]) == {}
    healed.heal()
    assert [info["id"] for info in healed.ask("wallet/gettransactioninfobyblocknum", num=number)] == sent


def test_another_txid_and_other_bytes(healed: TronDevnet, tronpy_client: Tron) -> None:
    """A hostile node names another transaction than the one it was given."""
    signed = transfer(healed, tronpy_client)
    healed.inject("wallet/broadcasttransaction", "alter_txid", txid="ab" * 32)
    assert send(healed, signed)["txid"] == "ab" * 32
    true = healed.ask("wallet/gettransactionbyid", value=signed["txID"])
    healed.inject("wallet/gettransactionbyid", "alter_raw")
    altered = healed.ask("wallet/gettransactionbyid", value=signed["txID"])
    assert altered["raw_data_hex"] != true["raw_data_hex"]
    assert altered["raw_data"]["timestamp"] == true["raw_data"]["timestamp"] + 1
    assert altered["txID"] == true["txID"]


def test_a_node_lags(healed: TronDevnet) -> None:
    """The second node shows the chain of three blocks ago, money included."""
    _, address = dev_account(healed, 5)
    before = balance(healed, address, solid=True)
    healed.fund(address, SUN)
    healed.solidify()
    healed.mine()
    healed.dev("lag", blocks=3, second=True)
    head = healed.ask("wallet/getnowblock")["block_header"]["raw_data"]["number"]
    behind = ask_second(healed, "wallet/getnowblock")["block_header"]["raw_data"]["number"]
    assert head - behind == 3
    assert ask_second(healed, "wallet/getblockbynum", num=head) == {}
    assert balance(healed, address, solid=True) == before + SUN
    lagging = ask_second(healed, "walletsolidity/getaccount", address=address, visible=True)
    assert lagging["balance"] == before


def test_a_second_node_contradicts(healed: TronDevnet) -> None:
    """From a height on its blocks have other ids and hang together; below they are the same."""
    head = healed.mine(3)["head"]
    healed.dev("contradict", height=head - 1, second=True)
    numbers = (head - 2, head - 1, head)
    true = [healed.ask("wallet/getblockbynum", num=number) for number in numbers]
    other = [ask_second(healed, "wallet/getblockbynum", num=number) for number in numbers]
    assert true[0] == other[0]
    assert true[1]["blockID"] != other[1]["blockID"]
    assert other[2]["block_header"]["raw_data"]["parentHash"] == other[1]["blockID"]
    assert ask_second(healed, "wallet/getblockbyid", value=other[2]["blockID"]) == other[2]
    assert ask_second(healed, "wallet/getblockbyid", value=true[2]["blockID"]) == {}
    assert ask_second(healed, "wallet/getnowblock") == other[2]


def test_producers_fall_silent_and_nothing_becomes_solid(healed: TronDevnet) -> None:
    """With 9 of 27 producers down the head moves on and the solid block stands."""
    healed.dev("producers", down=list(range(9)))
    stood = healed.mine(27)["solid"]
    moved = healed.mine(40)
    assert moved["solid"] == stood
    assert moved["head"] > stood + 40
    healed.dev("producers", down=[])
    assert healed.mine(40)["solid"] > stood


def test_a_fork_takes_a_payment_back_and_brings_it_again(healed: TronDevnet, tronpy_client: Tron) -> None:
    """Forked out it waits again, and another block holds it; forgotten it is gone for good."""
    kept, dropped = (send(healed, transfer(healed, tronpy_client, sender))["txid"] for sender in (6, 7))
    healed.mine()
    assert {kept, dropped} <= {info["id"] for info in infos_of_head(healed)}
    healed.fork(1, without=[dropped])
    assert healed.ask("wallet/gettransactioninfobyid", value=kept) == {}
    healed.mine()
    assert [info["id"] for info in infos_of_head(healed)] == [kept]
    healed.solidify()
    assert healed.ask("wallet/gettransactionbyid", value=dropped) == {}


def test_the_queue_tells_drops_and_repeats(healed: TronDevnet) -> None:
    """Triggers name their block; told to, the queue drops, repeats and tells of left blocks."""
    context = zmq.Context()
    hearing = context.socket(zmq.SUB)
    hearing.setsockopt(zmq.RCVTIMEO, TRIGGER_MS)
    hearing.setsockopt_string(zmq.SUBSCRIBE, "block")
    hearing.connect(healed.zmq_url)
    try:
        first = heard_of(healed, hearing)
        assert first["triggerName"] == "blockTrigger"
        assert first["blockHash"] == healed.dev("status")["head_id"]
        healed.dev("zmq", mode="repeat")
        healed.mine()
        assert told(hearing) == told(hearing)
        healed.dev("zmq", mode="drop")
        healed.mine()
        healed.dev("zmq", mode="as_they_come")
        left = healed.dev("status")["head_id"]
        healed.fork(1)
        removed = told(hearing)
        assert (removed["blockHash"], removed["removed"]) == (left, True)
        assert [told(hearing)["blockNumber"] for _ in range(2)] == [
            removed["blockNumber"],
            removed["blockNumber"] + 1,
        ]
    finally:
        hearing.close()
        context.term()


def test_the_clock_of_the_chain_may_be_wrong(healed: TronDevnet) -> None:
    """What a node stamps itself carries its clock, an hour late."""
    _, owner = dev_account(healed, 1)
    question: dict[str, Any] = {
        "owner_address": owner,
        "to_address": healed.account(2)[1],
        "amount": SUN,
        "visible": True,
    }
    true = healed.ask("wallet/createtransaction", **question)["raw_data"]["timestamp"]
    healed.dev("skew", ms=-3_600_000)
    late = healed.ask("wallet/createtransaction", **question)["raw_data"]["timestamp"]
    healed.dev("skew", ms=0)
    assert -3_600_000 <= late - true < -3_500_000


def test_an_unknown_lever_says_what_there_is(healed: TronDevnet) -> None:
    """What cannot be done is refused with the reason: an unknown fault, a fork below the solid block."""
    with pytest.raises(DevnetError, match="take_then_hang"):
        healed.inject("*", "melt")
    with pytest.raises(DevnetError, match="solid"):
        healed.fork(40)
    with pytest.raises(DevnetError, match="lag"):
        healed.dev("lag", blocks=31)
    healed.dev("producers", down=list(range(27)))
    with pytest.raises(DevnetError, match="NoProducer"):
        healed.mine()
    healed.dev("producers", down=[])


def infos_of_head(net: TronDevnet) -> list[dict[str, Any]]:
    """Return what became of the transactions of the newest block."""
    infos: list[dict[str, Any]] = net.ask(
        "wallet/gettransactioninfobyblocknum", num=net.dev("status")["head"]
    )
    return infos


def ask_second(net: TronDevnet, path: str, **params: object) -> dict[str, Any]:
    """Ask the second node."""
    answer: dict[str, Any] = net.ask(path, second=True, **params)
    return answer


def heard_of(net: TronDevnet, hearing: zmq.Socket[bytes]) -> dict[str, Any]:
    """Make blocks until the subscription, which takes its time to be known, brings the newest one."""
    hearing.setsockopt(zmq.RCVTIMEO, 100)
    while True:
        net.mine()
        try:
            trigger = told(hearing)
        except zmq.Again:
            continue
        hearing.setsockopt(zmq.RCVTIMEO, TRIGGER_MS)
        return trigger


def told(hearing: zmq.Socket[bytes]) -> dict[str, Any]:
    """Return the next trigger."""
    topic, text = hearing.recv_multipart()
    assert topic == b"block"
    trigger: dict[str, Any] = json.loads(text)
    return trigger
