"""The settings a forecast is made by: plain frozen records that survive a trip through JSON.

A model is a spec and its weights. Everything that trains or predicts takes a spec; nothing reads options.
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields, replace
from math import inf
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

from forecast.decoding import MayLack, check_word, decode
from forecast.errors import UPGRADE, DataError, UsageError
from forecast.interval_levels import LEVELS
from forecast.metric_records import METRICS
from forecast.probabilities import read_levels

Base = Literal["zero", "last-value", "last-season", "mean-season", "smoothed"]
Anchor = Literal["naive", "seasonal-naive", "smoothing", "local-ridge", "sba", "tsb", "adida", "imapa", "pooled"]
Loss = Literal["mae", "mse", "huber"]
ViewSet = Literal["level", "log", "ridge", "smoothed", "steady"]
"""Views that may stand in place of the recipe's; see ``models.networks.presets``."""
OWN_LOSS = "own:"
"""Before the name of a loss that a user wrote; see ``models.networks.own_losses``."""
if TYPE_CHECKING:
    Metric = str
else:
    Metric = Literal[tuple(METRICS)]
Device = Literal["auto", "cpu", "gpu"]
Kind = Literal["auto", "sales", "price"]
Match = Literal["steps", "params", "seconds"]
Fill = Literal["interpolate", "previous", "zero", "error"]
Aggregate = Literal["sum", "mean", "last", "count"]
Decimal = Literal[".", ","]
Parents = Literal["check", "ignore"]
"""What becomes of sums that stand in a file beside what they are sums of."""
PictureSize = Literal["page", "slide"]
PlotKind = Literal["png", "svg", "pdf", "none"]
Form = Literal["auto", "table", "json", "csv"]
Lesson = Literal["memory"]
Preset = Literal["fast", "balanced", "best", "tutorial"]
LESSONS: tuple[Preset, ...] = ("tutorial",)
"""Presets that show what a recipe is worth: their versions replace no champion unless somebody says so."""

USUAL_STORE = ".forecast"
"""The folder of the trained models, in the working directory."""
LINEAR = "linear"
"""In the place of a recurrent cell: the network is the linear highway alone."""
MOST = {"units": 10_000, "layers": 100, "steps": 10**9, "batch-size": 10**6, "seed": 10**15}
"""The largest settings of a network, by flag: beyond them no machine has the memory, or a number its 64 bits."""

MOST_STORED_STEPS = 1_000_000
"""Of the window, the horizon and a season of a stored model: nothing has been trained on more."""


@dataclass(frozen=True)
class View:
    """One representation of a window: what is subtracted, what it is divided by, and the naive forecast beneath.

    Attributes:
        base: the naive forecast that the network corrects; ``smoothed`` is exponential smoothing, whose settings
            are fitted to the training windows.
        season: steps after which ``last-season`` and ``mean-season`` repeat; 1 where there is no season.
        level: ``mean`` of the lookback or its ``last`` season's mean is subtracted; ``series``: the series'
            training minimum (textbook min-max scaling).
        scale: divide by the ``window``'s mean seasonal difference, its mean ``deviation`` from its mean, the
            ``series``' mean seasonal difference in training, or its ``range``.
        log: work on the logarithm of the window over its mean.
        ridge: the linear highway starts from a ridge regression, not from zero.
    """

    base: Base = "last-season"
    season: int = 1
    level: Literal["mean", "last", "series"] = "last"
    scale: Literal["window", "deviation", "series", "range"] = "window"
    log: bool = False
    ridge: bool = False

    @property
    def label(self) -> str:
        """A name that no other view shares, such as ``log last-season(12), mean/series``."""
        season = f"({self.season})" if self.base in {"last-season", "mean-season", "smoothed"} else ""
        started = " + ridge" if self.ridge else ""
        return f"{'log ' if self.log else ''}{self.base}{season}, {self.level}/{self.scale}{started}"


