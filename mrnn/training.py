"""Training as a generator: one report an epoch. And what is measured on the way."""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mrnn.config import ModelConfig, TrainConfig
from mrnn.data import SequenceData, Target
from mrnn.devices import bfloat16_is_faster, choose_device
from mrnn.markov import memory_kept
from mrnn.model import Output, SequenceModel, State
from mrnn.recurrence import BrokenOffError, asking
from mrnn.selection import Choice
from mrnn.targets import losses, score

OnBatch = Callable[[int, int], Any]
GoOn = Callable[[], Any]
Augment = Callable[[SequenceData, np.random.Generator], SequenceData]


@dataclass(frozen=True)
class EpochReport:
    """What an epoch of training came to.

    epoch, epochs   which one, from 1, and of how many
    tau             temperature of the epoch
    loss            mean of the objective over the epoch's training sequences
    accuracy_hard   share of held-out sequences (or steps) right in use, with argmax; for other targets than classes
                    the score that `mrnn.scores.SCORES` names
    accuracy_soft   the same with z = q
    usage           (k,) share of steps each LSTM of the last layer was listened to, held-out, argmax
    seconds         of the epoch, measuring included
    """

    epoch: int
    epochs: int
    tau: float
    loss: float
    accuracy_hard: float
    accuracy_soft: float
    usage: tuple[float, ...]
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class Evaluation:
    """How a model does on some sequences.

    accuracy  share of right answers; for other targets than classes, the score that `mrnn.scores.SCORES` names
    loss      mean of `mrnn.targets.losses` over the answers
    usage     (k,) share of steps each LSTM of the last layer was listened to
    """

    accuracy: float
    loss: float
    usage: tuple[float, ...]


def train(
    model: SequenceModel,
    train_data: SequenceData,
    config: TrainConfig,
    *,
    validation_data: SequenceData | None = None,
    augment: Augment | None = None,
    on_batch: OnBatch | None = None,
) -> Iterator[EpochReport]:
    """Train a model in place, yielding one report an epoch.

    model            moved to the device of `config`, where it stays
    train_data       a share of it is held out for the figures, unless there is validation_data
    augment          makes a varied batch of a batch, with config.augment: a task's own `augment`
    on_batch         called with (batches done, batches in all); when it returns False, training stops there
    yields           EpochReport
    raises           ValueError if data and model do not fit; FloatingPointError if the loss is no longer finite
    source           Kuo and Chien, "Markov recurrent neural networks", MLSP 2018, for the objectives
    """
    training = Training(model, train_data, config, validation_data=validation_data, augment=augment)
    while training.epoch < config.epochs:
        report = training.advance(on_batch)
        if report is None:
            return
        yield report


