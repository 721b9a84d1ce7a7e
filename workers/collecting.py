"""The garbage collector of a process that serves: what was loaded at start is never looked at again."""

import gc

YOUNG_OBJECTS = 50_000
YOUNG_PASSES = 20
MIDDLE_PASSES = 50


def calm_collector() -> None:
    """Freeze what lives as long as the process, and look for cycles more rarely: each look is a pause."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, YOUNG_PASSES, MIDDLE_PASSES)
