"""`python -m api`: the door as a process, from its environment to its orderly end."""

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import httpx
import pytest

from api.__main__ import parse
from devstack.processes import free_port, http_ok
from devstack.temporal import TemporalServer
from tests.support.door import OPERATOR_KEY, OPERATOR_KEYS, TOKEN_MATERIAL
from tests.support.ledger_database import LedgerDatabase

START_SECONDS = 30
HOUSE = """
operator = 1
name = "House"
networks = []
addresses = []
wallets = []

[[assets]]
id = 1
symbol = "ETH"
network = "eip155:31337"
decimals = 18

[policy]
version = 1
"""


@pytest.fixture
def environment(
    tmp_path: Path, ledger_database: LedgerDatabase, temporal_server: TemporalServer
) -> dict[str, str]:
    """Everything a door reads."""
    (tmp_path / "house.toml").write_text(HOUSE)
    (tmp_path / "password").write_text("croupier_api")
    (tmp_path / "token.pem").write_bytes(TOKEN_MATERIAL.private_key_pem)
    keys = {
        key_id: {"operator": key.operator, "name": key.name, "sha256": key.key_sha256.hex()}
        for key_id, key in OPERATOR_KEYS.items()
    }
    (tmp_path / "operators.json").write_text(json.dumps(keys))
    return {
        **os.environ,
        "CROUPIER_DATABASE_HOST": "127.0.0.1",
        "CROUPIER_DATABASE_PORT": str(ledger_database.server.port),
        "CROUPIER_DATABASE_NAME": ledger_database.name,
        "CROUPIER_DATABASE_ROLE": "croupier_api",
        "CROUPIER_DATABASE_PASSWORD_FILE": str(tmp_path / "password"),
        "CROUPIER_TEMPORAL_ADDRESS": temporal_server.address,
        "CROUPIER_HOUSE_FILE": str(tmp_path / "house.toml"),
        "CROUPIER_DOOR_TOKEN_KEY_FILE": str(tmp_path / "token.pem"),
        "CROUPIER_DOOR_OPERATOR_KEYS_FILE": str(tmp_path / "operators.json"),
    }


def test_one_process_serves_both_listeners_until_a_signal(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """Both ports answer with their own routes, each log line is JSON, and a signal ends both with 0."""
    ports = {"player": free_port(), "operator": free_port()}
    command = [sys.executable, "-m", "api", "player", "operator"]
    command += [f"--{name}-port={port}" for name, port in ports.items()]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stderr=log, stdout=log)
    try:
        for port in ports.values():
            _wait_for(partial(http_ok, f"http://127.0.0.1:{port}/health/ready"), process)
        bearer = {"Authorization": f"Bearer {OPERATOR_KEY}"}
        found = httpx.get(f"http://127.0.0.1:{ports['operator']}/v1/players/p-1-1", headers=bearer)
        assert (found.status_code, found.json()["code"]) == (404, "NOT_FOUND")
        paths = httpx.get(f"http://127.0.0.1:{ports['player']}/openapi.json").json()["paths"]
        assert "/v1/bets" in paths
        assert "/v1/players" not in paths
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=START_SECONDS) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert any(line.get("event") == "request" and line.get("status") == 404 for line in lines)
    assert lines[-1]["event"] == "door closed"


def test_a_listener_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt listener is a usage error, not a door with a listener less."""
    with pytest.raises(SystemExit) as ended:
        parse(["player", "players"])
    assert ended.value.code == 2
    assert "players" in capsys.readouterr().err


def _wait_for(ready: "partial[bool]", process: "subprocess.Popen[bytes]") -> None:
    for _ in range(START_SECONDS * 10):
        if ready():
            return
        assert process.poll() is None, "the door ended early"
        time.sleep(0.1)
    raise AssertionError("the door did not answer")
