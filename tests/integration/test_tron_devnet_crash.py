"""A killed node of the devnet comes back with the chain it had shown."""

from collections.abc import Iterator

import pytest
from tronpy import Tron

from devstack.tron.addresses import show
from devstack.tron.node import TronDevnet
from tests.support.tron_devnet import FEE_LIMIT, SUN, USDT_UNIT, dev_account, stranger, usdt


@pytest.fixture(scope="module")
def devnet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TronDevnet]:
    """A devnet that may be killed."""
    net = TronDevnet(tmp_path_factory.mktemp("tron"))
    net.start()
    yield net
    net.stop()


def test_a_killed_node_has_its_chain_and_has_lost_its_pool(devnet: TronDevnet, tronpy_client: Tron) -> None:
    """Blocks, forks, token balances, money out of nothing and factors are back; what waited is not."""
    key, sender = dev_account(devnet, 1)
    _, payee = stranger()
    contract = show(devnet.contracts.usdt)
    devnet.fund(payee, 5 * SUN)
    devnet.dev("factor", address=contract, factor=2_000)
    call = (
        usdt(tronpy_client, devnet)
        .functions.transfer(payee, USDT_UNIT)
        .with_owner(sender)
        .fee_limit(FEE_LIMIT)
    )
    moved = call.build().sign(key).broadcast()
    devnet.mine(3)
    devnet.fork(2)
    devnet.mine(30)
    before = devnet.dev("status")
    infos = devnet.ask("wallet/gettransactioninfobyid", value=moved.txid)
    waiting = tronpy_client.trx.transfer(sender, payee, SUN).build().sign(key)
    waiting.broadcast()

    devnet.crash()
    devnet.restart()

    assert devnet.dev("status") == before
    assert devnet.ask("wallet/gettransactioninfobyid", value=moved.txid) == infos
    assert devnet.ask("wallet/gettransactionbyid", value=waiting.txid) == {}
    assert usdt(tronpy_client, devnet).functions.balanceOf(payee) == USDT_UNIT
    assert tronpy_client.get_account_balance(payee) == 5
    assert tronpy_client.get_contract_info(contract)["contract_state"]["energy_factor"] == 2_000
    waiting.broadcast()
    devnet.mine()
    assert tronpy_client.get_account_balance(payee) == 6