class Training:
    """What `train` does, epoch by epoch; after any of them it can be put down and taken up again elsewhere.

    model, train_data, config, validation_data, augment, raises   as in `train`
    epoch   epochs done
    """

    def __init__(
        self,
        model: SequenceModel,
        train_data: SequenceData,
        config: TrainConfig,
        *,
        validation_data: SequenceData | None = None,
        augment: Augment | None = None,
    ) -> None:
        check_fit(model, train_data)
        if config.augment and augment is None:
            raise ValueError("config.augment needs what varies a batch: pass augment=task.augment")
        self.epoch = 0
        self._rng = np.random.default_rng(config.seed)
        if validation_data is None:
            train_data, validation_data = train_data.held_out(config.validation_share, self._rng)
        check_fit(model, validation_data)
        device = choose_device(config.device)
        self._model, self._config = model.to(device), config
        self._data, self._validation = train_data, validation_data
        self._augment = augment if config.augment else None
        self._generator = torch.Generator(device).manual_seed(config.seed)
        self._low = config.precision == "bfloat16" or (config.precision == "auto" and bfloat16_is_faster(device))
        self._batches = math.ceil(len(train_data) / (train_data.streams or config.batch_size))
        self._optimizer, self._schedule = _optimizer(model, config, self._batches)

    def advance(self, on_batch: OnBatch | None = None, go_on: GoOn | None = None) -> EpochReport | None:
        """Train for an epoch; None if it was broken off.

        on_batch  as in `train`
        go_on     asked now and then within a batch and while held-out data are measured; False breaks off, too, and a
                  batch that it leaves unfinished changes no weight
        """
        try:
            with asking(go_on):
                return self._advance(on_batch, go_on)
        except BrokenOffError:
            self._model.eval()
            return None

    def _advance(self, on_batch: OnBatch | None, go_on: GoOn | None) -> EpochReport | None:
        start = time.perf_counter()
        tau = self._config.tau(self.epoch + 1)
        with memory_kept(self._model):
            loss = self._learn(tau, on_batch)
        self._model.eval()
        if loss is None:
            return None
        self.epoch += 1
        if not math.isfinite(loss):
            raise FloatingPointError(
                f"the loss became {loss} in epoch {self.epoch}; "
                f"a learning rate below {self._config.learning_rate:g} may help"
            )
        asked: OnBatch | None = None if go_on is None else lambda *_: go_on()
        hard = evaluate(self._model, self._validation, on_batch=asked)
        soft = evaluate(self._model, self._validation, choice="soft", on_batch=asked)
        return EpochReport(
            epoch=self.epoch,
            epochs=self._config.epochs,
            tau=tau,
            loss=loss,
            accuracy_hard=hard.accuracy,
            accuracy_soft=soft.accuracy,
            usage=hard.usage,
            seconds=time.perf_counter() - start,
        )

    def _learn(self, tau: float, on_batch: OnBatch | None) -> float | None:
        """Go over the training data once: the mean loss, or None if it was broken off."""
        model, config, device = self._model, self._config, self._model.device
        total = torch.zeros((), device=device)
        state: State | None = None
        model.train()
        for number, batch in enumerate(self._data.batches(config.batch_size, self._rng), 1):
            varied = self._augment(batch, self._rng) if self._augment else batch
            x, y, lengths = _tensors(varied, model)
            with torch.autocast(device.type, torch.bfloat16, enabled=self._low):
                out = model(x, lengths, tau=tau, state=state, generator=self._generator)
            if self._data.streams:  # truncated backpropagation: the state goes on, the gradient does not
                state = tuple(part.detach() for part in out.state)
            loss = objective(
                out,
                y,
                lengths,
                config.entropy_weight,
                config.balance,
                target=varied.target,
                weights=None if varied.weights is None else torch.from_numpy(varied.weights).to(device),
            )
            self._optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), config.clip)
            self._optimizer.step()
            self._schedule.step()
            total += loss.detach() * len(batch)
            done = self.epoch * self._batches + number
            if on_batch is not None and on_batch(done, config.epochs * self._batches) is False:
                return None
        return float(total) / len(self._data)

    def put_down(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """All that decides how training goes on after the last whole epoch: tensors by name, and JSON values."""
        state = self._optimizer.state_dict()
        tensors = {f"model.{name}": weight for name, weight in self._model.state_dict().items()}
        for number, kept in state["state"].items():
            tensors.update({f"optimizer.{number}.{name}": value for name, value in kept.items()})
        tensors["generator"] = self._generator.get_state()
        values = {
            "epoch": self.epoch,
            "low": self._low,  # measured, so it might come out otherwise elsewhere
            "order": self._rng.bit_generator.state,
            "groups": state["param_groups"],
            "schedule": self._schedule.state_dict(),
        }
        return tensors, values

    def take_up(self, tensors: Mapping[str, Tensor], values: Mapping[str, Any]) -> None:
        """Go on from what `put_down` gave; the model, the data and the configuration must be the same.

        raises  KeyError, ValueError or RuntimeError if it does not fit the model
        """
        self._model.load_state_dict(_under(tensors, "model."))
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in _under(tensors, "optimizer.").items():
            number, part = name.split(".")
            state.setdefault(int(number), {})[part] = value
        self._optimizer.load_state_dict({"state": state, "param_groups": values["groups"]})
        self._schedule.load_state_dict(values["schedule"])
        self._generator.set_state(tensors["generator"])
        self._rng.bit_generator.state = values["order"]
        self._low = bool(values["low"])
        self.epoch = int(values["epoch"])


def _under(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Those whose name begins so, without it."""
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _optimizer(
    model: SequenceModel, config: TrainConfig, per_epoch: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """What takes a step, and what sets its size."""
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay, fused=True
    )
    if config.schedule == "constant":
        return optimizer, torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=config.learning_rate, total_steps=config.epochs * per_epoch + 1, pct_start=0.25
    )  # and a step more, for the rate that is set after the last one
    return optimizer, scheduler


def rehearse() -> None:
    """Compile what training on the CPU needs, if this machine has not yet: a step in each precision."""
    model = SequenceModel(ModelConfig(input_size=1, output_size=2, k=2, hidden_size=64)).train()
    for low in (False, True):
        with torch.autocast("cpu", torch.bfloat16, enabled=low):
            out = model(torch.zeros(128, 2, 1))
        out.h.sum().backward()


def objective(
    out: Output,
    y: Tensor,
    lengths: Tensor,
    entropy_weight: float,
    balance: float = 0.0,
    *,
    target: Target = "class",
    weights: Tensor | None = None,
) -> Tensor:
    """The loss of the answers, minus `entropy_weight` times the entropy of q: its sum over counted steps, last layer.

    y        as in `SequenceData`; where each step has a target, the mean is over counted steps
    lengths  (N,) int
    balance  weight of what z does not tell about the step: log k minus the mutual information of z and the step,
             which is the entropy of the mean q minus the mean entropy of q, over the counted steps of all
             sequences; mean over layers
    target   the kind of y, from which the loss follows: see `mrnn.targets.losses`
    weights  (N,) >= 0: how much the answers of each sequence count
    returns  scalar: a mean over the sequences
    """
    logits = out.logits.float() if out.logits.dtype == torch.bfloat16 else out.logits
    logits, y, of = _answers(logits, y, lengths)
    loss = losses(target, logits, y)
    if weights is None:
        loss = loss.mean()
    else:
        counted = weights[of].to(loss.dtype)
        loss = (counted * loss).sum() / counted.sum().clamp(min=torch.finfo(loss.dtype).tiny)
    if entropy_weight:
        loss = loss - entropy_weight * _entropy(out.q[:, -1]).sum(1).mean()
    if balance:
        steps = lengths.sum()
        use = out.q.sum((0, 2)) / steps  # (L, k)
        told = _entropy(use) - _entropy(out.q).sum((0, 2)) / steps  # (L,)
        loss = loss + balance * (math.log(use.shape[-1]) - told).mean()
    return loss


def _entropy(q: Tensor) -> Tensor:
    """(..., k) probabilities -> (...) in nats; 0 where all are 0."""
    # Where q is 0, on padding and for an LSTM that is ruled out, the slope of q log q is infinite: bound it.
    return -(q * q.clamp(min=torch.finfo(q.dtype).tiny).log()).sum(-1)


@torch.no_grad()
def evaluate(
    model: SequenceModel,
    data: SequenceData,
    *,
    choice: Choice = "argmax",
    tau: float = 1.0,
    allowed: np.ndarray | None = None,
    seed: int = 0,
    on_batch: OnBatch | None = None,
) -> Evaluation:
    """How right a model is, without dropout, on the device it is on.

    choice, tau, allowed  as in `SequenceModel.forward`; "argmax" is how a model is used
    seed         of Gumbel noise, where choice is "gumbel"
    on_batch     called with (batches done, batches in all)
    raises       ValueError if data and model do not fit; BrokenOffError when `on_batch` returns False
    """
    check_fit(model, data)
    device = model.device
    generator = torch.Generator(device).manual_seed(seed)
    was_training = model.training
    model.eval()
    told, loss, counted = score(data.target), 0.0, 0
    state: State | None = None
    used = np.zeros(model.config.num_lstms)
    at_once = model.most_at_once(data.x.shape[1])
    batches = math.ceil(len(data) / (data.streams or at_once))
    try:
        for number, batch in enumerate(data.batches(at_once), 1):
            x, y, lengths = _tensors(batch, model)
            out = model(x, lengths, choice=choice, tau=tau, allowed=allowed, state=state, generator=generator)
            if data.streams:
                state = out.state
            logits, y, _ = _answers(out.logits.float(), y, lengths)
            told.add(logits, y)
            loss += float(losses(data.target, logits, y).cpu().numpy().sum(dtype=np.float64))
            counted += len(y)
            used += out.z[:, -1].sum((0, 1)).cpu().numpy()
            if on_batch is not None and on_batch(number, batches) is False:
                raise BrokenOffError
    finally:
        model.train(was_training)
    return Evaluation(accuracy=told.value(), loss=loss / counted, usage=tuple((used / used.sum()).tolist()))


def check_fit(model: SequenceModel, data: SequenceData) -> None:
    """Refuse data that a model cannot be trained or measured on (ValueError)."""
    config = model.config
    if data.x.shape[2] != config.input_size:
        raise ValueError(f"the model takes {config.input_size} inputs a step, the data have {data.x.shape[2]}")
    if data.per_step != config.per_step:
        kinds = {True: "at each step", False: "once a sequence"}
        raise ValueError(f"the model answers {kinds[config.per_step]}, the data's targets stand {kinds[data.per_step]}")
    if data.target != config.target:
        raise ValueError(f"the model answers with {config.target}, the data's targets are of kind {data.target}")
    if data.target != "class" and data.y.shape[-1] != config.output_size:
        raise ValueError(f"the model has {config.output_size} outputs, the data's targets {data.y.shape[-1]}")
    if data.target == "class" and data.y.max() >= config.output_size:
        raise ValueError(f"the model knows {config.output_size} classes, the data hold class {data.y.max()}")


def _tensors(data: SequenceData, model: SequenceModel) -> tuple[Tensor, Tensor, Tensor]:
    """x, y, lengths where the model is, x in the dtype of its weights."""
    x, y, lengths = (torch.from_numpy(a).to(model.device) for a in (data.x, data.y, data.lengths))
    return x.to(model.head.weight.dtype), y, lengths


def _answers(logits: Tensor, y: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The answers that count, a row each: logits (M, C), y (M,) or (M, C), and the sequence (M,) each belongs to."""
    if logits.ndim == 2:
        return logits, y, torch.arange(len(logits), device=logits.device)
    counts = torch.arange(logits.shape[1], device=logits.device) < lengths[:, None]  # (N, T)
    return logits[counts], y[counts], counts.nonzero()[:, 0]
