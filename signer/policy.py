"""The signer's judgement: pure checks in the order of the design, each with its refusal code.

A check returns nothing or raises RefusedBySigner; the caller brings the rows. STOPPED and CAP mean not now,
every other refusal waits for a person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256

from chains.codecs.address_forms import ADDRESS_BYTES
from chains.codecs.addresses import address_book
from domain.errors import AddressInvalid, RefusedBySigner
from domain.rules import Verdict
from domain.sends import AttemptOutcome, SendKind
from domain.signing import PLAN_AGE_SECONDS_MAX, Refusal, SigningIntent
from signer.obligations import Obligation
from signer.records import NUMBER_MAX, Claim, StoredSignature

ANY = "any"
PLAN_AHEAD_MS_MAX = 5_000
APPROVALS_MIN = 1


class WalletRole(StrEnum):
    """What a wallet is for; a key signs for its role only."""

    HOT = "hot"
    GAS = "gas"
    ENERGY = "energy"


ROLE_OF_KIND = {
    SendKind.WITHDRAWAL: WalletRole.HOT,
    SendKind.REFILL: WalletRole.HOT,
    SendKind.TO_COLD: WalletRole.HOT,
    SendKind.GAS: WalletRole.GAS,
    SendKind.ENERGY: WalletRole.ENERGY,
}
"""Whose wallets pay each kind; a sweep is paid by a deposit address, whose key hangs in an account."""


@dataclass(frozen=True, slots=True)
class NetworkTerms:
    """What may be signed on one network.

    `contracts` maps asset numbers to token contracts (empty: the native coin); `gas_limit_max` is gas (Tron:
    energy), `fee_cap_max` native units of one transaction. `cold` are the only payees of moves to cold;
    `gas_day_max` is what one gas wallet may spend in 24 hours, `delegation_max` the stake that one delegation
    may lend, in native units.

    `chain_id` is that of an EVM network. On Tron a wallet's owner may permit another key to pay for it:
    `permissions` says by which of its permissions each wallet signs, `keys` names the key where it is not
    the wallet's own.
    """

    network: str
    chain_id: int | None
    contracts: Mapping[int, bytes]
    wallets: Mapping[bytes, WalletRole]
    gas_limit_max: int
    fee_cap_max: int
    cold: frozenset[bytes] = frozenset()
    gas_day_max: int = 0
    delegation_max: int = 0
    permissions: Mapping[bytes, int] = field(default_factory=dict[bytes, int])
    keys: Mapping[bytes, bytes] = field(default_factory=dict[bytes, bytes])

    def key_of(self, wallet: bytes) -> bytes:
        """The address of the key that signs for a wallet."""
        return self.keys.get(wallet, wallet)

    @property
    def tokens(self) -> tuple[bytes, ...]:
        return tuple(contract for contract in self.contracts.values() if contract)


def switch_scopes(intent: SigningIntent) -> tuple[str, ...]:
    """Name the scopes of the kill switch that an intent falls under before its asset is known."""
    return (ANY, f"network/{intent.network}", wallet_scope(intent.network, intent.wallet))


def wallet_scope(network: str, wallet: bytes) -> str:
    """Name the scope of one wallet on one network."""
    return f"wallet/{network}/0x{wallet.hex()}"


def asset_scope(asset_id: int) -> str:
    """Name the scope of one asset."""
    return f"asset/{asset_id}"


def check_running(stopped: Sequence[str]) -> None:
    """1: nothing is signed while a switch of any scope stands."""
    if stopped:
        raise refusal(Refusal.STOPPED, f"the kill switch stands for {', '.join(stopped)}")


def check_kind(intent: SigningIntent, terms: NetworkTerms) -> None:
    """2: a kind that the signer can find an obligation for, from a wallet of the role that pays it."""
    if not (1 <= intent.attempt <= NUMBER_MAX and 1 <= intent.variant <= NUMBER_MAX):
        raise refusal(Refusal.BAD_VARIANT, f"attempts and variants count from 1 to {NUMBER_MAX}")
    if intent.kind is SendKind.SWEEP:
        if intent.wallet in terms.wallets:
            raise refusal(Refusal.UNKNOWN_KIND, "a sweep leaves a deposit address")
        return
    role = ROLE_OF_KIND.get(intent.kind)
    if role is None:
        raise refusal(Refusal.UNKNOWN_KIND, f"nothing of kind {intent.kind.value} is ever owed here")
    if terms.wallets.get(intent.wallet) is not role:
        raise refusal(Refusal.UNKNOWN_KIND, f"the wallet is none of role {role.value} on {intent.network}")


def check_repeat(intent: SigningIntent, stored: StoredSignature) -> None:
    """3: bytes that exist are the answer, unless something else is asked for under their id.

    Fees are no difference: when the answer was lost the sender plans anew, and the first bytes stay the
    only ones.
    """
    asked = (intent.network, intent.wallet, intent.kind.value, intent.purpose.value)
    if (stored.chain_id, stored.wallet, stored.kind, stored.purpose) != asked:
        raise refusal(
            Refusal.CONFLICT, "this variant was signed for another wallet, network, kind or purpose"
        )


def check_owed(intent: SigningIntent, owed: Obligation | None) -> Obligation:
    """4: the committed `:send`, neither settled nor returned, and both of its rows saying the same."""
    if owed is None:
        raise refusal(Refusal.NOT_OWED, "no committed and open posting owes this send")
    same = {
        "send": owed.send_id == intent.send_id,
        "kind": owed.kind == intent.kind.value,
        "network": owed.chain_id == intent.network == owed.withdrawal_network,
        "wallet": owed.wallet == intent.wallet,
        "asset": owed.asset_id == owed.withdrawal_asset_id,
        "payee": owed.payee == owed.withdrawal_payee,
        "amount": owed.amount == owed.withdrawal_amount and owed.amount > 0,
    }
    different = [name for name, is_same in same.items() if not is_same]
    if different:
        raise refusal(Refusal.NOT_OWED, f"the rows of this send differ in {', '.join(different)}")
    return owed


def check_decision(owed: Obligation) -> None:
    """5 and 6: the recorded decision allows, or it asked for a person and one approved this content.

    Transfers between our own addresses are decided by nobody: their payees are pinned instead.
    """
    if owed.kind != SendKind.WITHDRAWAL:
        return
    if owed.verdict is Verdict.ALLOW:
        return
    if owed.verdict is not Verdict.REVIEW:
        raise refusal(Refusal.RULES_DISAGREE, "no recorded decision allows this withdrawal")
    if owed.approvals < APPROVALS_MIN:
        raise refusal(Refusal.NOT_APPROVED, "the withdrawal went to review and nobody approved it")


def check_attempt(intent: SigningIntent, previous: AttemptOutcome | None) -> None:
    """7: another attempt only after evidence that the one before it paid nothing."""
    if intent.attempt > 1 and (previous is None or not previous.permits_another):
        raise refusal(Refusal.MAY_STILL_LAND, f"attempt {intent.attempt - 1} may still land")


def check_payment(owed: Obligation, terms: NetworkTerms, *, payee_is_ours: bool) -> None:
    """8: a listed asset, to an address that somebody outside can own."""
    if terms.contracts.get(owed.asset_id) != owed.contract:
        raise refusal(Refusal.NOT_ALLOWED, f"asset {owed.asset_id} is not listed here with this contract")
    if len(owed.payee) != ADDRESS_BYTES:
        raise refusal(Refusal.NOT_ALLOWED, "the payee is no address")
    if payee_is_ours or owed.payee in terms.wallets:
        raise refusal(Refusal.NOT_ALLOWED, "the payee is an address of this house")
    try:
        book = address_book(terms.network, terms.tokens)
        book.parse(book.show(owed.payee))
    except AddressInvalid as error:
        raise refusal(Refusal.NOT_ALLOWED, f"the payee is refused ({error.reason})") from error


def check_burn(bound: int, intent: SigningIntent, owed: Obligation, terms: NetworkTerms) -> None:
    """9: what the execution may burn, in native units, is under the row's cap, the intent's and our own."""
    if bound > min(intent.fee_cap, owed.fee_cap, terms.fee_cap_max):
        raise refusal(Refusal.FEE_CAP, f"the transaction may burn {bound} units, more than its cap")
    if intent.fee_cap > owed.fee_cap:
        raise refusal(Refusal.FEE_CAP, "the intent names a higher cap than the row")


def check_age(intent: SigningIntent, now_ms: int) -> None:
    """9: the plan is fresh by our own clock."""
    age_ms = now_ms - intent.planned_at_ms
    if not -PLAN_AHEAD_MS_MAX <= age_ms <= PLAN_AGE_SECONDS_MAX * 1_000:
        raise refusal(Refusal.PLAN_STALE, f"the plan is {age_ms} ms old")


def check_open(tombstone: int | None) -> None:
    """12, before anything is taken: a send that was given up is never signed again, under any attempt."""
    if tombstone is not None:
        raise refusal(Refusal.CONFLICT, f"this send was given up with attempt {tombstone}")


def check_claim(claim: Claim | None, intent: SigningIntent, fingerprint: bytes) -> None:
    """12, before anything is taken: the attempt is not buried and pays what it paid in its first variant."""
    if claim is None:
        return
    if claim.serial is None:
        raise refusal(Refusal.CONFLICT, "this attempt was given up and is never signed")
    if (claim.chain_id, claim.wallet, claim.fingerprint) != (intent.network, intent.wallet, fingerprint):
        raise refusal(Refusal.CONFLICT, "the attempt has claimed a nonce for another payment")


def fingerprint_of(owed: Obligation, wallet: bytes) -> bytes:
    """SHA-256 over what an attempt pays and from where; equal for all of its variants."""
    parts = (
        owed.kind,
        owed.chain_id,
        wallet.hex(),
        owed.contract.hex(),
        owed.payee.hex(),
        str(owed.amount),
    )
    return sha256("|".join(parts).encode("ascii")).digest()


def refusal(code: Refusal, why: str) -> RefusedBySigner:
    """The error of a refused intent."""
    return RefusedBySigner(code.value, why)
