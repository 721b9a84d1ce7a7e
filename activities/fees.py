"""What the networks took for our transactions, booked once per transaction."""

from sqlalchemy.ext.asyncio import AsyncConnection

from activities.booking import book
from activities.provenance import provenance
from domain.accounts import Purpose
from domain.assets import Catalogue
from domain.delegations import DelegationFacts
from domain.ids import fee_key, operator_of_player, slot_of_player, withdrawal_key
from domain.journal import network_fee
from domain.own_transfers import TransferFacts
from domain.withdrawals import WithdrawalFacts
from ledger.network_fees import fees_of


async def book_fees_of(session: AsyncConnection, catalogue: Catalogue, facts: WithdrawalFacts) -> None:
    """Book the fee of each ended attempt, failed and cancelled ones too; a booked fee stays as it is."""
    assert facts.send is not None
    native = catalogue.native(facts.network)
    for fee in await fees_of(session, facts.send.send_id):
        await book(
            session,
            network_fee(
                operator=operator_of_player(facts.player),
                slot=slot_of_player(facts.player),
                asset_id=native.asset_id,
                units=fee.units,
                key=fee_key(facts.network, "0x" + fee.txid.hex()),
                ref=withdrawal_key(facts.withdrawal_id),
                provenance=provenance(facts.request_id),
            ),
        )


async def book_transfer_fees(session: AsyncConnection, catalogue: Catalogue, facts: TransferFacts) -> None:
    """Book the fee of each ended attempt of an own transfer; it left the holding that the coins leave."""
    if facts.send is None:
        return
    native = catalogue.native(facts.network)
    for fee in await fees_of(session, facts.transfer_id):
        await book(
            session,
            network_fee(
                operator=facts.operator,
                slot=facts.slot,
                asset_id=native.asset_id,
                units=fee.units,
                key=fee_key(facts.network, "0x" + fee.txid.hex()),
                paid_from=facts.route.leaves,
                ref=facts.key,
                provenance=provenance(),
            ),
        )


async def book_delegation_fees(
    session: AsyncConnection, catalogue: Catalogue, facts: DelegationFacts
) -> None:
    """Book the fee of each ended attempt of a delegation's two sends; their coins are gas."""
    native = catalogue.native(facts.network)
    for send_id in (facts.delegation_id, facts.return_id):
        for fee in await fees_of(session, send_id):
            await book(
                session,
                network_fee(
                    operator=facts.operator,
                    slot=facts.slot,
                    asset_id=native.asset_id,
                    units=fee.units,
                    key=fee_key(facts.network, "0x" + fee.txid.hex()),
                    paid_from=Purpose.GAS_TANK,
                    ref=facts.key,
                    provenance=provenance(),
                ),
            )
