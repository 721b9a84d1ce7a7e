"""`python -m bench [name ...]`: run all benches, or those named, and write `build/bench/`."""

import argparse
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from bench.bets import run as run_bets
from bench.grounds import ON_EVM, ON_TRON
from bench.measuring import ROOT
from bench.posting import run as run_posting
from bench.withdrawals import MINUTES, SEED
from bench.withdrawals import run as run_withdrawals

Bench = Callable[[Path], Path]


def main(words: list[str]) -> int:
    """Run the named benches in their listed order; 2 for an unknown name."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="how long withdrawals are asked for")
    parser.add_argument("--seed", type=int, default=SEED, help="of withdrawals, deposits and deaths")
    asked = parser.parse_args(words)
    benches = _benches(asked.minutes, asked.seed)
    unknown = [name for name in asked.names if name not in benches]
    if unknown:
        print(f"no bench called {', '.join(unknown)}; there are {', '.join(benches)}", file=sys.stderr)
        return 2
    for name, run in benches.items():
        if not asked.names or name in asked.names:
            print(f"bench {name}", flush=True)
            print(f"  wrote {run(ROOT / 'build').relative_to(ROOT)}", flush=True)
    return 0


def _benches(minutes: float, seed: int) -> Mapping[str, Bench]:
    return {
        "ledger": run_posting,
        "bets_single": run_bets,
        "withdrawals_evm": partial(run_withdrawals, ON_EVM, minutes=minutes, seed=seed),
        "withdrawals_tron": partial(run_withdrawals, ON_TRON, minutes=minutes, seed=seed),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
