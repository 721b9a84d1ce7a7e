"""A worker's building blocks over servers that are not there: enough to see what would be served."""

from temporalio.client import Client

from bootstrap.assembly import Assembly
from bootstrap.keyring import KEY_BYTES, FieldCipher
from bootstrap.resources import Resources
from bootstrap.settings import HouseFile
from domain.rules import Policy
from ledger.session import Sessions, create_ledger_engine
from workers.registry import PROCESSES

NOWHERE = "postgresql://{role}:none@127.0.0.1:1/none"


def built_anywhere(process: str) -> Assembly:
    """The assembly of one process; nothing in it was ever connected."""
    house = HouseFile(
        operator=1, name="House", assets=(), networks=(), addresses=(), wallets=(), policy=Policy(version=1)
    )
    sessions = Sessions(create_ledger_engine(NOWHERE.format(role=PROCESSES[process].role), pool_size=1))
    client = Client.__new__(Client)
    return Assembly(
        house=house,
        resources=Resources(sessions, client, client, house.catalogue, house.policy),
        networks={},
        cipher=FieldCipher(bytes(KEY_BYTES)) if PROCESSES[process].reads_seeds else None,
        health_file=None,
        connections=1,
    )
