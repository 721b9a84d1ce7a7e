"""What reaches a deposit address over a real chain: credited once if legitimate, else with its reason."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from eth_abi.abi import encode

from chains.codecs.keccak import keccak256
from domain.deposit_words import player_sentence
from domain.deposits import COIN_FACE, DepositReason, DepositState
from ledger.deposits import DepositLine, list_deposits
from tests.support.chain_rigs import address_of, stranger
from tests.support.ledger_database import COIN, TOKEN
from tests.support.world_evm import EvmTerms, EvmWorld
from tests.support.world_house import OUTSIDER, UNLISTED
from tests.support.world_people import PaidIn, People

TERMS = EvmTerms(wallets=1, ready=20)
UNITS = 10**7
NET = UNITS - UNITS // 100
"""What is left of it after the fee of the taxed token."""
COINS = 10**15
RICHES = 10**9
GAS = 200_000
PLAIN_GAS = 21_000
HASTE = 10**11
HOLLOW, BARRING, IDLE, PAYMASTER, TAXED = (stranger(number) for number in range(7_001, 7_006))
SUPPLY = encode(["string", "string", "uint256"], ["Test Dollar", "TUSD", 0])


class Payer:
    """Somebody out there whose transactions the node signs."""

    def __init__(self, world: EvmWorld) -> None:
        self.anvil = world.chain.anvil
        self.name = self.anvil.accounts()[1]
        self.address = bytes.fromhex(self.name[2:])

    def coins(self, receiver: bytes, units: int) -> None:
        """Send coins with the gas that exchanges give a payment, and no more."""
        self._send(receiver, units, b"", PLAIN_GAS)

    def call(self, contract: bytes, signature: str, *arguments: object, value: int = 0) -> None:
        """Call a function of a contract, whatever becomes of it."""
        types = signature.partition("(")[2].rstrip(")").split(",")
        self._send(contract, value, keccak256(signature.encode())[:4] + encode(types, arguments), GAS)

    def transfer(self, contract: bytes, receiver: bytes, units: int) -> None:
        """Ask a token to move some of the payer's own."""
        self.call(contract, "transfer(address,uint256)", receiver, units)

    def _send(self, to: bytes, value: int, data: bytes, gas: int) -> None:
        transaction = {"from": self.name, "to": "0x" + to.hex(), "value": hex(value), "gas": hex(gas)}
        self.anvil.rpc(
            "eth_sendTransaction", {**transaction, "data": "0x" + data.hex(), "gasPrice": hex(HASTE)}
        )


@contextmanager
def taxed(world: EvmWorld) -> Iterator[None]:
    """Meanwhile the listed token takes a fee, as its owner may decide one day."""
    world.chain.place_code(TOKEN.contract, "taxed", SUPPLY)
    try:
        yield
    finally:
        world.chain.place_token(TOKEN.contract, [], 0)


async def screen(world: EvmWorld, player: int) -> list[DepositLine]:
    """The player's deposits as the screen shows them, newest first."""
    async with world.rows.begin() as session:
        return await list_deposits(session, player, None, 50)


def verdicts(world: EvmWorld, receiver: bytes) -> list[tuple[bytes, int, str, str | None]]:
    """Contract, amount, verdict and reason of everything that reached an address, sorted."""
    with world.database.raw() as connection:
        rows = connection.execute(
            "SELECT contract, amount, verdict, reason FROM chain.effects WHERE receiver = %s", [receiver]
        ).fetchall()
    return sorted(
        cast(
            "list[tuple[bytes, int, str, str | None]]", [(row[0], int(str(row[1])), *row[2:]) for row in rows]
        )
    )


