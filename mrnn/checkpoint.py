"""Weights in and out of files: safetensors, which hold numbers and text and never execute."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes
from torch import Tensor

from mrnn.config import ModelConfig
from mrnn.devices import choose_device
from mrnn.files import write_bytes
from mrnn.model import SequenceModel

FORMAT, STATE = "mrnn-1", "mrnn-state-1"


def save(model: SequenceModel, path: str | Path, notes: Mapping[str, Any] | None = None) -> None:
    """Write a model to a .safetensors file, whole or not at all.

    notes   JSON values kept in the file's metadata: task, recipe, measured figures
    raises  ValueError if notes cannot be written as JSON; OSError as usual
    """
    path = Path(path)
    try:
        text = json.dumps(dict(notes or {}), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"notes must be JSON values: {error}") from error
    _write(path, model.state_dict(), {"format": FORMAT, "config": json.dumps(model.config.to_dict()), "notes": text})


def save_state(path: str | Path, tensors: Mapping[str, Tensor], values: Mapping[str, Any]) -> None:
    """Write what `Training.put_down` gave, and other JSON values; as careful as `save`."""
    _write(Path(path), tensors, {"format": STATE, "values": json.dumps(dict(values))})


def load_state(path: str | Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what `save_state` wrote; ValueError that says what is wrong with the file."""
    name = Path(path).name
    with _opened(path) as file:
        metadata = file.metadata() or {}
        if metadata.get("format") != STATE:
            raise ValueError(f"{name} is a .safetensors file, but no checkpoint of this program")
        return {key: file.get_tensor(key).clone() for key in file.keys()}, json.loads(metadata["values"])  # noqa: SIM118


def _write(path: Path, tensors: Mapping[str, Tensor], metadata: dict[str, str]) -> None:
    """Beside its place and then into it, so that no half file is ever there; OSError as usual."""
    content = to_bytes({name: value.detach().cpu().contiguous() for name, value in tensors.items()}, metadata)
    try:
        write_bytes(path, content)  # not safetensors' save_file, whose files only their owner could read
    except OSError as error:
        raise OSError(error.errno, f"{path} could not be written: {error.strerror}") from error


def load(path: str | Path, device: str = "cpu") -> SequenceModel:
    """Read a model that `save` wrote, ready to be used (in evaluation mode).

    The file is taken for what a stranger may have sent: nothing in it is executed, and its
    configuration must agree with the tensors it holds before any memory is taken for them.

    device  as in `TrainConfig`
    raises  ValueError that says what is wrong with the file, or that there is no such device
    """
    name = Path(path).name
    with _opened(path) as file:
        config, _ = _metadata(file, name)
        with torch.device("meta"):
            model = SequenceModel(config)
        expected = {key: list(value.shape) for key, value in model.state_dict().items()}
        found = {key: file.get_slice(key).get_shape() for key in file.keys()}  # noqa: SIM118, it is no dict
        if expected != found:
            odd = sorted(key for key in expected.keys() | found.keys() if expected.get(key) != found.get(key))
            raise ValueError(
                f"{name} does not hold the model it describes: {odd[0]} has the shape "
                f"{found.get(odd[0], 'missing')}, its configuration asks for {expected.get(odd[0], 'nothing')}"
            )
        # A copy: what safetensors hands out is the file itself, and changes when somebody writes into it.
        tensors = {key: file.get_tensor(key).clone() for key in expected}
    for key, value in tensors.items():
        if value.dtype not in (torch.float32, torch.float64):
            raise ValueError(f"{name} holds weights as {value.dtype}, in {key}; they must be float32 or float64")
        if not torch.isfinite(value).all():
            raise ValueError(f"{name} holds weights that are not finite numbers, in {key}; train the model again")
    kinds = {value.dtype for value in tensors.values()}
    if len(kinds) > 1:
        raise ValueError(f"{name} mixes number formats ({', '.join(sorted(map(str, kinds)))}); it must hold one")
    model.load_state_dict(tensors, assign=True)
    return model.requires_grad_(True).to(choose_device(device)).eval()


def read_notes(path: str | Path) -> dict[str, Any]:
    """The notes of a file that `save` wrote, without its weights; ValueError that says what is wrong with it."""
    with _opened(path) as file:
        return _metadata(file, Path(path).name)[1]


def read_config(path: str | Path) -> ModelConfig:
    """The configuration of a file that `save` wrote, without its weights; ValueError likewise."""
    with _opened(path) as file:
        return _metadata(file, Path(path).name)[0]


def load_reference_weights(model: SequenceModel, weights: Mapping[str, Tensor | np.ndarray]) -> None:
    """Copy weights that bear the names of the original PyTorch code into a model with cell "mrnn".

    weights  cell_{l}.W_xz (D, k), W_hz (m, k), b_xz (k,), W_x_4gates (D, 4km), W_h_4gates (m, 4km),
             b_4gates (4km,) for each layer l, columns gate (i, g, f, o) x LSTM x unit; fc.weight (C, m), fc.bias (C,)
    raises   ValueError if a name is missing or unknown, or a shape differs
    """
    if model.config.cell != "mrnn":
        raise ValueError(f"reference weights are those of a k-LSTM, got a model with cell={model.config.cell!r}")
    if model.config.embedding:
        raise ValueError(
            f"reference weights know no embedding, got a model with embedding={model.config.embedding}; take 0"
        )
    targets = dict(reference_names(model))
    odd = sorted(targets.keys() ^ weights.keys())
    if odd:
        raise ValueError(f"reference weights must be {', '.join(targets)}; {odd[0]} is missing or unknown")
    with torch.no_grad():
        for name, target in targets.items():
            value = torch.as_tensor(
                np.asarray(weights[name]) if not isinstance(weights[name], Tensor) else weights[name]
            )
            if value.shape != target.shape:
                raise ValueError(f"{name} must have the shape {tuple(target.shape)}, got {tuple(value.shape)}")
            target.copy_(value)


def reference_names(model: SequenceModel) -> list[tuple[str, torch.nn.Parameter]]:
    """Each parameter of a k-LSTM beside its name in the original PyTorch code."""
    parameters = dict(model.named_parameters())
    own = {"W_xz": "W_xz", "W_hz": "W_hz", "b_z": "b_xz", "W_x": "W_x_4gates", "W_h": "W_h_4gates", "b": "b_4gates"}
    named = [
        (f"cell_{layer}.{theirs}", parameters[f"layers.{layer}.{ours}"])
        for layer in range(model.config.num_layers)
        for ours, theirs in own.items()
    ]
    return [*named, ("fc.weight", parameters["head.weight"]), ("fc.bias", parameters["head.bias"])]


def _opened(path: str | Path) -> Any:
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"there is no file {path}")
    try:
        return safe_open(path, framework="pt")
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{path.name} is not a whole .safetensors file: {error}") from error


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _metadata(file: Any, name: str) -> tuple[ModelConfig, dict[str, Any]]:
    metadata = file.metadata() or {}
    if metadata.get("format") != FORMAT:
        raise ValueError(f"{name} is a .safetensors file, but not of this program: its format is not {FORMAT}")
    try:
        config, notes = (json.loads(metadata[name], parse_constant=_refuse) for name in ("config", "notes"))
    except (KeyError, ValueError, RecursionError) as error:
        raise ValueError(f"{name} has no readable configuration and notes") from error
    if not isinstance(notes, dict):
        raise ValueError(f"{name} has notes that are no object, but {type(notes).__name__}")
    try:
        return ModelConfig.from_dict(config), notes
    except ValueError as error:
        raise ValueError(f"{name} has a configuration that breaks a rule: {error}") from error
