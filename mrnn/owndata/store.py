"""Where a person's own data are kept: own/<id>/ in the runs' folder, for their owner alone.

own/<id>/about.json  whose they are, their name, and what is known of them without reading them
own/<id>/data.npz    the sequences, or the text
"""

import hashlib
import re
import secrets
import shutil
import time
import zipfile
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from mrnn import bounds, memory
from mrnn.data import Target
from mrnn.files import read_json, write_json
from mrnn.owndata.arrays import Arrays
from mrnn.owndata.columns import Columns
from mrnn.owndata.sequences import Sequences
from mrnn.owndata.table import Reading
from mrnn.place import own_data_folder
from mrnn.text import alphabet

MOST_KEPT = 10  # a person
MOST_LINES = 20  # of a text, one of which is shown
_ID = re.compile(r"own-[0-9a-f]{24}")
split_parts = memory.Kept(2**28)  # training and test parts, as models read them


@dataclass(frozen=True)
class Kept:
    """What is known of a data set without reading it.

    id        also the name of its task
    owner     whose it is, as in `runs.owner_of`
    name      what its owner calls it
    created   seconds since 1970
    size      bytes that it takes
    counts    (C,) sequences of each class; () where sequences have no class of their own
    sequences, longest, steps  how many sequences, steps of the longest, steps in all
    inputs, target, per_step, classes  as in `Sequences`
    reading, columns, arrays   how the file was read: text and columns, or arrays
    begins    of a text a line near its beginning; "" of sequences
    """

    id: str
    owner: str
    name: str
    created: float
    size: int
    counts: tuple[int, ...]
    sequences: int
    longest: int
    steps: int
    inputs: tuple[str, ...]
    target: Target
    per_step: bool
    classes: tuple[str, ...]
    reading: Reading | None
    columns: Columns | None
    arrays: Arrays | None
    begins: str = ""


def is_own(name: Any) -> bool:
    """Whether a task's name is that of somebody's own data."""
    return isinstance(name, str) and bool(_ID.fullmatch(name))


def may_use(name: Any, owner: str | None) -> bool:
    """Whether a person may work with the task of this name: the app's are for all, own data for their owner alone."""
    if not is_own(name):
        return True
    try:
        return read(name).owner == owner
    except ValueError:
        return False


def keep(
    sequences: Sequences, name: str, owner: str, *, read_as: tuple[Reading, Columns] | Arrays
) -> str:  # fmt: skip
    """Keep labelled sequences for a person, and return the id; the same ones have the same id.

    name     shown, but never used as a path
    read_as  how the file was read, so that others like it can be read so
    raises   ValueError if they have no labels, or there is no room
    """
    if sequences.labels is None:
        raise ValueError("sequences without labels can be answered by a model, but not learned from; choose the label")
    arrays = {
        "steps": sequences.steps, "lengths": sequences.lengths, "names": sequences.names, "labels": sequences.labels,
    }  # fmt: skip
    return _keep(name, owner, _about(sequences, read_as), arrays)  # type: ignore[arg-type]


def keep_text(text: str, name: str, owner: str) -> str:
    """Keep a text for a person, and return the id; the same one has the same id.

    text    as `plain_text` gave it
    name    shown, but never used as a path
    raises  ValueError if there is no room
    """
    about = {
        "counts": [], "sequences": 1, "longest": len(text), "steps": len(text), "inputs": ["character"],
        "target": "class", "per_step": True, "classes": list(alphabet(text)), "reading": None, "columns": None,
        "arrays": None, "begins": max(text.strip().split("\n")[:MOST_LINES], key=len)[:60],
    }  # fmt: skip
    return _keep(name, owner, about, {"text": np.frombuffer(text.encode(), np.uint8)})


def _keep(name: str, owner: str, about: dict[str, Any], arrays: dict[str, np.ndarray]) -> str:
    name = "".join(c for c in name if c.isprintable()).strip()[:60]
    if not name:
        raise ValueError("the data need a name; any will do")
    own_id = f"own-{_digest(owner, about, arrays)}"
    size = sum(array.nbytes for array in arrays.values())
    kept = list_kept()
    mine = [one for one in kept if one.owner == owner and one.id != own_id]
    if len(mine) >= MOST_KEPT:
        raise ValueError(f"at most {MOST_KEPT} data sets are kept for a person; delete one first")
    taken, most = sum(one.size for one in mine), bounds.max_own_bytes_each()
    if taken + size > most:
        raise ValueError(
            f"a person's data may take {most / 2**20:,.0f} MB together, these need {size / 2**20:,.1f} MB beside the "
            f"{taken / 2**20:,.1f} MB of what is kept; {'delete some first, or ' if mine else ''}keep fewer sequences"
        )
    if sum(one.size for one in kept if one.id != own_id) + size > bounds.max_own_bytes():
        raise ValueError(
            f"the server has no room for {size / 2**20:.0f} MB more of own data; delete what you no longer need, or "
            "ask whoever runs it"
        )
    beside = own_data_folder() / f".{own_id}.{secrets.token_hex(4)}"
    beside.mkdir(parents=True)
    try:
        np.savez(beside / "data.npz", **arrays)  # type: ignore[arg-type]
        whole = {"owner": owner, "name": name, "created": time.time(), "size": size, **about}
        write_json(beside / "about.json", whole)
        _remove(own_id)
        beside.replace(_folder(own_id))
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return own_id


