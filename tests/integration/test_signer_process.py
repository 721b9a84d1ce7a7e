"""The signer as it is run: prepared by its commands, asked through Temporal, killed and started again."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import Client, WorkflowFailureError
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from chains.codecs.hdkeys import AccountAddresses
from devstack.postgres import Postgres
from devstack.processes import Child
from devstack.temporal import MONEY_NAMESPACE, TemporalServer
from domain.signing import (
    CONFIRM_ADDRESSES_ACTIVITY,
    SIGN_ACTIVITY,
    AddressRange,
    ConfirmedAddresses,
    SignedAnswer,
    SigningIntent,
    sign_queue,
)
from signer.running import now_ms
from signer.signing import Vault
from tests.support.signing import (
    FIRST_NONCE,
    TOKEN,
    VIEWS,
    SigningHouse,
    make_intent,
)

NETWORK = "eip155:424242"
DATABASE, ROLE, ROLE_PASSWORD = "signer_process", "signer_of_process", "only for this test"
KEYSTORE_PASSWORD = "a password of this test run"
ROOT = Path(__file__).parents[2]


@workflow.defn(name="AskSigner")
class AskSigner:
    """Asks once, as the withdrawal does."""

    @workflow.run
    async def run(self, intent: SigningIntent) -> SignedAnswer:
        answer: SignedAnswer = await workflow.execute_activity(
            SIGN_ACTIVITY,
            intent,
            result_type=SignedAnswer,
            task_queue=sign_queue(NETWORK),
            schedule_to_close_timeout=timedelta(seconds=40),
            start_to_close_timeout=timedelta(seconds=15),
        )
        return answer


@workflow.defn(name="AskForAddresses")
class AskForAddresses:
    """Asks for the confirmation of a pool."""

    @workflow.run
    async def run(self, wanted: AddressRange) -> ConfirmedAddresses:
        confirmed: ConfirmedAddresses = await workflow.execute_activity(
            CONFIRM_ADDRESSES_ACTIVITY,
            wanted,
            result_type=ConfirmedAddresses,
            task_queue=sign_queue(NETWORK),
            start_to_close_timeout=timedelta(seconds=15),
        )
        return confirmed


@dataclass(frozen=True, slots=True)
class PreparedHouse:
    """What the signer's commands have made, and the environment of the process that signs for it."""

    house: SigningHouse
    wallet: bytes
    xpub: str
    environment: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignerProcess:
    """The process and the file by which it says that it serves."""

    health: Path
    child: Child

    def start(self) -> None:
        self.health.unlink(missing_ok=True)
        self.child.start(self.health.exists)


