"""An NPZ file as sequences: plain numbers alone, read without NumPy's loader, which could unpickle."""

import math
import re
import zipfile
import zlib
from dataclasses import dataclass, replace
from io import BytesIO

import numpy as np

from mrnn.data import Target
from mrnn.owndata.columns import MOST_CLASSES
from mrnn.owndata.faults import Faults
from mrnn.owndata.sequences import LARGEST, MOST_INPUTS, Sequences, check_labels, check_size
from mrnn.owndata.table import MOST_BYTES

MOST_ARRAYS = 50
MOST_UNPACKED = 256 * 2**20
MOST_LISTED = 2**16  # bytes of a zip's table of contents
_HEADER = re.compile(
    rb"\{'descr': '(?P<dtype>\|b1|\|[iu]1|[<>](?:[iu][248]|f[248]|U[1-9]\d{0,4}))', "
    rb"'fortran_order': (?P<by_column>True|False), 'shape': \((?P<shape>(?:\d{1,12}, ?)*(?:\d{1,12})?)\), \}\s*"
)  # bool, int, uint, float and text; the source is the NPY format's description in numpy.lib.format
X_NAMES = ("x", "X", "data", "sequences", "signals", "inputs", "x_train", "X_train")
Y_NAMES = ("y", "Y", "labels", "label", "target", "targets", "classes", "y_train")


@dataclass(frozen=True)
class Arrays:
    """What each array of the file is: their names.

    x        (N, T) or (N, T, D) numbers
    y        (N,) numbers or words, or (N, T) where each step has a label; None where the labels are not known
    lengths  (N,) int: steps that count; None where a sequence ends before the first of its steps from which on all are
             NaN
    target   "class" or "value": what y holds
    """

    x: str
    y: str | None = None
    lengths: str | None = None
    target: Target = "class"


def is_npz(content: bytes) -> bool:
    """Whether a file is a zip that holds arrays."""
    try:
        _check_contents(content)
        with zipfile.ZipFile(BytesIO(content)) as packed:
            return any(name.endswith(".npy") for name in packed.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False


def read_arrays(content: bytes) -> dict[str, np.ndarray]:
    """All arrays of an NPZ file.

    raises  ValueError if it is damaged, holds anything but numbers and words, or unpacks to more than MOST_UNPACKED
    """
    if len(content) > MOST_BYTES:
        raise ValueError(f"a file may have {MOST_BYTES // 2**20} MB, this one has {len(content) / 2**20:.0f}")
    _check_contents(content)
    try:
        with zipfile.ZipFile(BytesIO(content)) as packed:
            files = packed.infolist()
            if any(file.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for file in files):
                raise ValueError("the file is packed in a way that NumPy never packs; save it with numpy.savez")
            unpacked = sum(file.file_size for file in files)
            if len(files) > MOST_ARRAYS or unpacked > MOST_UNPACKED:
                raise ValueError(
                    f"the file unpacks to {len(files)} arrays of {unpacked / 2**20:,.0f} MB; at most {MOST_ARRAYS} of "
                    f"{MOST_UNPACKED // 2**20} MB in all are taken"
                )
            return {
                file.filename.removesuffix(".npy"): _array(file.filename, packed.read(file))
                for file in files
                if file.filename.endswith(".npy")
            }
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise ValueError(f"the file is no whole NPZ: {' '.join(str(error).split())}") from None


def _check_contents(content: bytes) -> None:
    """Refuse a table of contents that takes minutes to read, before Python reads it."""
    end = content.rfind(b"PK\x05\x06")
    listed = int.from_bytes(content[end + 12 : end + 16], "little")
    if end < 0 or listed > MOST_LISTED:
        raise ValueError(f"the file is no whole NPZ, or holds more than {MOST_ARRAYS} arrays")


def _array(name: str, content: bytes) -> np.ndarray:
    """One .npy file. Its header may say anything, so it is neither evaluated nor taken at its word."""
    size = int.from_bytes(content[8:10], "little")
    header = _HEADER.fullmatch(content[10 : 10 + size])
    if content[:8] != b"\x93NUMPY\x01\x00" or header is None:
        raise ValueError(
            f"array {name[:60]!r} holds no plain numbers or words. Sequences of different length go into one array "
            "filled up with zeros, and their lengths into another, named lengths"
        )
    dtype = np.dtype(header["dtype"].decode())
    shape = tuple(int(side) for side in header["shape"].split(b",") if side.strip())
    body = content[10 + size :]
    if math.prod(shape) * dtype.itemsize != len(body):
        raise ValueError(f"array {name[:60]!r} says that it has the shape {shape}, but {len(body):,} bytes follow")
    return np.frombuffer(body, dtype).reshape(shape, order="F" if header["by_column"] == b"True" else "C")


def guess_arrays(found: dict[str, np.ndarray]) -> Arrays:
    """Which array is which, by names and shapes; ValueError if none could be the sequences."""
    possible = [name for name, array in found.items() if array.ndim in (2, 3) and array.dtype.kind != "U"]
    if not possible:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in list(found.items())[:8])
        raise ValueError(f"the file needs an array (N, T) or (N, T, D) of numbers; it has {shapes or 'no arrays'}")
    x = next((name for name in X_NAMES if name in possible), possible[0])
    flat = [name for name, array in found.items() if array.shape == found[x].shape[:1]]
    lengths = next((name for name in ("lengths", "length") if name in flat), None)
    labels = [name for name in flat if name != lengths] + [
        name for name, array in found.items() if name in Y_NAMES and name != x and array.shape == found[x].shape[:2]
    ]
    y = next((name for name in Y_NAMES if name in labels), next(iter(labels), None))
    return guess_target(found, Arrays(x, y, lengths))


