"""The numbers of the detector, chosen by seeded injections into training parts (benchmarks/tuning/anomalies.py)."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class AnomalySettings:
    """The numbers by which anomalies are found.

    Attributes:
        levels: how fast the levels of smoothings without a season follow.
        seasonal: how fast level and season of smoothings with one follow.
        clip: no error moves a forecast or a scale by more than so many times the scale.
        accept: after so many errors beyond that in a row, on one side, the level is a new one.
        memory: share of its weight that each step adds to the scale of errors.
        recent: early scales are means of the newest of so many of the errors: the first forecasts knew little.
        forget: share of its past errors that a smoothing keeps after a step, in the mixture.
        sharp: how sharply the mixture prefers what erred less.
        blocks: origins at which the regression of errors on earlier ones is fitted anew.
        young: seasons during which errors are those of a young smoothing, and teach the regression little.
        own: steps' worth of the panel's regression beside that of one series.
        floor: the scale is no smaller than this share of its mean so far.
        warm: seasons after which a forecast counts; see ``least`` for series without.
        least: steps after which a forecast counts, at least.
        settling: steps after which forecasts err as they will, at most; scores of earlier ones calibrate nothing.
        widths: steps of the means that tell a new level.
        burst: steps of the windows that tell a change of variance, at least.
        longest: steps of a window of shapes, after thinning.
        trim: share of the windows that the usual shapes are learned without.
        share: of the usual values, at the top, that the tail is fitted to.
        censored: share of these that the first fit of the tail doesn't look at.
        doubt: share of false discoveries among what is kept out of the calibration.
        few_scores: of so many at most, one or two stretches that are off are a large part.
        stretched: share of the tail that such stretches may take.
        stretches: that they are at most; what is off more often than that is usual.
        lightest: shape of a tail that is fitted, at least; below 0, a tail ends somewhere.
        window_share, window_censored, window_lightest: likewise of scores of windows.
        often_nought: share of a series' values that are 0, from which on its demand may be intermittent.
        left_open: share of the variance of being 0 that a season leaves open then, at least.
        chance_speed, size_speed: how fast the probability of a demand and its mean size follow, at least.
        least_series: that have a step, from which on they say something of it.
        most_series: whose median is taken, evenly chosen of more.
        all_far: scales from which on the usual residual of a step says nothing of the course of any series.
        all_belief: standard errors that a median of all series is drawn to nought by; see ``cross_section``.
        apart_at: the share of the series that are not nearer to it tells how far all are apart on a step.
        apart_series: that tell it, at least.
        apart_belief: standard errors that this is drawn to the usual by.
        apart_most: by how many times it is another than usual, at most, unless all are off.
        change_weight: what a new level or a burst counts, in decimal orders of rarity, beside a point or a shape.
        alike: a point counts alone where so many of its series are as rare by chance, at most.
        far: so does one that is so many orders farther off than the usual ones, by an exponential tail.
        weak: share that it counts otherwise.
        most_orders: orders that each scorer of windows counts in their mean, at most.
        long, long_shape: steps from which on a series tells much of its shapes, and how often these count then.
        beyond, beyond_most: orders from which on the most telling of them counts again, and by how many at most.
    """

    levels: tuple[float, ...] = (0.03, 0.1, 0.3, 0.6, 0.95)
    seasonal: tuple[tuple[float, float], ...] = ((0.03, 0.3), (0.15, 0.3), (0.5, 0.3), (0.9, 0.2))
    clip: float = 3.0
    accept: int = 4
    memory: float = 0.01
    recent: float = 3.0
    forget: float = 0.98
    sharp: float = 0.15
    blocks: int = 8
    young: float = 6.0
    own: float = 500.0
    floor: float = 0.3
    warm: float = 2.0
    least: int = 10
    settling: int = 100
    widths: tuple[int, ...] = (5, 15)
    burst: int = 8
    longest: int = 32
    trim: float = 0.05
    share: float = 0.2
    censored: float = 0.25
    doubt: float = 0.2
    few_scores: int = 1000
    stretched: float = 0.7
    stretches: int = 3
    window_share: float = 0.25
    window_censored: float = 0.4
    lightest: float = -0.3
    window_lightest: float = 0.0
    often_nought: float = 0.3
    left_open: float = 0.7
    chance_speed: float = 0.02
    size_speed: float = 0.05
    least_series: int = 8
    most_series: int = 200
    all_far: float = 3.0
    all_belief: float = 2.0
    apart_at: float = 0.1
    apart_series: int = 30
    apart_belief: float = 2.0
    apart_most: float = 1.5
    change_weight: float = 0.6
    alike: float = 7.0
    far: float = 3.0
    weak: float = 0.3
    most_orders: float = 4.0
    long: int = 2000
    long_shape: float = 4.0
    beyond: float = 3.0
    beyond_most: float = 2.5

    @property
    def of_windows(self) -> "AnomalySettings":
        """The numbers by which scores of windows are calibrated: an anomaly takes many of them."""
        share, censored, lightest = self.window_share, self.window_censored, self.window_lightest
        return replace(self, share=share, censored=censored, lightest=lightest)


SETTINGS = AnomalySettings()  # measured by benchmarks/tuning/anomalies.py
