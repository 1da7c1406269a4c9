"""Strings of the Reber grammar, and of its embedded form: which symbols may come next?"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mrnn.data import Answer, SequenceData, Target, Task, check_count
from mrnn.tasks.parts import disjoint_parts, unseen
from mrnn.tasks.settings import check_whole, setting

SYMBOLS = tuple("BTPSXVE")
# From each state, the symbols that may come and the states they lead to; 7 is the end.
GRAPH: tuple[dict[str, int], ...] = (
    {"B": 1},
    {"T": 2, "P": 3},
    {"S": 2, "X": 4},
    {"T": 3, "V": 5},
    {"X": 3, "S": 6},
    {"P": 4, "V": 6},
    {"E": 7},
)
END = len(GRAPH)
SHORTEST = 5  # BTXSE
TRAIN, TEST = 4_000, 1_000
GENERATED, REMEMBERED = 1_000, 3_000  # strings that claims are made from
LENGTHS = ((0, 12), (13, 19), (20, 1_000))  # symbols of a string, from and to


def legal(text: str) -> bool:
    """Whether a string is a whole one of the Reber grammar."""
    state = 0
    for symbol in text:
        if state == END or symbol not in GRAPH[state]:
            return False
        state = GRAPH[state][symbol]
    return state == END


def embedded_legal(text: str) -> bool:
    """Whether a string is a whole one of the embedded grammar: B, T or P, a Reber string, the same T or P again, E."""
    return (
        len(text) >= SHORTEST + 4
        and text[0] == "B"
        and text[1] in "TP"
        and legal(text[2:-2])
        and text[-2] == text[1]
        and text[-1] == "E"
    )


def walk(rng: np.random.Generator, longest: int) -> tuple[str, list[str]]:
    """A string of at most `longest` symbols, each that may come as likely; and what might have come at each place."""
    while True:
        state, text, options = 0, "", list[str]()
        while state != END and len(text) < longest:
            options.append("".join(GRAPH[state]))
            text += options[-1][int(rng.integers(len(options[-1])))]
            state = GRAPH[state][text[-1]]
        if state == END:
            return text, options


def encode(text: str) -> np.ndarray:
    """(T, 7) float32: each symbol as a one at its place in SYMBOLS, or several symbols' places together."""
    return np.array([[float(symbol == one) for symbol in SYMBOLS] for one in text], np.float32).reshape(
        -1, len(SYMBOLS)
    )


@dataclass(frozen=True)
class Reber(Task):
    """Which symbols may come next? Each step has an answer for each symbol but B, and any of them may hold.

    longest  symbols of a string, at most
    source   Reber, "Implicit learning of artificial grammars", Journal of Verbal Learning and Verbal Behavior 6, 1967
    """

    name: ClassVar[str] = "reber"
    title: ClassVar[str] = "Reber grammar"
    summary: ClassVar[str] = "Which symbols may come next in a string of the Reber grammar?"
    target: ClassVar[Target] = "labels"
    per_step: ClassVar[bool] = True
    classes: ClassVar[tuple[str, ...]] = SYMBOLS[1:]  # nothing leads to B
    input_size: ClassVar[int] = len(SYMBOLS)
    ends: ClassVar[int] = 1  # how many E a whole string has; nothing comes after the last

    longest: int = setting(30, "Longest string", "Symbols of a string, at most.", 15, 60, 1)

    def __post_init__(self) -> None:
        check_whole("longest", self.longest, 15, 1_000)

    def make(self, n: int, seed: int) -> SequenceData:
        """n strings without their last E, after which nothing comes."""
        check_count(n)
        rng = np.random.default_rng(seed)
        x = np.zeros((n, self.longest - 1, len(SYMBOLS)), np.float32)
        y = np.zeros((n, self.longest - 1, self.output_size), np.float32)
        lengths = np.zeros(n, int)
        for number in range(n):
            text, options = self.string(rng)
            steps = lengths[number] = len(text) - 1
            x[number, :steps] = encode(text[:-1])
            y[number, :steps] = [[float(symbol in may) for symbol in self.classes] for may in options[1:]]
        return SequenceData(x, y, lengths, "labels")

    def string(self, rng: np.random.Generator) -> tuple[str, list[str]]:
        """A whole string, and the symbols that might have come at each of its places."""
        return walk(rng, self.longest)

    def whole(self, text: str) -> bool:
        """Whether a string is a whole one of the grammar."""
        return legal(text)

    def generated(self, answer: Answer, n: int, seed: int) -> list[str]:
        """n strings as somebody would go on from B: each next symbol drawn from those said to be possible, all alike.

        One is given up, unfinished, where nothing is said to be possible, or at twice the longest length.
        """
        rng = np.random.default_rng(seed)
        texts, growing = ["B"] * n, list(range(n))
        for steps in range(1, 2 * self.longest):
            if not growing:
                break
            x = np.stack([encode(texts[i]) for i in growing])
            nothing = np.zeros((len(x), steps, self.output_size))
            says = answer(SequenceData(x, nothing, np.full(len(x), steps), "labels"))[:, -1] > 0.5
            for i, may in zip(growing, says, strict=True):
                if may.any():
                    texts[i] += self.classes[rng.choice(np.flatnonzero(may))]
            growing = [i for i in growing if len(texts[i]) > steps and texts[i].count("E") < self.ends]
        return texts

    def claims(self, answer: Answer, seed: int) -> dict[str, float]:
        """Share of 1,000 strings, generated by whoever answers, that the grammar allows."""
        texts = self.generated(answer, GENERATED, seed)
        return {"generated strings that are legal": sum(map(self.whole, texts)) / GENERATED}

    @property
    def extent(self) -> tuple[int, int]:
        """4,000 strings, padded to the longest one there may be."""
        return TRAIN, self.longest - 1

    def split(self) -> tuple[SequenceData, SequenceData]:
        """4,000 training and 1,000 test strings, none of which is in both."""
        return disjoint_parts(self.make, TRAIN, TEST)


