"""The dynamic configuration of the Temporal server: one table for every stack that runs one.

The embedded server takes it as flags; a server in containers mounts it as a file.
"""

import json
from collections.abc import Iterable
from typing import Literal, get_args

Profile = Literal["demo", "test", "bench", "production"]
Value = int | bool | str | None
Row = tuple[Value, Value, Value, Value]

PARTITIONS = ("matching.numTaskqueueReadPartitions", "matching.numTaskqueueWritePartitions")

# One column per profile; None keeps the server's default.
# fmt: off
DYNAMIC_CONFIG: dict[str, Row] = {
    #                                            demo    test    bench   production
    # 20 polls a second by default: 50 ms a hop on one shard
    "history.transferProcessorMaxPollRPS":      (2000,   2000,   2000,   200),
    "history.timerProcessorMaxPollRPS":         (2000,   2000,   2000,   200),
    "history.visibilityProcessorMaxPollRPS":    (2000,   2000,   2000,   200),
    "history.timerProcessorMaxTimeShift":       ("10ms", "10ms", "10ms", None),
    "history.maxInFlightUpdates":               (100,    100,    100,    100),
    "history.maxTotalUpdates":                  (2000,   2000,   2000,   2000),
    "matching.enableFairness":                  (True,   True,   True,   True),
    PARTITIONS[0]:                              (1,      1,      4,      4),
    PARTITIONS[1]:                              (1,      1,      4,      4),
    "system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute":
                                                (2,      2,      2,      2),
    "frontend.rps":                             (None,   None,   20000,  None),
    "frontend.namespaceRPS":                    (None,   None,   20000,  None),
    "history.rps":                              (None,   None,   20000,  None),
    "matching.rps":                             (None,   None,   20000,  None),
    "frontend.persistenceMaxQPS":               (None,   None,   20000,  None),
    "history.persistenceMaxQPS":                (None,   None,   20000,  None),
    "matching.persistenceMaxQPS":               (None,   None,   20000,  None),
    "frontend.namespaceRPS.visibility":         (None,   None,   None,   50),
    "frontend.WorkflowTimeSkippingEnabled":     (False,  True,   False,  False),
    # 4 MB by default: a history that a test has to outgrow
    "limit.historySize.suggestContinueAsNew":   (None,   524288, None,   None),
    # describe() fails on a paused workflow
    "frontend.WorkflowPauseEnabled":            (False,  False,  False,  False),
}
# fmt: on


def values_for(profile: Profile) -> dict[str, int | bool | str]:
    """Return the keys a profile sets, with their values."""
    column = get_args(Profile).index(profile)
    return {key: value for key, row in DYNAMIC_CONFIG.items() if (value := row[column]) is not None}


def as_flags(profile: Profile) -> list[str]:
    """Return the flags of the development server; values are JSON."""
    flags = []
    for key, value in values_for(profile).items():
        flags += ["--dynamic-config-value", f"{key}={json.dumps(value)}"]
    return flags


def as_document(
    profile: Profile, single_partition_queues: Iterable[str] = ()
) -> dict[str, list[dict[str, object]]]:
    """Return the content of the server's file: each key with its values and their constraints.

    The queues named have one partition each, whatever the rest has.
    """
    queues = sorted(single_partition_queues)
    document: dict[str, list[dict[str, object]]] = {}
    for key, value in values_for(profile).items():
        document[key] = [{"value": value}]
        if key in PARTITIONS:
            document[key] += [{"value": 1, "constraints": {"taskQueueName": queue}} for queue in queues]
    return document
