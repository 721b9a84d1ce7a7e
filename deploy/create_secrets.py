"""Draws the secret files that docker-compose.yml names; what exists is left alone.

`.venv/bin/python deploy/create_secrets.py` writes into `secrets/`. The directory is closed to everybody else
on the host; the files in it are readable, because each container sees only the files it is given, under its
own user.
"""

import argparse
import hashlib
import json
import secrets
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

PASSWORDS = (
    "postgres_password",
    "money_password",
    "chain_password",
    "ops_password",
    "api_password",
    "signer_password",
    "temporal_password",
    "keystore_password",
)
PASSWORD_BYTES = 32
KEYS = "operator_keys.json"
KEY_ID_BYTES = 4
SEEDS_KEY_BYTES = 32
DIRECTORY_MODE = 0o700
FILE_MODE = 0o444


def create_secrets(directory: Path, operator: int) -> str | None:
    """Draw every file that is missing.

    Returns the text of a new operator key, which is stored nowhere, or None where the keys existed.
    """
    directory.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    directory.chmod(DIRECTORY_MODE)
    for name in PASSWORDS:
        _write(directory / name, secrets.token_urlsafe(PASSWORD_BYTES))
    _write(directory / "seeds_key", secrets.token_hex(SEEDS_KEY_BYTES))
    _write(directory / "token_key.pem", _private_key())
    key, entry = _operator_key(operator, "first key")
    is_new = _write(directory / KEYS, json.dumps(entry, indent=2))
    return key if is_new else None


def add_person(directory: Path, operator: int, person: str) -> str:
    """Draw one more operator key; the audit calls its holder by this name, and two names are two people.

    Returns the key's text, which is stored nowhere. Raises ValueError if the name is taken.
    """
    entries = json.loads((directory / KEYS).read_text(encoding="ascii"))
    if person in {entry["name"] for entry in entries.values()}:
        raise ValueError(f"{person} has a key already")
    key, entry = _operator_key(operator, person)
    _replace(directory / KEYS, json.dumps({**entries, **entry}, indent=2))
    return key


def main() -> int:
    """Draw, and show a new operator key once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", type=Path, default=Path("secrets"))
    parser.add_argument("--operator", type=int, default=1, help="the `operator` of the house file")
    parser.add_argument("--person", help="draw one more operator key, for this member of the staff")
    options = parser.parse_args()
    key = create_secrets(options.directory, options.operator)
    if options.person:
        try:
            key = add_person(options.directory, options.operator, options.person)
        except ValueError as error:
            parser.error(str(error))
    if key is not None:
        sys.stdout.write(f"operator key, shown this once: {key}\n")
    return 0


def _private_key() -> str:
    pem = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem.decode("ascii")


def _operator_key(operator: int, name: str) -> tuple[str, dict[str, dict[str, object]]]:
    """A new key, and what is kept of it: whose it is and its digest."""
    key_id = secrets.token_hex(KEY_ID_BYTES)
    key = f"{key_id}.{secrets.token_urlsafe(PASSWORD_BYTES)}"
    digest = hashlib.sha256(key.encode("ascii")).hexdigest()
    return key, {key_id: {"operator": operator, "name": name, "sha256": digest}}


def _write(path: Path, text: str) -> bool:
    """Write a file that does not exist; whether it was written."""
    if path.exists():
        return False
    _replace(path, text)
    return True


def _replace(path: Path, text: str) -> None:
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(text, encoding="ascii")
    unfinished.chmod(FILE_MODE)
    unfinished.rename(path)


if __name__ == "__main__":
    sys.exit(main())
