"""Who may sign what: the check of a transaction's signatures, and the change of an account's permissions."""

from dataclasses import replace

from coincurve import PublicKey

from devstack.tron.accounts import (
    ACTIVE_PERMISSION_ID,
    DEFAULT_OPERATIONS,
    account,
    default_active_permission,
    default_owner_permission,
    put_account,
)
from devstack.tron.addresses import is_address, of_public_key, show
from devstack.tron.messages import AccountPermissionUpdateContract, ContractType, Permission, PermissionType
from devstack.tron.moment import Moment
from devstack.tron.resources import burn_from
from devstack.tron.rules import ACTIVE_PERMISSIONS_MAX, SIGNATURES_MAX
from devstack.tron.state import State
from devstack.tron.transactions import SignedTransaction
from devstack.tron.verdicts import ContractInvalid, SignatureInvalid

SIGNATURE_BYTES = 65
ETHEREUM_RECOVERY = 27
NAME_LENGTH_MAX = 32
OPERATION_BITS = 256


def check_signatures(state: State, transaction: SignedTransaction) -> None:
    """Raise SignatureInvalid unless keys of the named permission signed with enough weight together."""
    if not transaction.signatures:
        raise SignatureInvalid("miss sig or contract")
    if len(transaction.signatures) > SIGNATURES_MAX:
        raise SignatureInvalid("too many signatures")
    permission = _permission(state, transaction)
    if permission.type is PermissionType.Active and not _allows(permission, transaction.contract.type):
        raise SignatureInvalid("Permission denied")
    if len(transaction.signatures) > len(permission.keys):
        raise SignatureInvalid(
            f"Signature count is {len(transaction.signatures)} more than key counts of permission :"
            f" {len(permission.keys)}"
        )
    if _weight(permission, transaction) < permission.threshold:
        raise SignatureInvalid("sig error")


def signer_of(signature: bytes, digest: bytes) -> bytes:
    """Return whose key signed a digest. Raises SignatureInvalid for bytes that are no signature."""
    if len(signature) < SIGNATURE_BYTES:
        raise SignatureInvalid(f"Signature size is {len(signature)}")
    recovery = signature[SIGNATURE_BYTES - 1] % ETHEREUM_RECOVERY
    try:
        key = PublicKey.from_signature_and_message(
            signature[: SIGNATURE_BYTES - 1] + bytes([recovery]), digest, hasher=None
        )
    except Exception as problem:  # noqa: BLE001 - the library raises bare Exception for a broken signature
        raise SignatureInvalid(str(problem)) from None
    return of_public_key(key)


def _permission(state: State, transaction: SignedTransaction) -> Permission:
    number = transaction.contract.Permission_id
    owner = account(state, transaction.action.owner_address)
    if owner is not None:
        found = owner.permission(number)
    else:
        address = transaction.action.owner_address
        found = {
            0: default_owner_permission(address),
            ACTIVE_PERMISSION_ID: default_active_permission(address),
        }.get(number)
    if found is None:
        raise SignatureInvalid("permission isn't exit")
    return found


def _allows(permission: Permission, kind: ContractType) -> bool:
    place, bit = divmod(kind, 8)
    return len(permission.operations) > place and bool(permission.operations[place] >> bit & 1)


def _weight(permission: Permission, transaction: SignedTransaction) -> int:
    weights = {key.address: key.weight for key in permission.keys}
    signers: set[bytes] = set()
    for signature in transaction.signatures:
        signer = signer_of(signature, transaction.txid)
        if signer in signers:
            raise SignatureInvalid(f"{show(signer)} has signed twice!")
        if signer not in weights:
            raise SignatureInvalid(
                f"{signature.hex()} is signed by {show(signer)} but it is not contained of permission."
            )
        signers.add(signer)
    return sum(weights[signer] for signer in signers)


def check_permission_update(state: State, moment: Moment, action: AccountPermissionUpdateContract) -> None:
    """Raise ContractInvalid unless these permissions can stand."""
    if not is_address(action.owner_address):
        raise ContractInvalid("invalidate ownerAddress")
    owner = account(state, action.owner_address)
    if owner is None:
        raise ContractInvalid("ownerAddress account does not exist")
    if action.owner is None:
        raise ContractInvalid("owner permission is missed")
    if action.witness is not None:
        raise ContractInvalid("account isn't witness can't set witness permission")
    if action.owner.type is not PermissionType.Owner:
        raise ContractInvalid("owner permission type is error")
    _check_permission(action.owner)
    _check_actives(action.actives)
    if owner.balance < moment.parameters.update_account_permission_fee:
        raise ContractInvalid("balance is not sufficient for the fee")


def update_permissions(state: State, moment: Moment, action: AccountPermissionUpdateContract) -> int:
    """Replace the permissions of an account and return the fee in sun; active ids count from 2."""
    owner = account(state, action.owner_address)
    assert owner is not None, "a validated owner"
    actives = tuple(
        replace(active, id=ACTIVE_PERMISSION_ID + index) for index, active in enumerate(action.actives)
    )
    fee = moment.parameters.update_account_permission_fee
    put_account(state, replace(owner, owner_permission=action.owner, active_permissions=actives))
    changed = account(state, action.owner_address)
    assert changed is not None, "just written"
    burn_from(state, changed, fee)
    return fee


def _check_actives(actives: tuple[Permission, ...]) -> None:
    if not actives:
        raise ContractInvalid("active permission is missed")
    if len(actives) > ACTIVE_PERMISSIONS_MAX:
        raise ContractInvalid("active permission is too many")
    for active in actives:
        if active.type is not PermissionType.Active:
            raise ContractInvalid("active permission type is error")
        _check_permission(active)


def _check_permission(permission: Permission) -> None:
    if len(permission.keys) > SIGNATURES_MAX:
        raise ContractInvalid(f"number of keys in permission should not be greater than {SIGNATURES_MAX}")
    if not permission.keys:
        raise ContractInvalid("key's count should be greater than 0")
    if permission.threshold <= 0:
        raise ContractInvalid("permission's threshold should be greater than 0")
    if len(permission.permission_name) > NAME_LENGTH_MAX:
        raise ContractInvalid("permission's name is too long")
    if permission.parent_id:
        raise ContractInvalid("permission's parent should be owner")
    _check_keys(permission)
    if permission.type is PermissionType.Active:
        _check_operations(permission.operations)
    elif permission.operations:
        raise ContractInvalid(f"{permission.type.name} permission needn't operations")


def _check_keys(permission: Permission) -> None:
    if len({key.address for key in permission.keys}) != len(permission.keys):
        raise ContractInvalid(f"address should be distinct in permission {permission.type.name}")
    for key in permission.keys:
        if not is_address(key.address):
            raise ContractInvalid("key is not a validate address")
        if key.weight <= 0:
            raise ContractInvalid("key's weight should be greater than 0")
    if sum(key.weight for key in permission.keys) < permission.threshold:
        raise ContractInvalid(
            f"sum of all key's weight should not be less than threshold in permission {permission.type.name}"
        )


def _check_operations(operations: bytes) -> None:
    if len(operations) * 8 != OPERATION_BITS:
        raise ContractInvalid("operations size must 32")
    available = DEFAULT_OPERATIONS[:5] + bytes([DEFAULT_OPERATIONS[5] | 1 << 6]) + DEFAULT_OPERATIONS[6:]
    for number in range(OPERATION_BITS):
        place, bit = divmod(number, 8)
        if operations[place] >> bit & 1 and not available[place] >> bit & 1:
            raise ContractInvalid(f"{number} isn't a validate ContractType")
