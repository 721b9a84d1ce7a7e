"""Coins that people send from a cold wallet to a hot one change hands within the house, at their cost."""

from sqlalchemy.ext.asyncio import AsyncConnection

from activities.booking import book
from activities.provenance import provenance
from domain.accounts import Purpose
from domain.assets import Catalogue
from domain.deposits import DepositFacts, DepositInput
from domain.errors import RecordMismatch
from domain.ids import SLOTS, deposit_key, fee_key
from domain.journal import network_fee
from domain.kinds import Result
from domain.transfer_journal import transfer_committed, transfer_final
from ledger.network_fees import fee_of


async def book_top_up(
    session: AsyncConnection, catalogue: Catalogue, house: int, deposit: DepositInput, facts: DepositFacts
) -> None:
    """Post a final top-up and the fee its transaction cost the cold wallet, each once.

    Raises RecordMismatch if the books hold another posting under its id.
    """
    assert facts.asset_id is not None
    key = deposit_key(deposit.network, deposit.txid, deposit.position)
    txid = bytes.fromhex(deposit.txid.removeprefix("0x"))
    # One slot for a transaction: its fee is one posting, however many coins it moved.
    slot = txid[-1] % SLOTS
    commands = [
        transfer_committed(
            operator=house,
            slot=slot,
            asset_id=facts.asset_id,
            units=facts.amount,
            key=key,
            leaves=Purpose.COLD,
            ref=key,
            provenance=provenance(),
        ),
        transfer_final(
            operator=house,
            slot=slot,
            asset_id=facts.asset_id,
            key=key,
            arrives=Purpose.HOT_WALLET,
            ref=key,
            provenance=provenance(),
        ),
    ]
    fee = await fee_of(session, deposit.network, txid)
    if fee:
        commands.append(
            network_fee(
                operator=house,
                slot=slot,
                asset_id=catalogue.native(deposit.network).asset_id,
                units=fee,
                key=fee_key(deposit.network, deposit.txid),
                paid_from=Purpose.COLD,
                ref=fee_key(deposit.network, deposit.txid),
                provenance=provenance(),
            )
        )
    for command in commands:
        outcome = await book(session, command)
        if outcome.result is not Result.POSTED:
            raise RecordMismatch(f"{command.kind.name} of {key} was {outcome.result.name}")
