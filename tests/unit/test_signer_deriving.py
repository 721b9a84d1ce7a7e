"""Private key trees against the published vectors and against the public derivation elsewhere."""

from hashlib import pbkdf2_hmac

import pytest
from coincurve import PrivateKey
from tronpy.hdwallet import key_from_seed

from chains.codecs.hdkeys import HARDENED, AccountAddresses, address_of
from chains.codecs.tron_addresses import base58_text
from domain.errors import RequestInvalid
from signer.deriving import AccountKey, KeyInvalid, PrivateNode, account_node, master_node, parse_xprv

SEED_1 = "000102030405060708090a0b0c0d0e0f"
SEED_3 = (
    "4b381541583be4423346c643850da4b320e46a87ae3d2a4e6da11eba819cd4ac"
    "ba45d239319ac14f863b8d5ab5a0d0c64d2e8a1e7d1457df2e5a3c51c73235be"
)
VECTORS = [
    (
        SEED_1,
        (),
        (
            "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29E"
            "SFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8"
        ),
        (
            "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVv"
            "vNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi"
        ),
    ),
    (
        SEED_1,
        (HARDENED,),
        (
            "xpub68Gmy5EdvgibQVfPdqkBBCHxA5htiqg55crXYuXoQRKfDBFA1WEjWgP6LHhw"
            "BZeNK1VTsfTFUHCdrfp1bgwQ9xv5ski8PX9rL2dZXvgGDnw"
        ),
        (
            "xprv9uHRZZhk6KAJC1avXpDAp4MDc3sQKNxDiPvvkX8Br5ngLNv1TxvUxt4cV1rG"
            "L5hj6KCesnDYUhd7oWgT11eZG7XnxHrnYeSvkzY7d2bhkJ7"
        ),
    ),
    (
        SEED_1,
        (HARDENED, 1),
        (
            "xpub6ASuArnXKPbfEwhqN6e3mwBcDTgzisQN1wXN9BJcM47sSikHjJf3UFHKkNAW"
            "bWMiGj7Wf5uMash7SyYq527Hqck2AxYysAA7xmALppuCkwQ"
        ),
        (
            "xprv9wTYmMFdV23N2TdNG573QoEsfRrWKQgWeibmLntzniatZvR9BmLnvSxqu53K"
            "w1UmYPxLgboyZQaXwTCg8MSY3H2EU4pWcQDnRnrVA1xe8fs"
        ),
    ),
    (
        SEED_1,
        (HARDENED, 1, HARDENED + 2),
        (
            "xpub6D4BDPcP2GT577Vvch3R8wDkScZWzQzMMUm3PWbmWvVJrZwQY4VUNgqFJPMM"
            "3No2dFDFGTsxxpG5uJh7n7epu4trkrX7x7DogT5Uv6fcLW5"
        ),
        (
            "xprv9z4pot5VBttmtdRTWfWQmoH1taj2axGVzFqSb8C9xaxKymcFzXBDptWmT7Fw"
            "uEzG3ryjH4ktypQSAewRiNMjANTtpgP4mLTj34bhnZX7UiM"
        ),
    ),
    (
        SEED_3,
        (HARDENED,),
        (
            "xpub68NZiKmJWnxxS6aaHmn81bvJeTESw724CRDs6HbuccFQN9Ku14VQrADWgqbh"
            "hTHBaohPX4CjNLf9fq9MYo6oDaPPLPxSb7gwQN3ih19Zm4Y"
        ),
        (
            "xprv9uPDJpEQgRQfDcW7BkF7eTya6RPxXeJCqCJGHuCJ4GiRVLzkTXBAJMu2qaMW"
            "PrS7AANYqdq6vcBcBUdJCVVFceUvJFjaPdGZ2y9WACViL4L"
        ),
    ),
]


