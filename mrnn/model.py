"""SequenceModel: layers of recurrent cells over time, a mask for padding, and a linear head."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from mrnn.cells import TORCH_CELLS, PeepholeLayer, TorchLayer
from mrnn.config import ModelConfig, check_tau
from mrnn.markov import MarkovLayer
from mrnn.selection import CHOICES, Choice, Selection, gumbel
from mrnn.trace import Inside, Trace

State = tuple[Tensor, ...]
MOST_SEQUENCES = 500  # at once, where nothing is learnt
MOST_BYTES = 256 * 2**20  # of what all their steps need


@dataclass(frozen=True)
class Output:
    """What a model answers.

    logits  (N, C), or (N, T, C) with per_step; no softmax applied
    h       (N, T, m) of the last layer; 0 on padding
    q       (N, L, T, k) probabilities of the LSTMs of every layer; 0 on padding
    z       (N, L, T, k) weights they were given; 0 on padding
    state   (h, c), each (L, N, m), after each sequence's last step;
            with carry "own" (h, c, mixed), h and c (L, N, k, m) and mixed (L, N, m)
    """

    logits: Tensor
    h: Tensor
    q: Tensor
    z: Tensor
    state: State


class SequenceModel(nn.Module):
    """A Markov recurrent network, or a baseline, over sequences.

    config     ModelConfig, kept as `.config`
    generator  where the first weights are drawn from; torch's global one unless given

    Example:
        model = SequenceModel(ModelConfig(input_size=1, output_size=2, k=4))
        out = model(torch.randn(7, 50, 1), tau=0.5)
        out.z[:, -1].argmax(-1)    # (7, 50): the LSTM the last layer listened to
    """

    def __init__(self, config: ModelConfig, *, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.config = config
        sizes = [config.first_size] + [config.hidden_size] * (config.num_layers - 1)
        self.layers = nn.ModuleList(_layer(config, size) for size in sizes)
        shape = (config.input_size, config.embedding)
        self.embedding = nn.Parameter(torch.empty(shape)) if config.embedding else None
        # Named, since skip_init takes the CPU otherwise, on the meta device too.
        device = torch.get_default_device()
        head = nn.utils.skip_init(nn.Linear, config.hidden_size, config.output_size, device=device)
        self.head = cast(nn.Linear, head)
        if self.device.type != "meta":
            self.reset_parameters(generator)

    @torch.no_grad()
    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Draw all weights anew from `generator`."""
        for layer in self.layers:
            layer.reset_parameters(generator)  # type: ignore[operator]
            if self.config.span:
                layer.remember(self.config.span, generator)  # type: ignore[operator]
        bound = 1 / math.sqrt(self.config.hidden_size)
        self.head.weight.uniform_(-bound, bound, generator=generator)
        self.head.bias.zero_()
        if self.embedding is not None:
            self.embedding.normal_(generator=generator)

    @property
    def num_weights(self) -> int:
        """How many numbers the model learns."""
        return sum(p.numel() for p in self.parameters())

    @property
    def device(self) -> torch.device:
        """Where the weights lie."""
        return self.head.weight.device

    def most_at_once(self, steps: int) -> int:
        """How many sequences of so many steps can be answered together within a bounded memory; at least 1.

        What the gates of all LSTMs sum up at each step is by far the most that is held.
        """
        k, m, size = self.config.num_lstms, self.config.hidden_size, self.head.weight.element_size()
        held = 4 * k * m + k + self.config.embedding
        return int(np.clip(MOST_BYTES // (max(steps, 1) * held * size), 1, MOST_SEQUENCES))

    def forward(
        self,
        x: Tensor,
        lengths: Tensor | np.ndarray | None = None,
        *,
        tau: float = 1.0,
        choice: Choice | Tensor | np.ndarray | None = None,
        allowed: Tensor | ArrayLike | None = None,
        noise: Tensor | np.ndarray | None = None,
        state: State | None = None,
        generator: torch.Generator | None = None,
    ) -> Output:
        """Run over whole sequences. What goes with x may be arrays as well as tensors.

        x          (N, T, D) float, in the dtype of the weights
        lengths    (N,) int in [0, T]: steps that count; the rest is padding and changes nothing
        tau        temperature of "gumbel", > 0
        choice     "gumbel": a Gumbel-softmax sample; "argmax": one-hot of the most probable LSTM;
                   "soft": z = q; or (N, L, T) int: the LSTM to take, and -1 where it is free.
                   None, and what is free: "gumbel" while training, else "argmax"
        allowed    (k,) bool: LSTMs that may be chosen at all
        noise      (N, L, T, k) standard Gumbel draws to use instead of fresh ones
        state      where to go on from, as in `Output.state`; zeros unless given
        generator  where fresh draws and dropout come from; on the device of x
        returns    Output
        raises     ValueError that names what does not fit
        source     Kuo and Chien, "Markov recurrent neural networks", MLSP 2018; Gumbel-softmax:
                   Jang, Gu and Poole, ICLR 2017, and Maddison, Mnih and Teh, ICLR 2017
        """
        n, steps = self._check_input(x)
        mask = self._mask(lengths, n, steps, x.device)
        select, forced = self._selection(tau, choice, allowed, n, steps, x.device)
        if noise is not None:
            noise = torch.as_tensor(noise)
            _check_shape("noise", noise, (n, self.config.num_layers, steps, self.config.num_lstms))
            noise = noise.to(x)
        elif select.choice == "gumbel" and self.config.cell == "mrnn":
            noise = gumbel((n, self.config.num_layers, steps, self.config.num_lstms), x, generator)
        state = self._initial_state(n, x) if state is None else self._check_state(state, n)

        h = self._embedded(x).transpose(0, 1)  # (T, N, D): a step's sequences lie together
        qs, zs, states = [], [], []
        for number, layer in enumerate(self.layers):
            if number:
                h = self._dropout(h, generator)
            of_layer = tuple(part[number] for part in state)
            if not steps:
                nothing = x.new_zeros(0, n, self.config.num_lstms)
                h, q, z, new = x.new_zeros(0, n, self.config.hidden_size), nothing, nothing, of_layer
            else:
                h, q, z, new = layer(
                    h,
                    mask,
                    of_layer,
                    select,
                    None if noise is None else noise[:, number].transpose(0, 1),
                    None if forced is None else forced[:, number].transpose(0, 1),
                )
            qs.append(q)
            zs.append(z)
            states.append(new)
        final = tuple(torch.stack(parts) for parts in zip(*states, strict=True))
        h = h.transpose(0, 1)  # (N, T, m)
        last = final[2 if self.config.carry == "own" else 0][-1]  # (N, m), at each sequence's own end
        return Output(
            logits=self.head(h if self.config.per_step else last),
            h=h,
            q=torch.stack(qs).permute(2, 0, 1, 3),
            z=torch.stack(zs).permute(2, 0, 1, 3),
            state=final,
        )

    @torch.no_grad()
    def trace(
        self,
        x: np.ndarray,
        lengths: np.ndarray | None = None,
        *,
        choice: Choice | np.ndarray = "argmax",
        tau: float = 1.0,
        allowed: ArrayLike | None = None,
        noise: np.ndarray | None = None,
        seed: int = 0,
        batch_size: int | None = None,
        on_batch: Callable[[int, int], Any] | None = None,
    ) -> Trace:
        """What the model does with sequences, in NumPy, without dropout.

        x, lengths, choice, tau, allowed, noise   as in `forward`, as arrays; lengths at least 1
        seed        of fresh Gumbel draws
        batch_size  sequences at once, but never more than `most_at_once`
        on_batch    called with (done, total) after each batch
        returns     Trace
        raises      ValueError that names what does not fit, NaN and infinity in x included
        """
        x = self._check_sequences(x)
        n = len(x)
        most = self.most_at_once(x.shape[1])
        at_once = min(batch_size or most, most)
        generator = torch.Generator(self.device).manual_seed(seed)
        lengths = np.full(n, x.shape[1]) if lengths is None else np.asarray(lengths)
        was_training = self.training
        self.eval()
        parts: list[tuple[np.ndarray, ...]] = []
        try:
            for start in range(0, n, at_once):
                rows = slice(start, start + at_once)
                out = self(
                    torch.as_tensor(x[rows]).to(self.head.weight),
                    lengths[rows],
                    tau=tau,
                    choice=choice if isinstance(choice, str) else choice[rows],
                    allowed=allowed,
                    noise=None if noise is None else noise[rows],
                    generator=generator,
                )
                parts.append(tuple(a.float().cpu().numpy() for a in (out.q, out.z, self.head(out.h))))
                if on_batch is not None:
                    on_batch(min(start + at_once, n), n)
        finally:
            self.train(was_training)
        q, z, logits = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        if not (np.isfinite(logits).all() and np.isfinite(q).all()):
            raise ValueError("the model's answers are not finite: its weights are too large; train it anew")
        return Trace(q=q, z=z, logits=logits, lengths=lengths, target=self.config.target)

    @torch.no_grad()
    def hidden(self, x: np.ndarray, lengths: np.ndarray | None = None, layer: int = -1) -> np.ndarray:
        """Hidden states of one layer in use, for a map of them; they are far larger than a trace.

        x, lengths  as in `trace`
        layer       whose states they are; -1, the last
        returns     (N, T, m) float; 0 on padding
        raises      ValueError that names what does not fit
        """
        if not -len(self.layers) <= layer < len(self.layers):
            raise ValueError(f"layer must be from {-len(self.layers)} to {len(self.layers) - 1}, got {layer}")
        x = self._check_sequences(x)
        lengths = np.full(len(x), x.shape[1]) if lengths is None else np.asarray(lengths)
        in_use, at_once = Selection("argmax", 1.0, None), self.most_at_once(x.shape[1])
        parts = []
        for start in range(0, len(x), at_once):
            rows = slice(start, start + at_once)
            h = torch.as_tensor(x[rows]).to(self.head.weight)
            mask = self._mask(lengths[rows], len(h), h.shape[1], h.device)
            states = zip(*self._initial_state(len(h), h), strict=True)
            h = self._embedded(h).transpose(0, 1)
            for each, state in zip(self.layers[: layer % len(self.layers) + 1], states, strict=False):
                h, *_ = each(h, mask, state, in_use, None, None)
            parts.append(h.transpose(0, 1).float().cpu().numpy())
        return np.concatenate(parts)

    @torch.no_grad()
    def inside(self, x: np.ndarray, trace: Trace, layer: int = -1) -> Inside:
        """Selection logits and gates of one layer, in the run that a trace tells of.

        The layers are run again with the z of the trace as weights, so whatever made it (noise, forced LSTMs, lesions)
        need not be given again. With x_t the layer's input and h the mixed state of the step before:

            a = x_t W_xz + h W_hz + b_z
            i, f, o = sigmoid, g = tanh of x_t W_x[j] + h_j W_h[j] + b[j], for the LSTM j that is listened to;
            h_j = h with carry "mixed", its own with carry "own"

        x        (N, T, D) what `trace` was made of
        trace    by this model
        layer    whose inside it is; -1, the last
        returns  Inside
        raises   ValueError if the model is a baseline, which chooses nothing, or if what is given does not fit
        source   Kuo and Chien, "Markov recurrent neural networks", MLSP 2018
        """
        layers = [each for each in self.layers if isinstance(each, MarkovLayer)]
        if not layers:
            raise ValueError(f"only cell 'mrnn' has selection logits, got {self.config.cell!r}; k=1 is the plain LSTM")
        if not -len(layers) <= layer < len(layers):
            raise ValueError(f"layer must be from {-len(layers)} to {len(layers) - 1}, got {layer}")
        x = self._check_sequences(x)
        expected = (len(x), len(layers), x.shape[1], self.config.num_lstms)
        if trace.z.shape != expected:
            raise ValueError(f"trace must be of x by this model, with z of shape {expected}, got {trace.z.shape}")
        weights = torch.as_tensor(trace.z).to(self.head.weight).permute(1, 2, 0, 3)  # (L, T, N, k)
        h = self._embedded(torch.as_tensor(x).to(self.head.weight)).transpose(0, 1)
        seen = []
        for each, z in zip(layers, weights, strict=True):
            h, *parts = each.look(h, z)
            seen.append(parts)
        counts = (np.arange(x.shape[1]) < trace.lengths[:, None])[..., None]
        logits, gates = (part.transpose(0, 1).float().cpu().numpy() * counts for part in seen[layer])
        return Inside(logits=logits, gates=gates)

    def _embedded(self, x: Tensor) -> Tensor:
        """What the first layer reads, (N, T, D) or with an embedding (N, T, E): x times its matrix."""
        # Of one-hot symbols this picks rows; under autocast the rows stay as exact as the weights are.
        with torch.autocast(x.device.type, enabled=False):
            return x if self.embedding is None else x @ self.embedding

    def _check_sequences(self, x: np.ndarray) -> np.ndarray:
        x = np.asarray(x)
        if x.ndim != 3 or x.shape[2] != self.config.input_size or not len(x):
            raise ValueError(f"x must have the axes (N, T, {self.config.input_size}), N >= 1, got shape {x.shape}")
        if not np.isfinite(x).all():
            raise ValueError("x must be finite, but it holds NaN or infinity")
        return x

    def _check_input(self, x: Tensor) -> tuple[int, int]:
        if x.ndim != 3 or x.shape[2] != self.config.input_size:
            raise ValueError(f"x must have the axes (N, T, {self.config.input_size}), got shape {tuple(x.shape)}")
        if x.dtype != self.head.weight.dtype:
            raise ValueError(f"x must be {self.head.weight.dtype} as the weights are, got {x.dtype}")
        return x.shape[0], x.shape[1]

    def _mask(self, lengths: Tensor | np.ndarray | None, n: int, steps: int, device: torch.device) -> Tensor | None:
        """(T, N) bool, True at steps that count; None where all do."""
        if lengths is None:
            return None
        lengths = torch.as_tensor(lengths, device=device)
        if lengths.shape != (n,) or lengths.is_floating_point() or lengths.dtype == torch.bool:
            raise ValueError(f"lengths must be {n} whole numbers, got shape {tuple(lengths.shape)} of {lengths.dtype}")
        if n and not 0 <= int(lengths.min()) <= int(lengths.max()) <= steps:
            raise ValueError(f"lengths must be from 0 to {steps}, got {int(lengths.min())} to {int(lengths.max())}")
        if n == 0 or int(lengths.min()) == steps:
            return None
        return torch.arange(steps, device=device)[:, None] < lengths

    def _selection(
        self,
        tau: float,
        choice: Choice | Tensor | np.ndarray | None,
        allowed: Tensor | ArrayLike | None,
        n: int,
        steps: int,
        device: torch.device,
    ) -> tuple[Selection, Tensor | None]:
        """How z is chosen, and the LSTMs that are forced (N, L, T), or None."""
        check_tau(tau)
        k = self.config.num_lstms
        if allowed is not None:
            allowed = torch.as_tensor(allowed, device=device)
            if allowed.shape != (k,) or allowed.dtype != torch.bool:
                raise ValueError(f"allowed must be {k} true or false values, got shape {tuple(allowed.shape)}")
            if not allowed.any():
                raise ValueError("allowed must leave at least one LSTM, got none")
        free: Choice = "gumbel" if self.training else "argmax"
        if choice is None:
            return Selection(free, tau, allowed), None
        if isinstance(choice, str):
            if choice not in CHOICES:
                raise ValueError(f"choice must be one of {', '.join(CHOICES)}, got {choice!r}")
            return Selection(choice, tau, allowed), None
        choice = torch.as_tensor(choice, device=device)
        _check_shape("choice", choice, (n, self.config.num_layers, steps))
        if choice.is_floating_point() or choice.dtype == torch.bool:
            raise ValueError(f"choice must hold whole numbers, got {choice.dtype}")
        forced = choice.long()
        if forced.numel() and not -1 <= int(forced.min()) <= int(forced.max()) < k:
            raise ValueError(f"choice must be from -1 to {k - 1}, got {int(forced.min())} to {int(forced.max())}")
        if allowed is not None and not allowed[forced[forced >= 0]].all():
            raise ValueError("choice forces an LSTM that is not allowed; allow it, or force another")
        return Selection(free, tau, allowed), forced

    def _initial_state(self, n: int, x: Tensor) -> State:
        return tuple(x.new_zeros(shape) for shape in self._state_shapes(n))

    def _check_state(self, state: State, n: int) -> State:
        shapes = self._state_shapes(n)
        if len(state) != len(shapes):
            raise ValueError(
                f"state must hold {len(shapes)} tensors with carry={self.config.carry!r}, got {len(state)}"
            )
        for name, part, shape in zip(("state h", "state c", "state mixed"), state, shapes, strict=False):
            _check_shape(name, part, shape)
            if part.dtype != self.head.weight.dtype:
                raise ValueError(f"{name} must be {self.head.weight.dtype} as the weights are, got {part.dtype}")
        return state

    def _state_shapes(self, n: int) -> list[tuple[int, ...]]:
        layers, k, m = self.config.num_layers, self.config.num_lstms, self.config.hidden_size
        if self.config.carry == "own":
            return [(layers, n, k, m), (layers, n, k, m), (layers, n, m)]
        return [(layers, n, m), (layers, n, m)]

    def _dropout(self, h: Tensor, generator: torch.Generator | None) -> Tensor:
        # Not F.dropout: it draws from the global generator alone.
        share = self.config.dropout
        if not self.training or not share:
            return h
        keep = torch.empty_like(h).uniform_(generator=generator) >= share
        return h * keep / (1 - share)


def _layer(config: ModelConfig, input_size: int) -> nn.Module:
    if config.cell == "mrnn":
        return MarkovLayer(input_size, config.num_lstms, config.hidden_size, own=config.carry == "own")
    if config.cell in TORCH_CELLS:
        return TorchLayer(config.cell, input_size, config.hidden_size)
    return PeepholeLayer(input_size, config.hidden_size)


def _check_shape(name: str, value: Tensor, shape: tuple[int, ...]) -> None:
    if tuple(value.shape) != shape:
        raise ValueError(f"{name} must have the shape {shape}, got {tuple(value.shape)}")
