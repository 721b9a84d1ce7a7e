"""The server's dynamic configuration: what each profile sets, as flags and as a file."""

import json

from devstack.dynamic_config import DYNAMIC_CONFIG, PARTITIONS, as_document, as_flags, values_for


def test_flags_are_pairs_of_key_and_json() -> None:
    """Durations keep their quotes, truth values are JSON's, and a default is not named at all."""
    flags = as_flags("test")
    assert flags[0::2] == ["--dynamic-config-value"] * (len(flags) // 2)
    pairs = dict(flag.split("=", 1) for flag in flags[1::2])
    assert pairs["history.timerProcessorMaxTimeShift"] == '"10ms"'
    assert pairs["frontend.WorkflowTimeSkippingEnabled"] == "true"
    assert "frontend.rps" not in pairs
    assert {key: json.loads(value) for key, value in pairs.items()} == values_for("test")


def test_time_skips_in_tests_only() -> None:
    """A server whose clock can be moved never holds money."""
    key = "frontend.WorkflowTimeSkippingEnabled"
    assert DYNAMIC_CONFIG[key] == (False, True, False, False)


def test_the_file_gives_single_partition_queues_their_constraint() -> None:
    """Production spreads queues over four partitions, except those that are named."""
    document = as_document("production", ["sign-b", "sign-a"])
    for key in PARTITIONS:
        assert document[key] == [
            {"value": 4},
            {"value": 1, "constraints": {"taskQueueName": "sign-a"}},
            {"value": 1, "constraints": {"taskQueueName": "sign-b"}},
        ]
    assert document["frontend.namespaceRPS.visibility"] == [{"value": 50}]
    assert set(document) == set(values_for("production"))
