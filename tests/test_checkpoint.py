"""Files: what is saved comes back bit by bit, and what a stranger sends is refused in one sentence."""

import io
import json
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from mrnn import (
    ModelConfig,
    SequenceModel,
    TrainConfig,
    load,
    load_reference_weights,
    read_notes,
    save,
    train,
)
from mrnn.checkpoint import read_config, reference_names

N, L, T, K, M, D, C = 7, 2, 11, 3, 5, 13, 17
SIZES: dict[str, Any] = {"input_size": D, "output_size": C, "hidden_size": M, "num_layers": L}
NOTES: dict[str, Any] = {
    "task": "waves",
    "settings": {"T": 53, "sigma": 0.25},
    "figures": {"usage": [0.1, 0.9], "best": None, "stopped": True},
    "by": "Zoë – 名",
}


def small_model(**fields: Any) -> SequenceModel:
    return SequenceModel(ModelConfig(**{**SIZES, **fields}), generator=torch.Generator().manual_seed(0))


# -- what is saved comes back ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_model_comes_back_bit_by_bit(kind, tmp_path, dtype):
    model = small_model(dropout=0.3, **kind).to(dtype)
    save(model, tmp_path / "model.safetensors", NOTES)
    back = load(tmp_path / "model.safetensors")
    assert back.config == model.config
    assert back.state_dict().keys() == model.state_dict().keys()
    for name, weight in model.state_dict().items():
        assert back.state_dict()[name].dtype == dtype
        assert torch.equal(back.state_dict()[name], weight)
    x, lengths = torch.randn(N, T, D, dtype=dtype), torch.tensor([11, 2, 7, 1, 5, 3, 11])
    assert torch.equal(back(x, lengths).logits, model.eval()(x, lengths).logits)


def test_every_field_of_the_configuration_comes_back(tmp_path):
    config = ModelConfig(
        input_size=3, output_size=7, k=5, hidden_size=2, num_layers=3, dropout=0.25, carry="own", per_step=True
    )
    save(SequenceModel(config), tmp_path / "model.safetensors")
    assert load(tmp_path / "model.safetensors").config == config
    assert read_config(tmp_path / "model.safetensors") == config


def test_notes_come_back(tmp_path):
    save(small_model(), tmp_path / "model.safetensors", NOTES)
    assert read_notes(tmp_path / "model.safetensors") == NOTES
    save(small_model(), tmp_path / "model.safetensors")
    assert read_notes(str(tmp_path / "model.safetensors")) == {}


def test_a_loaded_model_is_ready_for_use_and_learns_on(kind, tmp_path, tiny_task):
    save(small_model(input_size=2, output_size=3, **kind).train(), tmp_path / "model.safetensors")
    model = load(tmp_path / "model.safetensors")
    assert not model.training
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    list(train(model, tiny_task.make(31, seed=0), TrainConfig(epochs=1)))
    assert all(weight.requires_grad for weight in model.parameters())
    assert not any(torch.equal(before[name], weight) for name, weight in model.state_dict().items() if "W_" in name)
    assert not torch.equal(before["head.weight"], model.state_dict()["head.weight"])


