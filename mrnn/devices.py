"""Where a model can be: the kinds of device on this machine."""

import time
from functools import cache

import torch
from threadpoolctl import threadpool_limits


def available_devices() -> list[str]:
    """The kinds of device on this machine, the one that "auto" takes first."""
    found = [("cuda", torch.cuda.is_available()), ("mps", torch.backends.mps.is_available()), ("cpu", True)]
    return [name for name, here in found if here]


def count_gpus() -> int:
    """How many runs can have a GPU of their own here."""
    return torch.cuda.device_count() if torch.cuda.is_available() else int(torch.backends.mps.is_available())


def choose_device(name: str = "auto") -> torch.device:
    """The device called `name`; "auto" takes CUDA, else Apple's MPS, else the CPU.

    raises  ValueError if there is no such device here
    """
    here = available_devices()
    if name == "auto":
        return torch.device(here[0])
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    count = torch.cuda.device_count() if device is not None and device.type == "cuda" else 1
    if device is None or device.type not in here or (device.index or 0) >= count:
        raise ValueError(f"device must be one of {', '.join(['auto', *here])} on this machine, got {name!r}")
    return device


def share_processor() -> None:
    """Compute on one thread from now on: threads of callers that come at once would wait for one another."""
    torch.set_num_threads(1)
    threadpool_limits(1, user_api="blas")  # NumPy's products, too: beside a training they took five times as long


@cache
def bfloat16_is_faster(device: torch.device) -> bool:
    """Whether training is faster with products in bfloat16: measured once, on a product as large as a step's.

    Only a CPU is asked: on GPUs the k-LSTM waits for launches, not for products.
    """
    if device.type != "cpu":
        return False
    times: dict[torch.dtype, list[float]] = {torch.float32: [], torch.bfloat16: []}
    factors = {dtype: (torch.ones(150, 128, dtype=dtype), torch.ones(128, 2048, dtype=dtype)) for dtype in times}
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # several would wait for one another wherever something else is at work
    try:
        for _ in range(15):
            for dtype, (a, b) in factors.items():
                start = time.perf_counter()
                torch.mm(a, b)
                times[dtype].append(time.perf_counter() - start)
    finally:
        torch.set_num_threads(threads)
    # What goes on between the products takes as long either way, so a small gain would be lost there.
    # The shortest times are those that nothing else delayed: the same answer on a busy machine.
    return 1.5 * min(times[torch.bfloat16]) < min(times[torch.float32])
