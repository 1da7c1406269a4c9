"""The command line: what it writes and prints, and that bad arguments end in one line and exit status 2."""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from mrnn import (
    EpochReport,
    ModelConfig,
    RunConfig,
    SequenceModel,
    Task,
    TrainConfig,
    evaluate,
    load,
    queue,
    read_notes,
    runs,
    save,
    worker,
)
from mrnn.__main__ import main
from mrnn.training import Training

PROJECT = Path(__file__).resolve().parents[1]
QUICK = ["--epochs", "3", "--k", "2", "--hidden-size", "5", "--device", "cpu", "--batch-size", "11"]


def model_file(folder: Path, notes: dict[str, Any], **fields: Any) -> str:
    """A model for waves, or another size, with notes of its own."""
    sizes = {"input_size": 1, "output_size": 2, "hidden_size": 5, **fields}
    save(SequenceModel(ModelConfig(**sizes)), folder / "model.safetensors", notes)
    return str(folder / "model.safetensors")


def refusal(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> str:
    """The one line on stderr with which the command line refuses arguments."""
    with pytest.raises(SystemExit) as end:
        main(arguments)
    out, err = capsys.readouterr()
    assert end.value.code == 2
    assert out == ""
    assert err.endswith("\n")
    assert err.count("\n") == 1
    assert len(err) < 400
    assert err.startswith("python -m mrnn")
    return err.rstrip("\n")


# -- bad arguments ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("", "the following arguments are required: COMMAND"),
        ("learn waves", "argument COMMAND: invalid choice: 'learn'"),
        ("train", "the following arguments are required: TASK"),
        ("train letters", "argument TASK: invalid choice: 'letters' .choose from"),
        ("train waves --bogus 1", "unrecognized arguments: --bogus 1"),
        ("train waves --k 0", "k must be from 1 to 256, got 0"),
        ("train waves --k -3", "k must be from 1 to 256, got -3"),
        ("train waves --k four", "argument --k: invalid int value: 'four'"),
        ("train waves --k 2 --cell gru", "k must be 1 with cell='gru', got 2; only cell='mrnn' has several LSTMs"),
        ("train waves --cell rnn", "argument --cell: invalid choice: 'rnn'"),
        ("train waves --cell lstm --carry own", "carry must be 'mixed' with cell='lstm', got 'own'"),
        ("train waves --hidden-size 0", "hidden_size must be from 1 to 8192, got 0"),
        ("train waves --dropout 1", "dropout must be below 1, got 1; 0.2 is usual"),
        ("train waves --tau0 0", "tau must be > 0, got 0; 0.1 is already close to one-hot"),
        ("train waves --tau0 -1", "tau must be > 0, got -1"),
        ("train waves --tau0 nan", "tau must be a finite number, got nan"),
        ("train waves --tau0 0.1", "tau_floor must not exceed tau0 = 0.1, got 0.3"),
        ("train waves --epochs 0", "epochs must be from 1 to 100000, got 0"),
        ("train waves --seed -1", "seed must be from 0 to 9223372036854775807, got -1"),
        ("train waves --learning-rate inf", "learning_rate must be a finite number, got inf"),
        ("train waves --learning-rate 1e38", "learning_rate must be <= 1000, got 1e.38"),
        ("train waves --objective map", "objective must be one of mle, er, vb, got 'map'"),
        ("train waves --device tpu", "device must be one of auto, .*cpu on this machine, got 'tpu'"),
        ("train waves --set T", "--set takes NAME=NUMBER, got 'T'"),
        ("train waves --set T=", "--set takes NAME=NUMBER, got 'T='"),
        ("train waves --set T=many", "--set takes NAME=NUMBER, got 'T=many'"),
        ("train waves --set T=1", "T must be a whole number from 2 to 1000000, got 1"),
        ("train waves --set sigma=-1", "sigma must be a number from 0 to .*, got -1"),
        ("train waves --set sigma=NaN", "sigma must be a number from 0 to .*, got nan"),
        ("train waves --set T=53 Q=1", "task 'waves' has no setting 'Q'; it has T, amplitude, "),
        ("train digits --set T=53", "task 'digits' has no setting 'T'; it has none"),
        ("train waves --out nowhere/model.safetensors", "--out must lie in a folder that is there, got nowhere/model"),
        ("train waves --out .", "--out must be a file, got the folder ."),
        ("train waves --out /proc/model.safetensors", ".*No such file or directory: '/proc"),
        ("evaluate", "the following arguments are required: FILE"),
        ("evaluate nowhere.safetensors", "there is no file nowhere.safetensors"),
        ("evaluate nowhere.safetensors --task letters", "argument --task: invalid choice: 'letters'"),
        ("evaluate .", "there is no file ."),
        ("bench --repeats 0", "--repeats must be at least 1, got 0"),
        ("bench --only nothing", "--only must be part of a row's shape, got 'nothing'"),
        ("bench --device tpu", "device must be one of auto, .*cpu on this machine, got 'tpu'"),
    ],
)
def test_bad_arguments_end_in_one_line_and_status_2(capsys, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    line = refusal(capsys, arguments.split())
    assert re.search(f": {message}", line), line
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04 no model", b"\x80\x04\x95 no model" * 97], ids=["empty", "zip", "pickle"]
)
def test_a_broken_file_ends_in_one_line_and_status_2(capsys, tmp_path, content):
    path = tmp_path / "broken.safetensors"
    path.write_bytes(content)
    assert "broken.safetensors is not a whole .safetensors file" in refusal(capsys, ["evaluate", str(path)])
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("notes", "options", "message"),
    [
        ({"task": "waves"}, ["--task", "digits"], "task 'digits', which needs input_size = 28; it has 1"),
        ({"task": "digits"}, [], "the model does not fit task 'digits'"),
        ({}, [], "does not say its task; name one with --task"),
        ({"task": ["waves"]}, [], "does not say its task; name one with --task"),
        ({"task": "waves", "settings": 7}, [], "does not say its task; name one with --task"),
        ({"task": "letters"}, [], "task must be one of waves, digits, "),
        ({"task": "waves", "settings": {"Q": 1}}, [], "task 'waves' has no setting 'Q'"),
        ({"task": "waves", "settings": {"T": "5"}}, [], "T must be a whole number from 2 to 1000000, got '5'"),
        ({"task": "waves", "settings": {"amplitude": 10**999}}, [], "amplitude must be a number from 0 to "),
        ({"task": "waves"}, ["--device", "tpu"], "device must be one of auto, "),
    ],
    ids=str,
)
def test_a_model_for_another_task_ends_in_one_line_and_status_2(capsys, tmp_path, notes, options, message):
    assert message in refusal(capsys, ["evaluate", model_file(tmp_path, notes), *options])


