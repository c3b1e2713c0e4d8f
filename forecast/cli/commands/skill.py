"""`forecast skill`."""

from forecast.cli.grouping import grouped
from forecast.cli.options.groups import OutputFlags
from forecast.cli.output.console import print_json
from forecast.cli.output.streams import write_data


@grouped
def skill_command(output: OutputFlags) -> None:
    """Print a SKILL.md that tells an assistant how to use this command line safely.

    forecast skill

    forecast skill > .claude/skills/forecast/SKILL.md

    forecast skill --json
    """
    from forecast.experiment.packaged import skill_text

    if output.form == "json":
        print_json({"skill": skill_text()})
    else:
        write_data(skill_text())
