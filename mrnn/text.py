"""A text as sequences of characters: its alphabet, streams that go on without a gap, bits a character."""

from abc import abstractmethod
from collections import Counter
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from mrnn.data import Answer, SequenceData, Task, check_count, check_whole
from mrnn.experiments import Experiment, Reader, Strings, reader

OTHER = "\N{REPLACEMENT CHARACTER}"  # stands for all characters that are not in an alphabet
SIGNS = {" ": "␣", "\n": "↵", "\t": "⇥"}  # how those are shown that leave no mark
MOST_CLASSES = 96  # a model reads one-hot characters: each one more is a number more at each step
STREAMS, PIECES = 32, 20  # at most so many places are read at once; each is at least so many pieces long
MOST_TYPED = 1_000
GIVEN = 40  # characters, before somebody goes on alone
TESTED = 10  # the last one of so many parts of a text is for the test


def alphabet(text: str, rarest: int = 1) -> tuple[str, ...]:
    """Names of the classes of a text: its characters, most frequent first up to a bound, in the order of Unicode.

    Counted in the training part alone. What stands there less often than `rarest` times, or in the test part only, is
    one class together, OTHER, the last one; it is there only if the text has such characters.
    """
    counts = Counter(text[: border(text)])
    shown = set(SIGNS.values()) | {OTHER}  # these would have the name of another
    known = [c for c, count in counts.most_common() if count >= rarest and c not in shown][: MOST_CLASSES - 1]
    others = (OTHER,) if set(text) - set(known) else ()
    return tuple(SIGNS.get(c, c) for c in sorted(known)) + others


def border(text: str) -> int:
    """Where the test part begins: its last tenth."""
    return len(text) - len(text) // TESTED


