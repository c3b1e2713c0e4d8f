"""What ``--verbose`` adds to every command: the settings that are not its own, and where the seconds went."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from forecast.cli.output.console import say
from forecast.wording import counted

if TYPE_CHECKING:
    from forecast.cli.options.groups import OutputFlags
    from forecast.data.reading.reader import Reading
    from forecast.specs import ModelSpec


@contextmanager
def spoken(output: "OutputFlags | None") -> Iterator[None]:
    """Says before a command which settings come from elsewhere, and after it how long it took."""
    if output is None or not output.verbose:
        yield
        return
    configured = output.config
    for name, setting in (configured.settings if configured else {}).items():
        say(f"{name.replace('_', '-')} = {setting.value}, from {setting.origin}", "Setting")
    began = time.monotonic()
    try:
        yield
    finally:
        now = time.monotonic()
        before = f", {began - configured.began:.2f} s of it to start" if configured else ""
        say(f"{now - (configured.began if configured else began):.2f} s in all{before}", "Took")


class Phases:
    """Times what follows upon each other: a phase ends where the next begins."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._label, self._began = "reading", time.monotonic()

    def enter(self, label: str) -> None:
        """Ends the running phase, unless it is this one, and begins another; one may be entered again."""
        if label == self._label:
            return
        now = time.monotonic()
        self._seconds[self._label] = self._seconds.get(self._label, 0.0) + now - self._began
        self._label, self._began = label, now

    def tell(self) -> None:
        """Says the seconds of each phase."""
        self.enter("")
        say(" · ".join(f"{label} {seconds:.2f}" for label, seconds in self._seconds.items()), "Seconds")


def tell_reading(reading: "Reading") -> None:
    """Says how the file was read, in the flags that would read it so again."""
    from dataclasses import fields

    words = []
    for field in fields(reading.settled):
        value = getattr(reading.settled, field.name)
        if value != field.default:
            name = {"ids": "id"}.get(field.name, field.name.replace("_", "-"))
            words.append(
                f"--{name}" + ("" if value is True else f" {value if isinstance(value, str) else ','.join(value)}")
            )
    say(" ".join(words) or "as it stands", "Read as")
    panel = reading.panel
    gaps = panel.values.size - int(panel.observed.sum())
    say(f"{counted(panel.values.size, 'step')} of {counted(len(panel), 'series')}, {gaps:,} of them gaps", "Holds")


def tell_specs(specs: "dict[str, ModelSpec]") -> None:
    """Says what the networks are made of and how they are trained."""
    for cell, spec in specs.items():
        size = (
            f"{counted(spec.layers, 'layer')} of {counted(spec.units, 'unit')}"
            if cell != "linear"
            else "no recurrent layer"
        )
        how = f"batches of {spec.batch_size}, learning rate {spec.learning_rate:g}, loss {spec.loss}"
        say(f"{size}, {how}, {counted(spec.steps, 'step')}", cell)
    for spec in list(specs.values())[:1]:
        for view in spec.views:
            say(view.label, "View")
