"""What every figure carries with it: the machine, the settings and the commit it was taken on."""

import json
import math
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
MILLISECONDS = 1000
GIT_SECONDS = 10


def machine() -> dict[str, object]:
    """Cores, processor, memory, load and versions of this machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "memory_bytes": memory,
        "load_average": [round(load, 2) for load in os.getloadavg()],
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def commit() -> str:
    """The commit the figures belong to, marked when the tree had changes; `unknown` outside a checkout."""
    try:
        head = _git("rev-parse", "HEAD")
        return head + ("-dirty" if _git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that this share of all values does not exceed (nearest rank); 0 for none."""
    if not values:
        return 0.0
    return sorted(values)[max(math.ceil(share * len(values)) - 1, 0)]


def milliseconds(seconds: float) -> float:
    """Seconds as milliseconds with three digits."""
    return round(seconds * MILLISECONDS, 3)


def write_figures(file: Path, figures: Mapping[str, object], settings: Mapping[str, object]) -> None:
    """Write one bench file with its machine, settings and commit; replaces an older one whole."""
    whole = {**figures, "machine": machine(), "settings": dict(settings), "commit": commit()}
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_suffix(".tmp")
    beside.write_text(json.dumps(whole, indent=2) + "\n")
    beside.replace(file)


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True, timeout=GIT_SECONDS
    )
    return done.stdout.strip()


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or "unknown"
