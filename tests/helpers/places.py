"""Where things lie that tests use by path."""

from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
HELPERS = TESTS / "helpers"
FROZEN = TESTS / "frozen"
ROOT = TESTS.parent
PACKAGE = ROOT / "forecast"
BENCHMARKS = ROOT / "benchmarks"
SHARED = ROOT.parent / "shared"
