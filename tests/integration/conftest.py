"""What these tests share: the ledger's databases, chains, a send on its way and a signer."""

from tests.support.chain_fronted import fronted, rig
from tests.support.chain_proxied import proxied, proxy_factory
from tests.support.chain_tron import tron_rig
from tests.support.devstack_place import place
from tests.support.ledger_database import ledger_database, owner, shared_ledger
from tests.support.lending import lending
from tests.support.sending import world
from tests.support.signing_asks import signer_database, signing, signing_house, vault
from tests.support.tron_devnet import async_client, devnet, healed, tronpy_client

__all__ = [
    "async_client",
    "devnet",
    "fronted",
    "healed",
    "ledger_database",
    "lending",
    "owner",
    "place",
    "proxied",
    "proxy_factory",
    "rig",
    "shared_ledger",
    "signer_database",
    "signing",
    "signing_house",
    "tron_rig",
    "tronpy_client",
    "vault",
    "world",
]
