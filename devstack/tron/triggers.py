"""Block triggers over ZeroMQ, as java-tron's own queue publishes them: a topic and a JSON text.

The queue promises nothing: `notices` may drop, repeat or swap them, and a fork tells of the blocks it left.
"""

import json
from collections.abc import Mapping

import zmq

from devstack.faults.head_streams import Notices, as_they_come, repeated, silent, swapped
from devstack.processes import LOCALHOST
from devstack.tron.blocks import ChainBlock
from devstack.tron.chain import TronChain

TOPIC = "block"
QUEUE_LENGTH = 1000
MODES: dict[str, Notices] = {"as_they_come": as_they_come, "drop": silent, "repeat": repeated(2)}
SWAP = "swap"


class Triggers:
    """The publisher of one chain."""

    def __init__(self, chain: TronChain, port: int) -> None:
        """Bind on this machine. Raises zmq.ZMQError when the port is taken."""
        self.notices: Notices = as_they_come
        self.tells_removed = True
        self._chain = chain
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.PUB)
        self._socket.sndhwm = QUEUE_LENGTH
        self._socket.linger = 0
        self._socket.bind(f"tcp://{LOCALHOST}:{port}")
        chain.on_block(self._publish)

    def close(self) -> None:
        """Give the port back."""
        self._socket.close()
        self._context.term()

    def distort(self, mode: str) -> None:
        """Publish as the mode says: as_they_come, drop, repeat or swap. Raises KeyError for another."""
        self.notices = swapped() if mode == SWAP else MODES[mode]

    def _publish(self, block: ChainBlock, removed: bool) -> None:  # noqa: FBT001 - the shape of a listener
        if removed and not self.tells_removed:
            return
        for notice in self.notices(self._trigger(block, removed=removed)):
            self._socket.send_multipart([TOPIC.encode(), json.dumps(notice).encode()])

    def _trigger(self, block: ChainBlock, *, removed: bool) -> Mapping[str, object]:
        return {
            "timeStamp": block.time_ms,
            "triggerName": "blockTrigger",
            "blockNumber": block.number,
            "blockHash": block.id.hex(),
            "transactionSize": len(block.transactions),
            "latestSolidifiedBlockNumber": self._chain.solid.number,
            "transactionList": [transaction.txid.hex() for transaction in block.transactions],
            **({"removed": True} if removed else {}),
        }