def test_a_loaded_model_does_not_change_when_its_file_does(tmp_path):
    path = tmp_path / "model.safetensors"
    save(small_model(), path)
    model = load(path)
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 2)
        file.write(bytes(size - size // 2))
    assert all(torch.equal(before[name], weight) for name, weight in model.state_dict().items())


def test_saving_leaves_the_model_as_it_was(tmp_path):
    model = small_model().train()
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    save(model, tmp_path / "model.safetensors")
    assert model.training
    assert all(weight.requires_grad for weight in model.parameters())
    assert all(torch.equal(before[name], weight) for name, weight in model.state_dict().items())


# -- saving is all or nothing ----------------------------------------------------------------------------------------


def test_saving_leaves_one_file_and_nothing_beside_it(tmp_path):
    for _ in range(2):
        save(small_model(), tmp_path / "model.safetensors")
        assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]


def test_a_saved_file_can_be_read_by_whom_other_files_can(tmp_path):
    (tmp_path / "other").touch()
    save(small_model(), tmp_path / "model.safetensors")
    assert (tmp_path / "model.safetensors").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_when_writing_fails_the_file_that_was_there_stays_whole(tmp_path):
    resource = pytest.importorskip("resource", reason="Windows has no limits to the size of files")
    path = tmp_path / "model.safetensors"
    save(small_model(), path, NOTES)
    whole = path.read_bytes()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) // 2, before[1]))  # stands in for a full disk
    try:
        with pytest.raises(OSError, match=r"model\.safetensors could not be written: File too large"):
            save(small_model(k=K), path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert path.read_bytes() == whole
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("notes", [{"a": {1, 2}}, {"a": float("nan")}, {"a": np.float32(1)}, {"a": b"bytes"}])
def test_notes_that_are_not_json_are_refused_and_the_file_that_was_there_stays_whole(tmp_path, notes):
    path = tmp_path / "model.safetensors"
    save(small_model(), path, NOTES)
    whole = path.read_bytes()
    with pytest.raises(ValueError, match="notes must be JSON values: "):
        save(small_model(k=K), path, notes)
    assert path.read_bytes() == whole
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_an_os_error(tmp_path):
    with pytest.raises(OSError, match="could not be written"):
        save(small_model(), tmp_path / "nowhere" / "model.safetensors")
    assert not list(tmp_path.iterdir())


# -- what a stranger may send ----------------------------------------------------------------------------------------


def parts() -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors and the metadata of a sound file."""
    model = small_model(k=K)
    metadata = {"format": "mrnn-1", "config": json.dumps(model.config.to_dict()), "notes": json.dumps(NOTES)}
    return {name: value.clone() for name, value in model.state_dict().items()}, metadata


def described(**fields: Any) -> dict[str, str]:
    """Metadata with another configuration than the tensors have; a field that is None is left out."""
    config = {**small_model(k=K).config.to_dict(), **fields}
    return {**parts()[1], "config": json.dumps({name: value for name, value in config.items() if value is not None})}


def with_metadata(**changes: str | None) -> Callable[[Path], None]:
    """A sound file but for entries of its metadata; None leaves one out."""

    def write(path: Path) -> None:
        tensors, metadata = parts()
        save_file(tensors, path, {k: v for k, v in {**metadata, **changes}.items() if v is not None})

    return write


def with_config(**fields: Any) -> Callable[[Path], None]:
    return lambda path: save_file(parts()[0], path, described(**fields))


def with_tensors(change: Callable[[dict[str, Tensor]], Any]) -> Callable[[Path], None]:
    """A sound file but for its tensors."""

    def write(path: Path) -> None:
        tensors, metadata = parts()
        change(tensors)
        save_file(tensors, path, metadata)

    return write


def with_bytes(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    """A sound file but for its bytes."""

    def write(path: Path) -> None:
        with_metadata()(path)
        path.write_bytes(change(path.read_bytes()))

    return write


def in_dtype(dtype: torch.dtype, only: str = "") -> Callable[[Path], None]:
    return with_tensors(lambda all_: all_.update({n: v.to(dtype) for n, v in all_.items() if n.startswith(only)}))


def of_torch_save(path: Path) -> None:
    torch.save(parts()[0], path)


class Bomb:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, fuse: Path) -> None:
        self.fuse = fuse

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.fuse,)


def pickled(path: Path) -> None:
    path.write_bytes(pickle.dumps(Bomb(path.with_name("exploded"))))


def zipped_pickle(path: Path) -> None:
    buffer = io.BytesIO()
    torch.save(Bomb(path.with_name("exploded")), buffer)
    path.write_bytes(buffer.getvalue())


def put(name: str, where: tuple[int, ...], value: float) -> Callable[[dict[str, Tensor]], None]:
    return lambda tensors: tensors[name].__setitem__(where, value)


NOT_WHOLE = "is not a whole .safetensors file"
FOREIGN = "is a .safetensors file, but not of this program: its format is not mrnn-1"
UNREADABLE = "has no readable configuration and notes"
BREAKS = "has a configuration that breaks a rule: "
OTHER = "does not hold the model it describes: "
ATTACKS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "empty": (lambda path: path.write_bytes(b""), NOT_WHOLE),
    "random bytes": (lambda path: path.write_bytes(np.random.default_rng(0).bytes(5003)), NOT_WHOLE),
    "text": (lambda path: path.write_text("<html>404 Not Found</html>"), NOT_WHOLE),
    "truncated in the weights": (with_bytes(lambda whole: whole[:-7]), NOT_WHOLE),
    "truncated in the header": (with_bytes(lambda whole: whole[:101]), NOT_WHOLE),
    "bytes too many": (with_bytes(lambda whole: whole + b"more"), NOT_WHOLE),
    "an endless header": (with_bytes(lambda whole: struct.pack("<Q", 2**62) + whole[8:]), NOT_WHOLE),
    "a pickle": (pickled, NOT_WHOLE),
    "a pickle in torch's own form": (zipped_pickle, NOT_WHOLE),
    "weights in torch's own form": (of_torch_save, NOT_WHOLE),
    "without metadata": (lambda path: save_file(parts()[0], path), FOREIGN),
    "foreign metadata": (lambda path: save_file(parts()[0], path, {"format": "pt"}), FOREIGN),
    "without a configuration": (with_metadata(config=None), UNREADABLE),
    "without notes": (with_metadata(notes=None), UNREADABLE),
    "configuration not JSON": (with_metadata(config="{k: 4}"), UNREADABLE),
    "configuration with NaN": (with_metadata(config='{"dropout": NaN}'), UNREADABLE),
    "configuration nested without end": (with_metadata(config="[" * 100_003), UNREADABLE),
    "configuration a list": (with_metadata(config="[1, 2]"), BREAKS + "ModelConfig must be a JSON object, got list"),
    "configuration null": (with_metadata(config="null"), BREAKS + "ModelConfig must be a JSON object, got NoneType"),
    "configuration incomplete": (with_config(input_size=None), BREAKS + "ModelConfig is incomplete: .*'input_size'"),
    "a field unknown": (with_config(seed=1), BREAKS + "ModelConfig does not know 'seed'"),
    "a field unknown and endless": (with_config(**{"x" * 100_003: 1}), BREAKS + "ModelConfig does not know 'xxx"),
    "k as text": (with_config(k="3"), BREAKS + "k must be a whole number, got '3'"),
    "k with a fraction": (with_config(k=3.0), BREAKS + "k must be a whole number, got 3.0"),
    "k below 1": (with_config(k=0), BREAKS + "k must be from 1 to 256, got 0"),
    "hidden_size as a list": (with_config(hidden_size=[5]), BREAKS + r"hidden_size must be a whole number, got \[5\]"),
    "num_layers beyond measure": (with_config(num_layers=10**9), BREAKS + "num_layers must be from 1 to 32, got 1000"),
    "num_layers endless": (with_config(num_layers=10**999), BREAKS + "num_layers must be from 1 to 32, got 1000"),
    "dropout endless": (with_config(dropout=10**999), BREAKS + "dropout must be a finite number, got 1000"),
    "cell unknown": (with_config(cell="transformer"), BREAKS + "cell must be one of mrnn, lstm, .*, got 'transformer'"),
    "cell endless": (with_config(cell="x" * 100_003), BREAKS + "cell must be one of mrnn, lstm, .*, got 'xxx"),
    "cell an object": (with_config(cell={}), BREAKS + "cell must be one of mrnn, lstm"),
    "per_step as a number": (with_config(per_step=0), BREAKS + "per_step must be true or false, got 0"),
    "notes a list": (with_metadata(notes="[]"), "has notes that are no object, but list"),
    "notes a number": (with_metadata(notes="7"), "has notes that are no object, but int"),
    "notes with NaN": (with_metadata(notes='{"accuracy": NaN}'), UNREADABLE),
    "notes not JSON": (with_metadata(notes="task=waves"), UNREADABLE),
    "notes nested without end": (with_metadata(notes='{"a":' * 100_003), UNREADABLE),
    "many layers": (with_config(num_layers=32), OTHER + r"layers.10.W_h has the shape missing, .* asks for \[5, 60\]"),
    "8192 units": (with_config(hidden_size=8192), OTHER + r"head.weight has the shape \[17, 5\], .* \[17, 8192\]"),
    "all as large as can be": (
        with_config(input_size=65_536, output_size=65_536, k=256, hidden_size=8192, num_layers=32),
        OTHER + r"head.bias has the shape \[17\], its configuration asks for \[65536\]",
    ),
    "a large LSTM": (
        with_config(cell="lstm", k=1, output_size=65_536, hidden_size=8192, num_layers=32),
        OTHER + r"head.bias has the shape \[17\], its configuration asks for \[65536\]",
    ),
    "another cell": (with_config(cell="gru", k=1), OTHER + r"layers.0.W_h has the shape \[5, 60\], .* for nothing"),
    "a tensor missing": (
        with_tensors(lambda all_: all_.pop("layers.1.W_hz")),
        OTHER + r"layers.1.W_hz has the shape missing, its configuration asks for \[5, 3\]",
    ),
    "a tensor too many": (
        with_tensors(lambda all_: all_.update(more=torch.zeros(2))),
        OTHER + r"more has the shape \[2\], its configuration asks for nothing",
    ),
    "a tensor of another shape": (
        with_tensors(lambda all_: all_.update({"layers.0.W_xz": torch.zeros(K, D)})),
        OTHER + r"layers.0.W_xz has the shape \[3, 13\], its configuration asks for \[13, 3\]",
    ),
    "no tensors": (with_tensors(lambda all_: all_.clear()), OTHER + "head.bias has the shape missing"),
    "one weight NaN": (
        with_tensors(put("layers.1.W_h", (2, 3), float("nan"))),
        "holds weights that are not finite numbers, in layers.1.W_h; train the model again",
    ),
    "one weight infinite": (
        with_tensors(put("head.bias", (1,), -float("inf"))),
        "holds weights that are not finite numbers, in head.bias; train the model again",
    ),
    "whole numbers": (in_dtype(torch.int32), "holds weights as torch.int32, in .*; they must be float32 or float64"),
    "truth values": (in_dtype(torch.bool), "holds weights as torch.bool, in .*; they must be float32 or float64"),
    "complex numbers": (in_dtype(torch.complex64), "holds weights as torch.complex64, in .*; they must be float32"),
    "half precision": (in_dtype(torch.float16), "holds weights as torch.float16, in .*; they must be float32"),
    "eight bits": (in_dtype(torch.float8_e4m3fn), "holds weights as torch.float8_e4m3fn, in .*; they must be float32"),
    "mixed precision": (
        in_dtype(torch.float64, only="head"),
        r"mixes number formats \(torch.float32, torch.float64\); it must hold one",
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_file_that_is_not_a_model_is_refused_in_one_sentence(tmp_path, attack):
    write, message = ATTACKS[attack]
    path = tmp_path / "from a stranger.safetensors"
    write(path)
    with pytest.raises(ValueError, match=f"^from a stranger.safetensors {message}") as refusal:
        load(path)
    assert len(str(refusal.value)) < 400
    assert str(refusal.value).isprintable()
    assert list(tmp_path.iterdir()) == [path], "something in the file was executed"


@pytest.mark.parametrize("attack", ["empty", "a pickle", "without metadata", "notes a list", "configuration a list"])
@pytest.mark.parametrize("read", [read_notes, read_config])
def test_metadata_that_cannot_be_trusted_is_refused_without_the_weights_too(tmp_path, read, attack):
    write, message = ATTACKS[attack]
    write(tmp_path / "model.safetensors")
    with pytest.raises(ValueError, match=message):
        read(tmp_path / "model.safetensors")


def test_the_sound_file_that_the_attacks_change_is_sound(tmp_path):
    with_metadata()(tmp_path / "model.safetensors")
    with_config()(tmp_path / "same.safetensors")
    for path in tmp_path.iterdir():
        assert load(path).config == small_model(k=K).config
        assert read_notes(path) == NOTES


@pytest.mark.parametrize("attack", ["8192 units", "all as large as can be", "a large LSTM", "many layers"])
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the peak of virtual memory")
def test_a_small_file_that_describes_a_huge_model_takes_no_memory(tmp_path, attack):
    def peak() -> int:
        status = Path("/proc/self/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmPeak"))

    path = tmp_path / "model.safetensors"
    ATTACKS[attack][0](path)
    before = peak()
    with pytest.raises(ValueError, match=OTHER):
        load(path)
    assert peak() - before < 2**17, "in KiB: 128 MB"


@pytest.mark.parametrize("read", [load, read_notes, read_config])
@pytest.mark.parametrize("name", ["nowhere.safetensors", "."])
def test_a_file_that_is_not_there_is_refused(tmp_path, read, name):
    with pytest.raises(ValueError, match="there is no file "):
        read(tmp_path / name)


# -- weights of the original -----------------------------------------------------------------------------------------


def originals() -> dict[str, Tensor]:
    """Weights under the original's names, no two numbers alike."""
    start, weights = 0, {}
    for name, weight in reference_names(small_model(k=K)):
        weights[name] = torch.arange(start, start + weight.numel()).float().view_as(weight)
        start += weight.numel()
    return weights


def test_the_originals_names_cover_every_weight_once():
    model, weights = small_model(k=K), originals()
    shapes = {f"cell_{layer}.{name}": shape
              for layer, size in enumerate((D, M))
              for name, shape in {"W_xz": (size, K), "W_hz": (M, K), "b_xz": (K,), "W_x_4gates": (size, 4 * K * M),
                                  "W_h_4gates": (M, 4 * K * M), "b_4gates": (4 * K * M,)}.items()}  # fmt: skip
    assert {name: tuple(w.shape) for name, w in weights.items()} == {**shapes, "fc.weight": (C, M), "fc.bias": (C,)}
    load_reference_weights(model, {name: weight.numpy() for name, weight in weights.items()})
    numbers = torch.cat([weight.detach().flatten() for weight in model.parameters()])
    assert torch.equal(numbers.sort().values, torch.arange(model.num_weights).float())
    for name, weight in reference_names(model):
        assert torch.equal(weight, weights[name])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda weights: weights.pop("cell_1.W_hz"), r"must be .*; cell_1.W_hz is missing or unknown"),
        (lambda weights: weights.update(more=torch.zeros(1)), r"must be .*; more is missing or unknown"),
        (lambda weights: weights.update({"cell_0.W_xz": torch.zeros(K, D)}), r"shape \(13, 3\), got \(3, 13\)"),
    ],
)
def test_reference_weights_that_do_not_fit_are_refused(change, message):
    weights = originals()
    change(weights)
    with pytest.raises(ValueError, match=message):
        load_reference_weights(small_model(k=K), weights)


