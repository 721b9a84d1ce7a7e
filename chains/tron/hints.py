"""New blocks as one node tells them over ZeroMQ: hints to look, which may all be lost.

The queue drops silently, repeats and reorders. Only the newest of what waits is given out; the library opens
the connection again by itself. Truth and order of what is told mean nothing, because whoever is woken by it
walks the chain by block id.
"""

import json
from collections.abc import AsyncGenerator

import zmq
from zmq.asyncio import Context, Socket

from chains.tron.answers import hash_member, whole_member
from domain.onchain import BlockRef, HeadHint

PING_MS = 10_000
RECONNECT_MS_MIN = 500
RECONNECT_MS_MAX = 30_000
MESSAGES_WAITING_MAX = 100
MESSAGE_BYTES_MAX = 2**22


async def head_hints(url: str) -> AsyncGenerator[HeadHint, None]:
    """The newest block each time one is told, for ever; without a `url` none at all."""
    if not url:
        return
    with Context() as context, context.socket(zmq.SUB) as socket:
        for option, value in (
            (zmq.LINGER, 0),
            (zmq.RCVHWM, MESSAGES_WAITING_MAX),
            (zmq.MAXMSGSIZE, MESSAGE_BYTES_MAX),
            (zmq.HEARTBEAT_IVL, PING_MS),
            (zmq.RECONNECT_IVL, RECONNECT_MS_MIN),
            (zmq.RECONNECT_IVL_MAX, RECONNECT_MS_MAX),
        ):
            socket.setsockopt(option, value)
        socket.subscribe(b"")
        socket.connect(url)
        while True:
            hint = _read(await _newest(socket))
            if hint is not None:
                yield hint


async def _newest(socket: Socket) -> bytes:
    """The last part of the newest message: wait for one, then take what waits behind it."""
    newest = (await socket.recv_multipart())[-1]
    while await socket.poll(0):
        newest = (await socket.recv_multipart())[-1]
    return newest


def _read(told: bytes) -> HeadHint | None:
    try:
        answer = json.loads(told)
        return HeadHint(BlockRef(whole_member(answer, "blockNumber"), hash_member(answer, "blockHash")))
    except (ValueError, RecursionError):
        return None
