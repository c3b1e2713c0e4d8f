"""How a command is told which model it is about, and which version of it."""

from typing import Annotated

import typer

from forecast.cli.options.completion import complete_name, complete_version

Name = Annotated[str, typer.Argument(autocompletion=complete_name, metavar="NAME", help="Name of the model.")]
OnlyName = Annotated[
    str | None,
    typer.Argument(
        autocompletion=complete_name, metavar="NAME", help="Name of the model; may be left out where there is one."
    ),
]
ModelVersion = Annotated[
    str | None,
    typer.Option(
        "--model-version",
        autocompletion=complete_version,
        metavar="V",
        help="A version such as v2 instead of the champion.",
    ),
]