def list_kept(owner: str | None = None) -> list[Kept]:
    """What is kept, of all or of one person, the newest first; folders that cannot be read are left out."""
    found = []
    for folder in own_data_folder().glob("own-*"):
        try:
            found.append(read(folder.name))
        except ValueError:
            continue
    return sorted((one for one in found if owner in (None, one.owner)), key=lambda one: -one.created)


def read(own_id: str) -> Kept:
    """What is known of a data set; ValueError if it is not here."""
    if not is_own(own_id):
        raise ValueError(f"{own_id!r} is no id of own data")
    try:
        path = _folder(own_id) / "about.json"
        return _read(path, path.stat().st_mtime_ns)
    except (OSError, ValueError, TypeError, KeyError):
        raise ValueError("the data of this task are not here; upload them again on the Own data page") from None


def load(own_id: str) -> Sequences:
    """The sequences themselves, never to be written to; ValueError if they are not here."""
    kept = read(own_id)
    arrays = _arrays(kept)
    return Sequences(
        arrays["steps"], arrays["lengths"], arrays["names"], kept.inputs, kept.target, kept.per_step, kept.classes,
        arrays["labels"],
    )  # fmt: skip


def load_text(own_id: str) -> str:
    """The text itself; ValueError if it is not here."""
    return _arrays(read(own_id))["text"].tobytes().decode()


def _arrays(kept: Kept) -> dict[str, np.ndarray]:
    path = _folder(kept.id) / "data.npz"
    try:
        return _load(path, path.stat().st_mtime_ns)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"the data {kept.name!r} are damaged ({error}); upload them again") from None


def delete(own_id: str, owner: str) -> None:
    """Remove data of one's own (ValueError if they are another's, or not there)."""
    if read(own_id).owner != owner:
        raise ValueError("only one's own data can be deleted")
    _remove(own_id)
    _load.cache_clear()  # what is deleted shall not linger in memory, either
    split_parts.clear()


def _remove(own_id: str) -> None:
    # Out of sight at once: a reader must not meet half a folder.
    gone = own_data_folder() / f".{own_id}.{secrets.token_hex(4)}"
    try:
        _folder(own_id).replace(gone)
    except FileNotFoundError:
        return
    shutil.rmtree(gone)


def _folder(own_id: str) -> Path:
    return own_data_folder() / own_id


def _about(sequences: Sequences, read_as: tuple[Reading, Columns] | Arrays) -> dict[str, Any]:
    """What goes into about.json but for whose and when."""
    by_class = sequences.target == "class" and not sequences.per_step
    counts = np.bincount(sequences.labels, minlength=len(sequences.classes)) if by_class else []  # type: ignore[arg-type]
    text = read_as if isinstance(read_as, tuple) else None
    return {
        "counts": [int(count) for count in counts],
        "sequences": len(sequences),
        "longest": int(sequences.lengths.max()),
        "steps": len(sequences.steps),
        "inputs": list(sequences.inputs),
        "target": sequences.target,
        "per_step": sequences.per_step,
        "classes": list(sequences.classes),
        "reading": asdict(text[0]) if text else None,
        "columns": asdict(text[1]) if text else None,
        "arrays": None if isinstance(read_as, tuple) else asdict(read_as),
    }


def _digest(owner: str, about: dict[str, Any], arrays: dict[str, np.ndarray]) -> str:
    digest = hashlib.sha256(f"{owner} {about['classes']} {about['target']} {about['inputs']}".encode())
    for array in arrays.values():
        digest.update(f"{array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:24]


@lru_cache(maxsize=1024)
def _read(path: Path, changed: int) -> Kept:  # noqa: ARG001, a changed file holds something else
    about = read_json(path)
    columns = about["columns"]
    return Kept(
        **{
            **about,
            "id": path.parent.name,
            "counts": tuple(about["counts"]),
            "inputs": tuple(about["inputs"]),
            "classes": tuple(about["classes"]),
            "reading": Reading(**about["reading"]) if about["reading"] else None,
            "columns": Columns(**{**columns, "inputs": tuple(columns["inputs"])}) if columns else None,
            "arrays": Arrays(**about["arrays"]) if about["arrays"] else None,
        }
    )


@lru_cache(maxsize=2)
def _load(path: Path, changed: int) -> dict[str, np.ndarray]:  # noqa: ARG001
    with np.load(path, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}