def test_reference_weights_for_a_baseline_are_refused():
    with pytest.raises(ValueError, match="reference weights are those of a k-LSTM, got a model with cell='lstm'"):
        load_reference_weights(small_model(cell="lstm"), originals())


# -- the GPU ---------------------------------------------------------------------------------------------------------


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine")
def test_a_model_trained_on_cuda_loads_on_the_cpu(kind, tmp_path, tiny_task, monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)  # as in torch's other products, by default
    model = small_model(input_size=2, output_size=3, **kind)
    data = tiny_task.make(53, seed=0)
    list(train(model, data, TrainConfig(epochs=1, device="cuda")))
    assert model.device.type == "cuda"
    save(model, tmp_path / "model.safetensors")
    on_cpu, on_cuda = load(tmp_path / "model.safetensors"), load(tmp_path / "model.safetensors", "cuda")
    assert on_cpu.device.type == "cpu"
    assert on_cuda.device.type == "cuda"
    for name, weight in model.state_dict().items():
        assert torch.equal(on_cpu.state_dict()[name], weight.cpu())
    traces = [each.trace(data.x, choice="soft").logits for each in (on_cpu, on_cuda, model)]
    np.testing.assert_allclose(traces[0], traces[1], rtol=1e-3, atol=1e-4)
    np.testing.assert_array_equal(traces[1], traces[2])


@pytest.mark.parametrize("device", ["tpu", "meta", "cuda:97"])
def test_a_device_that_is_not_here_is_refused(tmp_path, device):
    save(small_model(k=K), tmp_path / "model.safetensors")
    with pytest.raises(ValueError, match=f"device must be one of auto, .*cpu on this machine, got '{device}'"):
        load(tmp_path / "model.safetensors", device)
