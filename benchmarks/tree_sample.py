"""What `train` of a hierarchy in shards costs with more leaves, and errs by level on a sample of them against all.

    python benchmarks/tree_sample.py --cost 20000 100000
    python benchmarks/tree_sample.py --errors 5000 --sample 1000 --model gru

The leaves are those of `benchmarks/hierarchies.py --train`; the last 12 months are held out of both trainings.
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from hierarchies import write_leaves
from measuring import measure

PROGRAM = str(Path(sys.executable).with_name("forecast"))
TREE = ["--id", "group,item", "--hierarchy", "group/item"]
HELD = 12


def main() -> None:
    """Runs what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cost", type=int, nargs="*", default=[], metavar="LEAVES")
    parser.add_argument("--errors", type=int, metavar="LEAVES")
    parser.add_argument("--sample", type=int, default=1000)
    parser.add_argument("--model", default="linear")
    options = parser.parse_args()
    for leaves in options.cost:
        with TemporaryDirectory() as text:
            folder = Path(text)
            write_leaves(folder / "leaves.parquet", leaves)
            run("shard", "leaves.parquet", "pieces", *TREE[:2], "--shards", str(max(1, leaves // 2500)), folder=folder)
            _train(folder, "all", "linear")
    if options.errors:
        _errors(options)


def run(*words: str, folder: Path) -> None:
    """Runs a command, and prints what it cost."""
    made = measure([PROGRAM, *words, "-q"], folder).checked()
    print(f"{' '.join(words[:3]):40} {made.cpu_seconds:7.1f} s of cores  {made.megabytes:6,.0f} MB", flush=True)


def _train(folder: Path, name: str, model: str, *more: str) -> None:
    quick = ["--horizon", f"{HELD}", "--model", model, "--preset", "fast", "--plots", "none"]
    run("train", "pieces", *TREE, *quick, "--name", name, *more, folder=folder)


def _errors(options: argparse.Namespace) -> None:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    with TemporaryDirectory() as text:
        folder = Path(text)
        write_leaves(folder / "whole.parquet", options.errors)
        whole = pq.read_table(folder / "whole.parquet")
        months = sorted(set(whole["month"].to_pylist()))
        pq.write_table(whole.filter(pc.less(whole["month"], months[-HELD])), folder / "leaves.parquet")
        run("shard", "leaves.parquet", "pieces", *TREE[:2], "--shards", "4", folder=folder)
        sold = whole["sold"].to_numpy().reshape(options.errors, -1)[:, -HELD:]
        groups = np.arange(options.errors) % 200
        truth = {f"g{group:03d}/i{leaf:06d}": own for leaf, (group, own) in enumerate(zip(groups, sold, strict=True))}
        truth |= {f"g{group:03d}": sold[groups == group].sum(axis=0) for group in range(200)}
        truth["total"] = sold.sum(axis=0)
        for name, more in (("all", ()), ("some", ("--sample", f"{options.sample}"))):
            _train(folder, name, options.model, *more)
            run("predict", name, "--data", "pieces", "-o", f"made_{name}", folder=folder)
            _print(name, folder / f"made_{name}", truth)


def _print(name: str, folder: Path, truth: dict[str, np.ndarray]) -> None:
    """Prints the RMSE of each level, and how far 80 % intervals hold."""
    import pyarrow.parquet as pq

    errors: dict[str, list[float]] = {}
    held: dict[str, list[bool]] = {}
    for path in folder.glob("*.parquet"):
        table = pq.read_table(path)
        columns = ["series_id", "step", "forecast", "lower_80", "upper_80"]
        for series, step, made, low, high in zip(*(table[each].to_pylist() for each in columns), strict=True):
            level = "total" if series == "total" else "group" if "/" not in series else "item"
            came = truth[series][step - 1]
            errors.setdefault(level, []).append((made - came) ** 2)
            held.setdefault(level, []).append(low <= came <= high)
    for level in ("total", "group", "item"):
        print(
            f"  {name:5} {level:6} RMSE {np.sqrt(np.mean(errors[level])):10.3f}  80 % held {np.mean(held[level]):.3f}"
        )


if __name__ == "__main__":
    sys.exit(main())
