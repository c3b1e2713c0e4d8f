"""Ours and the peers on the same sets, in turn, on this machine, in one run; the answer is a Markdown report.

    python benchmarks/run.py -o benchmarks/RESULTS.md
    python benchmarks/run.py --sets airline_passengers --peers seasonal-naive,naive,AutoETS

First the published seasonal-naive scores of all official sets are reproduced; if that fails, nothing is run.
"""

import argparse
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path


def main() -> None:
    """Reads the options, runs what they name and writes the report after each set."""
    options = _parser().parse_args()
    from contests import Terms, check_published, run_set
    from datasets import DATASETS
    from measuring import measure
    from ours import Product
    from peers import PEERS
    from report import describe_machine
    from results import render

    sets, peers = _chosen(options.sets, DATASETS, "--sets"), _chosen(options.peers, PEERS, "--peers")
    product = Product(options.forecast, tuple(shlex.split(options.flags)), options.limit)
    try:
        check_published()
        measure([str(product.program), "--version"]).checked()
        imports = product.import_seconds()
    except RuntimeError as error:
        sys.exit(f"error: {error}")
    terms = Terms(product, imports, peers, options.steps, options.arima_series, options.limit)
    changes = [f"ours with `{options.flags}`"] * bool(options.flags)
    changes += [f"the peers' networks with {options.steps} training steps"] * bool(options.steps)
    results, text = [], ""
    for name in sets:
        results.append(run_set(DATASETS[name], terms))
        text = render(results, describe_machine(), changes)
        if options.output:
            options.output.write_text(text)
    if not options.output:
        sys.stdout.write(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", default="all", help="sets with commas; default: all")
    parser.add_argument("--peers", default="all", help="contenders with commas; default: all; 'none' for ours alone")
    parser.add_argument("-o", "--output", type=Path, help="file of the report; default: standard output")
    program = Path(sys.executable).with_name("forecast")
    parser.add_argument("--forecast", type=Path, default=program, help="our program; default: beside this Python")
    parser.add_argument("--flags", default="", help="added to our commands: --flags='--preset fast'")
    parser.add_argument("--steps", type=int, help="training steps of the peers' networks; default: their own")
    parser.add_argument("--arima-series", type=int, default=10, help="most series that AutoARIMA is run on; default 10")
    parser.add_argument("--limit", type=int, default=3600, help="seconds after which a contender is stopped")
    return parser


def _chosen(text: str, known: Iterable[str], flag: str) -> tuple[str, ...]:
    names = tuple(known) if text == "all" else () if text == "none" else tuple(text.split(","))
    if unknown := set(names) - set(known):
        sys.exit(f"error: {flag}: there is no {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    return names


if __name__ == "__main__":
    main()