@pytest.mark.parametrize(("seed", "path", "xpub", "xprv"), VECTORS)
def test_vectors_of_bip_32(seed: str, path: tuple[int, ...], xpub: str, xprv: str) -> None:
    """Seed and path give the published extended keys, leading zeros included."""
    node = master_node(bytes.fromhex(seed))
    for number in path:
        node = node.child(number)
    assert (node.xpub, node.xprv) == (xpub, xprv)
    assert parse_xprv(xprv) == node


def test_well_known_development_address() -> None:
    """The mnemonic that every development chain starts with leads to its well-known first accounts."""
    words = b"test test test test test test test test test test test junk"
    seed = pbkdf2_hmac("sha512", words, b"mnemonic", 2048)
    key = AccountKey(account_node(seed, 0))
    assert [address.hex() for address in key.addresses(0, 1)] == [
        "f39fd6e51aad88f6f4ce6ab8827279cfffb92266",
        "70997970c51812dc3a010c7d01b50e0d17dc79c8",
    ]


def test_tron_accounts_hang_in_a_branch_of_their_own() -> None:
    """The same seed leads to other addresses on Tron, those that another library derives."""
    seed = pbkdf2_hmac("sha512", b"test " * 11 + b"junk", b"mnemonic", 2048)
    key = AccountKey(account_node(seed, 0, "tron"))
    theirs = [PrivateKey(key_from_seed(seed, f"m/44'/195'/0'/0/{index}")) for index in range(3)]
    assert key.addresses(0, 2) == tuple(address_of(one.public_key.format()) for one in theirs)
    assert base58_text(key.addresses(0, 0)[0]) == "TWer2Ygk5TEheHp3TPuYeqxmB6SsGZmaL6"
    with pytest.raises(KeyInvalid):
        account_node(seed, 0, "solana")


@pytest.mark.parametrize("account", [0, 1, 7])
def test_private_and_public_side_agree(account: int) -> None:
    """What the other processes derive from the xpub is what the signer derives from its key."""
    key = AccountKey(account_node(b"0123456789abcdef" * 4, account))
    public = AccountAddresses(key.xpub)
    assert key.addresses(0, 40) == tuple(public.derive(index) for index in range(41))
    assert key.addresses(65_535, 65_535) == (public.derive(65_535),)
    assert key.account == account


@pytest.mark.parametrize(("first", "last"), [(-1, 0), (1, 0), (0, 1_000), (65_000, 65_536)])
def test_ranges_out_of_bounds(first: int, last: int) -> None:
    """A range no pool asks for is refused before anything is derived."""
    key = AccountKey(account_node(b"0123456789abcdef", 0))
    with pytest.raises(RequestInvalid):
        key.addresses(first, last)


@pytest.mark.parametrize("seed", [b"", bytes(15), bytes(65)])
def test_seeds_of_wrong_length(seed: bytes) -> None:
    """A seed has 16 to 64 bytes."""
    with pytest.raises(KeyInvalid):
        master_node(seed)


@pytest.mark.parametrize("text", ["", VECTORS[0][2], VECTORS[0][3][:-1], VECTORS[0][3][:-1] + "j"])
def test_texts_that_are_no_private_key(text: str) -> None:
    """A public key, a cut text and a broken checksum are refused."""
    with pytest.raises(KeyInvalid):
        parse_xprv(text)


def test_only_hardened_accounts_hold_addresses() -> None:
    """A key of another level would lay bare its siblings together with one leaked child."""
    for node in (master_node(bytes(16)), master_node(bytes(16)).child(1).child(1).child(1)):
        with pytest.raises(KeyInvalid):
            AccountKey(node)


def test_secret_is_not_printed() -> None:
    """The text form of a node, which a log may show, is its public half."""
    node = account_node(b"0123456789abcdef", 0)
    shown = f"{node!r} {node}"
    assert isinstance(node, PrivateNode)
    assert node.xpub in shown
    for secret in (node.key.hex(), repr(node.key), node.xprv):
        assert secret not in shown