def run_command(environment: Mapping[str, str], *arguments: str) -> str:
    """Run `python -m signer` to its end and return what it printed."""
    command = [sys.executable, "-m", "signer", *arguments]
    done = subprocess.run(
        command, env=dict(environment), cwd=ROOT, capture_output=True, text=True, check=False, timeout=50
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def prepared(
    postgres: Postgres, temporal_server: TemporalServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PreparedHouse]:
    """Yield keys, schema, lane and policy, prepared by the signer's own commands."""
    directory = tmp_path_factory.mktemp("signer")
    secrets = {"admin": postgres.password, "role": ROLE_PASSWORD, "keystore": KEYSTORE_PASSWORD}
    for name, secret in secrets.items():
        (directory / name).write_text(secret, encoding="utf-8")
    postgres.create_database(DATABASE)
    common = {
        "PATH": os.environ["PATH"],
        "CROUPIER_SIGNER_DATABASE_PORT": str(postgres.port),
        "CROUPIER_SIGNER_DATABASE_NAME": DATABASE,
        "CROUPIER_SIGNER_KEYSTORE_DIRECTORY": str(directory / "keys"),
        "CROUPIER_SIGNER_KEYSTORE_PASSWORD_FILE": str(directory / "keystore"),
    }
    owner = common | {
        "CROUPIER_SIGNER_DATABASE_ROLE": postgres.superuser,
        "CROUPIER_SIGNER_DATABASE_PASSWORD_FILE": str(directory / "admin"),
    }
    run_command(owner, "migrate")
    keys = json.loads(run_command(owner, "keygen", "--wallets", "1", "--account", "0"))
    [address], [account] = keys["wallets"], keys["accounts"]
    assert run_command(owner, "register-wallet", NETWORK, address, str(FIRST_NONCE)) == "opened\n"
    assert run_command(owner, "register-wallet", NETWORK, address, "0") == "has a lane already\n"
    (directory / "policy.toml").write_text(
        f'[[networks]]\nnetwork = "{NETWORK}"\ngas_limit_max = 200000\nfee_cap_max = "{10**16}"\n'
        f'assets = [{{ id = 2, contract = "0x{TOKEN.hex()}" }}]\nwallets = [{{ address = "{address}" }}]\n',
        encoding="utf-8",
    )
    house = SigningHouse(postgres.dsn(database=DATABASE), "", Vault({}, {}))
    house.execute(VIEWS)
    house.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{ROLE_PASSWORD}' IN ROLE croupier_signer")
    environment = common | {
        "CROUPIER_SIGNER_DATABASE_ROLE": ROLE,
        "CROUPIER_SIGNER_DATABASE_PASSWORD_FILE": str(directory / "role"),
        "CROUPIER_SIGNER_TEMPORAL_ADDRESS": temporal_server.address,
        "CROUPIER_SIGNER_POLICY_FILE": str(directory / "policy.toml"),
    }
    yield PreparedHouse(house, bytes.fromhex(address[2:]), account["xpub"], environment)
    postgres.drop_database(DATABASE)


@pytest.fixture
def process(prepared: PreparedHouse, tmp_path: Path) -> Iterator[SignerProcess]:
    """Yield the signer of the prepared house, not yet started."""
    health = tmp_path / "health"
    child = Child(
        "signer",
        [sys.executable, "-m", "signer"],
        tmp_path / "log",
        environment=dict(prepared.environment) | {"CROUPIER_SIGNER_HEALTH_FILE": str(health)},
        directory=ROOT,
    )
    yield SignerProcess(health, child)
    if child.running:
        child.stop()


async def connect(server: TemporalServer) -> Client:
    """Connect as a process that asks the signer does."""
    return await Client.connect(
        server.address, namespace=MONEY_NAMESPACE, data_converter=pydantic_data_converter
    )


async def test_process_signs_dies_and_answers_again(
    prepared: PreparedHouse, process: SignerProcess, temporal_server: TemporalServer, task_queue: str
) -> None:
    """A signer killed after signing answers the same hash when it is back, and stops in order."""
    owed = prepared.house.owe(wallet=prepared.wallet, chain_id=NETWORK, withdrawal_network=NETWORK)
    intent = make_intent(owed.send_id, prepared.wallet, network=NETWORK, planned_at_ms=now_ms())
    client = await connect(temporal_server)
    runner = UnsandboxedWorkflowRunner()
    async with Worker(
        client, task_queue=task_queue, workflows=[AskSigner, AskForAddresses], workflow_runner=runner
    ):
        process.start()
        first = await client.execute_workflow(
            AskSigner.run, intent, id=f"{task_queue}-1", task_queue=task_queue
        )
        process.child.kill()
        process.start()
        again = await client.execute_workflow(
            AskSigner.run, intent, id=f"{task_queue}-2", task_queue=task_queue
        )
        wanted = AddressRange(family="eip155", account=0, first=0, last=2)
        pool = await client.execute_workflow(
            AskForAddresses.run, wanted, id=f"{task_queue}-3", task_queue=task_queue
        )
        with pytest.raises(WorkflowFailureError) as refused:
            await client.execute_workflow(
                AskSigner.run,
                intent.model_copy(update={"attempt": 2}),
                id=f"{task_queue}-4",
                task_queue=task_queue,
            )
    assert first == SignedAnswer(txid=first.txid, nonce=FIRST_NONCE, repeat=False)
    assert again == SignedAnswer(txid=first.txid, nonce=FIRST_NONCE, repeat=True)
    public = AccountAddresses(prepared.xpub)
    assert pool.addresses == tuple(public.derive(index) for index in range(3))
    assert refusal_behind(refused.value) == ("REFUSED_BY_SIGNER", "MAY_STILL_LAND")
    process.child.stop()
    assert process.child.exit_code == 0
    assert not process.health.exists()


def test_memory_is_private() -> None:
    """After the first act of the process the kernel writes no core file and lets nobody attach."""
    program = (
        "import ctypes, resource; from signer.shielding import forbid_dumps; forbid_dumps();"
        "print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=50
    )
    assert done.stdout == "0 (0, 0)\n"


def test_core_files_are_off_in_the_running_process(process: SignerProcess) -> None:
    """The process that serves has no room for a core file."""
    process.start()
    limits = Path(f"/proc/{process.child.pid}/limits").read_text(encoding="ascii")
    [core] = [line for line in limits.splitlines() if line.startswith("Max core file size")]
    assert core.split()[4:6] == ["0", "0"]


def test_secrets_are_not_arguments_or_output(process: SignerProcess) -> None:
    """Neither the log nor the command line of a running signer holds a password."""
    process.start()
    command_line = Path(f"/proc/{process.child.pid}/cmdline").read_bytes().decode()
    process.child.stop()
    shown = command_line + process.child.tail(500)
    assert "signing for" in shown
    for secret in (ROLE_PASSWORD, KEYSTORE_PASSWORD):
        assert secret not in shown


def test_signer_stops_while_temporal_is_away(prepared: PreparedHouse, tmp_path: Path) -> None:
    """A signer that waits for Temporal still obeys a request to stop."""
    environment = dict(prepared.environment) | {"CROUPIER_SIGNER_TEMPORAL_ADDRESS": "127.0.0.1:1"}
    with (tmp_path / "waiting").open("wb") as log:
        waiting = subprocess.Popen(
            [sys.executable, "-m", "signer"], env=environment, cwd=ROOT, stdout=log, stderr=log
        )
        try:
            while b"does not answer yet" not in (tmp_path / "waiting").read_bytes():
                assert waiting.poll() is None, (tmp_path / "waiting").read_text(encoding="utf-8")
                time.sleep(0.05)
            waiting.send_signal(signal.SIGTERM)
            assert waiting.wait(timeout=30) == 0
        finally:
            waiting.kill()
            waiting.wait()


def test_wrong_password_is_one_sentence(prepared: PreparedHouse, tmp_path: Path) -> None:
    """A keystore that does not open ends the start with a sentence and without a traceback."""
    other = tmp_path / "other-password"
    other.write_text("another", encoding="utf-8")
    environment = dict(prepared.environment) | {"CROUPIER_SIGNER_KEYSTORE_PASSWORD_FILE": str(other)}
    done = subprocess.run(
        [sys.executable, "-m", "signer"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    assert done.returncode == 1
    assert "does not open with this password" in done.stderr
    assert "Traceback" not in done.stderr


def refusal_behind(error: WorkflowFailureError) -> tuple[str | None, object]:
    """Return type and first detail of the activity's failure, as a workflow reads them."""
    cause = error.cause.cause if isinstance(error.cause, ActivityError) else error.cause
    assert isinstance(cause, ApplicationError), cause
    return cause.type, cause.details[0]
