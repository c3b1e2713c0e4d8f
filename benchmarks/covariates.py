"""What covariates are worth and what they cost: the same models on the same folds, with and without them.

    python benchmarks/covariates.py > covariates.md
    python benchmarks/covariates.py --parts seeds --seeds 10

The parts:

    sets     `forecast compare` on three sets
    flagged  the weeks with a holiday alone, by `forecast.compare`, since the command prints no such row
    seconds  the processor's time with none, one and eight
    seeds    the sample of store sales with other campaigns, prices and noise: files that no choice was made on
"""

import argparse
import shlex
import sys
from pathlib import Path


def main() -> None:
    """Runs the chosen parts and prints each table as soon as it is there."""
    options = _parser().parse_args()
    from comparisons import PARTS, SETS, STORES, WALMART
    from ours import Product
    from report import describe_machine

    for flag, text, known in (("--parts", options.parts, PARTS), ("--sets", options.sets, SETS)):
        if unknown := set(text.split(",")) - {"all", *known}:
            sys.exit(f"error: {flag}: there is no {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    product = Product(options.forecast, tuple(shlex.split(options.flags)), options.limit)
    print(f"{describe_machine()}{f' Ours with `{options.flags}`.' if options.flags else ''}", flush=True)
    for part in PARTS if options.parts == "all" else options.parts.split(","):
        print(f"\n## {part}", flush=True)
        names = SETS if options.sets == "all" else options.sets.split(",")
        for case in [SETS[name] for name in names] if part == "sets" else [STORES if part == "seeds" else WALMART]:
            try:
                said = PARTS[part](case, product, options) if case.path.exists() else f"{case.path} is not here.\n"
            except RuntimeError as error:
                said = f"{case.path.name}: failed: {error}\n"
            print(f"\n{said}", end="", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", default="all", help="with commas; default: all")
    parser.add_argument("--sets", default="all", help="those of the part sets, with commas; default: all")
    parser.add_argument("--seeds", type=int, default=5, help="generated files of the part seeds; default 5")
    parser.add_argument("--runs", type=int, default=3, help="of each command in the part seconds; default 3")
    program = Path(sys.executable).with_name("forecast")
    parser.add_argument("--forecast", type=Path, default=program, help="our program; default: beside this Python")
    parser.add_argument("--flags", default="", help="added to ours, in pairs: --flags='--preset fast --folds 1'")
    parser.add_argument("--limit", type=int, default=3600, help="seconds after which a command is stopped")
    return parser


if __name__ == "__main__":
    main()
