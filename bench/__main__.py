"""`python -m bench [name ...]`: run all benches, or those named, and write `build/bench/`."""

import sys
from collections.abc import Callable
from pathlib import Path

from bench.bets import run as run_bets
from bench.measuring import ROOT
from bench.posting import run as run_posting

BENCHES: dict[str, Callable[[Path], Path]] = {
    "ledger": run_posting,
    "bets_single": run_bets,
}


def main(names: list[str]) -> int:
    """Run the named benches in their listed order; 2 for an unknown name."""
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(f"no bench called {', '.join(unknown)}; there are {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    for name, run in BENCHES.items():
        if not names or name in names:
            print(f"bench {name}", flush=True)
            print(f"  wrote {run(ROOT / 'build').relative_to(ROOT)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