@pytest.mark.parametrize("error", [MemoryError("Unable to allocate 4 TiB"), RuntimeError("not enough memory: 4 TiB")])
def test_too_little_memory_is_said_in_one_line(capsys, tmp_path, monkeypatch, error):
    def perform(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("mrnn.commands.train.perform", perform)
    with pytest.raises(SystemExit) as end:
        main(["train", "waves", "--out", str(tmp_path / "m.safetensors")])
    assert end.value.code == 2
    said = capsys.readouterr().err.splitlines()
    assert said[-1] == f"python -m mrnn train: the memory of this machine does not suffice: {error}"


def test_an_error_of_our_own_is_not_taken_for_too_little_memory(tmp_path, monkeypatch):
    def perform(*_: object, **__: object) -> None:
        raise RuntimeError("a shape is wrong")

    monkeypatch.setattr("mrnn.commands.train.perform", perform)
    with pytest.raises(RuntimeError, match="a shape is wrong"):
        main(["train", "waves", "--out", str(tmp_path / "m.safetensors")])


def test_in_a_process_of_its_own_too_there_is_no_traceback():
    command = [sys.executable, "-m", "mrnn", "train", "waves", "--tau0", "0"]
    ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr == "python -m mrnn train: tau must be > 0, got 0; 0.1 is already close to one-hot\n"


# -- train and evaluate ----------------------------------------------------------------------------------------------


def test_train_writes_a_model_with_all_that_makes_it_again(capsys, tmp_path, tiny_task):
    path = tmp_path / "model.safetensors"
    options = ["--seed", "5", "--num-layers", "2", "--dropout", "0.25", "--carry", "own", "--objective", "er"]
    options += ["--schedule", "one-cycle", "--weight-decay", "0.02", "--balance", "0.05", "--augment"]
    main(["train", "tiny", "--set", "loudness=2.0", "--out", str(path), *QUICK, *options])
    out, err = capsys.readouterr()
    assert [file.name for file in tmp_path.iterdir()] == ["model.safetensors"]
    model, notes = load(path), read_notes(path)
    assert model.config == ModelConfig(
        input_size=2, output_size=3, k=2, hidden_size=5, num_layers=2, dropout=0.25, carry="own"
    )
    assert (notes["task"], notes["settings"]) == ("tiny", {"loudness": 2.0})
    recipe = notes["recipe"]
    assert {recipe[name] for name in ("seed", "epochs", "batch_size")} == {5, 3, 11}
    assert (recipe["objective"], recipe["device"]) == ("er", "cpu")
    assert (recipe["schedule"], recipe["weight_decay"], recipe["balance"]) == ("one-cycle", 0.02, 0.05)
    assert recipe["augment"] is True
    figures = notes["figures"]
    _, test_data = type(tiny_task)(loudness=2.0).split()
    assert figures["test_accuracy_hard"] == evaluate(model, test_data).accuracy
    assert f"{path}: test accuracy {figures['test_accuracy_hard']:.2%} (soft " in out
    assert "device: cpu" in err
    assert [line.split("  ")[0] for line in err.splitlines() if line.startswith("epoch")] == [
        f"epoch {epoch}/3" for epoch in (1, 2, 3)
    ]


@pytest.mark.usefixtures("tiny_task")
def test_the_same_command_makes_the_same_weights(tmp_path):
    models = []
    for name in ("one", "other"):
        main(["train", "tiny", "--out", str(tmp_path / name), *QUICK])
        models.append(load(tmp_path / name).state_dict())
    assert all(torch.equal(models[0][name], models[1][name]) for name in models[0])


@pytest.mark.usefixtures("tiny_task")
def test_unless_told_train_names_the_file_by_task_and_k(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    main(["train", "tiny", *QUICK, "--epochs", "1"])
    assert [file.name for file in tmp_path.iterdir()] == ["tiny-k2.safetensors"]


def test_evaluate_prints_its_figures_as_json(capsys, tmp_path, tiny_task):
    path = tmp_path / "model.safetensors"
    main(["train", "tiny", "--out", str(path), *QUICK])
    figures = read_notes(path)["figures"]
    capsys.readouterr()
    main(["evaluate", str(path), "--json", "--device", "cpu"])
    assert json.loads(capsys.readouterr().out) == {
        "task": "tiny",
        "n": 43,
        "accuracy_hard": figures["test_accuracy_hard"],
        "accuracy_soft": figures["test_accuracy_soft"],
        "claims": {"never neither": never_neither(path, tiny_task), "seed": 0.0},
    }


def never_neither(path: Path | str, task: Task) -> float:
    """What the tiny task claims of a model in use."""
    return float((load(path).trace(task.make(53, seed=0).x).answers.argmax(-1) != 2).mean())


@pytest.mark.usefixtures("tiny_task")
def test_evaluate_measures_on_the_task_and_the_settings_the_file_names(capsys, tmp_path):
    path = tmp_path / "model.safetensors"
    main(["train", "tiny", "--set", "loudness=0", "--out", str(path), *QUICK, "--epochs", "20"])
    main(["train", "tiny", "--out", str(tmp_path / "loud"), *QUICK, "--epochs", "20"])
    capsys.readouterr()
    found = {}
    for name, file in [("deaf", path), ("loud", tmp_path / "loud")]:
        main(["evaluate", str(file), "--json", "--device", "cpu"])
        found[name] = json.loads(capsys.readouterr().out)["accuracy_hard"]
    assert found["deaf"] < 0.8 < found["loud"]


def test_evaluate_says_in_words_what_it_measured(capsys, tmp_path, tiny_task):
    path = model_file(tmp_path, {}, input_size=2, output_size=3)
    main(["evaluate", path, "--task", "tiny", "--device", "cpu"])
    _, test_data = tiny_task.split()
    model = load(path)
    hard, soft = (evaluate(model, test_data, choice=choice).accuracy for choice in ("argmax", "soft"))
    assert capsys.readouterr().out == (
        f"tiny: accuracy {hard:.2%} in use (soft {soft:.2%}) on 43 sequences\n"
        f"{never_neither(path, tiny_task):8.4f}  never neither\n  0.0000  seed\n"
    )


@pytest.mark.usefixtures("tiny_task")
def test_ctrl_c_keeps_what_was_learned(tmp_path, monkeypatch, capsys):
    class Interrupted(Training):
        def advance(self, on_batch: Any = None, go_on: Any = None) -> EpochReport | None:
            def press_ctrl_c(done: int, total: int) -> Any:
                if done == 8:  # in the second epoch: 6 batches each
                    signal.raise_signal(signal.SIGINT)
                assert done <= 8
                return on_batch(done, total)

            return super().advance(press_ctrl_c, go_on)

    before = signal.getsignal(signal.SIGINT)
    path = tmp_path / "model.safetensors"
    with monkeypatch.context() as patch:
        patch.setattr(worker, "Training", Interrupted)
        main(["train", "tiny", "--out", str(path), *QUICK, "--epochs", "1000"])
    assert signal.getsignal(signal.SIGINT) is before
    assert read_notes(path)["figures"]["epochs"] == 1
    main(["train", "tiny", "--out", str(tmp_path / "one"), *QUICK, "--epochs", "1"])
    interrupted_model, one_epoch = load(path).state_dict(), load(tmp_path / "one").state_dict()
    assert all(torch.equal(interrupted_model[name], one_epoch[name]) for name in one_epoch)
    capsys.readouterr()
    with pytest.raises(SystemExit, match="2"):
        main(["train", "tiny", "--out", str(path), *QUICK, "--epochs", "999"])
    assert "model.safetensors.checkpoint is the checkpoint of another run; remove it" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send Ctrl-C to one process alone")
def test_ctrl_c_in_a_process_of_its_own_keeps_what_was_learned(tmp_path):
    path = tmp_path / "model.safetensors"
    options = ["--set", "T=5", "--epochs", "1000", "--k", "1", "--hidden-size", "2", "--batch-size", "3000"]
    command = [sys.executable, "-m", "mrnn", "train", "waves", "--out", str(path), "--device", "cpu", *options]
    with subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("epoch 1/"):
                process.send_signal(signal.SIGINT)
                break
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0
    assert "Traceback" not in err
    assert "test accuracy" in out
    assert 1 <= read_notes(path)["figures"]["epochs"] < 1000


def test_train_killed_and_started_again_comes_to_the_same_model(tmp_path, capsys):
    options = ["--set", "T=5", "--epochs", "40", "--k", "2", "--hidden-size", "2", "--batch-size", "3000"]
    options += ["--device", "cpu", "--precision", "float32"]
    path, whole = tmp_path / "model.safetensors", tmp_path / "whole.safetensors"
    command = [sys.executable, "-m", "mrnn", "train", "waves", "--out", str(path), *options]
    with subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("epoch 2/"):
                process.kill()
                break
    assert [file.name for file in tmp_path.iterdir()] == ["model.safetensors.checkpoint"]
    main(["train", "waves", "--out", str(path), *options])
    assert f"going on from {path}.checkpoint" in capsys.readouterr().err
    main(["train", "waves", "--out", str(whole), *options])
    assert "going on" not in capsys.readouterr().err
    gone_on, uninterrupted = load(path).state_dict(), load(whole).state_dict()
    assert all(torch.equal(gone_on[name], uninterrupted[name]) for name in uninterrupted)
    assert read_notes(path)["figures"]["epochs"] == 40
    assert sorted(file.name for file in tmp_path.iterdir()) == ["model.safetensors", "whole.safetensors"]


# -- runs ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def three_runs(tmp_path, monkeypatch, tiny_task) -> list[str]:
    """One that is over, one that was stopped, one that waits."""
    monkeypatch.setenv("MRNN_RUNS", str(tmp_path / "runs"))
    model = ModelConfig(input_size=2, output_size=3, k=2, hidden_size=3)
    config = RunConfig(task=tiny_task.name, model=model, training=TrainConfig(epochs=2, batch_size=17, device="cpu"))
    ids = [queue.create(config, runs.owner_of(f"person {number}")) for number in range(3)]
    worker.execute(ids[0])
    runs.stop(ids[1])
    return ids


def test_runs_lists_everybodys_oldest_first(three_runs, capsys):
    main(["runs"])
    *lines, last = capsys.readouterr().out.splitlines()
    owners = [runs.owner_of(f"person {number}")[:8] for number in range(3)]
    right = f"{runs.read(three_runs[0]).accuracy:.2%}"
    assert [line.split() for line in lines] == [
        [three_runs[0], owners[0], "tiny", "finished", "2/2", right],
        [three_runs[1], owners[1], "tiny", "stopped", "0/2"],
        [three_runs[2], owners[2], "tiny", "waiting", "0/2"],
    ]
    assert re.fullmatch(r"3 runs, 1 of them waiting or training; \d+ of 5120 MB used", last)


def test_runs_stops_what_waits_and_clears_what_is_over(three_runs, capsys):
    main(["runs", "stop", three_runs[2][:-2]])
    assert capsys.readouterr().out == f"asked {three_runs[2]} to stop\n"
    assert runs.read(three_runs[2]).state == "stopped"
    main(["runs", "clear", three_runs[1]])
    assert [run.id for run in runs.list_runs()] == [three_runs[2], three_runs[0]]
    queue.resume(three_runs[2], runs.owner_of("person 2"))
    main(["runs", "clear", "--all"])
    assert [(run.id, run.state) for run in runs.list_runs()] == [(three_runs[2], "waiting")], (
        "what waits is not cleared"
    )
    main(["runs", "stop", "--all"])
    main(["runs", "clear", "--all"])
    assert runs.list_runs() == []


@pytest.mark.parametrize("action", ["stop", "clear"])
def test_runs_changes_nothing_unless_it_is_told_which(three_runs, capsys, action):
    with pytest.raises(SystemExit, match="2"):
        main(["runs", action])
    assert f"runs: {action} needs the ids of runs, or --all" in capsys.readouterr().err
    assert len(runs.list_runs()) == len(three_runs)