@dataclass(frozen=True)
class ModelSpec:
    """Everything that decides a recurrent model's training, but the data.

    Attributes:
        cell: name of a recurrent cell, or ``LINEAR``.
        window: observed steps the network sees, the lookback ``L``.
        horizon: steps forecast, ``H``.
        season: steps that the seasonal naive repeats; 1 for none.
        anchors: the forecasts without training of which the best is what the network is trusted against.
        segment: observed steps that enter one recurrent step; divides ``window``.
        views: one network a view and a seed; the forecasts are combined.
        highway: a linear map from the normalised window to the horizon beside the recurrent path.
        rolled: the network emits one step and is rolled forward, feeding back its own forecasts.
        schedule: ``cosine`` warms up for 30 steps and decays to zero; ``constant`` does neither.
        preset: the recipe the settings came from, for the record.
        calendar: dates may have effects, where the training rows say so.
        country: whose holidays may; None for none.
        known: inputs made of covariates that are known in the future.
        past: inputs made of covariates that are known up to the origin only.
        static: inputs made of traits of the series.
        weight_decay: share of each weight that a training step takes off, times the learning rate; None for none.
    """

    cell: str
    window: int
    horizon: int
    season: int = 1
    anchors: tuple[Anchor, ...] = ("naive", "seasonal-naive")
    segment: int = 1
    units: int = 64
    layers: int = 1
    dropout: float = 0.0
    recurrent_dropout: float = 0.0
    views: tuple[View, ...] = (View(),)
    highway: bool = True
    rolled: bool = False
    loss: str = "mae"  # one of Loss, or OWN_LOSS and a name
    steps: int = 400
    batch_size: int = 128
    learning_rate: float = 3e-3
    schedule: Literal["cosine", "constant"] = "cosine"
    seeds: tuple[int, ...] = (0, 1, 2)
    preset: Preset = "balanced"
    calendar: bool = False
    country: str | None = None
    known: int = 0
    past: int = 0
    static: int = 0
    weight_decay: MayLack[float] = None

    @property
    def seasons(self) -> tuple[int, ...]:
        """The season, 1 for none, and the longer ones that views look at, ascending."""
        return (self.season, *sorted({view.season for view in self.views if view.season > self.season}))

    @property
    def is_recurrent(self) -> bool:
        """Whether the network has a recurrent cell beside its highway."""
        return self.cell != LINEAR

    @property
    def takes_covariates(self) -> bool:
        """Whether the network is given more than the target."""
        return self.known + self.past + self.static > 0

    def __post_init__(self) -> None:
        """Refuses values that no network can have.

        Raises:
            UsageError: a setting is out of range; the hint names the flag.
        """
        names = ("window", "horizon", "segment", "units", "layers", "steps", "batch-size")
        counts = {name: getattr(self, name.replace("-", "_")) for name in names}
        for name, value in (counts | {"seeds": len(self.seeds), "seed": min(self.seeds, default=0)}).items():
            least = 0 if name == "seed" else 1
            if value < least:
                raise UsageError(f"--{name} {value} is too small.", f"--{name} {least} or more")
            if value > (most := MOST.get(name, value)):
                raise UsageError(f"--{name} {value} is too large.", f"--{name} {most} or less")
        for flag, share in (("--dropout", self.dropout), ("--recurrent-dropout", self.recurrent_dropout)):
            if not 0 <= share < 1:
                raise UsageError(
                    f"{flag} {share} is not a share of units.", f"{flag} 0.1 (from 0 up to, not including, 1)"
                )
        if not 0 < self.learning_rate < inf:
            text = f"--learning-rate {self.learning_rate} is not a number above zero."
            raise UsageError(text, "--learning-rate 0.003")
        if not 0 <= (self.weight_decay or 0.0) < inf:
            raise UsageError(f"--weight-decay {self.weight_decay} is no number from 0 on.", "--weight-decay 0.1")
        if self.window % self.segment:
            raise UsageError(
                f"A window of {self.window} steps can't be cut into segments of {self.segment}.",
                f"--window {-(-self.window // self.segment) * self.segment}",
            )

    def with_(self, **changes: Any) -> Self:
        """Returns a copy with some settings changed."""
        return replace(self, **changes)

    def to_json(self) -> dict[str, Any]:
        """Returns the spec as JSON-ready types."""
        return {name: value for name, value in asdict(self).items() if name != "weight_decay" or value is not None}

    @classmethod
    def from_json(cls, document: dict[str, Any], cells: Collection[str]) -> Self:
        """Rebuilds a spec from ``to_json``'s document.

        Args:
            document: JSON-ready types.
            cells: the recurrent cells that this program knows.

        Raises:
            DataError: the document has fields or values that this version of the program does not know.
        """
        try:
            spec = decode(cls, document)
            check_word(spec.cell, (*cells, LINEAR), "cell")
            if not spec.loss.startswith(OWN_LOSS):
                check_word(spec.loss, get_args(Loss), "loss")
            if not spec.views or "naive" not in spec.anchors:
                raise ValueError("it has no views, or no last value to be trusted against")
            steps = (spec.window, spec.horizon, spec.season, *(view.season for view in spec.views))
            if not all(1 <= number <= MOST_STORED_STEPS for number in steps):
                raise ValueError("its window, horizon or season is none")
        except ValueError as error:
            raise DataError(
                f"The stored settings of the model can't be read: {error}.",
                f"{UPGRADE}, or train the model anew",
            ) from error
        return spec


@dataclass(frozen=True)
class Overrides:
    """Network settings that a person gave; None leaves a setting to the preset."""

    segment: int | None = None
    units: int | None = None
    layers: int | None = None
    dropout: float | None = None
    recurrent_dropout: float | None = None
    loss: str | None = None
    steps: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    weight_decay: MayLack[float] = None
    views: MayLack[ViewSet] = None

    def given(self) -> dict[str, Any]:
        """Returns the settings that are not None."""
        return {f.name: value for f in fields(self) if (value := getattr(self, f.name)) is not None}