@dataclass(frozen=True)
class EmbeddedReber(Reber):
    """Which symbols may come next, where the last but one is the second again, however long ago that was?

    source  Cleeremans, Servan-Schreiber and McClelland, "Finite state automata and simple recurrent networks", Neural
            Computation 1, 1989; Hochreiter and Schmidhuber, "Long short-term memory", Neural Computation 9, 1997
    """

    name: ClassVar[str] = "embedded_reber"
    title: ClassVar[str] = "Embedded Reber grammar"
    summary: ClassVar[str] = "Which symbols may come next, where the last but one is the second again?"
    classes: ClassVar[tuple[str, ...]] = SYMBOLS
    ends: ClassVar[int] = 2

    def string(self, rng: np.random.Generator) -> tuple[str, list[str]]:
        """A whole string, and the symbols that might have come at each of its places."""
        text, options = walk(rng, self.longest - 4)
        branch = "TP"[int(rng.integers(2))]
        return f"B{branch}{text}{branch}E", ["B", "TP", *options, branch, "E"]

    def whole(self, text: str) -> bool:
        """Whether a string is a whole one of the grammar."""
        return embedded_legal(text)

    def claims(self, answer: Answer, seed: int) -> dict[str, float]:
        """The same, and whether the last but one symbol of 3,000 unseen strings is known: of T and P the likelier.

        Each string is also asked about with T for P and P for T, so who has forgotten it is right half of the time.
        """
        data = unseen(self.make, REMEMBERED, seed)
        right = np.mean([self._remembers(answer, asked) for asked in (data, self.swapped(data))], axis=0)
        symbols = data.lengths + 1
        found = super().claims(answer, seed) | {"long-range symbol right": float(right.mean())}
        for least, most in LENGTHS:
            among = (least <= symbols) & (symbols <= most)
            if among.any():
                of = symbols[among]
                found[f"long-range symbol right, strings of {of.min()} to {of.max()}"] = float(right[among].mean())
        return found

    def swapped(self, data: SequenceData) -> SequenceData:
        """The same strings with T for P and P for T, where it comes second and comes back."""
        x, y, rows = data.x.copy(), data.y.copy(), np.arange(len(data))
        other = [SYMBOLS.index({"T": "P", "P": "T"}.get(symbol, symbol)) for symbol in SYMBOLS]
        for steps, at in ((x, 1), (x, data.lengths - 1), (y, data.lengths - 2)):
            steps[rows, at] = steps[rows, at][:, other]
        return SequenceData(x, y, data.lengths, "labels")

    def _remembers(self, answer: Answer, data: SequenceData) -> np.ndarray:
        """(N,) bool: of T and P the right one is said to be likelier as the last symbol but one."""
        branches = [SYMBOLS.index(branch) for branch in "TP"]
        said = answer(data)[np.arange(len(data)), data.lengths - 2][:, branches]
        return said.argmax(-1) == data.x[:, 1, branches].argmax(-1)
