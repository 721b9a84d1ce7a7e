"""The bytes of a withdrawal, what nodes said to them, and what support reads meanwhile."""

from domain.withdrawals import WithdrawalInput
from tests.support.world import RunningHouse
from tests.support.world_buttons import sentence
from workflows.names import withdrawal_workflow_id


def stored(world: RunningHouse, wish: WithdrawalInput) -> list[str]:
    """The bytes of every attempt and variant as the signer holds them, in order."""
    with world.database.raw() as connection:
        rows = connection.execute(
            "SELECT encode(raw, 'hex') FROM signer.signatures WHERE send_id = %s ORDER BY attempt, variant",
            [wish.withdrawal_id],
        ).fetchall()
    return ["0x" + str(raw) for (raw,) in rows]


def answers(world: RunningHouse, wish: WithdrawalInput) -> list[str]:
    """What nodes answered about this withdrawal's transactions, in order, without the rows before a call."""
    with world.database.raw() as connection:
        rows = connection.execute(
            "SELECT b.result FROM chain.broadcasts b JOIN chain.signed_txs x USING (chain_id, txid)"
            " WHERE x.send_id = %s AND b.result <> 'sending' ORDER BY b.tried_at",
            [wish.withdrawal_id],
        ).fetchall()
    return [str(result) for (result,) in rows]


async def answered(world: RunningHouse, wish: WithdrawalInput, result: str) -> None:
    """Wait until a node said this of the withdrawal."""

    async def says_so() -> bool:
        return result in answers(world, wish)

    await world.until(says_so, f"the answer {result}, not only {answers(world, wish)}")


async def reads(world: RunningHouse, wish: WithdrawalInput) -> str:
    """What support reads."""
    return await sentence(world.money, withdrawal_workflow_id(wish.withdrawal_id))
