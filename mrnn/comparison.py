"""Networks beside one another on one task: what each of them is, what it reached over seeds, and how long it takes."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd

from mrnn.config import ModelConfig, RunConfig
from mrnn.data import Target
from mrnn.experiments import OnPart
from mrnn.grid import SweepConfig
from mrnn.matching import count_products, count_weights
from mrnn.scores import written
from mrnn.sweeps import Sweep

if TYPE_CHECKING:
    from mrnn.hmm import Beside  # at run time nothing here should wait for hmmlearn

NAMES = {"lstm": "LSTM", "gru": "GRU", "elman": "Elman", "peephole": "LSTM with peepholes"}
FIGURES = ("validation", "accuracy", "agreement", "epoch_seconds")
ABOUT_HMMS = (
    "Hidden Markov models (HMMs) were fitted to the same training signals, and know how many regimes there are. In the "
    "Gaussian one a value depends on the state alone, in the autoregressive one on the two values before it, too."
)
REPEATS = 20  # answers to take the median time of


class Reader(Protocol):
    """What answers sequences: a `SequenceModel`."""

    def trace(self, x: np.ndarray) -> object:
        """Read sequences (N, T, D)."""


@dataclass(frozen=True)
class Outcome:
    """One run of a comparison, be it over or not.

    config      what was asked for
    validation  best hard score on held-out training data; NaN while it is not known
    accuracy    hard score on the test split; NaN while it is not known
    seconds     of training; NaN while it is not known
    epochs      how many these were; NaN while it is not known
    run         its id, "" if it is not on this machine
    history     its epochs so far, as `Run.history`
    agreement   adjusted Rand index of z and the hidden states on the test split; NaN while it is not known, or where
                there are none
    """

    config: RunConfig
    validation: float
    accuracy: float
    seconds: float
    epochs: float
    run: str = ""
    history: tuple[dict[str, Any], ...] = ()
    agreement: float = np.nan


def outcomes(sweep: Sweep) -> list[Outcome]:
    """What came of each run of a sweep so far."""
    found = []
    for run in sweep.runs:
        if run.config is not None:
            figures = run.figures
            found.append(
                Outcome(
                    config=run.config,
                    validation=figures.get("validation_accuracy_hard", np.nan),
                    accuracy=figures.get("test_accuracy_hard", np.nan),
                    seconds=figures.get("seconds", np.nan),
                    epochs=figures.get("epochs", np.nan),
                    run=run.id,
                    history=run.history,
                    agreement=figures.get("test_agreement", np.nan),
                )
            )
    return found


def outcomes_of(config: SweepConfig, table: pd.DataFrame) -> list[Outcome]:
    """As `outcomes`, of a sweep that was run elsewhere.

    table  what `mrnn.sweeps.table` says of it: a row a run, in the order of `config.runs()`
    """
    told = [figure for figure in ("validation", "accuracy", "agreement", "seconds", "epochs") if figure in table]
    rows = table[told].astype(float).to_dict("records")
    named = ({str(figure): value for figure, value in row.items()} for row in rows)
    return [Outcome(run, **row) for run, row in zip(config.runs(), named, strict=True)]


def name_of(model: ModelConfig) -> str:
    """What to call a network: "MRNN, k = 4, own carry", "GRU, embedded in 16"."""
    if model.cell != "mrnn":
        return NAMES[model.cell] + embedded(model)
    carry = ", own carry" if model.carry == "own" and model.num_lstms > 1 else ""
    return f"MRNN, k = {model.num_lstms}{carry}{embedded(model)}"


def embedded(model: ModelConfig) -> str:
    """What the name of a network says of its embedding; nothing where it has none."""
    return f", embedded in {model.embedding}" if model.embedding else ""


def contenders(found: Iterable[Outcome]) -> pd.DataFrame:
    """A row a network, in the order in which they come.

    returns  columns network, hidden_size, weights, products (multiplications a step), runs, known (how many are over),
             and for each of FIGURES its mean and its standard deviation over seeds (NaN for fewer than two), as
             NAME and NAME_deviation. epoch_seconds is the time of training by the number of epochs that it took
    """
    rows = [
        {
            "network": name_of(one.config.model),
            "hidden_size": one.config.model.hidden_size,
            "weights": count_weights(one.config.model),
            "products": count_products(one.config.model),
            "validation": one.validation,
            "accuracy": one.accuracy,
            "agreement": one.agreement,
            "epoch_seconds": one.seconds / one.epochs,
        }
        for one in found
    ]
    what = ["network", "hidden_size", "weights", "products"]
    table = pd.DataFrame(rows, columns=[*what, *FIGURES])
    groups = table.groupby(what, sort=False)
    told = {"runs": ("accuracy", "size"), "known": ("accuracy", "count")}
    for figure in FIGURES:
        told |= {figure: (figure, "mean"), f"{figure}_deviation": (figure, "std")}
    return groups.agg(**told).reset_index()  # type: ignore[arg-type]


def with_hmms(table: pd.DataFrame, told: "list[Beside]") -> pd.DataFrame:
    """The same networks, and last rows for hidden Markov models; they have no hidden units and no epochs (NaN).

    table  of `contenders`
    """
    rows = [
        {
            "network": f"{one.name[0].upper()}{one.name[1:]}",
            "weights": one.num_weights,
            "runs": 1,
            "known": 1,
            "accuracy": one.score,
            "agreement": one.from_the_past,  # as a network sees it
        }
        for one in told
    ]
    return pd.DataFrame([*table.to_dict("records"), *rows], columns=table.columns)


def said_of_hmms(told: "list[Beside]") -> str:
    """What hidden Markov models are, and what they came to."""
    return " ".join(
        [
            ABOUT_HMMS,
            *(
                f"The {one.name}: adjusted Rand index {one.from_the_past:.3f} from the past alone, as a network sees "
                f"it, {one.agreement:.3f} where each signal is seen whole; mean squared error of the next value "
                f"{one.error:.4f}."
                for one in told
            ),
        ]
    )


def curves(found: Iterable[Outcome]) -> pd.DataFrame:
    """Held-out hard score by epoch: rows of network, epoch, mean, lowest, highest (over seeds)."""
    rows = [
        {"network": name_of(one.config.model), "epoch": report["epoch"], "score": report["accuracy_hard"]}
        for one in found
        for report in one.history
    ]
    table = pd.DataFrame(rows, columns=["network", "epoch", "score"])
    groups = table.groupby(["network", "epoch"], sort=False)["score"]
    return groups.agg(mean="mean", lowest="min", highest="max").reset_index()


def answer_seconds(model: Reader, x: np.ndarray, repeats: int = REPEATS) -> float:
    """How long one sequence takes: the median over `repeats` answers to x (T, D), after one to warm up."""
    times: list[float] = []
    for turn in range(repeats + 1):
        start = time.perf_counter()
        model.trace(x[None])
        if turn:
            times.append(time.perf_counter() - start)
    return median(times)


def answer_times(models: Mapping[str, Sequence[Reader]], x: np.ndarray, on_part: OnPart | None = None) -> pd.DataFrame:
    """How long each network takes to answer one sequence: a row a network, in order.

    models   of each network, one a seed
    x        (T, D)
    on_part  called with (models timed, in all)
    returns  columns network, runs, mean and deviation over seeds (NaN for one), both in milliseconds
    """
    rows, total = [], sum(map(len, models.values()))
    done = 0
    for network, of_seed in models.items():
        times = []
        for model in of_seed:
            times.append(1000 * answer_seconds(model, x))
            done += 1
            if on_part is not None:
                on_part(done, total)
        found = pd.Series(times)
        rows.append({"network": network, "runs": len(times), "mean": found.mean(), "deviation": found.std()})
    return pd.DataFrame(rows, columns=["network", "runs", "mean", "deviation"])


def verdict(table: pd.DataFrame, figure: str, target: Target) -> str:
    """Which network is ahead, and whether by more than chance over seeds explains.

    table    of `contenders`
    figure   one of FIGURES, of which more is better
    target   the kind of target that is scored
    """
    known = table[table[figure].notna()].sort_values(figure, ascending=False)
    if known.empty:
        return "Figures come in as runs end."
    best = known.iloc[0]
    said = f"Best network: {best['network']}, {written(target, best[figure])}"
    if len(known) == 1:
        return f"{said}."
    second = known.iloc[1]
    said += f"; next {second['network']}, {written(target, second[figure])}."
    gap = best[figure] - second[figure]
    spread = float(np.hypot(best[f"{figure}_deviation"], second[f"{figure}_deviation"]))
    if np.isnan(spread):
        return f"{said} With one run each nobody knows what is chance."
    more = "more than" if gap > 2 * spread else "no more than"
    over = f"{more} twice their spread over seeds ({written(target, spread)})"
    return f"{said} Their means lie {written(target, gap)} apart, {over}."