def guess_target(found: dict[str, np.ndarray], chosen: Arrays) -> Arrays:
    """The same arrays with what their label seems to be: fractions, or too many numbers for classes, are values."""
    y = np.zeros(0) if chosen.y is None else found[chosen.y]
    if y.dtype.kind == "U":
        return replace(chosen, target="class")
    known = y[np.isfinite(y)]
    measured = bool((known != np.round(known)).any()) or len(np.unique(known)) > MOST_CLASSES
    return replace(chosen, target="value" if measured else "class")


def build_from_arrays(found: dict[str, np.ndarray], chosen: Arrays) -> tuple[Sequences | None, Faults]:
    """As `build`, of the arrays of an NPZ; a fault's row is the sequence, from 1, its column the array and place."""
    faults = Faults()
    x = found[chosen.x]
    x = x[..., None] if x.ndim == 2 else x
    n, steps, inputs = x.shape
    if not x.size:
        faults.add(f"{chosen.x} has the shape {x.shape}", "at least one sequence of one step is needed")
    if inputs > MOST_INPUTS:
        faults.add(f"a step has {inputs} inputs", f"keep at most {MOST_INPUTS}; the axes are sequences, steps, inputs")
    lengths = _lengths(found, chosen, x, faults)
    if not faults.count:
        check_size(lengths, inputs, faults)
    if faults.count:
        return None, faults
    counts = np.arange(steps) < lengths[:, None]
    per_step = chosen.y is not None and found[chosen.y].ndim == 2
    labels, classes = _labels(found, chosen, counts, faults)
    places = np.argwhere(counts)
    values = x[counts].astype(np.float64)
    bad = np.argwhere(~(np.abs(values) <= LARGEST))  # NaN, too
    faults.add_all(
        places[bad[:, 0], 0] + 1, chosen.x,
        lambda i: f"{values[tuple(bad[i])]} at step {places[bad[i, 0], 1] + 1}, input {bad[i, 1] + 1}",
        f"only finite numbers up to {LARGEST:.1e} can be learned from; or leave the sequence out",
    )  # fmt: skip
    names = tuple(f"input {number}" for number in range(1, inputs + 1)) if inputs > 1 else ("value",)
    ids = np.arange(1, n + 1).astype(str)
    sequences = Sequences(
        values.astype(np.float32), lengths, ids, names, chosen.target, per_step, classes, labels
    )  # fmt: skip
    if not faults.count:
        check_labels(sequences, chosen.y or "", faults)
    return (None if faults.count else sequences), faults


def _lengths(found: dict[str, np.ndarray], chosen: Arrays, x: np.ndarray, faults: Faults) -> np.ndarray:
    n, steps, _ = x.shape
    if chosen.lengths is None:
        if x.dtype.kind != "f" or not x.size:
            return np.full(n, steps)
        filled = np.asarray(~np.isnan(x).all(-1))
        ends = steps - filled[:, ::-1].argmax(1)
        faults.add_all(
            np.flatnonzero(~filled.any(1)) + 1, chosen.x,
            lambda _: "the sequence has no steps: all is NaN", "fill it in, or leave it out",
        )  # fmt: skip
        return ends
    lengths = found[chosen.lengths]
    if lengths.shape != (n,) or lengths.dtype.kind not in "iu":
        faults.add(f"{lengths.dtype} of shape {lengths.shape}", f"{n} whole numbers are needed", column=chosen.lengths)
        return np.full(n, steps)
    wrong = (lengths < 1) | (lengths > steps)
    faults.add_all(
        np.flatnonzero(wrong) + 1, chosen.lengths,
        lambda i: f"the length is {lengths[wrong][i]}", f"it must be from 1 to {steps}",
    )  # fmt: skip
    return lengths.astype(np.int64)


def _labels(
    found: dict[str, np.ndarray], chosen: Arrays, counts: np.ndarray, faults: Faults
) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Labels as numbers, those of steps one after the other, and what the numbers mean.

    counts  (N, T) bool: the steps that count
    """
    if chosen.y is None:
        return None, ()
    y = found[chosen.y]
    if y.shape not in (counts.shape[:1], counts.shape):
        faults.add(
            f"the shape is {y.shape}",
            f"one label for each of the {len(counts)} sequences is needed, or one for each step, {counts.shape}",
            column=chosen.y,
        )
        return None, ()
    rows = np.nonzero(counts)[0] if y.ndim == 2 else np.arange(len(y))
    y = y[counts] if y.ndim == 2 else y
    if y.dtype.kind == "U" and chosen.target == "value":
        faults.add("the labels are words", "numbers are needed, or say that the label is a class", column=chosen.y)
        return None, ()
    if y.dtype.kind == "f":
        wrong = ~(np.abs(y.astype(np.float64)) <= LARGEST)
        faults.add_all(
            rows[wrong] + 1, chosen.y,
            lambda i: f"the label is {y[wrong][i]}", "fill it in, or leave the sequence out",
        )  # fmt: skip
    if chosen.target == "value" or faults.count:
        return y.astype(np.float32), (chosen.y,)
    if y.dtype.kind == "f" and (y == np.round(y)).all():
        y = y.astype(np.int64)
    classes, labels = np.unique(y, return_inverse=True)
    if len(classes) > MOST_CLASSES:
        faults.add(
            f"{len(classes):,} different labels, more than the {MOST_CLASSES} that are taken",
            "choose another array; or, where they are measured, say that the label is a number",
            column=chosen.y,
        )
    return labels, tuple("".join(c for c in str(name) if c.isprintable())[:60] for name in classes)
