"""The networks a Markov recurrent network is compared with: one layer each, called as `MarkovLayer` is.

They are k = 1 with q = z = 1, so nothing downstream needs to ask which cell it has.
"""

import math
from collections.abc import Callable
from contextlib import nullcontext

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from mrnn.markov import forget_biases
from mrnn.recurrence import ask
from mrnn.selection import Selection

# Torch hands an LSTM in bfloat16 to oneDNN, which has none for CPUs without AVX-512: there it stays in float32.
HAS_LOW_LSTM = torch.backends.cpu.get_cpu_capability() not in ("DEFAULT", "AVX2")
TORCH_CELLS: dict[str, Callable[[int, int], nn.RNNBase]] = {"lstm": nn.LSTM, "gru": nn.GRU, "elman": nn.RNN}


class TorchLayer(nn.Module):
    """torch's own LSTM, GRU or Elman network (tanh), one layer. Where the cell has no c, it is zeros."""

    def __init__(self, cell: str, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.hidden_size = hidden_size
        # Torch would draw from the global generator here; `reset_parameters` draws from the one handed in.
        with torch.device("meta"):
            rnn = TORCH_CELLS[cell](input_size, hidden_size)
        self.rnn = rnn.to_empty(device=torch.get_default_device())

    def train(self, mode: bool = True) -> "TorchLayer":
        """As of any module; but cuDNN keeps what a gradient needs in training mode alone, and nothing else differs."""
        super().train(mode)
        self.rnn.train()
        return self

    @torch.no_grad()
    def reset_parameters(self, generator: torch.Generator | None) -> None:
        """Draw the weights as `MarkovLayer` does: orthogonal recurrent ones, forget bias 1."""
        m = self.hidden_size
        for name, value in self.rnn.named_parameters():
            if name.startswith("weight_ih"):
                value.uniform_(-1 / math.sqrt(m), 1 / math.sqrt(m), generator=generator)
            elif name.startswith("weight_hh"):
                for block in value.view(-1, m, m):
                    nn.init.orthogonal_(block, generator=generator)
            else:
                value.zero_()
        if isinstance(self.rnn, nn.LSTM):
            self.rnn.get_parameter("bias_ih_l0")[m : 2 * m] = 1.0  # torch's order is i, f, g, o

    @torch.no_grad()
    def remember(self, span: int, generator: torch.Generator | None) -> None:
        """As `MarkovLayer.remember`; a GRU by its one gate, and an Elman network has none."""
        m = self.hidden_size
        kept = forget_biases(span, (m,), generator)
        if isinstance(self.rnn, nn.LSTM):
            self.rnn.get_parameter("bias_ih_l0")[: 2 * m] = torch.cat([-kept, kept])
        elif isinstance(self.rnn, nn.GRU):
            self.rnn.get_parameter("bias_ih_l0")[m : 2 * m] = kept  # torch's order is r, z, n, and z keeps

    def forward(
        self,
        x: Tensor,
        mask: Tensor | None,
        state: tuple[Tensor, ...],
        select: Selection,
        noise: Tensor | None,
        forced: Tensor | None,
    ) -> tuple[Tensor, Tensor, Tensor, tuple[Tensor, ...]]:
        """As `MarkovLayer.forward`; there is nothing to select."""
        h, c = state
        has_c = isinstance(self.rnn, nn.LSTM)
        first = (h[None], c[None]) if has_c else h[None]
        with nullcontext() if HAS_LOW_LSTM or not has_c else torch.autocast("cpu", enabled=False):
            if mask is None:
                out, last = self.rnn(x, first)
            else:
                # Torch packs no empty sequence: let it take one step, which is masked below.
                packed = pack_padded_sequence(x, mask.sum(0).clamp(min=1).cpu(), enforce_sorted=False)
                out, last = self.rnn(packed, first)
                out, _ = pad_packed_sequence(out, total_length=len(x))
        # Under autocast torch hands back a state in bfloat16; it is carried as it came.
        new = (last[0][0].to(h), last[1][0].to(c)) if has_c else (last[0].to(h), c)
        ones = out.new_ones(*out.shape[:2], 1)
        if mask is not None:
            some = mask.any(0)[:, None]
            new = (torch.where(some, new[0], h), torch.where(some, new[1], c))
            out, ones = out * mask[..., None], ones * mask[..., None]
        return out, ones, ones, new


class PeepholeLayer(nn.Module):
    """An LSTM whose gates also see the cell state.

        i = sigmoid(x W_x[i] + h W_h[i] + p_i c + b[i]),  f likewise,  g = tanh(x W_x[g] + h W_h[g] + b[g])
        C = f c + i g,  o = sigmoid(x W_x[o] + h W_h[o] + p_o C + b[o]),  H = o tanh(C)

    Attributes: W_x (D, 4m), W_h (m, 4m), b (4m,), columns i, g, f, o; p_i, p_f, p_o (m,).

    source  Gers, Schraudolph and Schmidhuber, "Learning precise timing with LSTM recurrent networks", JMLR 2002
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.hidden_size = hidden_size
        self.W_x = nn.Parameter(torch.empty(input_size, 4 * hidden_size))
        self.W_h = nn.Parameter(torch.empty(hidden_size, 4 * hidden_size))
        self.b = nn.Parameter(torch.empty(4 * hidden_size))
        self.p_i = nn.Parameter(torch.empty(hidden_size))
        self.p_f = nn.Parameter(torch.empty(hidden_size))
        self.p_o = nn.Parameter(torch.empty(hidden_size))

    @torch.no_grad()
    def reset_parameters(self, generator: torch.Generator | None) -> None:
        """Draw the weights as `MarkovLayer` does; the peepholes begin closed."""
        m = self.hidden_size
        self.W_x.uniform_(-1 / math.sqrt(m), 1 / math.sqrt(m), generator=generator)
        for block in self.W_h.view(m, 4, m).unbind(1):
            block.copy_(nn.init.orthogonal_(torch.empty_like(block), generator=generator))
        for value in self.b, self.p_i, self.p_f, self.p_o:
            value.zero_()
        self.b[2 * m : 3 * m] = 1.0

    @torch.no_grad()
    def remember(self, span: int, generator: torch.Generator | None) -> None:
        """As `MarkovLayer.remember`."""
        i, _, f, _ = self.b.chunk(4)
        f.copy_(forget_biases(span, f.shape, generator))
        i.copy_(-f)

    def forward(
        self,
        x: Tensor,
        mask: Tensor | None,
        state: tuple[Tensor, ...],
        select: Selection,
        noise: Tensor | None,
        forced: Tensor | None,
    ) -> tuple[Tensor, Tensor, Tensor, tuple[Tensor, ...]]:
        """As `MarkovLayer.forward`; there is nothing to select."""
        h, c = state
        outputs: list[Tensor] = []
        for t, gates_x in enumerate((x @ self.W_x + self.b).unbind(0)):
            ask()
            i, g, f, o = (gates_x + h @ self.W_h).chunk(4, -1)
            C = (f + self.p_f * c).sigmoid() * c + (i + self.p_i * c).sigmoid() * g.tanh()
            H = (o + self.p_o * C).sigmoid() * C.tanh()
            counts = x.new_ones(x.shape[1], 1, dtype=torch.bool) if mask is None else mask[t, :, None]
            h, c = torch.where(counts, H, h), torch.where(counts, C, c)
            outputs.append(H * counts)
        out = torch.stack(outputs)
        ones = out.new_ones(*out.shape[:2], 1)
        return (
            out,
            ones if mask is None else ones * mask[..., None],
            ones if mask is None else ones * mask[..., None],
            (h, c),
        )
