"""Makes ``relay.csv``: a SYNTHETIC panel on which a forecast needs a memory, and nothing else helps.

    python sample_data/make_relay.py        # writes the very same bytes each time

Each of the invented relays is told where to swing, and swings only when it clicks, some steps later:

    reading  +1 −1 −2 +1 +1 −1 … −1  4 −8 +1      noise is +1 or −1 at random
                   │  5 to 20 steps   │  └ swing: 4 times the signal
                   └ signal, ±2       └ click, always 4

The signal alone says where the swing goes, the click alone says when. Neither a line through the window nor the last
season knows: the product of two values is asked, whose distance is another each time. Every relay swings on the last
day, so that ``--horizon 1`` is scored on swings alone.

Shapes: ``S`` relays, ``T`` steps.
"""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SEED = 7
RELAYS, STEPS = 150, 70
SIGNAL, CLICK, SWING = 2, 4, 8
SHORTEST, LONGEST = 5, 20
"""Steps between signal and click."""
FIRST_DAY = date(2024, 1, 1)
TARGET_FILE = Path(__file__).with_name("relay.csv")


def simulate(seed: int = SEED) -> NDArray[np.int64]:
    """Returns the readings of a seed, (S, T); the default seed is the one of the file."""
    # PCG64 by name: numpy may give default_rng another generator one day, and the file must not change.
    rng = np.random.Generator(np.random.PCG64(seed))
    readings = 2 * rng.integers(0, 2, (RELAYS, STEPS)) - 1
    for relay in readings:
        end = STEPS - 1
        while end >= 0:
            side, delay = 2 * int(rng.integers(0, 2)) - 1, int(rng.integers(SHORTEST, LONGEST + 1))
            for step, value in ((end, SWING * side), (end - 1, CLICK), (end - 1 - delay, SIGNAL * side)):
                if step >= 0:
                    relay[step] = value
            end -= delay + 2 + int(rng.integers(1, 4))
    return readings


def to_csv(readings: NDArray[np.int64]) -> bytes:
    """Returns the file: one row a relay and day, relays one after the other, days ascending."""
    lines = ["date,relay,reading"]
    lines += [
        f"{FIRST_DAY + timedelta(step)},R{place:03d},{value}"
        for place, relay in enumerate(readings, start=1)
        for step, value in enumerate(relay)
    ]
    return ("\n".join(lines) + "\n").encode()


if __name__ == "__main__":
    made = simulate()
    TARGET_FILE.write_bytes(to_csv(made))
    print(f"{TARGET_FILE}: {made.size:,} rows")
