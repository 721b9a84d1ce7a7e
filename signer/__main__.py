"""`python -m signer`: run the signer, or prepare what it needs.

Without a command it serves. `migrate` and `register-wallet` use the same settings under a role that owns the
schema; `keygen` needs the keystore alone. Secrets come from files, never from arguments.
"""

import argparse
import asyncio
import json
import logging
import sys

from chains.codecs.addresses import EVM_FAMILY, address_book, show_address
from domain.errors import CroupierError
from signer.deriving import COIN_TYPES
from signer.keystore_keys import Keystore, KeystoreUnreadable
from signer.registering import register_wallet
from signer.running import KeyMissing, run
from signer.settings import ProcessSettings, read_database_settings, read_keystore_settings
from signer.shielding import forbid_dumps, leave


def main(arguments: list[str]) -> int:
    """Exit code of one command; raises SystemExit for arguments that are wrong."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    forbid_dumps()
    try:
        options.command(options)
    except (CroupierError, KeystoreUnreadable, KeyMissing, OSError, ValueError) as error:
        # The sentence alone: a traceback of this process could show what it must not.
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m signer", description="Wallet keys and the judgement to use them."
    )
    parser.set_defaults(command=_serve)
    commands = parser.add_subparsers(title="commands")
    migrate = commands.add_parser("migrate", help="bring schema signer up to date")
    migrate.set_defaults(command=_migrate)
    keygen = commands.add_parser(
        "keygen", help="create keys in the keystore and print their public halves as JSON"
    )
    keygen.add_argument("--wallets", type=int, default=0, metavar="COUNT")
    keygen.add_argument(
        "--family",
        choices=sorted(COIN_TYPES),
        default=EVM_FAMILY,
        help="whose accounts to make, and how to write the wallets",
    )
    keygen.add_argument("--account", type=int, action="append", default=[], metavar="NUMBER", dest="accounts")
    keygen.set_defaults(command=_generate)
    register = commands.add_parser("register-wallet", help="open a wallet's lane")
    register.add_argument("network", help="for example eip155:1")
    register.add_argument("address", help="as people of the network write it: 0x… or T…")
    register.add_argument(
        "next_nonce",
        type=int,
        nargs="?",
        help="what the network states for the fresh wallet; none on Tron, which counts none",
    )
    register.set_defaults(command=_register)
    return parser


def _serve(_options: argparse.Namespace) -> None:
    asyncio.run(run(ProcessSettings.from_environment()))


def _migrate(_options: argparse.Namespace) -> None:
    from signer.migrating import upgrade  # noqa: PLC0415 - the signing process never loads the migration tools

    upgrade(read_database_settings().dsn.get_secret_value())


def _generate(options: argparse.Namespace) -> None:
    settings = read_keystore_settings()
    keystore = Keystore(settings.directory, settings.password)
    created = {
        "wallets": [show_address(options.family, keystore.create_wallet()) for _ in range(options.wallets)],
        "accounts": [
            {
                "family": options.family,
                "account": number,
                "xpub": keystore.create_account(options.family, number),
            }
            for number in options.accounts
        ],
    }
    sys.stdout.write(json.dumps(created) + "\n")


def _register(options: argparse.Namespace) -> None:
    wallet = address_book(options.network).parse(options.address)
    dsn = read_database_settings().dsn.get_secret_value()
    counts_nonces = options.network.startswith(EVM_FAMILY)
    if (options.next_nonce is not None) is not counts_nonces:
        raise ValueError("a wallet begins at the nonce its network states, on Tron at none")
    is_new = register_wallet(dsn, options.network, wallet, options.next_nonce or 0)
    sys.stdout.write("opened\n" if is_new else "has a lane already\n")


if __name__ == "__main__":
    leave(main(sys.argv[1:]))
