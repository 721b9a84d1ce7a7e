"""The asynchronous tronpy, unmodified, on the devnet."""

import pytest
from tronpy import AsyncTron
from tronpy.exceptions import AddressNotFound, BadSignature, ValidationError

from devstack.tron.addresses import show
from devstack.tron.node import TronDevnet
from tests.support.tron_devnet import FEE_LIMIT, SUN, USDT_UNIT, dev_account, stranger


async def test_trx_and_usdt_arrive(devnet: TronDevnet, async_client: AsyncTron) -> None:
    """A new address gets TRX and USDT, both seen at the head and then at the solid block."""
    key, sender = dev_account(devnet, 1)
    _, payee = stranger()
    with pytest.raises(AddressNotFound):
        await async_client.get_account_balance(payee)
    coins = await async_client.trx.transfer(sender, payee, 7 * SUN).build()
    sent = await coins.sign(key).broadcast()
    token = await async_client.get_contract(show(devnet.contracts.usdt))
    call = await token.functions.transfer(payee, 2 * USDT_UNIT)
    moving = await call.with_owner(sender).fee_limit(FEE_LIMIT).build()
    moved = await moving.sign(key).broadcast()
    devnet.mine()
    assert (await sent.wait())["blockNumber"] == (await moved.wait())["blockNumber"]
    assert await moved.result() is False
    assert await async_client.get_account_balance(payee) == 7
    assert await token.functions.balanceOf(payee) == 2 * USDT_UNIT
    devnet.solidify()
    assert (await async_client.get_solid_transaction_info(moved.txid))["receipt"]["result"] == "SUCCESS"


async def test_refusals_come_as_their_exceptions(devnet: TronDevnet, async_client: AsyncTron) -> None:
    """Too little money and a foreign signature are refused, each with its own code."""
    key, poor = stranger()
    foreign, _ = stranger()
    devnet.fund(poor, SUN)
    devnet.mine()
    _, payee = dev_account(devnet, 2)
    over = await async_client.trx.transfer(poor, payee, 2 * SUN).build()
    with pytest.raises(ValidationError, match="balance is not sufficient"):
        await over.sign(key).broadcast()
    forged = await async_client.trx.transfer(poor, payee, 1).build()
    forged.set_signature([foreign.sign_msg_hash(bytes.fromhex(forged.txid)).hex()])
    with pytest.raises(BadSignature):
        await forged.broadcast()


async def test_blocks_and_parameters(devnet: TronDevnet, async_client: AsyncTron) -> None:
    """Heights, blocks, resources and parameters are read as the synchronous client reads them."""
    _, sender = dev_account(devnet, 1)
    block = await async_client.get_block()
    number = block["block_header"]["raw_data"]["number"]
    assert number == await async_client.get_latest_block_number()
    assert await async_client.get_block(block["blockID"]) == block
    assert (await async_client.get_account_resource(sender))["freeNetLimit"] == 600
    assert await async_client.get_bandwidth(sender) <= 600
    assert {"key": "getTransactionFee", "value": 1000} in await async_client.get_chain_parameters()
