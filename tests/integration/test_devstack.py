"""The embedded stack: real servers that start, survive a kill, and end with whoever started them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client

from devstack.anvil import Anvil, RpcError
from devstack.dynamic_config import DYNAMIC_CONFIG
from devstack.processes import Child, ChildFailed, accepts, free_port
from devstack.runs import CHECKOUT
from devstack.temporal import BETS_NAMESPACE, MONEY_NAMESPACE, SEARCH_ATTRIBUTES, TemporalServer
from devstack.tokens.deploying import deploy_plain, send_tokens, tokens_of

STRANGER = "0x" + "11" * 20
DAY_SECONDS = 86_400
WAIT_SECONDS = 20


async def test_temporal_has_both_namespaces_with_their_retention(temporal_server: TemporalServer) -> None:
    """Bets are remembered for 3 days, money for 90, and each namespace knows every search attribute."""
    client = await Client.connect(temporal_server.address)
    for namespace, days in ((BETS_NAMESPACE, 3), (MONEY_NAMESPACE, 90)):
        request = DescribeNamespaceRequest(namespace=namespace)
        described = await client.workflow_service.describe_namespace(request)
        assert described.config.workflow_execution_retention_ttl.seconds == days * DAY_SECONDS
        aliases = set(described.config.custom_search_attribute_aliases.values())
        assert aliases == set(SEARCH_ATTRIBUTES)


def test_temporal_takes_every_dynamic_setting(temporal_server: TemporalServer) -> None:
    """The server knows each key of the table, and none of our values is of the wrong type."""
    program = (Path(sys.prefix) / "bin" / "temporal").read_bytes()
    unknown = [key for key in DYNAMIC_CONFIG if key.encode() not in program]
    assert unknown == []
    assert "Failed to convert value" not in temporal_server.log_tail(1000)


async def test_temporal_with_a_file_remembers_after_a_kill(place: Path) -> None:
    """A workflow that was accepted is still there after SIGKILL and a restart on the same port."""
    server = TemporalServer(place, database=place / "temporal.db")
    server.start()
    try:
        client = await Client.connect(server.address, namespace=MONEY_NAMESPACE)
        await client.start_workflow("nobody-runs-this", id="kept", task_queue="none")
        server.kill()
        server.restart()
        again = await Client.connect(server.address, namespace=MONEY_NAMESPACE)
        description = await again.get_workflow_handle("kept").describe()
        assert description.workflow_type == "nobody-runs-this"
    finally:
        server.stop()


def test_a_chain_mines_only_when_told_to(anvil: Anvil) -> None:
    """A transfer waits in the pool until a block is mined, and a reorganisation takes the block away."""
    payer = anvil.accounts()[0]
    anvil.mine()
    sent = anvil.rpc("eth_sendTransaction", {"from": payer, "to": STRANGER, "value": hex(5)})
    assert anvil.rpc("eth_getTransactionReceipt", sent) is None
    anvil.mine()
    assert anvil.rpc("eth_getBalance", STRANGER, "latest") == hex(5)
    anvil.reorg(1)
    assert anvil.rpc("eth_getBalance", STRANGER, "latest") == hex(0)


def test_a_node_that_died_keeps_its_blocks_and_forgets_what_waited(anvil: Anvil) -> None:
    """After a kill the same blocks answer under the same hashes; an unmined payment is gone."""
    payer = anvil.accounts()[0]
    mined = anvil.rpc("eth_sendTransaction", {"from": payer, "to": STRANGER, "value": hex(5)})
    anvil.mine(3)
    blocks = [anvil.rpc("eth_getBlockByNumber", hex(height), True) for height in range(4)]  # noqa: FBT003 - JSON-RPC
    waiting = anvil.rpc("eth_sendTransaction", {"from": payer, "to": STRANGER, "value": hex(7)})
    anvil.crash()
    anvil.restart()
    assert [anvil.rpc("eth_getBlockByNumber", hex(height), True) for height in range(4)] == blocks  # noqa: FBT003
    assert anvil.rpc("eth_getTransactionByHash", waiting) is None
    anvil.mine()
    assert anvil.rpc("eth_getBalance", STRANGER, "latest") == hex(5)
    receipt = anvil.rpc("eth_getTransactionReceipt", mined)
    assert isinstance(receipt, dict)
    assert receipt["blockNumber"] == "0x1"


def test_chains_run_side_by_side(anvil_factory: Callable[..., Anvil]) -> None:
    """Two chains have their own ids and ports; finality stays two epochs behind the head."""
    first = anvil_factory(chain_id=31337, slots_in_an_epoch=1, mining=False)
    second = anvil_factory(chain_id=31338, slots_in_an_epoch=2, mining=False)
    assert [first.rpc("eth_chainId"), second.rpc("eth_chainId")] == [hex(31337), hex(31338)]
    for chain, behind in ((first, 2), (second, 4)):
        chain.mine(10)
        final = chain.rpc("eth_getBlockByNumber", "finalized", False)  # noqa: FBT003 - the node's own signature
        assert isinstance(final, dict)
        assert int(str(final["number"]), 16) == 10 - behind


def test_a_chain_with_a_state_file_remembers_a_stop(place: Path) -> None:
    """Balances written at a stop are there at the next start."""
    chain = Anvil(place, state=place / "state.json")
    chain.start()
    try:
        chain.fund(STRANGER, 12)
        chain.restart()
        assert chain.rpc("eth_getBalance", STRANGER, "latest") == hex(12)
    finally:
        chain.stop()


def test_the_plain_token_moves_whole_units_and_reverts_on_more(anvil: Anvil) -> None:
    """The supply starts at the deployer; a transfer moves exactly its amount, too much reverts."""
    owner = anvil.accounts()[0]
    token = deploy_plain(anvil, supply_units=1_000)
    assert tokens_of(anvil, token, owner) == 1_000
    send_tokens(anvil, token, owner, STRANGER, 250)
    anvil.mine()
    refused = send_tokens(anvil, token, owner, STRANGER, 751)
    anvil.mine()
    receipt = anvil.rpc("eth_getTransactionReceipt", refused)
    assert isinstance(receipt, dict)
    assert receipt["status"] == "0x0"
    assert [tokens_of(anvil, token, holder) for holder in (owner, STRANGER)] == [750, 250]


def test_an_error_of_the_node_is_raised(anvil: Anvil) -> None:
    """A refused call never looks like an answer."""
    with pytest.raises(RpcError, match="eth_noSuchCall"):
        anvil.rpc("eth_noSuchCall")


def test_a_child_that_ends_early_shows_its_log(place: Path) -> None:
    """The error carries the exit code and what the program said."""
    code = "print('no such file'); raise SystemExit(3)"
    child = Child("talker", [sys.executable, "-c", code], place / "log")
    with pytest.raises(ChildFailed, match=r"ended with code 3(.|\n)*no such file"):
        child.start(lambda: False)
    assert not child.running


def test_a_child_that_is_never_ready_is_not_left_running(place: Path) -> None:
    """Time over means the process is gone, not forgotten."""
    child = Child("sleeper", ["sleep", "1000"], place / "log")
    with pytest.raises(ChildFailed, match="not ready within"):
        child.start(lambda: False, timeout_seconds=0.1)
    assert child.exit_code == -signal.SIGKILL


def test_a_child_that_ignores_the_polite_signal_is_killed(place: Path) -> None:
    """Stopping ends in any case."""
    ready = place / "ready"
    deaf = (
        "import signal, sys, time; signal.signal(15, signal.SIG_IGN); open(sys.argv[1], 'w'); time.sleep(99)"
    )
    child = Child("stubborn", [sys.executable, "-c", deaf, str(ready)], place / "log")
    child.start(ready.exists)
    child.stop(grace_seconds=0.2)
    assert child.exit_code == -signal.SIGKILL


def test_a_taken_port_is_avoided() -> None:
    """A preferred port is used when it is free and replaced when it is not."""
    preferred = free_port()
    assert free_port(preferred) == preferred
    command = [sys.executable, "-m", "http.server", str(preferred), "--bind", "127.0.0.1"]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        _await(partial(accepts, preferred))
        assert free_port(preferred) != preferred
    finally:
        server.kill()
        server.wait()


def test_children_end_when_their_starter_is_killed(place: Path) -> None:
    """SIGKILL of the process that runs a stack leaves no server behind."""
    program = f"""
import json, time
from pathlib import Path
from devstack.anvil import Anvil
from devstack.postgres import Postgres
postgres, chain = Postgres(Path({str(place)!r}) / "postgres"), Anvil(Path({str(place)!r}))
postgres.start(); chain.start()
print(json.dumps([postgres.port, chain.port]), flush=True)
time.sleep(1000)
"""
    starter = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONPATH": "."},
    )
    assert starter.stdout is not None
    ports: list[int] = json.loads(starter.stdout.readline())
    assert all(accepts(port) for port in ports)
    starter.kill()
    starter.wait()
    starter.stdout.close()
    _await(lambda: not any(accepts(port) for port in ports))


def _await(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "the condition never came true"
        time.sleep(0.02)
