"""Own transfers at the signer: deposit keys that sweep, and payees that are pinned instead of approved.

No row makes an address ours: a payee is pinned in the policy file, or derived here from the account key.
"""

from collections.abc import Mapping
from typing import Any

from psycopg import AsyncConnection

from domain.errors import NotFound, RefusedBySigner, RequestInvalid
from domain.sends import SendKind
from domain.signing import Refusal
from signer.deriving import AccountKey
from signer.keystore_keys import KeystoreKey
from signer.obligations import Obligation, place_of
from signer.policy import NetworkTerms, WalletRole
from signer.records import open_lane, spent_in_a_day

FAMILY_SEPARATOR = ":"


async def deposit_key(
    connection: AsyncConnection[Any],
    accounts: Mapping[tuple[str, int], AccountKey],
    network: str,
    address: bytes,
) -> KeystoreKey | None:
    """Derive the key of a deposit address; None unless the place that rows give it gives this address."""
    family = network.partition(FAMILY_SEPARATOR)[0]
    place = await place_of(connection, family, address)
    if place is None:
        return None
    account = accounts.get((family, place[0]))
    if account is None:
        raise NotFound("account key", f"{family}/{place[0]}")
    try:
        key = KeystoreKey(account.secret_at(place[1]))
    except RequestInvalid:
        return None
    return key if key.address == address else None


async def open_deposit_lane(
    connection: AsyncConnection[Any],
    accounts: Mapping[tuple[str, int], AccountKey],
    network: str,
    address: bytes,
) -> KeystoreKey | None:
    """Find the key of a deposit address and open its lane at 0: nobody else can have signed for it."""
    key = await deposit_key(connection, accounts, network, address)
    if key is not None:
        await open_lane(connection, network, address)
    return key


def check_transfer(owed: Obligation, terms: NetworkTerms, *, payee_is_deposit: bool) -> None:
    """8: a listed asset, to one of the few addresses that its kind may pay."""
    if terms.contracts.get(owed.asset_id) != owed.contract:
        raise _refusal(Refusal.NOT_ALLOWED, f"asset {owed.asset_id} is not listed here with this contract")
    is_hot = terms.wallets.get(owed.payee) is WalletRole.HOT
    may_receive = {
        SendKind.SWEEP: is_hot,
        SendKind.REFILL: is_hot and owed.payee != owed.wallet,
        SendKind.TO_COLD: owed.payee in terms.cold,
        SendKind.GAS: payee_is_deposit and not owed.contract,
        # What was lent comes back from whomever it was lent to.
        SendKind.ENERGY: not owed.contract and (owed.returns or payee_is_deposit or is_hot),
    }
    if not may_receive.get(SendKind(owed.kind), False):
        raise _refusal(Refusal.NOT_ALLOWED, f"the payee is none that a {owed.kind} may pay")
    if owed.kind == SendKind.ENERGY and not owed.returns and owed.amount > terms.delegation_max:
        raise _refusal(Refusal.CAP, f"{owed.amount} sun are more than one delegation may lend")


async def check_gas_day(
    connection: AsyncConnection[Any], owed: Obligation, wallet: bytes, terms: NetworkTerms
) -> int:
    """11: what a gas wallet spends in a day, by our own rows; returns what this send counts for.

    The wallet's lane is locked meanwhile, so two sends are never counted at once.
    """
    spends = owed.amount + owed.fee_cap
    spent = await spent_in_a_day(connection, terms.network, wallet, owed.kind)
    if spent + spends > terms.gas_day_max:
        raise _refusal(
            Refusal.CAP, f"{spent} units were spent on gas in 24 hours, {spends} more exceed the day's cap"
        )
    return spends


def _refusal(code: Refusal, why: str) -> RefusedBySigner:
    return RefusedBySigner(code.value, why)
