"""A local EVM chain: anvil, with the block production a test or the demo asks for."""

import gzip
import itertools
import json
import signal
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devstack.fetching import anvil_program
from devstack.ported import PortedServer
from devstack.processes import LOCALHOST, Child, accepts, free_port

RPC_SECONDS = 20


class RpcError(Exception):
    """The node answered a call with an error."""

    def __init__(self, method: str, code: int, message: str) -> None:
        super().__init__(f"{method}: {message} (code {code})")
        self.method = method
        self.code = code
        self.message = message


class Anvil(PortedServer):
    """One chain. It mines a block per transaction, one every `block_time` seconds, or only when told to."""

    def __init__(  # noqa: PLR0913 - each is one option of the program, and keyword-only
        self,
        directory: Path,
        *,
        chain_id: int = 31337,
        block_time: int | None = None,
        mining: bool = True,
        slots_in_an_epoch: int = 32,
        accounts: int = 10,
        mnemonic: str | None = None,
        state: Path | None = None,
        port: int | None = None,
        name: str = "anvil",
    ) -> None:
        """Log into `directory`.

        `slots_in_an_epoch` sets how far `safe` (one epoch) and `finalized` (two) stay behind the head.
        With a `state` file the chain is written at a stop and read at a start.
        """
        super().__init__()
        self.directory = directory
        self.chain_id = chain_id
        self.port = free_port(port)
        self.name = name
        self._state = state
        self._block_time = block_time
        self._ids = itertools.count(1)
        self._options = [
            *("--chain-id", str(chain_id)),
            *("--slots-in-an-epoch", str(slots_in_an_epoch)),
            *("--accounts", str(accounts)),
            *(("--block-time", str(block_time)) if block_time is not None else ()),
            *(() if mining else ("--no-mining",)),
            *(("--mnemonic", mnemonic) if mnemonic is not None else ()),
        ]

    @property
    def url(self) -> str:
        return f"http://{LOCALHOST}:{self.port}"

    def rpc(self, method: str, *params: object) -> object:
        """Call the node and return its result. Raises RpcError for an error, OSError when nobody answers."""
        body = json.dumps({"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params})
        request = urllib.request.Request(self.url, body.encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=RPC_SECONDS) as response:
            answer: dict[str, object] = json.load(response)
        error = answer.get("error")
        if isinstance(error, dict):
            raise RpcError(method, int(error["code"]), str(error["message"]))
        return answer["result"]

    def mine(self, blocks: int = 1) -> None:
        """Mine blocks now."""
        self.rpc("anvil_mine", hex(blocks))

    def final_height(self) -> int:
        """The height of the block that the node calls final."""
        block = self.rpc("eth_getBlockByNumber", "finalized", False)  # noqa: FBT003 - JSON-RPC counts places
        assert isinstance(block, dict)
        return int(str(block["number"]), 16)

    def crash(self) -> None:
        """End without a warning, as a node whose disk keeps its blocks: what waits to be mined is forgotten.

        `restart` goes on from there; a block that was mined meanwhile is gone, as after any such death.
        """
        saved = str(self.rpc("anvil_dumpState"))
        if self._state is None:
            self._state = self.directory / f"{self.name}.state.json"
        self._state.write_bytes(gzip.decompress(bytes.fromhex(saved.removeprefix("0x"))))
        self.kill()

    def reorg(self, depth: int) -> None:
        """Replace the last `depth` blocks by as many empty ones."""
        self.rpc("anvil_reorg", depth, [])

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Mine only when told to, until the end; then a block comes every `block_time` seconds again."""
        assert self._block_time is not None, "this chain has no interval to return to"
        self.rpc("evm_setIntervalMining", 0)
        try:
            yield
        finally:
            self.rpc("evm_setIntervalMining", self._block_time)

    def accounts(self) -> list[str]:
        """Return the addresses whose transactions the node signs itself, lower case."""
        found = self.rpc("eth_accounts")
        assert isinstance(found, list)
        return [str(address).lower() for address in found]

    def fund(self, address: str, units: int) -> None:
        """Set the native balance of an address, in wei."""
        self.rpc("anvil_setBalance", address, hex(units))

    def _make_child(self) -> Child:
        state = ("--state", str(self._state)) if self._state is not None else ()
        place = ("--host", LOCALHOST, "--port", str(self.port))
        return Child(
            self.name,
            [str(anvil_program()), *place, *self._options, *state],
            self.directory / f"{self.name}.log",
            stop_signal=signal.SIGINT,  # the one it answers by writing its state
        )

    def _choose_ports(self) -> None:
        self.port = free_port()

    def _answers(self) -> bool:
        if not accepts(self.port):
            return False
        try:
            return self.rpc("eth_chainId") == hex(self.chain_id)
        except OSError:
            return False
