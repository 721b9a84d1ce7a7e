"""Tron's messages by the protobuf runtime, so that bytes of our codec are compared with another encoder's."""

from collections.abc import Mapping
from typing import Any

from google.protobuf.any_pb2 import Any as PackedAny
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessages

INT32, INT64, BYTES = (
    FieldDescriptorProto.TYPE_INT32,
    FieldDescriptorProto.TYPE_INT64,
    FieldDescriptorProto.TYPE_BYTES,
)
NUMBERS: dict[str, dict[str, tuple[int, int]]] = {
    "TransferContract": {
        "owner_address": (1, BYTES),
        "to_address": (2, BYTES),
        "amount": (3, INT64),
    },
    "TransferAssetContract": {
        "asset_name": (1, BYTES),
        "owner_address": (2, BYTES),
        "to_address": (3, BYTES),
        "amount": (4, INT64),
    },
    "TriggerSmartContract": {
        "owner_address": (1, BYTES),
        "contract_address": (2, BYTES),
        "call_value": (3, INT64),
        "data": (4, BYTES),
        "call_token_value": (5, INT64),
        "token_id": (6, INT64),
    },
    "FreezeBalanceV2Contract": {
        "owner_address": (1, BYTES),
        "frozen_balance": (2, INT64),
        "resource": (3, INT32),
    },
    "DelegateResourceContract": {
        "owner_address": (1, BYTES),
        "resource": (2, INT32),
        "balance": (3, INT64),
        "receiver_address": (4, BYTES),
        "lock": (5, INT32),
        "lock_period": (6, INT64),
    },
    "UnDelegateResourceContract": {
        "owner_address": (1, BYTES),
        "resource": (2, INT32),
        "balance": (3, INT64),
        "receiver_address": (4, BYTES),
    },
    "Raw": {
        "ref_block_bytes": (1, BYTES),
        "ref_block_num": (3, INT64),
        "ref_block_hash": (4, BYTES),
        "expiration": (8, INT64),
        "auths": (9, BYTES),
        "data": (10, BYTES),
        "contract": (11, BYTES),
        "scripts": (12, BYTES),
        "timestamp": (14, INT64),
        "fee_limit": (18, INT64),
    },
    "Contract": {
        "type": (1, INT32),
        "parameter": (2, BYTES),
        "provider": (3, BYTES),
        "ContractName": (4, BYTES),
        "Permission_id": (5, INT32),
    },
    "Transaction": {"raw_data": (1, BYTES), "signature": (2, BYTES), "ret": (5, BYTES)},
}
REPEATED = {("Raw", "contract"), ("Raw", "auths"), ("Transaction", "signature"), ("Transaction", "ret")}


def message(name: str, fields: Mapping[str, Any]) -> bytes:
    """Bytes of one of Tron's messages as the protobuf runtime writes them."""
    built: bytes = _CLASSES[f"protocol.{name}"](**fields).SerializeToString()
    return built


def raw_data(contract_name: str, contract_type: int, contract: Mapping[str, Any], **raw: Any) -> bytes:  # noqa: ANN401 - fields of any type
    """Bytes under the signature; `permission` goes into the contract's envelope."""
    packed = PackedAny(
        type_url=f"type.googleapis.com/protocol.{contract_name}", value=message(contract_name, contract)
    )
    envelope = {"type": contract_type, "parameter": packed.SerializeToString()}
    envelope |= {"Permission_id": raw.pop("permission", 0)}
    return message("Raw", {"contract": [message("Contract", envelope)], **raw})


def _file() -> FileDescriptorProto:
    file = FileDescriptorProto(name="tron.proto", package="protocol", syntax="proto3")
    for name, fields in NUMBERS.items():
        described = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            label = (
                FieldDescriptorProto.LABEL_REPEATED
                if (name, field) in REPEATED
                else FieldDescriptorProto.LABEL_OPTIONAL
            )
            described.field.add(name=field, number=number, type=kind, label=label)
    return file


_CLASSES = GetMessages([_file()], pool=DescriptorPool())
