"""Permissions on the Tron devnet: keys with weights, operations by bit, and what changing them costs."""

from dataclasses import replace

import pytest

from devstack.tron.accounts import DEFAULT_OPERATIONS
from devstack.tron.contract_messages import Action
from devstack.tron.messages import (
    AccountPermissionUpdateContract,
    FreezeBalanceV2Contract,
    Key,
    Permission,
    PermissionType,
    TransferContract,
)
from devstack.tron.verdicts import ResponseCode
from tests.support.tron_chain import ALICE, BOB, CAROL, NOBODY, TRX, Person, World

ONLY_TRANSFERS = b"\x02".ljust(32, b"\x00")
OWNER = Permission(permission_name="owner", threshold=1, keys=(Key(ALICE.address, 1),))
PAYING = Permission(
    type=PermissionType.Active,
    permission_name="paying",
    threshold=2,
    operations=ONLY_TRANSFERS,
    keys=(Key(BOB.address, 1), Key(CAROL.address, 1), Key(ALICE.address, 2)),
)
TRANSFER = TransferContract(ALICE.address, NOBODY.address, TRX)
STAKE = FreezeBalanceV2Contract(ALICE.address, TRX)


@pytest.mark.parametrize(
    ("case", "permission", "action", "signers", "refusal"),
    [
        ("the owner's key", 0, TRANSFER, (ALICE,), None),
        ("another's key for the owner", 0, TRANSFER, (BOB,), "not contained of permission"),
        ("half the weight", 2, TRANSFER, (BOB,), "sig error"),
        ("both halves", 2, TRANSFER, (BOB, CAROL), None),
        ("one key with all the weight", 2, TRANSFER, (ALICE,), None),
        ("one key twice", 2, TRANSFER, (BOB, BOB), "has signed twice!"),
        ("a stranger beside", 2, TRANSFER, (BOB, NOBODY), "not contained of permission"),
        ("what its operations leave out", 2, STAKE, (BOB, CAROL), "Permission denied"),
        ("a permission that is not there", 3, TRANSFER, (ALICE,), "permission isn't exit"),
        ("the owner may do everything", 0, STAKE, (ALICE,), None),
    ],
)
def test_signatures_are_weighed_under_the_named_permission(
    case: str,
    permission: int,
    action: Action,
    signers: tuple[Person, ...],
    refusal: str | None,
) -> None:
    """The keys of the named permission must reach its threshold, for an action it allows."""
    world = World()
    world.act(ALICE, AccountPermissionUpdateContract(ALICE.address, OWNER, None, (PAYING,)))
    verdict = world.send(world.raw(action, permission_id=permission), *signers)
    if refusal is None:
        assert verdict.code is ResponseCode.SUCCESS, case
    else:
        assert verdict.code is ResponseCode.SIGERROR, case
        assert refusal in verdict.message


def test_changing_permissions_costs_100_trx_and_two_signatures_one() -> None:
    """Both fees stand in the total of the record."""
    world = World()
    info = world.act(ALICE, AccountPermissionUpdateContract(ALICE.address, OWNER, None, (PAYING,)))
    assert info.fee == 100 * TRX
    txid = world.send(
        world.raw(TransferContract(ALICE.address, BOB.address, 1), permission_id=2), BOB, CAROL
    ).txid
    world.chain.mine()
    bandwidth = world.info(txid).receipt
    assert bandwidth is not None
    assert world.info(txid).fee - bandwidth.net_fee == TRX


def test_an_owner_who_gives_the_key_away_is_locked_out() -> None:
    """After the owner permission names another key, the address's own key signs nothing."""
    world = World()
    given = replace(OWNER, keys=(Key(BOB.address, 1),))
    world.act(ALICE, AccountPermissionUpdateContract(ALICE.address, given, None, (PAYING,)))
    assert world.send(world.raw(TRANSFER), ALICE).code is ResponseCode.SIGERROR
    assert world.send(world.raw(TRANSFER), BOB).code is ResponseCode.SUCCESS


def test_a_new_account_has_one_active_permission_with_id_2() -> None:
    """Its own key may do everything but change permissions."""
    world = World()
    assert world.send(world.raw(TRANSFER, permission_id=2), ALICE).code is ResponseCode.SUCCESS
    change = AccountPermissionUpdateContract(ALICE.address, OWNER, None, (PAYING,))
    assert world.send(world.raw(change, permission_id=2), ALICE).message.endswith("Permission denied")


@pytest.mark.parametrize(
    ("owner", "actives", "message"),
    [
        (None, (PAYING,), "owner permission is missed"),
        (PAYING, (PAYING,), "owner permission type is error"),
        (replace(OWNER, keys=()), (PAYING,), "key's count should be greater than 0"),
        (replace(OWNER, threshold=0), (PAYING,), "permission's threshold should be greater than 0"),
        (
            replace(OWNER, threshold=2),
            (PAYING,),
            "sum of all key's weight should not be less than threshold in permission Owner",
        ),
        (replace(OWNER, operations=ONLY_TRANSFERS), (PAYING,), "Owner permission needn't operations"),
        (replace(OWNER, keys=(Key(b"\x41", 1),)), (PAYING,), "key is not a validate address"),
        (replace(OWNER, keys=(Key(BOB.address, 0),)), (PAYING,), "key's weight should be greater than 0"),
        (OWNER, (), "active permission is missed"),
        (OWNER, (PAYING,) * 9, "active permission is too many"),
        (OWNER, (OWNER,), "active permission type is error"),
        (OWNER, (replace(PAYING, operations=b"\x02"),), "operations size must 32"),
        (
            OWNER,
            (replace(PAYING, operations=b"\x80".ljust(32, b"\x00")),),
            "7 isn't a validate ContractType",
        ),
        (
            OWNER,
            (replace(PAYING, keys=(Key(BOB.address, 2),) * 2),),
            "address should be distinct in permission Active",
        ),
    ],
)
def test_permissions_must_make_sense(
    owner: Permission | None, actives: tuple[Permission, ...], message: str
) -> None:
    """No account can be left without keys that reach a threshold."""
    world = World()
    change = AccountPermissionUpdateContract(ALICE.address, owner, None, actives)
    assert world.send(world.raw(change), ALICE).message == f"Contract validate error : {message}"


def test_the_default_operations_leave_out_one_action() -> None:
    """Of all actions that exist only the change of permissions is left to the owner."""
    allowed = {number for number in range(256) if DEFAULT_OPERATIONS[number // 8] >> number % 8 & 1}
    assert {1, 2, 30, 31, 54, 55, 57, 58} <= allowed
    assert 46 not in allowed
