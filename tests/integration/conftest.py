"""What these tests share: the ledger's databases, chains, a send on its way and a signer."""

from tests.support.chain_fronted import fronted, rig
from tests.support.chain_proxied import proxied, proxy_factory
from tests.support.ledger_database import ledger_database, owner, shared_ledger
from tests.support.lending import lending
from tests.support.sending import world
from tests.support.signing_asks import signer_database, signing, signing_house, vault

__all__ = [
    "fronted",
    "ledger_database",
    "lending",
    "owner",
    "proxied",
    "proxy_factory",
    "rig",
    "shared_ledger",
    "signer_database",
    "signing",
    "signing_house",
    "vault",
    "world",
]
