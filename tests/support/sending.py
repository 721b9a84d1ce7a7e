"""A send on its way: the rows that wallets, signer and follower write about it."""

from uuid import UUID, uuid5

import pytest

from domain.deposits import WalletRole
from domain.onchain import Effect, Header, MinedTransaction
from domain.sends import SendKind, SendPlan, SignedTx
from ledger.events import SendEvent, undelivered
from ledger.finality import advance_final
from ledger.floats import floats_of, set_float
from ledger.liquidity import request_liquidity
from ledger.nonce_lanes import FloatLimits, register_wallet, set_float_limits
from ledger.observed import apply_block
from ledger.sends import Expiry, copy_signed, insert_attempt, never, record_sending
from signer.migrating import upgrade as upgrade_signer
from tests.support.ledger_database import COIN, NETWORK, TOKEN, LedgerDatabase
from tests.support.records import NOW, PAYEE, RULES, address, block, plan, request_for, started_chain, txid

HOT = address("hot")
NONCE = 19
FEE = 300
SEND = uuid5(UUID(int=0), "send")


class SendWorld:
    """A send that was granted to a hot wallet, and the rows everybody writes about it."""

    def __init__(self, database: LedgerDatabase, send_id: UUID) -> None:
        self.database = database
        self.send_id = send_id
        self.money = database.sessions("croupier_money")
        self.chain = database.sessions("croupier_chain")
        self.tip: Header | None = None

    async def begin(self, *, request: bool = True) -> None:
        """Follow a network, fill a wallet and, unless told otherwise, ask for the send's room."""
        upgrade_signer(self.database.dsn())
        self.tip = await started_chain(self.chain)
        async with self.money.begin() as session:
            await register_wallet(session, NETWORK, HOT, WalletRole.HOT)
            for asset in (COIN, TOKEN):
                await set_float_limits(session, NETWORK, HOT, asset.asset_id, FloatLimits(0, 0, 10**30))
        async with self.chain.begin() as session:
            for asset in (COIN, TOKEN):
                await set_float(session, NETWORK, HOT, asset.asset_id, 10_000, 0)
        if request:
            async with self.money.begin() as session:
                await request_liquidity(session, request_for(self.send_id))

    def sign(
        self,
        attempt: int = 1,
        variant: int = 1,
        *,
        nonce: int = NONCE,
        purpose: str = "pay",
        tx: SignedTx | None = None,
    ) -> SignedTx:
        """Store bytes as the signer does, made up unless some are given."""
        name = f"{self.send_id}/{attempt}/{variant}"
        signed = tx or SignedTx(txid(name), f"bytes {attempt}/{variant}".encode())
        with self.database.raw() as connection:
            connection.execute(
                "INSERT INTO signer.claims (send_id, attempt, chain_id, wallet, serial, fingerprint)"
                " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                [self.send_id, attempt, NETWORK, HOT, nonce, bytes(32)],
            )
            connection.execute(
                "INSERT INTO signer.signatures"
                " (chain_id, txid, send_id, attempt, variant, wallet, serial, kind, purpose, raw)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, 'withdrawal', %s, %s)",
                [NETWORK, signed.txid, self.send_id, attempt, variant, HOT, nonce, purpose, signed.raw],
            )
        return signed

    async def lane(
        self,
        attempt: int = 1,
        *,
        nonce: int = NONCE,
        tx: SignedTx | None = None,
        terms: SendPlan | None = None,
        expiry: Expiry = never,
    ) -> SignedTx:
        """Plan, sign, copy and send one attempt, whose bytes end when `expiry` says."""
        async with self.chain.begin() as session:
            await insert_attempt(session, self.send_id, attempt, NETWORK, HOT, terms or plan())
        signed = self.sign(attempt, nonce=nonce, tx=tx)
        async with self.chain.begin() as session:
            await copy_signed(session, self.send_id, attempt, 1, expiry)
            await record_sending(session, NETWORK, signed.txid, ["n-1", "n-2"], NOW)
        return signed

    async def mine(
        self,
        tx: SignedTx | None = None,
        *,
        succeeded: bool = True,
        paid: int | None = 500,
        nonce: int | None = NONCE,
    ) -> Header:
        """Apply a block, with this transaction in it if one is given."""
        assert self.tip is not None
        effects: list[Effect] = []
        transactions: list[MinedTransaction] = []
        if tx is not None:
            transactions.append(MinedTransaction(tx.txid, HOT, nonce, succeeded, FEE))
        if tx is not None and paid is not None:
            effects.append(Effect(tx.txid, "log-0", TOKEN.contract, HOT, PAYEE, paid, succeeded))
        found = block(self.tip, effects, transactions)
        async with self.chain.begin() as session:
            assert await apply_block(session, NETWORK, found, RULES, self.tip.ref, NOW)
        self.tip = found.header
        return found.header

    async def beside(self, send_id: UUID) -> "SendWorld":
        """Another send of the same wallet, on the same network."""
        other = SendWorld(self.database, send_id)
        other.tip = self.tip
        async with self.money.begin() as session:
            await request_liquidity(session, request_for(send_id))
        return other

    def freeze_wallet(self) -> None:
        """Stop trusting the wallet, as the follower does when it meets a signature we never made."""
        with self.database.raw() as connection:
            connection.execute("UPDATE chain.wallets SET state = 'frozen', why = 'a stolen key'")

    async def finish(self) -> None:
        """Make everything final."""
        assert self.tip is not None
        async with self.chain.begin() as session:
            assert await advance_final(session, NETWORK, self.tip, NOW)

    async def floats(self) -> dict[int, tuple[int, int]]:
        """Return (confirmed, committed) by asset."""
        async with self.money.begin() as session:
            return {row.asset_id: (row.confirmed, row.committed) for row in await floats_of(session, NETWORK)}

    async def told(self) -> list[str]:
        """Return the states of all sends that were told."""
        async with self.database.sessions("croupier_ops").begin() as session:
            events = await undelivered(session, NETWORK, 100)
        for event in events:
            assert isinstance(event, SendEvent)
            assert (event.send_id, event.send_kind) == (self.send_id, SendKind.WITHDRAWAL)
        return [str(event.state) for event in events]


@pytest.fixture
async def world(ledger_database: LedgerDatabase) -> SendWorld:
    """Return a granted send on a followed network, with the signer's schema beside it."""
    made = SendWorld(ledger_database, SEND)
    await made.begin()
    return made