async def test_only_the_legitimate_of_an_odd_block_is_credited(
    evm_world: EvmWorld, evm_people: People
) -> None:
    """N24: twelve movements in one block; two are deposits, net and once, each other one has its reason."""
    player = await evm_people.register()
    target = await evm_people.address(player)
    hot, payer = evm_world.keys.wallets[0], Payer(evm_world)
    evm_world.is_still = True
    chain = evm_world.chain
    for contract, source in (
        (HOLLOW, "hollow"),
        (COIN_FACE, "hollow"),
        (IDLE, "idle"),
        (PAYMASTER, "paymaster"),
    ):
        chain.place_code(contract, source)
    chain.place_code(BARRING, "barring", SUPPLY)
    for token in (TOKEN.contract, UNLISTED, BARRING):
        chain.give_tokens(token, payer.address, RICHES)
    chain.let_spend(TOKEN.contract, hot, payer.address, UNITS)
    payer.call(BARRING, "bar(address)", target)
    with taxed(evm_world):
        payer.coins(target, COINS)
        payer.transfer(TOKEN.contract, target, UNITS)
        payer.call(TOKEN.contract, "transferFrom(address,address,uint256)", address_of(OUTSIDER), target, 0)
        payer.call(TOKEN.contract, "transferFrom(address,address,uint256)", hot, target, UNITS)
        payer.transfer(UNLISTED, target, UNITS)
        payer.transfer(HOLLOW, target, UNITS)
        payer.transfer(IDLE, target, UNITS)
        payer.transfer(BARRING, target, UNITS)
        payer.transfer(TOKEN.contract, target, 10**40)
        payer.transfer(COIN_FACE, target, COINS)
        payer.call(PAYMASTER, "pay(address)", target, value=COINS)
        payer.coins(PAYMASTER, COINS)
        chain.mine()

    async def both_credited() -> bool:
        return [await evm_people.units(player, asset=asset) for asset in (COIN, TOKEN)] == [COINS, NET]

    evm_world.is_still = False
    await evm_world.until(both_credited, "both deposits in the balance")
    assert verdicts(evm_world, target) == sorted(
        [
            (b"", COINS, "seen", None),
            (TOKEN.contract, NET, "seen", None),
            (TOKEN.contract, 0, "ignored", DepositReason.ZERO_VALUE),
            (TOKEN.contract, NET, "ignored", DepositReason.OWN_SEND),
            (UNLISTED, UNITS, "ignored", DepositReason.TOKEN_NOT_LISTED),
            (HOLLOW, UNITS, "ignored", DepositReason.TOKEN_NOT_LISTED),
            (BARRING, UNITS, "ignored", DepositReason.REVERTED),
            (TOKEN.contract, 10**40, "ignored", DepositReason.REVERTED),
            (COIN_FACE, COINS, "ignored", DepositReason.ALIAS_LOG),
        ]
    )
    lines = await screen(evm_world, player)
    assert sorted((line.position, line.facts.credits) for line in lines) == [("log-0", 1), ("native", 1)]
    assert {player_sentence(line.facts, line.confirmations) for line in lines} == {"It is in your balance."}
    # What came from inside a call is found by comparing balances and never credited by itself: it goes again,
    # and the tokens that the hot wallet never meant to send go back.
    assert chain.held(COIN, target) == 2 * COINS
    chain.anvil.rpc("anvil_setBalance", "0x" + target.hex(), hex(COINS))
    chain.give_tokens(TOKEN.contract, target, NET)
    chain.give_tokens(TOKEN.contract, hot, chain.held(TOKEN, hot) + UNITS)


async def test_a_deposit_that_is_executed_again_is_worth_what_moved_then(
    evm_world: EvmWorld, evm_people: People
) -> None:
    """N22: out at depth 3, back at another place of its block with another amount: one deposit of that."""
    player = await evm_people.register()
    target = await evm_people.address(player)
    payer, chain = Payer(evm_world), evm_world.chain
    evm_world.is_still = True
    chain.place_code(HOLLOW, "hollow")
    chain.place_code(TAXED, "taxed", SUPPLY)
    paid = evm_people.pay_in(target, UNITS, TOKEN)
    evm_world.mine(3)
    before = await evm_people.deposit_until(paid, lambda facts: facts.state is DepositState.CONFIRMING)
    assert (before.amount, before.credits, log_index(evm_world, paid)) == (UNITS, 0, "0x0")
    evm_world.reorg(3)
    gone = await evm_people.deposit_until(paid, lambda facts: facts.state is DepositState.ORPHANED)
    assert "took its block back" in player_sentence(gone, 0)
    payer.transfer(HOLLOW, stranger(1), 1)
    with taxed(evm_world):
        evm_world.mine()
    assert log_index(evm_world, paid) == "0x1"
    evm_world.is_still = False
    facts = await evm_people.credited(paid)
    await evm_world.money.get_workflow_handle(paid.workflow_id).result()
    assert (facts.amount, facts.credits, facts.returns) == (NET, 1, 0)
    assert await evm_people.units(player, asset=TOKEN) == NET == chain.held(TOKEN, target)
    (line,) = await screen(evm_world, player)
    assert (line.position, line.facts.state) == ("log-0", DepositState.CREDITED)
    assert sorted(amount for _, amount, _, _ in verdicts(evm_world, target)) == [NET, UNITS]


def log_index(world: EvmWorld, paid: PaidIn) -> str:
    """The place of a payment's first log in its block."""
    receipt = world.chain.anvil.rpc("eth_getTransactionReceipt", paid.deposit.txid)
    assert isinstance(receipt, dict)
    return str(receipt["logs"][0]["logIndex"])
