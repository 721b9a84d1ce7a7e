"""`python -m devstack.tron`: a devnet in a process of its own, on this machine only."""

import argparse
import asyncio
from pathlib import Path

from devstack.tron.program import Settings, run


def main() -> None:
    """Read the options and serve until a signal comes."""
    parser = argparse.ArgumentParser(prog="devstack.tron", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="HTTP of the first node")
    parser.add_argument("--second-port", type=int, default=0, help="HTTP of another node on the same chain")
    parser.add_argument("--zmq-port", type=int, default=0, help="block triggers over ZeroMQ")
    parser.add_argument("--slot-ms", type=int, default=3_000, help="length of a slot")
    parser.add_argument(
        "--backdated-ms", type=int, default=43_200_000, help="age of the genesis at the start"
    )
    parser.add_argument("--produce", action="store_true", help="make blocks in the slots of real time")
    parser.add_argument("--internal", action="store_true", help="keep internal transactions")
    parser.add_argument("--journal", type=Path, help="a file to keep the chain in, and to begin from")
    given = parser.parse_args()
    settings = Settings(
        ports=(given.port, *([given.second_port] if given.second_port else [])),
        zmq_port=given.zmq_port,
        slot_ms=given.slot_ms,
        backdated_ms=given.backdated_ms,
        produces=given.produce,
        internal_transactions=given.internal,
        journal=given.journal,
    )
    asyncio.run(run(settings))


if __name__ == "__main__":
    main()
