"""A local EVM chain: anvil, with the block production a test or the demo asks for."""

import itertools
import json
import signal
import urllib.request
from pathlib import Path

from devstack.fetching import anvil_program
from devstack.processes import LOCALHOST, Child, ChildFailed, accepts, free_port

RPC_SECONDS = 20
START_ATTEMPTS = 3


class RpcError(Exception):
    """The node answered a call with an error."""

    def __init__(self, method: str, code: int, message: str) -> None:
        super().__init__(f"{method}: {message} (code {code})")
        self.method = method
        self.code = code
        self.message = message


class Anvil:
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
        self.directory = directory
        self.chain_id = chain_id
        self.port = free_port(port)
        self.name = name
        self._state = state
        self._child: Child | None = None
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

    def start(self) -> None:
        """Start and wait until the chain answers with its id. Raises ChildFailed when it does not."""
        for attempt in range(START_ATTEMPTS):
            state = ("--state", str(self._state)) if self._state is not None else ()
            place = ("--host", LOCALHOST, "--port", str(self.port))
            self._child = Child(
                self.name,
                [str(anvil_program()), *place, *self._options, *state],
                self.directory / f"{self.name}.log",
                stop_signal=signal.SIGINT,  # the one it answers by writing its state
            )
            try:
                self._child.start(self._answers)
            except ChildFailed as failure:
                if "in use" not in str(failure) or attempt + 1 == START_ATTEMPTS:
                    raise
                self.port = free_port()
            else:
                return

    def stop(self) -> None:
        """Stop in order, writing the state file if there is one."""
        if self._child is not None:
            self._child.stop()

    def kill(self) -> None:
        """End the chain without a warning."""
        assert self._child is not None
        self._child.kill()

    def restart(self) -> None:
        """Start again on the same port; without a state file the chain begins anew."""
        self.stop()
        self.start()

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

    def reorg(self, depth: int) -> None:
        """Replace the last `depth` blocks by as many empty ones."""
        self.rpc("anvil_reorg", depth, [])

    def accounts(self) -> list[str]:
        """Return the addresses whose transactions the node signs itself, lower case."""
        found = self.rpc("eth_accounts")
        assert isinstance(found, list)
        return [str(address).lower() for address in found]

    def fund(self, address: str, units: int) -> None:
        """Set the native balance of an address, in wei."""
        self.rpc("anvil_setBalance", address, hex(units))

    def _answers(self) -> bool:
        if not accepts(self.port):
            return False
        try:
            return self.rpc("eth_chainId") == hex(self.chain_id)
        except OSError:
            return False
