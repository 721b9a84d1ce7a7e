"""From an obligation to stored bytes, whatever the network: what a family of networks has to answer for.

Everything else in signing is one flow. The bytes are believed only after reading them back: what leaves the
signer says what the obligation says.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from chains.codecs.addresses import EVM_FAMILY, FAMILY_SEPARATOR, TRON_FAMILY
from chains.codecs.payments import Payment
from chains.codecs.tron_stakes import Stake
from domain.sends import SendKind, SignedTx, TxPurpose
from domain.signing import SigningIntent
from signer.building_evm import EvmBuilder
from signer.building_tron import TronBuilder
from signer.keys import Key
from signer.obligations import Obligation
from signer.policy import NetworkTerms
from signer.records import StoredSignature


class Builder(Protocol):
    """How one family judges the terms of a transaction, counts its serials and writes its bytes."""

    def check_plan(self, intent: SigningIntent, owed: Obligation, terms: NetworkTerms, now_ms: int) -> None:
        """9: what the transaction may burn and how long it may live; raises RefusedBySigner."""
        ...

    def check_variant(self, intent: SigningIntent, earlier: Sequence[StoredSignature]) -> None:
        """10: that this variant may follow the earlier ones; raises RefusedBySigner, or BytesMismatch."""
        ...

    def serial_from(self, now_ms: int) -> int:
        """The lowest serial that may be taken now, whatever the lane says."""
        ...

    def nonce_of(self, serial: int) -> int | None:
        """The nonce that a serial is; None where the network counts none."""
        ...

    def sign(
        self, intent: SigningIntent, deed: Payment | Stake, serial: int, key: Key, terms: NetworkTerms
    ) -> SignedTx:
        """Build, sign and read back; raises BadSignature or BytesMismatch rather than answer in doubt."""
        ...


BUILDERS: Mapping[str, Builder] = {EVM_FAMILY: EvmBuilder(), TRON_FAMILY: TronBuilder()}


def builder_of(terms: NetworkTerms) -> Builder:
    """Return the builder of a network's family; the policy file names no network without one."""
    return BUILDERS[terms.network.partition(FAMILY_SEPARATOR)[0]]


def deed_for(intent: SigningIntent, owed: Obligation) -> Payment | Stake:
    """Return what the variant does: with stake for one of energy, with money for every other kind."""
    if owed.kind == SendKind.ENERGY:
        return Stake(receiver=owed.payee, sun=owed.amount, returns=owed.returns)
    return payment_for(intent, owed)


def payment_for(intent: SigningIntent, owed: Obligation) -> Payment:
    """Return what the variant does with money: the obligation, or for a cancel nothing, sent to itself."""
    if intent.purpose is TxPurpose.CANCEL:
        return Payment(contract=b"", payee=intent.wallet, amount=0)
    return Payment(contract=owed.contract, payee=owed.payee, amount=owed.amount)
