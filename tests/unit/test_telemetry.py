"""What a process writes into its log, and what it keeps out of it."""

import json
import subprocess
import sys

from devstack.runs import CHECKOUT

ASKING = """
import logging, httpx
from bootstrap.telemetry import configure_logging

configure_logging()
with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200))) as client:
    client.get("http://node.example/a-providers-key/wallet/getnowblock")
logging.getLogger("activities").info("kept")
"""


def test_the_address_of_a_node_stays_out_of_the_log() -> None:
    """Asking a node writes nothing, because its address may hold a key; our own lines are JSON."""
    done = subprocess.run(
        [sys.executable, "-c", ASKING], check=True, cwd=CHECKOUT, capture_output=True, text=True
    )
    assert [json.loads(line)["event"] for line in done.stderr.splitlines()] == ["kept"]
