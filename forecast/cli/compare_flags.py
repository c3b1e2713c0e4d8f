"""What is compared, and how."""

from dataclasses import dataclass
from typing import Annotated

import typer

from forecast.cli.options.completion import complete_models
from forecast.specs import Match


@dataclass(frozen=True)
class ContestFlags:
    """Which models are compared, on which terms, and what else is asked about them."""

    models: Annotated[
        str,
        typer.Option(
            "--models", autocompletion=complete_models, metavar="MODELS", help="Which to compare, with commas."
        ),
    ] = "rnn,lstm,gru"
    match: Annotated[
        Match,
        typer.Option("--match", help="What the cells share: training steps, number of parameters, or training time."),
    ] = "steps"
    ablate: Annotated[
        bool, typer.Option("--ablate", help="Train the best network anew without each covariate, to see its worth.")
    ] = False