@dataclass(frozen=True)
class TextTask(Task):
    """Which character comes next in a text? Each is read one-hot; what is answered is a class at each step.

    The first nine tenths are trained on. They are cut into as many streams as are read at once, and these into pieces:
    the state goes on from piece to piece, the gradient does not (truncated backpropagation).

    steps   of a piece
    source  for training: Williams and Peng, "An efficient gradient-based algorithm for on-line training of recurrent
            network trajectories", Neural Computation 2, 1990
    """

    per_step: ClassVar[bool] = True

    steps: int = field(
        default=50,
        metadata={
            "label": "Steps", "least": 10, "most": 200, "step": 10,
            "help": "Characters of a piece: so far back the gradient goes. Memory goes on to the next piece.",
        },
    )  # fmt: skip

    def __post_init__(self) -> None:
        check_whole("steps", self.steps, 1, 200)

    @property
    @abstractmethod
    def text(self) -> str:
        """All of it."""

    @property
    def characters(self) -> tuple[str, ...]:
        """(C,) the character of each class; OTHER stands for all the rest."""
        of_sign = {sign: c for c, sign in SIGNS.items()}
        return tuple(of_sign.get(name, name) for name in self.classes)

    def symbols(self, x: np.ndarray) -> tuple[str, ...]:
        """The characters that came in, as their classes are called.

        x  (T, C) of one sequence
        """
        return tuple(self.classes[code] for code in x.argmax(-1))

    def typed(self, text: str) -> SequenceData:
        """The sequence that a person typed, N = 1: all of it but the last character is read.

        raises  ValueError if it has fewer than 2 characters, more than 1,000, or one that is not known
        """
        if not 2 <= len(text) <= MOST_TYPED:
            raise ValueError(f"a text to read must have 2 to {MOST_TYPED:,} characters, got {len(text):,}")
        codes = self.encode(text)[None]
        return SequenceData(self.one_hot(codes[:, :-1]), codes[:, 1:], np.array([len(text) - 1]))

    def encode(self, text: str) -> np.ndarray:
        """(T,) int: the class of each character of a text.

        raises  ValueError if one is not known, and no class stands for such
        """
        number = {c: at for at, c in enumerate(self.characters)}
        unknown = self.unknown(text)
        if unknown and OTHER not in number:
            raise ValueError(f"the text has no {quoted(unknown)}; it has {' '.join(self.classes)}")
        return np.array([number.get(c, len(number) - 1) for c in text], np.int64)

    def unknown(self, text: str) -> tuple[str, ...]:
        """The characters of a text that have no class of their own, in the order of Unicode."""
        return tuple(sorted(set(text) - set(self.characters)))

    def decode(self, codes: np.ndarray) -> str:
        """The text of these classes, (T,) int."""
        return "".join(self.characters[code] for code in codes)

    def one_hot(self, codes: np.ndarray) -> np.ndarray:
        """Classes (N, T) as models read them, (N, T, C) float32."""
        return np.eye(self.output_size, dtype=np.float32)[codes]

    @property
    def streams(self) -> int:
        """How many places of the training part are read at once."""
        return int(np.clip(border(self.text) // (self.steps * PIECES), 1, STREAMS))

    def make(self, n: int, seed: int) -> SequenceData:
        """n pieces from anywhere in the test part."""
        check_count(n)
        codes = self._tested()
        starts = np.random.default_rng(seed).integers(len(codes) - self.steps, size=n)
        return self._pieces(codes[starts[:, None] + np.arange(self.steps + 1)])

    @property
    def extent(self) -> tuple[int, int]:
        """Pieces of the training part, and their steps."""
        return (border(self.text) - 1) // (self.streams * self.steps) * self.streams, self.steps

    def split(self) -> tuple[SequenceData, SequenceData]:
        """The training part in streams; the test part as one."""
        codes = self.encode(self.text)
        at = border(self.text)
        return self._streams(codes[:at], self.streams), self._streams(codes[at:], 1)

    def claims(self, answer: Answer, _seed: int) -> dict[str, float]:
        """Bits a character of the test part, read from its beginning to its end; and what frequencies alone come to.

        source  Shannon, "Prediction and entropy of printed English", Bell System Technical Journal 30, 1951
        """
        train, test = self.split()
        x, y = test.x.reshape(1, -1, self.output_size), test.y.reshape(1, -1)
        said = answer(SequenceData(x, y, np.array([y.size])))
        counts = np.bincount(train.y.ravel(), minlength=self.output_size) + 1.0
        return {
            "bits a character": bits(np.take_along_axis(said, y[..., None], -1)),
            "bits a character, were each as probable as it is frequent": bits((counts / counts.sum())[y]),
        }

    @property
    def experiments(self) -> tuple[Experiment, ...]:
        """Going on from somewhere in the test part."""
        return (GoOn(self),)

    def _tested(self) -> np.ndarray:
        return self.encode(self.text[border(self.text) :])

    def _streams(self, codes: np.ndarray, streams: int) -> SequenceData:
        """A part of the text in pieces: piece n goes on where piece n - streams ended."""
        pieces = (len(codes) - 1) // (streams * self.steps)
        long = pieces * self.steps
        starts = (np.arange(streams) * long)[None, :] + (np.arange(pieces) * self.steps)[:, None]  # (pieces, streams)
        return self._pieces(codes[starts.reshape(-1, 1) + np.arange(self.steps + 1)], streams)

    def _pieces(self, codes: np.ndarray, streams: int = 0) -> SequenceData:
        """Classes (N, steps + 1): all but the last are read, all but the first are to be said."""
        lengths = np.full(len(codes), self.steps)
        return SequenceData(self.one_hot(codes[:, :-1]), codes[:, 1:], lengths, streams=streams)


@dataclass(frozen=True)
class GoOn(Experiment):
    """The text as somebody goes on with it, each next character drawn.

    prompt       what it goes on from; with none, from places in the test part
    length       characters that are drawn
    temperature  as in `draw`
    """

    title: ClassVar[str] = "Go on"
    summary: ClassVar[str] = (
        f"It reads a beginning of yours, or {GIVEN} characters of the part that training has not seen, and then what "
        "it draws itself. Does it write words?"
    )
    few: ClassVar[int] = 2
    many: ClassVar[int] = 0

    task: TextTask
    prompt: str = field(
        default="",
        metadata={
            "label": "Beginning", "most": MOST_TYPED,
            "help": "What it goes on from. With none it goes on from the part that training has not seen.",
        },
    )  # fmt: skip
    length: int = field(
        default=120,
        metadata={"label": "Characters", "help": "How many it draws.", "least": 20, "most": 400, "step": 20},
    )
    temperature: float = field(
        default=0.7,
        metadata={
            "label": "Temperature", "least": 0.0, "most": 2.0, "step": 0.1,
            "help": "0: always the most probable character. 1: as probable as it says. Above: more chance.",
        },
    )  # fmt: skip

    def __post_init__(self) -> None:
        check_whole("length", self.length, 1, 1_000)
        check_temperature(self.temperature)
        if len(self.prompt) > MOST_TYPED:
            raise ValueError(f"a beginning may have {MOST_TYPED:,} characters, got {len(self.prompt):,}; shorten it")

    def run(self, answer: Answer, n: int, seed: int) -> Strings:
        """n texts, each in a line of its own; | stands between what was given and what was drawn."""
        rng = np.random.default_rng(seed)
        if self.prompt:
            codes = np.repeat(self.task.encode(self.prompt)[None], n, axis=0)
        else:
            tested = self.task.encode(self.task.text[border(self.task.text) :])
            codes = tested[rng.integers(len(tested) - GIVEN, size=n)[:, None] + np.arange(GIVEN)]
        given = codes.shape[1]
        written = write_on(self.task, reader(answer), codes, self.length, self.temperature, rng)
        lines = (self.task.decode(row).replace("\n", SIGNS["\n"]) for row in written)
        unknown = self.task.unknown(self.prompt)
        note = f"The text that was learned from has no {quoted(unknown)}: read as {OTHER}." if unknown else ""
        return Strings(tuple(f"{line[:given]} | {line[given:]}" for line in lines), note=note)


def write_on(
    task: TextTask, read: Reader, codes: np.ndarray, length: int, temperature: float, rng: np.random.Generator
) -> np.ndarray:
    """Texts, and what somebody who reads them goes on with, each next character drawn: (N, T + length) classes.

    codes  (N, T) the classes of what is given
    """
    new = codes
    for _ in range(length):
        said = read(task.one_hot(new))
        new = np.array([[draw(p, temperature, rng)] for p in said])
        codes = np.concatenate([codes, new], axis=1)
    return codes


def quoted(characters: tuple[str, ...]) -> str:
    """Characters as a sentence names them: the first ten, each in quotes."""
    return ", ".join(map(repr, characters[:10])) + (" and others" if len(characters) > 10 else "")


def bits(probabilities: np.ndarray) -> float:
    """The mean of -log2 of what was given to those that came, none taken for less than 1e-12."""
    return float(-np.log2(np.clip(probabilities, 1e-12, None)).mean())


def draw(probabilities: np.ndarray, temperature: float, rng: np.random.Generator) -> int:
    """One of the classes: as probable as they are at temperature 1; the more the likelier ones the lower it is.

    probabilities  (C,)
    temperature    >= 0; log p is divided by it, and at 0 the most probable class is taken
    """
    best = int(probabilities.argmax())
    if not temperature:
        return best
    # Relative to the best: close to 0 a temperature would make infinities of the others.
    heat = np.log(np.clip(probabilities / probabilities[best], 1e-300, None)) / temperature
    weights = np.exp(heat)
    return int(rng.choice(len(weights), p=weights / weights.sum()))


def check_temperature(temperature: float) -> None:
    """Refuse a temperature that is not a finite number >= 0 (ValueError)."""
    if not 0 <= temperature < np.inf:
        raise ValueError(f"temperature must be a finite number >= 0, got {temperature}; 0.7 is usual")
