"""A Tron network beside the EVM one of a signing house: its terms, what is owed there, and wishes to sign."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from domain.signing import SigningIntent
from signer.obligations import Obligation
from signer.policy import NetworkTerms, WalletRole
from signer.records import SignerDatabase
from signer.registering import register_wallet
from signer.signing import SigningActivities, Vault
from tests.support.signing import (
    NATIVE_ID,
    NETWORK,
    NOW_MS,
    TOKEN,
    TOKEN_ID,
    SigningHouse,
    make_intent,
    make_obligation,
    make_terms,
)

TRON = "tron:0x2b6653dc"
REFERENCE = (1_234_567).to_bytes(8, "big") + bytes(range(100, 124))
EXPIRES_MS = NOW_MS + 120_000
ENERGY = 130_000
SUN_PER_ENERGY = 100
TRON_FEE_CAP = 30_000_000
ACTIVE = 2
SWEPT = 5_000_000


def tron_terms(
    wallets: Mapping[bytes, WalletRole],
    **changes: Any,  # noqa: ANN401 - any field of the terms
) -> NetworkTerms:
    """A network with TRX and one token, whose wallets sign by their first active permission."""
    fields: dict[str, Any] = {
        "network": TRON,
        "chain_id": None,
        "contracts": {NATIVE_ID: b"", TOKEN_ID: TOKEN},
        "wallets": wallets,
        "gas_limit_max": 200_000,
        "fee_cap_max": TRON_FEE_CAP,
        "gas_day_max": 3 * TRON_FEE_CAP,
        "permissions": dict.fromkeys(wallets, ACTIVE),
    }
    return NetworkTerms(**(fields | changes))


def tron_obligation(wallet: bytes, /, **changes: Any) -> Obligation:  # noqa: ANN401 - any field of the row
    """A withdrawal of 20 tokens that is owed on Tron."""
    fields: dict[str, Any] = {"chain_id": TRON, "withdrawal_network": TRON, "fee_cap": TRON_FEE_CAP}
    return make_obligation(wallet, **(fields | changes))


def tron_intent(send_id: UUID, wallet: bytes, /, **changes: Any) -> SigningIntent:  # noqa: ANN401 - any field
    """A fresh wish for the one variant of the first attempt at a token's transfer."""
    fields: dict[str, Any] = {
        "network": TRON,
        "gas_limit": ENERGY,
        "max_fee": SUN_PER_ENERGY,
        "max_priority_fee": 0,
        "fee_cap": TRON_FEE_CAP,
        "reference": REFERENCE,
        "expires_ms": EXPIRES_MS,
    }
    return make_intent(send_id, wallet, **(fields | changes))


class TronHouse:
    """A signing house whose wallets pay on Tron too, each from a lane that began at 0."""

    def __init__(self, house: SigningHouse, database: SignerDatabase) -> None:
        self.house = house
        self._database = database
        for wallet in house.wallets:
            register_wallet(house.admin_dsn, TRON, wallet, 0)

    def signer(self, vault: Vault | None = None, **changes: Any) -> SigningActivities:  # noqa: ANN401 - any field
        """A signer of both networks, with the house's keys or with others."""
        hot = dict.fromkeys(self.house.wallets, WalletRole.HOT)
        terms = {NETWORK: make_terms(self.house.wallets), TRON: tron_terms(hot, **changes)}
        return SigningActivities(self._database, vault or self.house.vault, terms, lambda: self.house.now_ms)

    def owe(self, **changes: Any) -> Obligation:  # noqa: ANN401 - any field of the row
        """Write an obligation of this network where the signer reads it."""
        fields: dict[str, Any] = {"chain_id": TRON, "withdrawal_network": TRON, "fee_cap": TRON_FEE_CAP}
        return self.house.owe(**(fields | changes))

    def owe_trx(self, **changes: Any) -> Obligation:  # noqa: ANN401 - any field of the row
        """The same in the network's own coin."""
        return self.owe(asset_id=NATIVE_ID, withdrawal_asset_id=NATIVE_ID, contract=b"", **changes)

    def owe_sweep(self, deposit: bytes, index: int) -> UUID:
        """Write that a deposit address is ours and that its tokens are owed to the first wallet."""
        send_id, hot = uuid4(), self.house.wallet
        self.house.execute(
            "INSERT INTO signer_view.watched VALUES ('tron', %s, 'deposit', 0, %s)", [deposit, index]
        )
        self.house.execute(
            "INSERT INTO signer_view.owed_transfers (send_id, kind, chain_id, asset_id, contract, payee,"
            " amount, fee_cap, wallet, source, transfer_payee, posted_amount, transfer_network,"
            " transfer_asset_id) VALUES (%(send)s, 'sweep', %(network)s, %(asset)s, %(contract)s, %(hot)s,"
            " %(amount)s, %(cap)s, %(deposit)s, %(deposit)s, %(hot)s, %(amount)s, %(network)s, %(asset)s)",
            {"send": send_id, "network": TRON, "asset": TOKEN_ID, "contract": TOKEN, "hot": hot}
            | {"amount": SWEPT, "cap": TRON_FEE_CAP, "deposit": deposit},
        )
        return send_id

    def intent(self, owed: Obligation, **changes: Any) -> SigningIntent:  # noqa: ANN401 - any field
        fields: dict[str, Any] = {} if owed.contract else {"gas_limit": 0, "max_fee": 0}
        return tron_intent(owed.send_id, changes.pop("wallet", self.house.wallet), **(fields | changes))

    def raws(self) -> list[bytes]:
        """Every signed transaction, in the order of its serial."""
        rows = self.house.execute(
            "SELECT raw FROM signer.signatures WHERE chain_id = %s ORDER BY serial", [TRON]
        )
        return [bytes(raw) for (raw,) in rows]

    def lane(self) -> int:
        """The lowest stamp that the first wallet may still take."""
        rows = self.house.execute(
            "SELECT next_nonce FROM signer.nonce_lanes WHERE chain_id = %s AND wallet = %s",
            [TRON, self.house.wallet],
        )
        return int(rows[0][0])