@dataclass(frozen=True)
class Settings:
    """What a person may decide about a run; None is inferred from the data.

    Attributes:
        horizon: steps to forecast.
        window: steps the network sees.
        season: steps in one season; 1 for none.
        folds: scored origins of the backtest.
        seed: the first seed.
        seeds: how many networks are trained from each view, each from its own seed.
        metric: the error by which past forecasts are judged where something is to be chosen.
        kind: what the values are: ``sales`` are never negative, a ``price`` moves by returns from its last value;
            ``auto`` looks whether they behave like random walks.
        calendar: dates are looked at for effects, which are used where they are worth something.
        country: whose holidays are looked at too; None for none.
        levels: of the intervals that a forecast has unasked, in per cent, ascending.
    """

    horizon: int | None = None
    window: int | None = None
    season: int | None = None
    folds: int | None = None
    preset: Preset = "balanced"
    seed: int = 0
    seeds: int | None = None
    metric: Metric = "rmsse"
    overrides: Overrides = Overrides()
    kind: Kind = "auto"
    calendar: bool = True
    country: str | None = None
    levels: tuple[float, ...] = LEVELS

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """Returns the settings that were given by name, the network's among them; the others are as usual.

        Raises:
            UsageError: there is no such level.
        """
        network = {field.name: given[field.name] for field in fields(Overrides) if field.name in given}
        own = {field.name: given[field.name] for field in fields(cls) if field.name in given}
        if "levels" in own:
            own["levels"] = LEVELS if own["levels"] is None else read_levels(own["levels"])
        return cls(**{**own, "overrides": Overrides(**network)})

    def flat(self) -> dict[str, Any]:
        """Returns all settings by name, those of the network first."""
        own = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "overrides"}
        return {**vars(self.overrides), **own}


@dataclass(frozen=True)
class Deadline:
    """When a command must be done; the time since its start counts."""

    limit: float  # seconds
    began: float  # on the clock of the run

    def spent(self, now: float) -> float:
        """Returns the seconds since the command began, at a time on the clock of the run."""
        return now - self.began

    def left(self, now: float) -> float:
        """Returns the seconds until it must be done; below zero where it is late."""
        return self.limit - self.spent(now)


@dataclass(frozen=True)
class Machine:
    """What a run runs on, and its networks train on.

    Attributes:
        device: cpu or gpu; auto until TensorFlow has been asked.
        jit: compile with XLA; off on a GPU, where it would exclude the cuDNN kernels.
        threads: that count at once.
        room: steps that there is room for in the compiled loop's buffer, at least, so that all folds share it.
    """

    device: Device = "cpu"
    jit: bool = True
    threads: int = 1
    room: int = 0

    @property
    def networks(self) -> int:
        """How many networks are trained side by side: on a GPU they take turns."""
        return 1 if self.device == "gpu" else self.threads


SeasonVerdict = Literal["strong", "weak", "none", "too short to tell"]


@dataclass(frozen=True)
class Season:
    """A season that data may have, and what the data says of it.

    Attributes:
        steps: of it.
        strength: share of the movement around the trend that it explains; the median of the series that have it.
        share: of the series that have it.
        verdict: what is to be believed.
        low: of the strength, where it begins to be likely; the median likewise.
        high: and where it ends.
    """

    steps: int
    strength: float
    share: float
    verdict: SeasonVerdict
    low: float
    high: float

    @property
    def is_seen(self) -> bool:
        """Whether the data has it, strong or weak."""
        return self.verdict in {"strong", "weak"}


@dataclass(frozen=True)
class Plan:
    """What is forecast, from what, and how it is scored: the same for all models of a run.

    Attributes:
        seasons: periods in steps, shortest first; empty where there is none.
        refit: train anew at each fold's origin; otherwise once, at the earliest.
        nonnegative: no value is below zero up to the earliest fold's origin; later ones move no forecast of then.
        kind: what the values are; see ``Settings``.
        repeated: season that the seasonal naive repeats; None for the shortest.
        shown: what the data says of each season that it may have.
        warms_up: an unscored fold before the others teaches trust and widths; there are too few rows for it otherwise.
        is_walk: nobody said what they are, and they behave like random walks: networks are doubted as with a price.
        is_intermittent: most series sell now and then: what is forecast is the mean, and what is likely are counts.
    """

    horizon: int
    window: int
    seasons: tuple[int, ...]
    folds: int
    refit: bool
    nonnegative: bool
    kind: Kind = "auto"
    repeated: int | None = None
    shown: tuple[Season, ...] = ()
    warms_up: bool = True
    is_walk: bool = False
    is_intermittent: bool = False

    @property
    def season(self) -> int:
        """The shortest season, 1 where there is none: what networks look at and errors are scaled by."""
        return self.seasons[0] if self.seasons else 1

    @property
    def naive_season(self) -> int:
        """The season that the seasonal naive repeats, the best of those that are seen; 1 where there is none."""
        return self.repeated or self.season

    def season_of(self, model: str) -> int:
        """Returns the season by which a model of a name forecasts."""
        return self.naive_season if model == "seasonal-naive" else self.season
