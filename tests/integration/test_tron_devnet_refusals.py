"""What the devnet refuses unmodified tronpy, each with java-tron's code."""

import time
from collections.abc import Iterator

import pytest
from tronpy import Tron
from tronpy.exceptions import (
    BadKey,
    BadSignature,
    TaposError,
    TransactionError,
    UnknownError,
    ValidationError,
)
from tronpy.providers import HTTPProvider

from devstack.tron.addresses import show
from devstack.tron.node import TronDevnet
from tests.support.tron_devnet import FEE_LIMIT, SUN, dev_account, stranger, usdt

SLOT_MS = 100
BACKDATED_MS = 30_000
LIFE_MS = 300


@pytest.fixture(scope="module")
def devnet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TronDevnet]:
    """A devnet whose head is as old as its slots are long: transactions can expire on it."""
    net = TronDevnet(tmp_path_factory.mktemp("tron"), slot_ms=SLOT_MS, backdated_ms=BACKDATED_MS)
    net.start()
    net.mine(BACKDATED_MS // SLOT_MS)
    yield net
    net.stop()


def test_an_expired_transaction_is_refused(devnet: TronDevnet, tronpy_client: Tron) -> None:
    """Signed in time, sent after the head has passed its expiration."""
    key, sender = dev_account(devnet, 1)
    signed = (
        tronpy_client.trx.transfer(sender, dev_account(devnet, 2)[1], SUN)
        .expiration(LIFE_MS)
        .build()
        .sign(key)
    )
    expiration = signed.to_json()["raw_data"]["expiration"]
    while devnet.mine()["head_ms"] < expiration:
        time.sleep(SLOT_MS / 1000)
    with pytest.raises(TransactionError, match="expired"):
        signed.broadcast()


def test_a_signature_of_another_key_is_refused(devnet: TronDevnet, tronpy_client: Tron) -> None:
    """The client refuses to sign with it, and the node refuses what somebody else signed."""
    _, sender = dev_account(devnet, 1)
    foreign, _ = stranger()
    built = tronpy_client.trx.transfer(sender, dev_account(devnet, 2)[1], SUN).build()
    with pytest.raises(BadKey):
        built.sign(foreign)
    built.set_signature([foreign.sign_msg_hash(bytes.fromhex(built.txid)).hex()])
    with pytest.raises(BadSignature, match="not contained of permission"):
        built.broadcast()


def test_a_reference_to_no_block_of_the_branch_is_refused(devnet: TronDevnet, tronpy_client: Tron) -> None:
    """TAPOS: the reference block must be on the branch."""
    key, sender = dev_account(devnet, 1)
    elsewhere = "ee" * 32
    transfer = tronpy_client.trx.transfer(sender, dev_account(devnet, 2)[1], SUN)
    with pytest.raises(TaposError):
        tronpy_client.broadcast(transfer.build(offline=True, ref_block_id=elsewhere).sign(key))


def test_the_same_transaction_twice_is_a_duplicate(devnet: TronDevnet, tronpy_client: Tron) -> None:
    """While it waits and when a block holds it."""
    key, sender = dev_account(devnet, 3)
    signed = tronpy_client.trx.transfer(sender, dev_account(devnet, 2)[1], SUN).build().sign(key)
    signed.broadcast()
    with pytest.raises(UnknownError, match="Dup transaction"):
        signed.broadcast()
    devnet.mine()
    with pytest.raises(UnknownError, match="Dup transaction"):
        signed.broadcast()


@pytest.mark.parametrize(
    ("sun", "reason"),
    [
        (10**18, "balance is not sufficient"),
        (0, "Amount must be greater than 0"),
    ],
)
def test_an_impossible_amount_is_refused(
    devnet: TronDevnet, tronpy_client: Tron, sun: int, reason: str
) -> None:
    """More than the sender has, and nothing at all."""
    key, sender = dev_account(devnet, 1)
    with pytest.raises(ValidationError, match=reason):
        tronpy_client.trx.transfer(sender, dev_account(devnet, 2)[1], sun).build().sign(key).broadcast()


def test_trx_to_a_contract_is_refused(devnet: TronDevnet, tronpy_client: Tron) -> None:
    """A plain transfer cannot reach a contract."""
    key, sender = dev_account(devnet, 1)
    with pytest.raises(ValidationError, match="smartContract"):
        tronpy_client.trx.transfer(sender, show(devnet.contracts.usdt), SUN).build().sign(key).broadcast()


def test_a_fee_limit_beyond_the_maximum_is_refused(devnet: TronDevnet, tronpy_client: Tron) -> None:
    """15,000 TRX are the most."""
    key, sender = dev_account(devnet, 1)
    call = (
        usdt(tronpy_client, devnet).functions.transfer(sender, 1).with_owner(sender).fee_limit(15_001 * SUN)
    )
    with pytest.raises(ValidationError, match="feeLimit"):
        call.build().sign(key).broadcast()


def test_an_account_that_does_not_exist_cannot_call(devnet: TronDevnet, tronpy_client: Tron) -> None:
    """Nobody activated the caller."""
    key, nobody = stranger()
    call = usdt(tronpy_client, devnet).functions.transfer(nobody, 1).with_owner(nobody).fee_limit(FEE_LIMIT)
    with pytest.raises(ValidationError, match="does not exist"):
        call.build().sign(key).broadcast()


def test_the_second_node_stands_on_the_same_chain(devnet: TronDevnet, tronpy_client: Tron) -> None:
    """It takes what the first one did not hear of, and both show what became of it."""
    key, sender = dev_account(devnet, 4)
    signed = tronpy_client.trx.transfer(sender, dev_account(devnet, 2)[1], SUN).build().sign(key)
    other = Tron(HTTPProvider(devnet.second_url))
    other.broadcast(signed)
    devnet.mine()
    assert tronpy_client.get_transaction_info(signed.txid) == other.get_transaction_info(signed.txid)
    other.provider.sess.close()


def test_blocks_come_by_themselves_and_never_early(devnet: TronDevnet) -> None:
    """While it produces, a block comes in each slot of real time and none is stamped in the future."""
    before = devnet.dev("produce")["head"]
    while (status := devnet.dev("status"))["head"] < before + 3:
        time.sleep(SLOT_MS / 1000)
    assert status["head_ms"] <= time.time_ns() // 1_000_000
    stopped = devnet.dev("produce", on=False)["head"]
    time.sleep(3 * SLOT_MS / 1000)
    assert devnet.dev("status")["head"] <= stopped + 1
