"""The signer's activities: judge an intent check by check, take the serial, sign, store, only then answer.

One transaction under the wallet's lane lock holds all of it, so a crash before the commit leaves nothing and
the retry signs again, and a crash after it is answered with the stored bytes.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg import AsyncConnection
from psycopg import Error as DatabaseError
from psycopg.errors import UniqueViolation
from temporalio import activity

from chains.codecs.payments import Payment
from chains.codecs.tron_stakes import Stake
from domain.errors import (
    BadSignature,
    BytesMismatch,
    CroupierError,
    NotFound,
    RefusedBySigner,
    SignerUnavailable,
)
from domain.sends import SendKind
from domain.signing import (
    CONFIRM_ADDRESSES_ACTIVITY,
    FORBID_SIGNING_ACTIVITY,
    SIGN_ACTIVITY,
    AddressRange,
    ConfirmedAddresses,
    ForbidAnswer,
    ForbidRequest,
    Refusal,
    SignedAnswer,
    SigningIntent,
)
from signer.building import builder_of, deed_for
from signer.deriving import AccountKey
from signer.failures import as_application_error
from signer.forbidding import bury
from signer.keys import Key
from signer.obligations import Obligation, is_frozen, is_watched, outcome_of, owed
from signer.policy import (
    NetworkTerms,
    asset_scope,
    check_attempt,
    check_claim,
    check_decision,
    check_kind,
    check_open,
    check_owed,
    check_payment,
    check_repeat,
    check_running,
    fingerprint_of,
    switch_scopes,
    wallet_scope,
)
from signer.records import (
    SignedVariant,
    SignerDatabase,
    claim_of,
    lock_lane,
    signatures_of,
    stopped_scopes,
    store_claim,
    store_refusal,
    store_signature,
    take_serial,
    tombstone_of,
    trip,
)
from signer.transfers import check_gas_day, check_transfer, deposit_key, open_deposit_lane

REFUSALS_METRIC = "croupier_signer_refusals"

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Vault:
    """The keys opened in this process: wallets by address, accounts by family and number."""

    wallets: Mapping[bytes, Key]
    accounts: Mapping[tuple[str, int], AccountKey]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the checks allowed: the deed, and the fingerprint that all variants of its attempt share."""

    owed: Obligation
    deed: Payment | Stake
    fingerprint: bytes
    key: Key


