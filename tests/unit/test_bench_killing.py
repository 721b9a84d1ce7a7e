"""Which deaths a bench plans: enough of each kind, the same for the same seed."""

from collections import Counter

import pytest

from bench.killing import ROUND, WORKERS, plan_kills

MINUTE = 60


@pytest.mark.parametrize("seed", range(5))
def test_twenty_minutes_kill_every_kind_ten_times(seed: int) -> None:
    """Workers, signer, database and node; and no worker process is spared."""
    plan = plan_kills(20 * MINUTE, seed)
    kinds = Counter(kill.kind for kill in plan)
    assert set(kinds) == set(ROUND)
    assert min(kinds.values()) >= 10
    workers = Counter(kill.victim for kill in plan if kill.kind == "worker")
    assert set(workers) == set(WORKERS)


def test_a_seed_is_a_plan() -> None:
    """The same seed plans the same deaths, another one others; all lie in time and in order."""
    plan = plan_kills(5 * MINUTE, 1)
    assert plan == plan_kills(5 * MINUTE, 1)
    assert plan != plan_kills(5 * MINUTE, 2)
    moments = [kill.at_seconds for kill in plan]
    assert moments == sorted(moments)
    assert moments[0] >= 0
    assert moments[-1] < 5 * MINUTE
