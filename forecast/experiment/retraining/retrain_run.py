"""One run of `forecast retrain` that looks at the data: from newer rows to a champion that may be another."""

from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from forecast.data.future.extrapolation import check_flags, yes_no_columns
from forecast.data.panel import Panel
from forecast.data.reading.reader import Reading
from forecast.decoding import encode
from forecast.errors import DataError, NotFoundError, UsageError
from forecast.evaluation.live.points import LivePoints
from forecast.evaluation.trained_model import TrainedModel
from forecast.experiment.changes.issued_forecast import known_beside
from forecast.experiment.destinations import check_folder
from forecast.experiment.final_fit import check_model
from forecast.experiment.input_data import called_alike, is_there, of_known_series, read_alike
from forecast.experiment.known_ahead import assumed_notes, short_notes, unseen_notes
from forecast.experiment.news import DataRead
from forecast.experiment.outputs import Outlook, forecast_csv, forecast_table, write_forecast
from forecast.experiment.retraining.challenge import (
    Challenge,
    FinalModel,
    Recipe,
    final_model,
    find_hold_out,
)
from forecast.experiment.retraining.challenger import (
    AcceptedChallenger,
    pack_challenger,
    recipe_difference,
    second_look,
)
from forecast.experiment.retraining.continuity import (
    RECORD,
    Continuation,
    EarlierData,
    check_revision,
    check_whole,
    compare_with_record,
)
from forecast.experiment.retraining.flagged import ALL_STAYS, LeftOut, without_flagged
from forecast.experiment.retraining.live import MOST_ISSUED, drift_since, live_figures, read_live, width_since
from forecast.experiment.retraining.request import RetrainRequest, RetrainResult
from forecast.experiment.retraining.retuning import run_challenges
from forecast.experiment.retraining.unfinished_run import Log, Progress
from forecast.experiment.stored_forecast import check_promise, with_future
from forecast.experiment.versions.stored_model import StoredModel, load_version, naive_season_of, read_settings
from forecast.models.ensemble import EnsembleModel
from forecast.models.networks.cells import CELLS
from forecast.models.registry import MODELS
from forecast.name_lists import flag_value
from forecast.production.promotion import Decision, decide
from forecast.production.store.json_document import utc
from forecast.production.store.model_store import MovedError
from forecast.production.store.run_record import RunRecord
from forecast.production.store.version import Version
from forecast.production.triggers import Past, trigger
from forecast.run import Run
from forecast.widening import USUAL, Widening, widening_sentence
from forecast.wording import counted, listed

CHALLENGED = 0.55
"""Share of the time, about, that is gone when the challenger is scored; if it wins, it is trained on all the data."""


