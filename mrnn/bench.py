"""How fast the recurrence is: ratios of medians taken in one run, to its definition, torch's LSTM and its products.

Everything a row compares is run in turn, again and again, so that what else the machine does meets all alike.
"""

import json
import math
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import Literal

import psutil
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mrnn.config import ModelConfig
from mrnn.markov import MarkovLayer, memory_kept
from mrnn.matching import count_products
from mrnn.model import SequenceModel

What = Literal["train", "answer", "stream"]
CLASSES = 10
TAU = 0.7
KEPT = 13  # numbers that autograd keeps of each gate's k * m units, measured on the shapes below


@dataclass(frozen=True)
class Row:
    """One line of the table.

    name   what is varied
    what   "train": a step of training, forward and backward; "answer": argmax, without a gradient;
           "stream": one step of one sequence, carried on
    T to L  steps, sequences, inputs, hidden units, LSTMs, layers
    low    products in bfloat16
    """

    name: str
    what: What
    T: int
    N: int
    D: int
    m: int = 128
    k: int = 4
    L: int = 1
    low: bool = False


@dataclass(frozen=True)
class Result:
    """What was measured: medians in milliseconds, peak memory of a training step in MB.

    None where it was not asked for, or would not fit into memory beside the others.

    this        the model as it is
    textbook    the same model by its equations, step by step, by autograd
    lstm        torch.nn.LSTM, scaled to the same number of floating-point operations
    floor       nothing but the matrix products of that step, on arrays of the same shapes
    """

    row: Row
    this: float
    textbook: float | None
    lstm: float | None
    floor: float | None
    memory_this: float | None
    memory_textbook: float | None


WAVES = Row("waves", "train", T=50, N=150, D=1)
DIGITS = Row("digits", "train", T=28, N=150, D=28, L=3)


def rows() -> list[Row]:
    """The two shapes, and from the first of them one axis varied at a time."""
    found = []
    for shape in (WAVES, DIGITS):
        found += [shape, replace(shape, low=True), replace(shape, what="answer")]
    found.append(Row("one layer", "stream", T=1, N=1, D=1))
    found.append(Row("three layers", "stream", T=1, N=1, D=28, L=3))
    for k in (1, 2, 4, 8, 16):
        found += [replace(WAVES, name=f"k = {k}", k=k, what=what) for what in ("train", "answer")]
    found += [replace(WAVES, name=f"T = {T:,}", T=T) for T in (50, 200, 800, 3200)]
    found += [replace(WAVES, name=f"batch {N:,}", N=N) for N in (1, 16, 150, 1024, 4096)]
    found += [replace(WAVES, name="digits pixel by pixel", T=784, what=what) for what in ("train", "answer")]
    return found


def measure(row: Row, device: torch.device, repeats: int) -> Result:
    """Time a row: `repeats` rounds after one to warm up."""
    model = _model(row).to(device)
    ways = _ways(row, model)
    times: dict[str, list[float]] = {name: [] for name in ways}
    # torch.nn.LSTM alone would round its products to TF32 on a GPU, if it is not told to keep float32 as all others do.
    # What is not named here would be switched off: cuDNN itself, which runs it there.
    cudnn = torch.backends.cudnn
    same = cudnn.flags(enabled=cudnn.enabled, allow_tf32=bool(torch.backends.cuda.matmul.allow_tf32))
    with same, memory_kept(model):  # as `train` does
        for turn in range(repeats + 1):
            for name, way in ways.items():
                _wait(device)
                start = time.perf_counter()
                way()
                _wait(device)
                if turn:
                    times[name].append(1000 * (time.perf_counter() - start))
    medians = {name: median(values) for name, values in times.items()}
    if "lstm" in medians:
        medians["lstm"] *= count_products(_config(row)) / count_products(_lstm_config(row))
    trains = ("this", "textbook") if "textbook" in ways else ("this",)
    memory = {way: peak_memory(row, way, device) for way in trains} if row.what == "train" else {}
    return Result(
        row=row,
        this=medians["this"],
        textbook=medians.get("textbook"),
        lstm=medians.get("lstm"),
        floor=medians.get("floor"),
        memory_this=memory.get("this"),
        memory_textbook=memory.get("textbook"),
    )


