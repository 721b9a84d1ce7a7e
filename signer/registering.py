"""Opens the nonce lane of a wallet; done once by whoever prepares the house, never by the signing process."""

from psycopg import connect

DRIVER_SUFFIX = "+psycopg"


def register_wallet(dsn: str, network: str, wallet: bytes, next_nonce: int) -> bool:
    """Open a lane at the nonce the network states for a fresh wallet; False if the wallet has a lane already.

    An existing lane is left alone: what the network states later may be behind what was signed here.
    """
    with connect(dsn.replace(DRIVER_SUFFIX, "", 1)) as connection:
        rows = connection.execute(
            "INSERT INTO signer.nonce_lanes (chain_id, wallet, next_nonce) VALUES (%s, %s, %s)"
            " ON CONFLICT DO NOTHING RETURNING next_nonce",
            [network, wallet, next_nonce],
        )
        return rows.fetchone() is not None
