"""What the Tron devnet takes into its pool and its blocks, and with which code it refuses the rest."""

import hashlib
from collections.abc import Callable
from dataclasses import replace

import pytest

from devstack.tron.admission import check_admission, reference_to, remember_block
from devstack.tron.contract_messages import TriggerSmartContract
from devstack.tron.messages import RawTransaction, Transaction, TransactionEnvelope, TransferContract
from devstack.tron.rules import DAY_MS, TAPOS_BLOCKS, TRANSACTION_BYTES_MAX
from devstack.tron.schema import encode
from devstack.tron.transactions import read
from devstack.tron.verdicts import Refused, ResponseCode
from tests.support.tron_chain import ALICE, BOB, NOBODY, TRX, World, signed

Change = Callable[[World, RawTransaction], RawTransaction]


def transfer(sun: int = TRX) -> TransferContract:
    """Return a payment from Alice to Bob."""
    return TransferContract(ALICE.address, BOB.address, sun)


def expiring(after_head_ms: int) -> Change:
    """Let the transaction expire so long after the head."""
    return lambda world, raw: replace(raw, expiration=world.chain.head.time_ms + after_head_ms)


def naming(number: int, digest: bytes | None = None) -> Change:
    """Let the transaction name the block of this number, or one that is not on the branch."""

    def change(world: World, raw: RawTransaction) -> RawTransaction:
        block = world.chain.block_at(number % TAPOS_BLOCKS)
        known = block.id if block else bytes(32)
        return replace(
            raw,
            ref_block_bytes=reference_to(number, known)[0],
            ref_block_hash=digest or reference_to(number, known)[1],
        )

    return change


@pytest.mark.parametrize(
    ("why", "change", "code", "message"),
    [
        ("as built", lambda _, raw: raw, "SUCCESS", ""),
        ("ends with the head", expiring(0), "TRANSACTION_EXPIRATION_ERROR", "Transaction expired"),
        ("ends a moment later", expiring(1), "SUCCESS", ""),
        ("ends a day later", expiring(DAY_MS), "SUCCESS", ""),
        ("ends later than that", expiring(DAY_MS + 1), "TRANSACTION_EXPIRATION_ERROR", "Transaction expired"),
        ("names the genesis", naming(0), "SUCCESS", ""),
        ("names a block to come", naming(9), "TAPOS_ERROR", "Tapos check error."),
        ("names another branch", naming(1, b"12345678"), "TAPOS_ERROR", "Tapos check error."),
        (
            "names half a number",
            lambda _, raw: replace(raw, ref_block_bytes=b"\x01"),
            "TAPOS_ERROR",
            "Tapos check error.",
        ),
        (
            "is too big",
            lambda _, raw: replace(raw, data=bytes(TRANSACTION_BYTES_MAX)),
            "TOO_BIG_TRANSACTION_ERROR",
            "Transaction size is too big.",
        ),
        ("does nothing", lambda _, raw: replace(raw, contract=()), "CONTRACT_VALIDATE_ERROR", "No contract!"),
        (
            "acts twice",
            lambda _, raw: replace(raw, contract=raw.contract * 2),
            "CONTRACT_VALIDATE_ERROR",
            "contract size should be exactly 1, this is extend feature ,actual :2",
        ),
    ],
)
def test_a_transaction_must_be_fresh_and_whole(why: str, change: Change, code: str, message: str) -> None:
    """Each rule of admission refuses with the code and the words of java-tron."""
    world = World()
    world.chain.mine(3)
    verdict = world.send(change(world, world.raw(transfer())), ALICE)
    assert verdict.code.name == code, why
    assert verdict.message.endswith(message)
    assert bool(verdict.message) is bool(message)


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (transfer(0), "Amount must be greater than 0."),
        (transfer(2_000_000 * TRX), "Validate TransferContract error, balance is not sufficient."),
        (TransferContract(ALICE.address, ALICE.address, 1), "Cannot transfer TRX to yourself."),
        (TransferContract(ALICE.address, BOB.address[1:], 1), "Invalid toAddress!"),
        (TransferContract(ALICE.address, b"\xa0" + BOB.address[1:], 1), "Invalid toAddress!"),
        (TriggerSmartContract(ALICE.address, BOB.address), "No contract or not a smart contract"),
    ],
)
def test_an_impossible_action_is_refused(action: TransferContract, message: str) -> None:
    """What cannot happen never reaches a block, and the words say why."""
    world = World()
    verdict = world.send(world.raw(action), ALICE)
    assert verdict.code is ResponseCode.CONTRACT_VALIDATE_ERROR
    assert verdict.message == f"Contract validate error : {message}"


def test_the_signature_is_looked_at_first() -> None:
    """A late transaction on another branch with a stranger's signature is refused for the signature."""
    world = World()
    raw = replace(world.raw(transfer()), expiration=0, ref_block_hash=bytes(8))
    codes = [world.send(raw, signer).code.name for signer in (BOB, ALICE)]
    assert codes == ["SIGERROR", "TAPOS_ERROR"]


def test_a_low_number_comes_again_after_65_536_blocks() -> None:
    """The reference to a block is forgotten when the block with the same low number follows."""
    world = World()
    raw = world.raw(transfer())
    state, moment = world.chain.head_state.over(), world.chain.moment
    transaction = read(signed(raw, ALICE))
    check_admission(state, moment, transaction)
    remember_block(state, world.chain.head.number + TAPOS_BLOCKS, bytes(31) + b"\x01")
    with pytest.raises(Refused) as refused:
        check_admission(state, moment, transaction)
    assert refused.value.code is ResponseCode.TAPOS_ERROR


