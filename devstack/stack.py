"""The embedded stack: PostgreSQL, Temporal, EVM chains, Tron, and every process of Croupier on loopback."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

from devstack.dynamic_config import Profile
from devstack.evm_network import LocalEvm
from devstack.key_material import KeyMaterial, draw_secrets
from devstack.lending import trigger
from devstack.local_chains import LocalChain
from devstack.postgres import Postgres
from devstack.processes import Child, free_port, http_ok
from devstack.seeding import OPERATOR, WALLETS_PER_NETWORK, SeededHouse, seed
from devstack.temporal import TemporalServer
from devstack.tron_network import LocalTron
from workers.registry import PROCESSES
from workflows.names import energy_round_id

CHAIN_IDS = (31337, 31338)
SLOTS_IN_AN_EPOCH = 3
TRON_SLOT_MS = 500
"""Six times as fast as the network itself, so that a final block comes after nine seconds."""
READY_SECONDS = 90
SECOND = "-2"
CHECKOUT = Path(__file__).resolve().parent.parent

Progress = Callable[[str], None]


class Stoppable(Protocol):
    """Something that was started."""

    def stop(self) -> None: ...


@dataclass(slots=True)
class Stack:
    """One running house; `processes` by name, each to be killed or restarted on its own."""

    directory: Path
    postgres: Postgres
    temporal: TemporalServer
    chains: tuple[LocalEvm, ...]
    tron: LocalTron | None
    keys: KeyMaterial
    house: SeededHouse
    player_port: int
    operator_port: int
    processes: dict[str, Child] = field(default_factory=dict)

    @property
    def player_url(self) -> str:
        return f"http://127.0.0.1:{self.player_port}"

    @property
    def operator_url(self) -> str:
        return f"http://127.0.0.1:{self.operator_port}"

    def start_process(self, name: str) -> None:
        """Start one process of Croupier, or start it again, and wait until it serves."""
        child = self.processes.get(name) or self._child(name)
        self.processes[name] = child
        child.start(self._is_ready(name), timeout_seconds=READY_SECONDS)

    def start_endless(self) -> None:
        """Start the endless workflows, as a deploy does; raises CalledProcessError with what was said."""
        subprocess.run(
            [sys.executable, "-m", "workers", "schedules"],
            env={**os.environ, **self._environment("schedules")},
            cwd=CHECKOUT,
            check=True,
            capture_output=True,
        )

    def kill_process(self, name: str) -> None:
        """End one process without a warning."""
        self.processes[name].kill()

    def _child(self, name: str) -> Child:
        return Child(
            name,
            [sys.executable, "-m", *self._command(name)],
            self.directory / "logs" / f"{name}.log",
            environment={**os.environ, **self._environment(name)},
            directory=CHECKOUT,
        )

    def _command(self, name: str) -> list[str]:
        if name == "api":
            ports = ["--player-port", str(self.player_port), "--operator-port", str(self.operator_port)]
            return ["api", "player", "operator", *ports]
        if name == "signer":
            return ["signer"]
        return ["workers", _process(name)]

    def _environment(self, name: str) -> dict[str, str]:
        keys = self.keys
        if name == "signer":
            return {
                "CROUPIER_SIGNER_DATABASE_PORT": str(self.postgres.port),
                "CROUPIER_SIGNER_DATABASE_PASSWORD_FILE": str(keys.password_file("croupier_signer")),
                "CROUPIER_SIGNER_KEYSTORE_DIRECTORY": str(keys.keystore),
                "CROUPIER_SIGNER_KEYSTORE_PASSWORD_FILE": str(keys.keystore_password_file),
                "CROUPIER_SIGNER_POLICY_FILE": str(self.house.policy_file),
                "CROUPIER_SIGNER_TEMPORAL_ADDRESS": self.temporal.address,
                "CROUPIER_SIGNER_HEALTH_FILE": str(self._health_file(name)),
            }
        role = "croupier_api" if name == "api" else _role(name)
        shared = {
            "CROUPIER_DATABASE_PORT": str(self.postgres.port),
            "CROUPIER_DATABASE_ROLE": role,
            "CROUPIER_DATABASE_PASSWORD_FILE": str(keys.password_file(role)),
            "CROUPIER_TEMPORAL_ADDRESS": self.temporal.address,
            "CROUPIER_HOUSE_FILE": str(self.house.house_file),
        }
        if name == "api":
            return {
                **shared,
                "CROUPIER_DOOR_TOKEN_KEY_FILE": str(keys.token_key_file),
                "CROUPIER_DOOR_OPERATOR_KEYS_FILE": str(keys.operator_keys_file),
            }
        return {
            **shared,
            "CROUPIER_SEEDS_KEY_FILE": str(keys.seed_key_file),
            "CROUPIER_WORKER_HEALTH_FILE": str(self._health_file(name)),
        }

    def _health_file(self, name: str) -> Path:
        return self.directory / "health" / name

    def _is_ready(self, name: str) -> Callable[[], bool]:
        if name == "api":
            return partial(http_ok, f"{self.player_url}/health/ready")
        self._health_file(name).unlink(missing_ok=True)
        return self._health_file(name).exists


@contextmanager
def running_stack(  # noqa: PLR0913 - what one house differs in from another; all but two have defaults
    directory: Path,
    *,
    say: Progress,
    keep: bool = False,
    profile: Profile = "demo",
    dry: Collection[int] = (),
    chain_ids: Sequence[int] = CHAIN_IDS,
    tron_slot_ms: int | None = None,
    wallets_per_network: int = WALLETS_PER_NETWORK,
    twice: Collection[str] = (),
    ports: tuple[int | None, int | None] = (None, None),
) -> Iterator[Stack]:
    """Start everything, yield it, and stop what was started, whatever happens in between.

    `dry` are the ids of EVM chains whose hot wallets begin without tokens, `twice` the processes that get a
    second one beside them. There is a Tron network only where its slots have a length. The player and the
    operator listener take `ports` if these are free; houses that start at once had better not wish for any.
    """
    (directory / "health").mkdir(parents=True, exist_ok=True)
    (directory / "logs").mkdir(parents=True, exist_ok=True)
    postgres = Postgres(directory / "postgres", keep=keep)
    temporal = TemporalServer(
        directory / "temporal", profile=profile, database=directory / "temporal.sqlite" if keep else None
    )
    chains = tuple(
        LocalEvm(
            directory / "anvil",
            chain_id=chain_id,
            block_time=1,
            slots_in_an_epoch=SLOTS_IN_AN_EPOCH,
            name=f"anvil-{chain_id}",
        )
        for chain_id in chain_ids
    )
    tron = None if tron_slot_ms is None else LocalTron(directory / "tron", slot_ms=tron_slot_ms)
    networks = _every(chains, tron)
    processes: dict[str, Child] = {}
    try:
        say("starting PostgreSQL, Temporal and the chains")
        with ThreadPoolExecutor() as pool:
            starts = [postgres.start, temporal.start, *(chain.start for chain in networks)]
            for future in [pool.submit(start) for start in starts]:
                future.result()
        say("creating schemas, roles, keys and wallets")
        keys = draw_secrets(directory / "secrets", OPERATOR)
        house = seed(
            directory, postgres, chains, tron, keys, wallets_per_network=wallets_per_network, dry=dry
        )
        listeners = (free_port(ports[0]), free_port(ports[1]))
        stack = Stack(directory, postgres, temporal, chains, tron, keys, house, *listeners, processes)
        say("starting the signer, the workers and the API")
        _start_all(stack, twice)
        yield stack
    finally:
        _stop_all(processes.values())
        _stop_all([*networks, temporal])
        postgres.stop()


def _every(chains: Sequence[LocalEvm], tron: LocalTron | None) -> tuple[LocalChain, ...]:
    return (*chains,) if tron is None else (*chains, tron)


def _start_all(stack: Stack, twice: Collection[str]) -> None:
    names = ["signer", *PROCESSES, *(f"{name}{SECOND}" for name in twice), "api"]
    with ThreadPoolExecutor(max_workers=3) as pool:
        for future in [pool.submit(stack.start_process, name) for name in names]:
            future.result()
    stack.start_endless()
    if stack.tron is not None:
        asyncio.run(trigger(stack.temporal.address, energy_round_id(stack.tron.network)))


def _stop_all(started: Iterable[Stoppable]) -> None:
    """Stop at once what does not need each other; raises what went wrong when all of it was asked."""
    with ThreadPoolExecutor() as pool:
        stops = [pool.submit(one.stop) for one in started]
    for stopped in stops:
        stopped.result()


def _process(name: str) -> str:
    """What a child runs; the second of a kind runs the same."""
    return name.removesuffix(SECOND)


def _role(name: str) -> str:
    process = _process(name)
    return PROCESSES[process].role if process in PROCESSES else "croupier_ops"