@dataclass(eq=False)
class RetrainRun:
    """One retrain, from its data on."""

    request: RetrainRequest
    source: str
    past: Past
    progress: Progress
    run: Run
    log: Log
    outlook: Outlook | None = None  # what was foretold in the end
    notes: tuple[str, ...] = ()  # on what was told of the future
    assumed: tuple[str, ...] = ()  # what that had to guess of the known covariates, in words
    is_averaged: bool = False  # the rows of a step were made one
    widening: Widening = USUAL  # of the next intervals of the version in use
    points: LivePoints | None = None  # what was issued beside what came true; None where it can't be read
    blind: tuple[str, ...] = ()  # why it can't, in words
    drift: str = ""  # what is not as it was, in words
    left_out: LeftOut = ALL_STAYS  # what the champion flags
    whole: Panel | None = None  # the data with it

    def result(self) -> RetrainResult:
        """Returns what became of the champion.

        Raises:
            ForecastError: see ``retrain``.
        """
        request, name = self.request, self.past.champion.name
        if request.table is None:
            names = (f"{name}.csv", *([f"{name}-report.html"] if request.report else []))
            check_folder(request.folder, "-o", names, self.source)
        stored, self.widening = load_version(self.past.champion), self.progress.models.widening()
        recipe = self._recipe(stored)
        self.progress.is_about_data = True
        reading = self._read(stored)
        if self.request.is_repeated(self.past, reading.fingerprint):  # the earlier run may not have come to its end
            return self._nothing(stored, reading, "the same data and settings as before", is_same=True)
        check_promise(stored, reading.panel)
        self.is_averaged = bool(reading.settled.aggregate)
        check_flags(reading.panel, yes_no_columns(reading.panel), is_averaged=self.is_averaged)
        sequel = self._checked(stored, reading)
        self.progress.is_about_data = False
        self._learn_live(stored, reading)
        why, why_not = self._trigger(stored, reading, sequel, recipe)
        self.log("checked", {**asdict(sequel), "rows": reading.rows, "trigger": why, "reason": why_not})
        if not why:
            return self._nothing(stored, reading, why_not, is_same=False)
        self.progress.learn(trigger=why)
        reading = self._learnable(stored, reading)
        horizon = stored.trained.horizon
        folds = find_hold_out(reading.panel, stored.context, horizon, self.request.change.min_holdout or horizon)
        if self.request.dry_run:
            return self._planned(stored, reading, recipe, is_held_out=bool(folds))
        run = self.run.stage(0.0, CHALLENGED)
        fought = run_challenges(reading, stored.trained, folds, recipe, self.request.tune, run)
        challenge = fought.challenge
        if fought.retuned is not None:
            self.log("tuned", self.progress.learn(**fought.retuned.facts()).facts())
        return self._settled(stored, reading, fought.recipe, challenge, self._decided(challenge, reading.panel))

    def _learnable(self, stored: StoredModel, reading: Reading) -> Reading:
        """Returns what is learned from and scored: all, or what the champion doesn't flag."""
        self.whole = reading.panel
        if not self.request.ignores_anomalies:
            return reading
        reading, self.left_out = without_flagged(reading, stored, self.run)
        self.notes += (self.left_out.note,)
        self.progress.learn(left_out=len(self.left_out.words))
        self.log("flagged", {"values": list(self.left_out.words)})
        return reading

    def _decided(self, challenge: Challenge, panel: Panel) -> Decision:
        """Returns what becomes of the challenger by its score, and books it."""
        scores = (challenge.champion, challenge.challenger.score, challenge.naive_rmse)
        gate, is_same = self.request.gate, challenge.is_same
        decision = decide(*scores, challenge.points, gate, is_same=is_same, tie=challenge.tie)
        record = self.progress.learn(
            **asdict(decision),
            champion_rmse=challenge.champion.rmse,
            challenger_rmse=challenge.challenger.score.rmse,
            naive_rmse=challenge.naive_rmse,
            scored_on=challenge.scored_on(panel),
            refitted_on_all=self.request.change.refit_all,
            warm=challenge.challenger.is_warm,
            gate=asdict(self.request.gate),
        )
        self.log("decided", record.facts())
        return decision

    def _recipe(self, stored: StoredModel) -> Recipe:
        """Returns how the challenger is made: the champion's way, but for what was asked."""
        change = self.request.change
        model = change.model or stored.trained.name
        check_model(model, (*MODELS, *CELLS.unlisted))
        if change.warm and not isinstance(stored.trained.model, EnsembleModel):
            message = f"--warm begins from a network's weights, and the champion is a {stored.trained.name} model."
            raise UsageError(message, "leave out --warm")
        given = {key: getattr(change, key) for key in ("preset", "seed", "seeds") if getattr(change, key) is not None}
        # A longer file must not change what is forecast: downstream jobs rely on it, and scores would not compare.
        settings = replace(read_settings(stored.version), horizon=stored.trained.horizon, **given)
        return Recipe(model, settings, change.warm)

    def _read(self, stored: StoredModel) -> Reading:
        """Returns the data, a lone series called as it was when the champion was trained."""
        name = stored.version.name
        if self.request.source is None and not is_there(self.source, "DATA"):
            gone = "not there any more" if Path(self.source).is_absolute() else "no file"
            was = f"trained on {self.source}, which is {gone}"
            raise NotFoundError(f"{name} was {was}.", f"forecast retrain {name} FILE")
        asked, frequency, own = self.request.options, stored.context.frequency, stored.context.series_ids
        options = asked or stored.options
        is_asked, now = asked is not None, self.run.clock.now()
        source = of_known_series(self.source, options, own, now)
        reading = read_alike(source, options, frequency, stored.columns, is_asked=is_asked, now=now, series_ids=own)
        self.run.reporter.tell(DataRead(reading))
        if self.request.future is not None:
            panel, self.notes = with_future(reading.panel, self.request.future, reading.settled)
            reading = replace(reading, panel=panel)
        reading = replace(reading, panel=called_alike(reading.panel, stored.context))
        if not set(reading.panel.series_ids) & set(stored.context.series_ids):
            raise UsageError(
                f"{reading.source} has none of the series that {name} was trained on, such as "
                f"{stored.context.series_ids[0]}.",
                f"forecast train {self.source} --name ANOTHER",
            )
        return reading

    def _checked(self, stored: StoredModel, reading: Reading) -> Continuation:
        """Returns what is new, after a look for what is suspicious."""
        champion, allowed = self.past.champion, self.request.tolerance
        data = champion.manifest.data
        self.progress.learn(rows=reading.rows)
        check_whole(reading, EarlierData(data, self.past.rows, champion.created), self.run.clock.now(), allowed)
        if RECORD in champion.files:
            sequel = compare_with_record(reading.panel, stored.context.series_ids, champion.read(RECORD))
        else:  # published by an early program, which kept no record
            sequel = Continuation(max(reading.rows - data.rows, 0), 0, 0)
        self.progress.learn(new_rows=sequel.new_rows)
        check_revision(reading, sequel, allowed)
        return sequel

    def _trigger(self, stored: StoredModel, reading: Reading, sequel: Continuation, recipe: Recipe) -> tuple[str, str]:
        if self.request.gate.force:
            return "--force", ""
        champion = stored.version

        def drift() -> str:
            if self.points is None:
                read_live(self.progress.models, reading, None, MOST_ISSUED)  # raises, as it did before
            return self.drift

        came = (sequel.new_rows, self.past.seen_rows(self.request.asked))
        age = max(self.run.clock.now() - champion.created, timedelta(0))  # clocks jump
        return trigger(self.request.rules, came, sequel.revised, age, recipe_difference(recipe, stored), drift)

    def _learn_live(self, stored: StoredModel, reading: Reading) -> None:
        """Looks how issued forecasts did, and settles how wide the next are; without them, it stays as it is."""
        models, champion = self.progress.models, stored.version
        try:
            self.points, _ = read_live(models, reading, None, MOST_ISSUED)
        except DataError as error:  # no reason to stop: drift alone can't do without
            self.blind = (f"{error.message} So intervals are as wide as before.",)
            return
        self.widening = self._dated(width_since(models, champion, self.points))
        figures = live_figures(self.points, reading.panel, naive_season_of(champion.manifest), timedelta())
        signals = drift_since(champion, self.points, reading.panel, self.widening.factor)
        self.drift = " ".join(signal.sentence for signal in signals)
        self.progress.learn(**figures.facts(), drift=", ".join(signal.name for signal in signals))

    def _dated(self, learned: Widening) -> Widening:
        """Returns a widening with the time since when its factor holds."""
        before = self.progress.models.widening()
        now = utc(self.run.clock.now()).isoformat(timespec="seconds")
        since = before.since if learned.factor == before.factor else now
        return replace(learned, since=since)

    def _nothing(self, stored: StoredModel, reading: Reading, reason: str, *, is_same: bool) -> RetrainResult:
        """Ends without training, but with the champion's forecast from the newest row."""
        if self.request.dry_run:
            record = self._learn(outcome="dry-run", reason=reason)
            return self._result(stored.version, record, plan=(f"{reason}: nothing would be trained or written",))
        facts: dict[str, Any] = {"outcome": "nothing-new", "reason": reason}
        in_use, path = self._issue(stored, reading.panel)
        facts["champion"] = in_use.label
        if is_same:
            facts |= {"rows": reading.rows, "new_rows": 0}
            facts |= {"fingerprint": reading.fingerprint, "asked": self.request.asked}
        return self._result(stored.version, self._learn(**facts), files=(path,))

    def _learn(self, **facts: Any) -> RunRecord:
        """Books how wide the next intervals are, and more facts; returns the record so far."""
        return self.progress.learn(widened=self.widening.factor, held=self.widening.held, **facts)

    def _issue(self, stored: StoredModel, panel: Panel) -> tuple[Version, Path | str]:
        """Writes the forecast of the champion that stays, and keeps it in the store to be scored one day.

        Returns the version in use, which is another where somebody went back to one meanwhile, and the file.
        """
        models = self.progress.models
        while True:
            now = models.champion()
            if now.id != stored.version.id:
                stored, self.widening = load_version(now), models.widening()
            models.widen(stored.version, self.widening)
            trained = stored.trained.widened(self.widening.factor)
            outlook = Outlook(panel, *trained.issue(panel, trained.horizon, self.run))
            path = self._write_forecast(stored.version, trained, outlook)
            if models.champion().id == stored.version.id:
                break
        known = known_beside(stored, panel, trained.horizon)
        table = forecast_csv(outlook.forecasts, panel, trained.name, stored.version.label, self.widening.factor, known)
        models.issue(table, stored.version, self.run.clock.now())
        return stored.version, path

    def _settled(
        self, stored: StoredModel, reading: Reading, recipe: Recipe, challenge: Challenge, decision: Decision
    ) -> RetrainResult:
        """Publishes the challenger if it may be, and writes the forecast of whoever is champion then."""
        version, panel = None, reading.panel
        if decision.is_published:
            run, refit_all = self.run.stage(CHALLENGED, 1.0), self.request.change.refit_all
            final = final_model(challenge, reading, stored.trained, recipe, run, refit_all=refit_all)
            decision = second_look(decision, challenge, final.trained, panel, self.request.gate, self.run)
            if decision.is_published:
                decision, version = self._published(stored, reading, recipe, challenge, decision, final)
        if version and decision.outcome == "promoted":  # the version itself holds the forecast that was issued with it
            model = final.trained.widened(self.widening.factor)
            outlook = Outlook(panel, *model.issue(panel, model.horizon, self.run))
            path, in_use = self._write_forecast(version, model, outlook), version
            if self.progress.models.champion().id != version.id:  # somebody went back already
                in_use, path = self._issue(stored, self.whole or panel)
        else:
            in_use, path = self._issue(stored, self.whole or panel)
        record = self._learn(
            **asdict(decision),
            champion=in_use.label,
            challenger=version.label if version else None,
            training_end=in_use.manifest.data.training_end,
            fingerprint=reading.fingerprint,
            asked=self.request.asked,
            exit_code=0 if decision.outcome == "promoted" else self.request.exit_code_kept,
        )
        notes = (*self.notes, *challenge.notes, *_gained(reading, stored))
        return self._result(stored.version, record, notes, files=(path,))

    def _published(
        self,
        stored: StoredModel,
        reading: Reading,
        recipe: Recipe,
        challenge: Challenge,
        decision: Decision,
        final: FinalModel,
    ) -> tuple[Decision, Version]:
        """Puts the challenger into the store, as a candidate where its place was given to another version meanwhile."""

        def publish(decided: Decision, passed: Widening) -> Version:
            record = self.progress.learn(**asdict(decided))
            return self._publish(AcceptedChallenger(stored, reading, recipe, challenge, record, *final), passed)

        if decision.outcome != "promoted":
            return decision, publish(decision, USUAL)
        passed = self._passed_on(stored, final.trained)
        try:
            version = publish(decision, passed)
        except MovedError:
            label = self.progress.models.champion().label
            lost = f"{label} was put in use meanwhile in place of {stored.version.label}, and was not challenged"
            return (decided := Decision("candidate", lost)), publish(decided, USUAL)
        self.widening = passed
        return decision, version

    def _passed_on(self, stored: StoredModel, challenger: TrainedModel) -> Widening:
        """Returns how wide the intervals of a challenger are when it takes over: it goes on where the champion was."""
        is_same_kind = type(challenger.distribution) is type(stored.trained.distribution)
        return self.widening if is_same_kind else USUAL

    def _publish(self, finalist: AcceptedChallenger, widening: Widening) -> Version:
        models, change = self.progress.models, self.request.change
        label = f"v{models.next_number()}"
        how = self.left_out.of(self.request.options or finalist.champion.options)
        width, all_data = widening.factor, change.refit_all
        files, entry = pack_challenger(finalist, label, how, self.run, widened=width, refit_all=all_data)
        champion = finalist.record.outcome == "promoted"
        if champion:
            self.progress.unwritten = self.request.destination(models.name)
        rival, now = finalist.champion.version if champion else None, self.run.clock.now()
        version = models.publish(files, encode(entry), now, champion=champion, widening=widening, instead_of=rival)
        self.log("published", {"version": version.label, "id": version.id, "champion": champion})
        return version

    def _write_forecast(self, version: Version, trained: TrainedModel, outlook: Outlook) -> Path | str:
        """Writes the forecast into its file or table, and returns where."""
        panel, to = outlook.history, self.request.destination(version.name)
        table = forecast_table(outlook.forecasts, panel, trained.name, version.label)
        write_forecast(to, version.name, table, create=self.request.creates_table)
        self.progress.unwritten = None
        self.outlook = outlook
        self.assumed = short_notes(trained, panel)
        self.assumed += unseen_notes(trained, panel, trained.horizon, is_averaged=self.is_averaged)
        self.assumed += assumed_notes(trained, panel, trained.horizon, "--future FILE")
        return to

    def _planned(self, stored: StoredModel, reading: Reading, recipe: Recipe, *, is_held_out: bool) -> RetrainResult:
        models, way = self.progress.models, "as it is" if is_held_out else "its recipe trained anew"
        last = "; the winner is trained on all of it" if self.request.change.refit_all else ""
        plan = (
            f"read   {reading.source}: {counted(reading.rows, 'row')}; why: {self.progress.known.trigger}",
            *([f"tune   {recipe.model} for {self.request.tune:g} s"] if self.request.tune else []),
            f"train  {recipe.model}{' and a warm start' if recipe.warm and is_held_out else ''}{last}",
            f"score  it against {stored.version.label}, {way}",
            f"write  v{models.next_number()} into {models.folder}, if it wins",
            f"write  {self.request.destination(stored.version.name)}",
        )
        return self._result(stored.version, self._learn(outcome="dry-run"), plan=plan)

    def _result(self, before: Version, record: RunRecord, notes: tuple[str, ...] = (), **more: Any) -> RetrainResult:
        since = before.manifest.data.training_end.removesuffix("T00:00:00")
        told = widening_sentence(record.champion or "", self.widening)
        said = (*notes, *self.assumed, *self.blind, *([told] if told else []))
        return RetrainResult(record, since, notes=said, outlook=self.outlook, **more)


def _gained(reading: Reading, stored: StoredModel) -> tuple[str, ...]:
    """Returns in words which columns the file did not have when the champion was trained."""
    before = stored.version.manifest.data.header
    new = [name for name in reading.header if name not in before] if before else []
    if not new:
        return ()
    return (
        f"{reading.source} has gained {listed(new)}, which {'is' if len(new) == 1 else 'are'} left aside; "
        f"a model with {'it' if len(new) == 1 else 'them'}: forecast train, with --known or --past {flag_value(new)}.",
    )
