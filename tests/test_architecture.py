"""Who may import whom, read from the syntax trees: the walls of the house."""

import ast
import sys
from pathlib import Path

import pytest

import mrnn

PROJECT = Path(__file__).resolve().parents[1]
ROOMS = sorted((PROJECT / "mrnn").rglob("*.py"))
PAGES = [path for path in (PROJECT / "app.py", *sorted((PROJECT / "pages").rglob("*.py"))) if path.exists()]
WITH_TORCH = {
    "devices",
    "kernels",
    "kernels_gpu",
    "recurrence",
    "recurrence_gpu",
    "trial",
    "bench",
    "selection",
    "markov",
    "cells",
    "model",
    "checkpoint",
    "targets",
    "training",
    "generation",
    "uploads",
    "worker",
    "estimator",
}
MODEL_ROOMS = WITH_TORCH - {"uploads", "worker"} | {
    "config",
    "matching",
    "trace",
    "scaling",
}  # tasks and models meet in runs, uploads and in the command line


def module_of(path: Path) -> str:
    """The dotted name of a file: "mrnn.tasks.waves", "pages.common", "app"."""
    names = path.relative_to(PROJECT).with_suffix("").parts
    return ".".join(names[:-1] if names[-1] == "__init__" and len(names) > 1 else names)


def room_of(path: Path) -> str:
    """The part of `mrnn` that a file belongs to: "tasks" for mrnn/tasks/waves.py."""
    return path.relative_to(PROJECT / "mrnn").with_suffix("").parts[0]


def imports(source: str, module: str, is_package: bool) -> set[str]:
    """Every module that Python source names in an import, wherever it stands, relative ones made absolute."""
    found = set[str]()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = module.split(".") if is_package else module.split(".")[:-1]
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            # `from mrnn import runs` may name a module or something in one: both are kept.
            found |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return found


def imports_of(path: Path) -> set[str]:
    return imports(path.read_text(), module_of(path), path.name == "__init__.py")


def among(found: set[str], *modules: str) -> set[str]:
    """Those of `found` that are one of `modules` or lie in one."""
    return {name for name in found if any(name == module or name.startswith(f"{module}.") for module in modules)}


def libraries(found: set[str]) -> set[str]:
    """The top names of what is imported, without Python's own library."""
    return {name.split(".")[0] for name in found} - sys.stdlib_module_names


def named(path: Path) -> str:
    return str(path.relative_to(PROJECT))


def test_imports_are_found_wherever_and_however_they_are_written():
    source = "import a.b as c\ndef f():\n    from ..d import e\n    from . import g\nif c:\n    from h import i"
    assert imports(source, "p.q.r", is_package=False) == {"a.b", "p.d", "p.d.e", "p.q", "p.q.g", "h", "h.i"}
    assert imports("from .x import y", "p.q", is_package=True) == {"p.q.x", "p.q.x.y"}
    assert {module_of(path) for path in ROOMS} >= {"mrnn", "mrnn.model", "mrnn.tasks", "mrnn.tasks.waves"}


@pytest.mark.parametrize("path", ROOMS, ids=named)
def test_mrnn_imports_neither_streamlit_nor_the_app(path):
    assert not among(imports_of(path), "streamlit", "pages", "app")


@pytest.mark.parametrize("path", [path for path in ROOMS if room_of(path) not in WITH_TORCH], ids=named)
def test_torch_stays_in_its_rooms(path):
    assert not among(imports_of(path), "torch", "safetensors")


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_a_page_imports_neither_torch_nor_another_page(path):
    found = imports_of(path)
    assert not among(found, "torch", "app")
    parts = path.relative_to(PROJECT).parts
    page = parts[2] if parts[:2] == ("pages", "views") and len(parts) > 3 else path.stem
    assert among(found, "pages") <= among(found, "pages.common", f"pages.views.{page}") | {"pages"}


@pytest.mark.parametrize("path", [path for path in ROOMS if room_of(path) == "charts"], ids=named)
def test_charts_know_pandas_and_altair_alone(path):
    found = imports_of(path)
    assert libraries(found) <= {"altair", "pandas", "mrnn"}
    assert among(found, "mrnn") == among(found, "mrnn.charts")


@pytest.mark.parametrize("path", [path for path in ROOMS if room_of(path) == "analysis"], ids=named)
def test_analysis_knows_traces_and_numbers_alone(path):
    found = imports_of(path)
    # threadpoolctl is how scikit-learn is kept to one thread.
    assert libraries(found) <= {"numpy", "pandas", "scipy", "sklearn", "threadpoolctl", "mrnn"}
    assert among(found, "mrnn") == among(found, "mrnn.trace", "mrnn.analysis")


@pytest.mark.parametrize(
    "path", [path for path in ROOMS if room_of(path) in ("tasks", "data", "experiments", "text")], ids=named
)
def test_tasks_do_not_know_models(path):
    known = ("mrnn.data", "mrnn.experiments", "mrnn.tasks", "mrnn.owndata", "mrnn.text")
    assert among(imports_of(path), "mrnn") == among(imports_of(path), *known)


@pytest.mark.parametrize("path", [path for path in ROOMS if room_of(path) == "owndata"], ids=named)
def test_own_data_know_neither_models_nor_runs(path):
    rooms = ("data", "text", "scaling", "bounds", "memory", "files", "place", "owndata")
    known = [f"mrnn.{room}" for room in rooms]
    found = imports_of(path)
    assert among(found, "mrnn") - {"mrnn"} == among(found, *known)
    assert libraries(found) <= {"numpy", "pandas", "mrnn"}


@pytest.mark.parametrize("path", [path for path in ROOMS if room_of(path) in MODEL_ROOMS], ids=named)
def test_models_do_not_know_tasks(path):
    assert not among(imports_of(path), "mrnn.tasks", "mrnn.runs", "mrnn.queue", "mrnn.jobs")


@pytest.mark.parametrize("path", ROOMS, ids=named)
def test_a_room_does_not_go_through_the_front_door(path):
    """Within `mrnn` names come from the room that makes them: `from mrnn import X` would import in circles."""
    if path != PROJECT / "mrnn" / "__init__.py":
        rooms = {f"mrnn.{room_of(other)}" for other in ROOMS}
        found = {name for name in among(imports_of(path), "mrnn") if name.count(".") == 1}
        assert found <= rooms


def test_the_front_door_names_what_other_programs_rely_on():
    relied_on = {
        "ModelConfig", "SequenceModel", "load_reference_weights", "save", "load", "read_notes", "TASKS", "SequenceData",
        "Task", "TrainConfig", "train", "Trace", "Output", "MRNNClassifier", "MRNNRegressor",
    }  # fmt: skip
    assert relied_on <= set(mrnn.__all__)
    assert all(hasattr(mrnn, name) for name in mrnn.__all__)
