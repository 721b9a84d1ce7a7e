"""The devnet as a child process: what tests, the demo and the bench start."""

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from devstack.ported import PortedServer
from devstack.processes import LOCALHOST, Child, accepts, free_port
from devstack.tron.addresses import show
from devstack.tron.genesis import DevContracts, dev_address, dev_contracts, dev_key

CALL_SECONDS = 20
WORKING_DIRECTORY = Path(__file__).resolve().parents[2]
SOLID_BLOCKS = 19


class DevnetError(Exception):
    """The devnet refused a lever, or a node answered with an error."""


class TronDevnet(PortedServer):
    """One chain and two nodes upon it; blocks come when told to, or in the slots of real time.

    Each node serves `wallet/*` and `walletsolidity/*` on its own port; levers can be pulled on either, knobs
    are those of the node they are called on.
    """

    start_seconds = 180  # a long journal is made again block by block

    def __init__(  # noqa: PLR0913 - each is one option of the program, and keyword-only
        self,
        directory: Path,
        *,
        slot_ms: int = 3_000,
        backdated_ms: int = 43_200_000,
        produces: bool = False,
        internal_transactions: bool = False,
        journal: Path | None = None,
        port: int | None = None,
        name: str = "tron",
    ) -> None:
        """Log into `directory`.

        The genesis is `backdated_ms` old, which leaves room for so much of mining faster than real time. The
        chain outlives a crash of its process; with a `journal` file of its own also this object.
        """
        super().__init__()
        self.directory = directory
        self.name = name
        self.port = free_port(port)
        self.second_port = free_port()
        self.zmq_port = free_port()
        if journal is None:
            journal = directory / f"{name}.journal"
            journal.unlink(missing_ok=True)
        self._options = [
            *("--journal", str(journal)),
            *("--slot-ms", str(slot_ms)),
            *("--backdated-ms", str(backdated_ms)),
            *(("--produce",) if produces else ()),
            *(("--internal",) if internal_transactions else ()),
        ]

    @property
    def url(self) -> str:
        """The first node, as tronpy and the adapter want it."""
        return f"http://{LOCALHOST}:{self.port}"

    @property
    def solidity_url(self) -> str:
        """Where `walletsolidity/*` is: the same node."""
        return self.url

    @property
    def second_url(self) -> str:
        """Another node on the same chain, with faults of its own."""
        return f"http://{LOCALHOST}:{self.second_port}"

    @property
    def zmq_url(self) -> str:
        """Where block triggers are published."""
        return f"tcp://{LOCALHOST}:{self.zmq_port}"

    @property
    def contracts(self) -> DevContracts:
        """The contracts of the genesis, addresses of 21 bytes."""
        return dev_contracts()

    def account(self, index: int) -> tuple[bytes, str]:
        """Return the private key (32 bytes) and the base58 address of a funded account."""
        return dev_key(index).secret, show(dev_address(index))

    def ask(self, path: str, *, second: bool = False, **params: object) -> Any:  # noqa: ANN401 - JSON of any shape
        """Call a node: `ask("wallet/getnowblock")`. Raises OSError when nobody answers."""
        return _post(f"{self.second_url if second else self.url}/{path}", params)

    def dev(self, name: str, *, second: bool = False, **params: object) -> dict[str, Any]:
        """Pull a lever or turn a knob. Raises DevnetError with the reason when it cannot be done."""
        answer = _post(f"{self.second_url if second else self.url}/dev/{name}", params)
        assert isinstance(answer, dict)
        return answer

    def mine(
        self,
        blocks: int = 1,
        *,
        only: Iterable[str] | None = None,
        without: Iterable[str] = (),
        skip_slots: int = 0,
    ) -> dict[str, Any]:
        """Make blocks; `only` and `without` (transaction ids in hex) choose among what waits."""
        chosen = None if only is None else list(only)
        return self.dev("mine", blocks=blocks, only=chosen, without=list(without), skip_slots=skip_slots)

    def solidify(self) -> dict[str, Any]:
        """Make the present head solid by enough blocks of other producers on top."""
        return self.mine(SOLID_BLOCKS)

    def fork(
        self,
        depth: int,
        *,
        without: Iterable[str] = (),
        again: Iterable[str] = (),
        timing_out: Iterable[str] = (),
    ) -> dict[str, Any]:
        """Replace the newest blocks by a branch one higher; see `TronChain.fork`."""
        return self.dev(
            "fork", depth=depth, without=list(without), again=list(again), timing_out=list(timing_out)
        )

    def crash(self) -> None:
        """End without a warning; `restart` comes back with every block that was shown, and an empty pool."""
        self.kill()

    def fund(self, address: str, sun: int) -> None:
        """Give an address TRX that no transaction explains; the next block holds it."""
        self.dev("credit", address=address, sun=sun)

    def inject(self, path: str, fault: str, *, second: bool = False, **given: object) -> int:
        """Let a named fault happen to calls of a path; return its number. See `knobs.FAULTS`."""
        return int(self.dev("fault", second=second, path=path, fault=fault, **given)["fault"])

    def heal(self) -> None:
        """No more faults at either node."""
        self.dev("heal")
        self.dev("heal", second=True)

    def _make_child(self) -> Child:
        ports = (
            *("--port", str(self.port)),
            *("--second-port", str(self.second_port)),
            *("--zmq-port", str(self.zmq_port)),
        )
        return Child(
            self.name,
            [sys.executable, "-m", "devstack.tron", *ports, *self._options],
            self.directory / f"{self.name}.log",
            directory=WORKING_DIRECTORY,
        )

    def _choose_ports(self) -> None:
        self.port, self.second_port, self.zmq_port = free_port(), free_port(), free_port()

    def _answers(self) -> bool:
        try:
            return accepts(self.port) and accepts(self.second_port) and bool(self.dev("status"))
        except OSError:
            return False


def _post(url: str, params: Mapping[str, object]) -> object:
    body = json.dumps(params).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=CALL_SECONDS) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refusal:
        raise DevnetError(f"{url}: {refusal.status} {refusal.read().decode(errors='replace')}") from None
