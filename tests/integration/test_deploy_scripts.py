"""The scripts of deploy/ do on real servers what the compose file runs them for."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psycopg
import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey

from api.callers import operator_key_digest
from bootstrap.keyring import read_field_cipher
from devstack.postgres import Postgres
from devstack.processes import Child, accepts, free_port
from devstack.runs import CHECKOUT
from workflows import names

DEPLOY = CHECKOUT / "deploy"
PROGRAMS = Path(sys.prefix) / "bin"
RETENTION_DAYS = {names.BETS_NAMESPACE: 3, names.MONEY_NAMESPACE: 90}
ATTRIBUTES = {
    value.name: int(value.indexed_value_type)
    for value in vars(names).values()
    if isinstance(value, SearchAttributeKey)
}


def draw_secrets(directory: Path, *arguments: str) -> str:
    """Run the command an operator runs; what it printed."""
    command = [sys.executable, str(DEPLOY / "create_secrets.py"), "--directory", str(directory), *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout


@pytest.fixture
def bare_temporal(tmp_path: Path) -> Iterator[str]:
    """Return the address of a Temporal server on which nothing has been prepared."""
    port = free_port()
    arguments = [
        str(PROGRAMS / "temporal"),
        "server",
        "start-dev",
        "--headless",
        "--ip",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    server = Child("Temporal server", [*arguments, "--log-level", "warn"], tmp_path / "temporal.log")
    server.start(partial(accepts, port))
    yield f"127.0.0.1:{port}"
    server.stop()


def create_namespaces(address: str) -> None:
    """Run the script of the one-shot service against this server."""
    environment = {
        "PATH": f"{PROGRAMS}:{os.environ['PATH']}",
        "TEMPORAL_ADDRESS": address,
        "HOME": "/nonexistent",
    }
    script = DEPLOY / "temporal" / "create-namespaces.sh"
    subprocess.run([script], check=True, env=environment, capture_output=True)


def migrate_both(server: Postgres, password_file: Path) -> None:
    """Run both migration jobs with the variables the compose file gives them."""
    for module, prefix in (("workers", "CROUPIER_MIGRATION_"), ("signer", "CROUPIER_SIGNER_DATABASE_")):
        environment = {
            **os.environ,
            f"{prefix}PORT": str(server.port),
            f"{prefix}ROLE": "postgres",
            f"{prefix}PASSWORD_FILE": str(password_file),
            "CROUPIER_HOUSE_FILE": str(DEPLOY / "croupier.example.toml"),
        }
        command = [sys.executable, "-m", module, "migrate"]
        subprocess.run(command, check=True, env=environment, cwd=CHECKOUT, capture_output=True)


async def test_namespaces_and_attributes_are_those_of_the_code(bare_temporal: str) -> None:
    """After the script, run twice, both namespaces have their retention and exactly the code's attributes."""
    for _ in range(2):
        create_namespaces(bare_temporal)
    client = await Client.connect(bare_temporal)
    for namespace, days in RETENTION_DAYS.items():
        described = await client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace=namespace)
        )
        assert described.config.workflow_execution_retention_ttl.ToTimedelta().days == days
        listed = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace=namespace)
        )
        ours = {
            name: int(kind) for name, kind in listed.custom_attributes.items() if name.startswith("Croupier")
        }
        assert ours == ATTRIBUTES


def test_each_secret_of_the_stack_is_drawn(tmp_path: Path) -> None:
    """One run draws every file the compose file names, closed to others; a second run changes nothing.

    The key of a person in support is drawn for that person alone.
    """
    directory = tmp_path / "secrets"
    draw_secrets(directory)
    compose = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())
    named = {entry["file"].rsplit("/", 1)[1] for entry in compose["secrets"].values()} - {"operator.key}"}
    drawn = {file.name: file.read_text() for file in directory.iterdir()}
    assert set(drawn) == named
    assert directory.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in directory.iterdir()} == {0o444}
    assert len(set(drawn.values())) == len(drawn)
    assert draw_secrets(directory) == ""
    assert {file.name: file.read_text() for file in directory.iterdir()} == drawn


def test_drawn_secrets_are_what_the_code_reads(tmp_path: Path) -> None:
    """The seeds key opens what it sealed, tokens are signed on P-256, and the printed operator key fits."""
    key = draw_secrets(tmp_path).rsplit(" ", 1)[1].strip()
    cipher = read_field_cipher(tmp_path / "seeds_key")
    assert cipher.open(cipher.seal(b"seed", "here"), "here") == b"seed"
    token_key = load_pem_private_key((tmp_path / "token_key.pem").read_bytes(), password=None)
    assert isinstance(token_key, EllipticCurvePrivateKey)
    assert isinstance(token_key.curve, SECP256R1)
    ((key_id, entry),) = json.loads((tmp_path / "operator_keys.json").read_text()).items()
    assert key.split(".")[0] == key_id
    assert bytes.fromhex(entry["sha256"]) == operator_key_digest(key)
    assert entry["operator"] == 1


def test_each_person_gets_a_key_of_their_own(tmp_path: Path) -> None:
    """A second person's key is added under that name, the first one stays, and a name is given once."""
    draw_secrets(tmp_path)
    before = json.loads((tmp_path / "operator_keys.json").read_text())
    key = draw_secrets(tmp_path, "--person", "Zo\u00eb").rsplit(" ", 1)[1].strip()
    after = json.loads((tmp_path / "operator_keys.json").read_text())
    added = after.pop(key.split(".")[0])
    assert after == before
    assert added == {"operator": 1, "name": "Zo\u00eb", "sha256": operator_key_digest(key).hex()}
    with pytest.raises(subprocess.CalledProcessError):
        draw_secrets(tmp_path, "--person", "Zo\u00eb")
    assert len(json.loads((tmp_path / "operator_keys.json").read_text())) == len(after) + 1


def test_roles_log_in_with_the_drawn_passwords(tmp_path: Path) -> None:
    """After migrations and the script, run twice, each role is let in with its secret and with no other."""
    server = Postgres(tmp_path / "postgres")
    server.start()
    try:
        secrets = tmp_path / "secrets"
        secrets.mkdir()
        (secrets / "postgres_password").write_text(server.password)
        draw_secrets(secrets)
        migrate_both(server, secrets / "postgres_password")
        assert server._home is not None
        environment = {
            "PATH": f"{server._home.programs}:{os.environ['PATH']}",
            "PGHOST": "127.0.0.1",
            "PGPORT": str(server.port),
            "PGUSER": "postgres",
            "PGDATABASE": "croupier",
            "SECRETS": str(secrets),
        }
        for _ in range(2):
            subprocess.run([DEPLOY / "postgres" / "set-passwords.sh"], check=True, env=environment)
        for role in ("money", "chain", "ops", "api", "signer"):
            password = (secrets / f"{role}_password").read_text()
            with psycopg.connect(server.dsn(f"croupier_{role}", password)) as connection:
                assert connection.execute("SELECT current_user").fetchone() == (f"croupier_{role}",)
            with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                psycopg.connect(server.dsn(f"croupier_{role}", server.password))
    finally:
        server.stop()