def table(results: list[Result]) -> str:
    """The results as lines of Markdown."""
    lines = [
        "| what | shape | time | textbook | nn.LSTM | above the products | memory |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    names = {"train": "training step", "answer": "answer, argmax", "stream": "one streamed step"}
    for r in results:
        what = names[r.row.what] + (", bfloat16" if r.row.low else "")
        cells = [
            what,
            r.row.name,
            f"{r.this:.3g} ms",
            "" if r.textbook is None else f"{r.textbook / r.this:.2f}x",
            "" if r.lstm is None else f"{r.lstm / r.this:.2f}x",
            "" if r.floor is None else f"{r.this / r.floor:.2f}x",
            "" if not (r.memory_this and r.memory_textbook) else f"{r.memory_this / r.memory_textbook:.2f}x",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def to_json(results: list[Result]) -> str:
    """The results as JSON: times in milliseconds, memory in MB."""
    return json.dumps([asdict(result) for result in results])


# -- what is timed ---------------------------------------------------------------------------------------------------


def _ways(row: Row, model: SequenceModel) -> dict[str, Callable[[], object]]:
    device = model.device
    x, y = torch.randn(row.N, row.T, row.D, device=device), torch.randint(CLASSES, (row.N,), device=device)
    if row.what == "train":
        ways: dict[str, Callable[[], object]] = {
            "this": lambda: _train(model, x, y, row.low),
            "textbook": lambda: _textbook(model, lambda: _train(model, x, y, low=False)),
            "lstm": _lstm_step(row, x, y),
            "floor": _products(row, device),
        }
        if not _textbook_fits(row, device):
            del ways["textbook"]
        return ways
    model.eval()
    if row.what == "answer":
        return {
            "this": lambda: _answer(model, x),
            "textbook": lambda: _textbook(model, lambda: _answer(model, x)),
        }
    state: list[tuple[Tensor, ...] | None] = [None]

    def step() -> None:
        with torch.no_grad():
            state[0] = model(x, state=state[0]).state

    return {"this": step, "textbook": lambda: _textbook(model, step)}


def _config(row: Row) -> ModelConfig:
    return ModelConfig(input_size=row.D, output_size=CLASSES, k=row.k, hidden_size=row.m, num_layers=row.L)


def _model(row: Row) -> SequenceModel:
    model = SequenceModel(_config(row), generator=torch.Generator().manual_seed(0))
    spread = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for layer in model.layers:  # large enough for every LSTM to be chosen now and then, as in a trained model
            if isinstance(layer, MarkovLayer):
                layer.W_xz.normal_(0, 1, generator=spread)
                layer.W_hz.normal_(0, 10, generator=spread)
    return model.train()


def _train(model: nn.Module, x: Tensor, y: Tensor, low: bool) -> None:
    with torch.autocast(x.device.type, torch.bfloat16, enabled=low):
        logits = model(x, tau=TAU).logits
    F.cross_entropy(logits.float(), y).backward()
    model.zero_grad()


@torch.no_grad()
def _answer(model: SequenceModel, x: Tensor) -> None:
    model(x)


def _textbook(model: SequenceModel, run: Callable[[], object]) -> None:
    with by_definition(model):
        run()


@contextmanager
def by_definition(model: SequenceModel) -> Iterator[None]:
    """Run a model by its equations as they stand, within the block."""
    layers = [layer for layer in model.layers if isinstance(layer, MarkovLayer)]
    for layer in layers:
        layer.by_definition = True
    try:
        yield
    finally:
        for layer in layers:
            layer.by_definition = False


def _textbook_fits(row: Row, device: torch.device) -> bool:
    """Whether all that autograd keeps of the textbook loop fits into half of the memory that is free."""
    free = torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else psutil.virtual_memory().available
    return 4 * KEPT * row.T * row.N * row.k * row.m * row.L < free / 2


def _lstm_step(row: Row, x: Tensor, y: Tensor) -> Callable[[], None]:
    size = _lstm_size(row)
    lstm = nn.LSTM(row.D, size, row.L, batch_first=True).to(x.device)
    head = nn.Linear(size, CLASSES).to(x.device)

    def step() -> None:
        F.cross_entropy(head(lstm(x)[1][0][-1]), y).backward()
        lstm.zero_grad()
        head.zero_grad()

    return step


def _lstm_size(row: Row) -> int:
    """Units of an LSTM whose recurrent product is as large as that of k LSTMs."""
    return round(row.m * math.sqrt(row.k))


def _lstm_config(row: Row) -> ModelConfig:
    return replace(_config(row), cell="lstm", k=1, hidden_size=_lstm_size(row))


def _products(row: Row, device: torch.device) -> Callable[[], None]:
    """The matrix products of a training step, one layer after the other, and nothing between them."""
    width = 4 * row.k * row.m + row.k
    W_h = torch.randn(row.m, width, device=device)
    sums, h = (torch.randn(row.T, row.N, size, device=device) for size in (width, row.m))
    inputs = [(torch.randn(row.T * row.N, D, device=device), torch.randn(D, width, device=device))
              for D in [row.D] + [row.m] * (row.L - 1)]  # fmt: skip

    def run() -> None:
        flat = sums.flatten(0, 1)
        for number, (x, W_x) in enumerate(inputs):
            torch.mm(x, W_x, out=flat)
            for t in range(row.T):
                torch.mm(h[t], W_h, out=sums[t])
            for t in range(row.T):
                torch.mm(sums[t], W_h.t(), out=h[t])
            torch.mm(h.flatten(0, 1).t(), flat)
            torch.mm(x.t(), flat)
            if number:
                torch.mm(flat, W_x.t())

    return run


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


# -- memory ----------------------------------------------------------------------------------------------------------


def peak_memory(row: Row, way: str, device: torch.device) -> float | None:
    """MB that a training step takes at its peak, in a process of its own; None where that cannot be read."""
    asked = json.dumps([asdict(row), way, str(device)])
    command = [sys.executable, "-m", "mrnn.bench", asked]
    answer = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True)
    return json.loads(answer.stdout)


def _peak_here(row: Row, way: str, device: torch.device) -> float | None:
    model = _model(row).to(device)
    x, y = torch.randn(row.N, row.T, row.D, device=device), torch.randint(CLASSES, (row.N,), device=device)
    small = replace(row, T=2, N=2)
    _train(model, x[:2, :2], y[:2], small.low)  # what is loaded or compiled once is no part of a step
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        _peak_step(model, x, y, row, way)
        return (torch.cuda.max_memory_allocated(device) - before) / 2**20
    if not sys.platform.startswith("linux"):
        return None
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew, from what is resident now
    before = _resident_peak()
    _peak_step(model, x, y, row, way)
    return _resident_peak() - before


def _resident_peak() -> float:
    """MB, of this process on Linux."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


def _peak_step(model: SequenceModel, x: Tensor, y: Tensor, row: Row, way: str) -> None:
    if way == "textbook":
        with by_definition(model):
            _train(model, x, y, low=False)
    else:
        with memory_kept(model):
            _train(model, x, y, row.low)


if __name__ == "__main__":
    asked_row, asked_way, asked_device = json.loads(sys.argv[1])
    print(json.dumps(_peak_here(Row(**asked_row), asked_way, torch.device(asked_device))))  # noqa: T201
