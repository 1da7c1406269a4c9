"""Where a model can be: the kinds of device on this machine."""

import torch


def available_devices() -> list[str]:
    """The kinds of device on this machine, the one that "auto" takes first."""
    found = [("cuda", torch.cuda.is_available()), ("mps", torch.backends.mps.is_available()), ("cpu", True)]
    return [name for name, here in found if here]


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
