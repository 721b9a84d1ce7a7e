"""The production stack, as docker-compose.yml describes it, is the one the code is made for."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.__main__ import DEFAULT_PORTS
from bootstrap.settings import HouseFile
from devstack.dynamic_config import as_document
from devstack.runs import CHECKOUT
from domain.signing import sign_queue
from signer.settings import PolicyFile
from tests.support.environments import command_variables, variables
from workers.registry import PROCESSES, Process
from workflows.names import chain_queue

DEPLOY = CHECKOUT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
LONG_RUNNING = sorted(name for name, service in SERVICES.items() if service["restart"] == "unless-stopped")
ONE_SHOTS = sorted(set(SERVICES) - set(LONG_RUNNING))

# An open port is not yet a server that serves, and only the admin tools can ask it.
HEALTH_ASKED_BY = {"temporal": "temporal-health"}
# It renders its configuration into its own folder at every start.
WRITABLE = {"temporal-ui"}
# Names of the stack's foreign images mean what their vendors say.
FOREIGN = {
    "postgres",
    "ledger-passwords",
    "temporal-postgres",
    "temporal-schema",
    "temporal",
    "temporal-health",
    "temporal-namespaces",
    "temporal-ui",
}
OURS = sorted(set(SERVICES) - FOREIGN)

# Which settings each of our commands reads; a worker's and the optional ones are added below.
READS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("workers", "migrate"): ("CROUPIER_MIGRATION_", "CROUPIER_HOUSE_"),
    ("workers", "schedules"): (
        "CROUPIER_DATABASE_",
        "CROUPIER_TEMPORAL_",
        "CROUPIER_HOUSE_",
        "CROUPIER_WORKER_",
    ),
    ("api",): ("CROUPIER_DATABASE_", "CROUPIER_TEMPORAL_", "CROUPIER_HOUSE_", "CROUPIER_DOOR_"),
    ("signer",): ("CROUPIER_SIGNER_DATABASE_", "CROUPIER_SIGNER_KEYSTORE_", "CROUPIER_SIGNER_"),
    ("signer", "migrate"): ("CROUPIER_SIGNER_DATABASE_",),
    ("signer", "keygen"): ("CROUPIER_SIGNER_KEYSTORE_",),
    ("api.cli", "--help"): (),
}
for process in PROCESSES.values():
    seeds = ("CROUPIER_SEEDS_",) if process.reads_seeds else ()
    READS["workers", process.name] = (*READS["workers", "schedules"], *seeds)


def _module_command(name: str) -> list[str]:
    """What follows `python -m` in a service of ours."""
    command: list[str] = [*SERVICES[name].get("entrypoint", []), *SERVICES[name]["command"]]
    assert command[:2] == ["python", "-m"], name
    return command[2:]


@cache
def _help(module: str) -> str:
    """What a command of ours says about itself."""
    command = [sys.executable, "-m", module, "--help"]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=CHECKOUT).stdout


def _reads(name: str) -> tuple[str, ...]:
    words = _module_command(name)
    return READS[tuple(words[:2])] if tuple(words[:2]) in READS else READS[tuple(words[:1])]


def _environment(name: str) -> dict[str, str]:
    environment: dict[str, str] = SERVICES[name].get("environment", {})
    return environment


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    else:
        yield str(value)


@pytest.mark.parametrize("process", PROCESSES.values(), ids=lambda process: process.name)
def test_each_process_has_one_service(process: Process) -> None:
    """Every process of the registry is one service, under its command, its database role and its secrets."""
    services = [name for name in OURS if _module_command(name) == ["workers", process.name]]
    assert services == [f"worker-{process.name}"]
    environment = _environment(services[0])
    assert environment["CROUPIER_DATABASE_ROLE"] == process.role
    assert ("seeds_key" in SERVICES[services[0]]["secrets"]) == process.reads_seeds


@pytest.mark.parametrize("name", OURS)
def test_commands_exist(name: str) -> None:
    """Every command of ours is a module that runs, with the words it knows."""
    module, *words = _module_command(name)
    assert find_spec(f"{module}.__main__") is not None
    helped = _help(module)
    assert [word for word in words if word.isalpha() and word not in helped] == []


@pytest.mark.parametrize("name", OURS)
def test_environments_are_what_settings_read(name: str) -> None:
    """Each variable set is one that the process reads, and each it cannot do without is set."""
    known = set().union(*(variables(prefix) for prefix in _reads(name)))
    required = set().union(*(variables(prefix, only_required=True) for prefix in _reads(name)))
    if not _reads(name):
        known = required = command_variables()
    given = set(_environment(name))
    assert given - known == set()
    assert required - given == set()


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_files_named_are_files_given(name: str) -> None:
    """A path below /run names a secret or configuration that is given, and nothing is given in vain."""
    service = SERVICES[name]
    paths = [value for value in _environment(name).values() if value.startswith("/run/")]
    secrets = set(service.get("secrets", []))
    named = {Path(path).name for path in paths if path.startswith("/run/secrets/")}
    given = {entry["target"] for entry in service.get("configs", [])}
    assert named == secrets or _environment(name).get("SECRETS") == "/run/secrets"
    assert {path for path in paths if path.startswith("/run/configs/")} == given
    assert secrets <= set(COMPOSE["secrets"])
    assert {entry["source"] for entry in service.get("configs", [])} <= set(COMPOSE["configs"])


def test_no_secret_is_written_down() -> None:
    """A variable that sounds secret names a file, and a secret is always a file."""
    for name in SERVICES:
        for variable, value in _environment(name).items():
            if re.search(r"PASSWORD|PWD|SECRET|TOKEN|KEY(?!STORE)", variable):
                assert value.startswith(("/run/secrets", "/var/lib/")), f"{name}: {variable}"
    assert all(set(secret) == {"file"} for secret in COMPOSE["secrets"].values())
    assert not any("://" in text and "@" in text for text in _texts(SERVICES))


def test_every_role_gets_its_password() -> None:
    """The roles in use are exactly those that are given passwords, from the secret each service reads."""
    script = (DEPLOY / "postgres" / "set-passwords.sql").read_text()
    secrets = dict(re.findall(r"\\set (\w+) `cat \"\$SECRETS/(\w+)\"`", script))
    granted = {
        role: secrets[name] for role, name in re.findall(r"ALTER ROLE (\w+) PASSWORD :'(\w+)'", script)
    }
    used = {}
    for name in OURS:
        environment = _environment(name)
        for prefix in ("CROUPIER_DATABASE_", "CROUPIER_SIGNER_DATABASE_"):
            if f"{prefix}ROLE" in environment and environment[f"{prefix}ROLE"] != "postgres":
                used[environment[f"{prefix}ROLE"]] = Path(environment[f"{prefix}PASSWORD_FILE"]).name
    assert granted == used
    assert set(SERVICES["ledger-passwords"]["secrets"]) == {*secrets.values(), "postgres_password"}


def test_health_is_asked_of_everything_that_stays() -> None:
    """What runs for ever is started again when it ends and has a health check; what runs once has neither."""
    for name in LONG_RUNNING:
        asked = HEALTH_ASKED_BY.get(name, name)
        assert "healthcheck" in SERVICES[asked], name
        assert asked == name or f"{name}:" in _environment(asked)["TEMPORAL_ADDRESS"]
    for name in ONE_SHOTS:
        assert "healthcheck" not in SERVICES[name]
        assert re.fullmatch(r"no|on-failure:\d", SERVICES[name]["restart"])


def test_health_files_are_the_ones_written() -> None:
    """A check that looks at a file looks at the one this process is told to touch."""
    for name in OURS:
        check = " ".join(SERVICES[name].get("healthcheck", {}).get("test", []))
        told = [value for key, value in _environment(name).items() if key.endswith("_HEALTH_FILE")]
        assert bool(told) == (name in LONG_RUNNING and name != "api"), name
        assert all(path in check for path in told), name


def test_services_wait_for_what_they_stand_on() -> None:
    """Each dependency exists, can fulfil its condition, and no two wait for each other."""
    graph = {name: list(service.get("depends_on", {})) for name, service in SERVICES.items()}
    assert set(TopologicalSorter(graph).static_order()) == set(SERVICES)
    for service in SERVICES.values():
        for other, how in service.get("depends_on", {}).items():
            condition = how["condition"]
            assert condition in {"service_healthy", "service_completed_successfully", "service_started"}
            assert (condition == "service_completed_successfully") == (other in ONE_SHOTS), other
            assert condition != "service_healthy" or "healthcheck" in SERVICES[other], other
            assert condition != "service_started" or other in HEALTH_ASKED_BY, other


def test_ports_are_the_codes_own_and_loopback_only() -> None:
    """Only door and Temporal UI publish ports, on the loopback address, and the door its default ones."""
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(published) == {"api", "temporal-ui"}
    targets = {
        name: sorted(int(port.rsplit(":", 1)[1]) for port in ports) for name, ports in published.items()
    }
    assert targets["api"] == sorted(DEFAULT_PORTS.values())
    assert targets["temporal-ui"] == [int(_environment("temporal-ui")["TEMPORAL_UI_PORT"])]
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)
    listeners = set(_module_command("api")) & {listener.value for listener in DEFAULT_PORTS}
    assert listeners == {listener.value for listener in DEFAULT_PORTS}
    assert all(
        str(port) in " ".join(SERVICES["api"]["healthcheck"]["test"]) for port in DEFAULT_PORTS.values()
    )


def test_addresses_name_services_on_a_shared_network() -> None:
    """A host in a setting is a service that stands on a network with the one that calls it."""
    for name in SERVICES:
        for variable, value in _environment(name).items():
            if re.search(
                r"(DATABASE_HOST|MIGRATION_HOST|PGHOST|SQL_HOST|POSTGRES_SEEDS|TEMPORAL_ADDRESS|_URL)$",
                variable,
            ):
                host = value.removeprefix("http://").split(":")[0]
                assert set(SERVICES[host]["networks"]) & set(SERVICES[name]["networks"]), (
                    f"{name}: {variable}"
                )


def test_the_signer_reaches_nothing_outside() -> None:
    """The process with the keys stands on internal networks only, and nobody else reads the keystore."""
    networks = COMPOSE["networks"]
    assert all(networks[name].get("internal") for name in SERVICES["signer"]["networks"])
    holders = {name for name, service in SERVICES.items() if "keystore" in str(service.get("volumes", []))}
    assert holders == {"signer", "signer-keys"}
    assert "keystore:/var/lib/croupier/keystore:ro" in SERVICES["signer"]["volumes"]
    outside = {name for name in OURS if {"nodes", "published"} & set(SERVICES[name].get("networks", []))}
    assert outside == {"api", "worker-chain", "worker-feed"}


def test_containers_can_do_little() -> None:
    """File systems are read-only, capabilities dropped, privileges fixed, but where a vendor needs more."""
    for name, service in SERVICES.items():
        assert service.get("read_only", False) == (name not in WRITABLE), name
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert "privileged" not in service


def test_images_are_exact_and_current() -> None:
    """No image is deprecated or floating, and Temporal is the version the embedded stack runs."""
    images = {service["image"] for service in SERVICES.values()}
    assert all(re.search(r":[^:]*\d", image) for image in images)
    assert not any("auto-setup" in image or image.endswith(":latest") for image in images)
    program = Path(sys.prefix) / "bin" / "temporal"
    told = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout
    versions = dict(re.findall(r"(Server|UI) ([\d.]+)", told))
    temporal = {image for image in images if image.startswith("temporalio/")}
    assert temporal == {
        f"temporalio/server:{versions['Server']}",
        f"temporalio/admin-tools:{versions['Server']}",
        f"temporalio/ui:{versions['UI']}",
    }


def test_example_variables_are_the_ones_used() -> None:
    """.env.example lists every variable of the compose file with the default it has there."""
    used = dict(re.findall(r"\$\{(\w+):-([^}]*)\}", (CHECKOUT / "docker-compose.yml").read_text()))
    listed = dict(re.findall(r"^(\w+)=(.*)$", (CHECKOUT / ".env.example").read_text(), re.MULTILINE))
    assert listed == used


def test_example_files_are_valid_and_agree() -> None:
    """Both example files load and agree, and the dynamic configuration names the queues of their networks."""
    house = HouseFile.model_validate(tomllib.loads((DEPLOY / "croupier.example.toml").read_text()))
    policy = PolicyFile.model_validate(tomllib.loads((DEPLOY / "signer.example.toml").read_text()))
    assert set(policy.terms()) == {entry.network for entry in house.networks}
    for network, terms in policy.terms().items():
        assert terms.contracts == {asset.asset_id: asset.contract for asset in house.catalogue.on(network)}
    assert all(entry.genesis is None or len(entry.genesis) == 32 for entry in house.networks)
    priced = [terms.asset_id for terms in house.policy.withdrawal_terms]
    assert priced == [asset.asset_id for asset in house.catalogue.assets]
    queues = [queue(entry.network) for entry in house.networks for queue in (chain_queue, sign_queue)]
    expected = as_document("production", queues)
    written = yaml.safe_load((DEPLOY / "temporal" / "dynamic-config.yaml").read_text())
    assert written == expected, yaml.safe_dump(expected, sort_keys=False)