def test_one_who_is_not_there_cannot_act() -> None:
    """An address that was never activated has nothing to pay with."""
    world = World()
    verdict = world.send(world.raw(TransferContract(NOBODY.address, BOB.address, 1)), NOBODY)
    assert verdict.code is ResponseCode.CONTRACT_VALIDATE_ERROR
    assert "does not exist" in verdict.message


def test_a_signed_part_is_written_anew_in_canonical_form() -> None:
    """Junk is no transaction; who signed the fields in another order signed another id."""
    world = World()
    canonical = encode(world.raw(transfer()))
    shuffled = canonical[4:] + canonical[:4]
    codes = []
    for fields in (canonical, shuffled):
        signature = ALICE.sign(hashlib.sha256(fields).digest())
        envelope = TransactionEnvelope(fields, (signature,))
        codes.append(world.chain.broadcast(encode(envelope)).code.name)
    assert codes == ["SUCCESS", "SIGERROR"]
    assert world.chain.broadcast(b"\x07junk").code is ResponseCode.OTHER_ERROR


def test_the_same_transaction_is_taken_once() -> None:
    """It is a duplicate while it waits, and on its branch for ever."""
    world = World()
    data = signed(world.raw(transfer()), ALICE)
    codes = [world.chain.broadcast(data).code, world.chain.broadcast(data).code]
    world.chain.mine(2)
    codes.append(world.chain.broadcast(data).code)
    assert [code.name for code in codes] == ["SUCCESS", "DUP_TRANSACTION_ERROR", "DUP_TRANSACTION_ERROR"]


def test_a_duplicate_is_one_of_its_branch_only() -> None:
    """After a fork that left it out the same bytes are taken again and executed on the new branch."""
    world = World()
    world.chain.mine(2)
    data = signed(world.raw(transfer()), ALICE)
    txid = world.chain.broadcast(data).txid
    world.chain.mine()
    world.chain.fork(1, without={txid})
    assert world.chain.find(txid) is None
    assert world.chain.broadcast(data).code is ResponseCode.SUCCESS
    world.chain.mine()
    assert world.info(txid).blockNumber == 5


def test_two_equal_payments_of_one_moment_are_one() -> None:
    """Equal bytes have one id, and the chain executes it once."""
    world = World()
    raw = world.raw(transfer())
    before = world.account(BOB).balance
    assert world.send(raw, ALICE).code is ResponseCode.SUCCESS
    assert world.send(raw, ALICE).code is ResponseCode.DUP_TRANSACTION_ERROR
    assert world.account(BOB).balance == before + TRX


def test_a_missed_slot_puts_it_into_a_block_stamped_after_its_end() -> None:
    """The end counts against the parent: with slots missed between, the block is later than the end."""
    world = World()
    world.chain.mine()
    raw = replace(world.raw(transfer()), expiration=world.chain.head.time_ms + 1)
    txid = world.send(raw, ALICE).txid
    world.chain.mine(skip_slots=5)
    assert world.info(txid).blockTimeStamp > raw.expiration


def test_it_ends_when_a_block_reaches_its_expiration() -> None:
    """A transaction left out until the head is as late as its end never enters a block."""
    world = World()
    world.chain.mine()
    raw = replace(world.raw(transfer()), expiration=world.chain.head.time_ms + 2 * 3_000)
    txid = world.send(raw, ALICE).txid
    world.chain.mine(2, without={txid})
    assert world.chain.pending() == ()
    world.chain.mine()
    assert world.chain.find(txid) is None


def test_the_pool_forgets_after_a_minute() -> None:
    """What waited longer than sixty seconds is gone with the next block, though it could still be mined."""
    world = World()
    txid, data = b"", b""
    raw = replace(world.raw(transfer()), expiration=world.chain.head.time_ms + DAY_MS // 2)
    data = signed(raw, ALICE)
    txid = world.chain.broadcast(data).txid
    world.clock.now_ms += 60_000
    world.chain.mine(only=())
    assert [one.txid for one in world.chain.pending()] == [txid]
    world.clock.now_ms += 1
    world.chain.mine(only=())
    assert world.chain.pending() == ()
    assert world.chain.broadcast(data).code is ResponseCode.SUCCESS


@pytest.mark.parametrize(
    ("why", "signatures", "message"),
    [
        ("none", 0, "miss sig or contract"),
        ("another's", 1, "but it is not contained of permission."),
        ("short", 2, "Signature size is 64"),
        ("broken", 3, ""),
        ("two", 4, "Signature count is 2 more than key counts of permission : 1"),
        ("six", 5, "too many signatures"),
    ],
)
def test_a_signature_must_be_the_owners(why: str, signatures: int, message: str) -> None:
    """Whatever is wrong with the signatures, the code is SIGERROR."""
    world = World()
    raw = world.raw(transfer())
    mine = Transaction(raw, ())
    own = _signature(raw)
    shapes = {
        0: (),
        1: (_signature(raw, of_bob=True),),
        2: (own[:64],),
        3: (bytes(64) + b"\x01",),
        4: (own, own),
        5: (own,) * 6,
    }
    verdict = world.chain.broadcast(encode(replace(mine, signature=shapes[signatures])))
    assert verdict.code is ResponseCode.SIGERROR, why
    assert verdict.message.startswith("Validate signature error: ")
    assert message in verdict.message


def test_a_recovery_id_counts_from_0_or_from_27() -> None:
    """Both ways to write the last byte of a signature are read."""
    world = World()
    raw = world.raw(transfer())
    own = _signature(raw)
    shifted = own[:64] + bytes([own[64] + 27])
    assert world.chain.broadcast(encode(Transaction(raw, (shifted,)))).code is ResponseCode.SUCCESS


def _signature(raw: RawTransaction, *, of_bob: bool = False) -> bytes:
    data = signed(raw, BOB if of_bob else ALICE)
    return data[-65:]