class SigningActivities:
    """Signs what is owed; `terms` are the networks served, `clock_ms` is Unix time in milliseconds."""

    def __init__(
        self,
        database: SignerDatabase,
        vault: Vault,
        terms: Mapping[str, NetworkTerms],
        clock_ms: Callable[[], int],
        stop_file: Path | None = None,
    ) -> None:
        self._database = database
        self._vault = vault
        self._terms = terms
        self._clock_ms = clock_ms
        self._stop_file = stop_file

    @activity.defn(name=SIGN_ACTIVITY)
    async def sign(self, intent: SigningIntent) -> SignedAnswer:
        """Answer with the hash of stored bytes.

        Fails with type REFUSED_BY_SIGNER (first detail: a code of Refusal), SIGNER_UNAVAILABLE (tried again),
        or a code of Corrupt, after which the wallet is stopped.
        """
        try:
            return await self._sign_or_note_refusal(intent)
        except DatabaseError as error:
            _logger.warning("the database failed while signing %s: %s", intent.send_id, error.sqlstate)
            raise as_application_error(SignerUnavailable("its database gave no answer")) from None
        except CroupierError as error:
            raise as_application_error(error) from error

    @activity.defn(name=FORBID_SIGNING_ACTIVITY)
    async def forbid_signing(self, wanted: ForbidRequest) -> ForbidAnswer:
        """Bury a send for ever, so that a late request to sign is refused; asked again, the same answer.

        STILL_LIVE, with nothing written, while an attempt that was ever signed lacks its evidence. Fails with
        type SIGNER_UNAVAILABLE, tried again.
        """
        try:
            async with self._database.transaction() as connection:
                await open_deposit_lane(connection, self._vault.accounts, wanted.network, wanted.wallet)
                return await bury(connection, wanted)
        except DatabaseError as error:
            _logger.warning("the database failed while burying %s: %s", wanted.send_id, error.sqlstate)
            raise as_application_error(SignerUnavailable("its database gave no answer")) from None
        except CroupierError as error:
            raise as_application_error(error) from error

    @activity.defn(name=CONFIRM_ADDRESSES_ACTIVITY)
    async def confirm_addresses(self, wanted: AddressRange) -> ConfirmedAddresses:
        """Derive deposit addresses from the private account key; NOT_FOUND for an account without one."""
        try:
            key = self._vault.accounts.get((wanted.family, wanted.account))
            if key is None:
                raise NotFound("account key", f"{wanted.family}/{wanted.account}")
            addresses = key.addresses(wanted.first, wanted.last)
        except CroupierError as error:
            raise as_application_error(error) from error
        return ConfirmedAddresses(
            family=wanted.family, account=wanted.account, first=wanted.first, addresses=addresses
        )

    async def _sign_or_note_refusal(self, intent: SigningIntent) -> SignedAnswer:
        try:
            return await self._sign(intent)
        except UniqueViolation as error:
            refusal = RefusedBySigner(Refusal.CONFLICT, "its serial, attempt, variant or hash is taken")
            await self._note(intent, refusal)
            raise refusal from error
        except RefusedBySigner as refusal:
            await self._note(intent, refusal)
            raise
        except (BadSignature, BytesMismatch) as error:
            _logger.critical("wallet 0x%s is stopped: %s", intent.wallet.hex(), error.sentence)
            async with self._database.transaction() as connection:
                await trip(connection, wallet_scope(intent.network, intent.wallet), error.sentence)
            raise

    async def _sign(self, intent: SigningIntent) -> SignedAnswer:
        async with self._database.transaction() as connection:
            terms = await self._admit(connection, intent)
            builder = builder_of(terms)
            key = await self._key_of(connection, intent, terms)
            if await lock_lane(connection, intent.network, intent.wallet) is None:
                raise SignerUnavailable("the wallet has no nonce lane yet")
            stored = await signatures_of(connection, intent.send_id, intent.attempt)
            for one in stored:
                if one.variant == intent.variant:
                    check_repeat(intent, one)
                    return SignedAnswer(txid=one.txid, nonce=builder.nonce_of(one.serial), repeat=True)
            judgement = await self._judge(connection, intent, terms, key)
            builder.check_variant(intent, stored)
            return await self._take_and_store(connection, intent, judgement, terms)

    async def _admit(self, connection: AsyncConnection[Any], intent: SigningIntent) -> NetworkTerms:
        stopped = await stopped_scopes(connection, switch_scopes(intent))
        if self._stop_file is not None and self._stop_file.exists():
            stopped = (*stopped, "file")
        if await is_frozen(connection, intent.network, intent.wallet):
            stopped = (*stopped, "a frozen wallet")
        check_running(stopped)
        terms = self._terms.get(intent.network)
        if terms is None:
            raise RefusedBySigner(Refusal.UNKNOWN_KIND, f"network {intent.network} is not served here")
        check_kind(intent, terms)
        return terms

    async def _key_of(
        self, connection: AsyncConnection[Any], intent: SigningIntent, terms: NetworkTerms
    ) -> Key:
        """The key that signs for a wallet; for a sweep the deposit address's, whose lane it may open."""
        if intent.kind is not SendKind.SWEEP:
            return self._vault.wallets[terms.key_of(intent.wallet)]
        key = await open_deposit_lane(connection, self._vault.accounts, intent.network, intent.wallet)
        if key is None:
            raise RefusedBySigner(Refusal.UNKNOWN_KIND, "the wallet is no deposit address of this house")
        return key

    async def _judge(
        self, connection: AsyncConnection[Any], intent: SigningIntent, terms: NetworkTerms, key: Key
    ) -> Judgement:
        obligation = check_owed(intent, await owed(connection, intent.kind, intent.send_id))
        check_running(await stopped_scopes(connection, [asset_scope(obligation.asset_id)]))
        check_decision(obligation)
        has_previous = intent.attempt > 1
        previous = await outcome_of(connection, intent.send_id, intent.attempt - 1) if has_previous else None
        check_attempt(intent, previous)
        await self._check_payee(connection, obligation, terms)
        builder_of(terms).check_plan(intent, obligation, terms, self._clock_ms())
        return Judgement(
            obligation, deed_for(intent, obligation), fingerprint_of(obligation, intent.wallet), key
        )

    async def _check_payee(
        self, connection: AsyncConnection[Any], obligation: Obligation, terms: NetworkTerms
    ) -> None:
        payee = obligation.payee
        if obligation.kind == SendKind.WITHDRAWAL:
            check_payment(obligation, terms, payee_is_ours=await is_watched(connection, payee))
            return
        is_to_deposit = obligation.kind in {SendKind.GAS, SendKind.ENERGY}
        key = (
            await deposit_key(connection, self._vault.accounts, terms.network, payee)
            if is_to_deposit
            else None
        )
        check_transfer(obligation, terms, payee_is_deposit=key is not None)

    async def _take_and_store(
        self,
        connection: AsyncConnection[Any],
        intent: SigningIntent,
        judgement: Judgement,
        terms: NetworkTerms,
    ) -> SignedAnswer:
        builder = builder_of(terms)
        check_open(await tombstone_of(connection, intent.send_id))
        claim = await claim_of(connection, intent.send_id, intent.attempt)
        check_claim(claim, intent, judgement.fingerprint)
        if claim is None:
            is_counted = intent.kind is SendKind.GAS
            spends = (
                await check_gas_day(connection, judgement.owed, intent.wallet, terms) if is_counted else None
            )
            lowest = builder.serial_from(self._clock_ms())
            serial = await take_serial(connection, intent.network, intent.wallet, lowest)
            await store_claim(connection, intent, serial, judgement.fingerprint, spends)
        else:
            assert claim.serial is not None, "a tombstone was refused before"
            serial = claim.serial
        tx = builder.sign(intent, judgement.deed, serial, judgement.key, terms)
        await store_signature(connection, SignedVariant(intent, serial, tx))
        return SignedAnswer(txid=tx.txid, nonce=builder.nonce_of(serial))

    async def _note(self, intent: SigningIntent, refusal: RefusedBySigner) -> None:
        _logger.warning("send %s refused: %s", intent.send_id, refusal.sentence)
        counter = activity.metric_meter().create_counter(REFUSALS_METRIC)
        counter.add(1, {"code": refusal.refusal, "network": intent.network})
        async with self._database.transaction() as connection:
            await store_refusal(connection, intent, refusal.refusal, refusal.sentence)
