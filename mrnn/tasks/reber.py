"""Strings of the Reber grammar, and of its embedded form: which symbols may come next?"""

from dataclasses import dataclass
from reprlib import repr as short
from typing import ClassVar

import numpy as np

from mrnn.data import Answer, SequenceData, Target, Task, check_count
from mrnn.experiments import Experiment, Shares, Strings
from mrnn.tasks.parts import disjoint_parts, unseen
from mrnn.tasks.settings import check_whole, setting

SYMBOLS = tuple("BTPSXVE")
Graph = tuple[dict[str, int], ...]
# From each state, the symbols that may come and the states they lead to; the last number is the end.
GRAPH: Graph = (
    {"B": 1},
    {"T": 2, "P": 3},
    {"S": 2, "X": 4},
    {"T": 3, "V": 5},
    {"X": 3, "S": 6},
    {"P": 4, "V": 6},
    {"E": 7},
)
END = len(GRAPH)


def _embedded() -> Graph:
    """B, T or P, a Reber string, the same T or P again, E: the graph has the Reber grammar twice, once for each."""
    graph: list[dict[str, int]] = [{"B": 1}, {}]
    end = len(graph) + 2 * (END + 2)
    for branch in "TP":
        first = graph[1][branch] = len(graph)
        graph += [{symbol: first + state for symbol, state in moves.items()} for moves in GRAPH]
        graph += [{branch: first + END + 1}, {"E": end}]
    return tuple(graph)


EMBEDDED = _embedded()
TRAIN, TEST = 4_000, 1_000
GENERATED, REMEMBERED = 1_000, 3_000  # strings that claims are made from
LENGTHS = ((0, 12), (13, 19), (20, 1_000))  # symbols of a string, from and to ...
MEMORY = (10, 20, 30, 40, 60, 80, 100)  # ... and where longer ones are asked for
MOST_TYPED = 100


def follow(text: str, graph: Graph = GRAPH) -> str:
    """The symbols that may follow the beginning of a string: none after a whole one, nor after a fault."""
    state = 0
    for symbol in text:
        state = graph[state].get(symbol, len(graph)) if state < len(graph) else state
    return "".join(graph[state]) if state < len(graph) else ""


def fault(text: str, graph: Graph = GRAPH) -> int | None:
    """The place of the first symbol that may not stand there, or where one is missing; None if the string is whole."""
    state = 0
    for place, symbol in enumerate(text):
        if state == len(graph) or symbol not in graph[state]:
            return place
        state = graph[state][symbol]
    return None if state == len(graph) else len(text)


def legal(text: str, graph: Graph = GRAPH) -> bool:
    """Whether a string is a whole one."""
    return fault(text, graph) is None


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


def of_length(rng: np.random.Generator, symbols: int, graph: Graph = GRAPH) -> str:
    """A whole string of exactly so many symbols, any that there is as likely.

    raises  ValueError if there is none
    """
    ways = [[0] * len(graph) + [1]]  # in how many a string may go on from each state for 0, 1, ... more symbols
    for _ in range(symbols):
        ways.append([sum(ways[-1][state] for state in moves.values()) for moves in graph] + [0])
    if not ways[symbols][0]:
        raise ValueError(f"no string has {symbols} symbols; ask for another length")
    text, state = "", 0
    for left in reversed(range(symbols)):
        share = np.array([ways[left][to] / ways[left + 1][state] for to in graph[state].values()])
        text += rng.choice(list(graph[state]), p=share)
        state = graph[state][text[-1]]
    return text


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
    graph: ClassVar[Graph] = GRAPH
    ends: ClassVar[int] = 1  # how many E a whole string has; nothing comes after the last
    example: ClassVar[str] = "BTSSXXTVPSE"

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

    def symbols(self, x: np.ndarray) -> tuple[str, ...]:
        """The symbols of the string."""
        return tuple(SYMBOLS[one] for one in x.argmax(-1))

    def typed(self, text: str) -> SequenceData:
        """A string, whole or not, without its last E; where it breaks the grammar, nothing may come any more."""
        text = "".join(text.upper().split())
        if not 1 <= len(text) <= MOST_TYPED or set(text) - set(SYMBOLS):
            raise ValueError(f"a string must be of 1 to {MOST_TYPED} symbols of {' '.join(SYMBOLS)}, got {short(text)}")
        read = text[:-1] if legal(text, self.graph) else text
        may = [follow(read[: step + 1], self.graph) for step in range(len(read))]
        y = [[float(symbol in some) for symbol in self.classes] for some in may]
        return SequenceData(encode(read)[None], np.array([y]), np.array([len(read)]), "labels")

    @property
    def experiments(self) -> tuple[Experiment, ...]:
        """Strings of one's own."""
        return (Generate(self),)

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
        return {"generated strings that are legal": sum(legal(text, self.graph) for text in texts) / GENERATED}

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
    graph: ClassVar[Graph] = EMBEDDED
    ends: ClassVar[int] = 2
    example: ClassVar[str] = "BPBTSSXXTVVEPE"

    def string(self, rng: np.random.Generator) -> tuple[str, list[str]]:
        """A whole string, and the symbols that might have come at each of its places."""
        text, options = walk(rng, self.longest - 4)
        branch = "TP"[int(rng.integers(2))]
        return f"B{branch}{text}{branch}E", ["B", "TP", *options, branch, "E"]

    @property
    def experiments(self) -> tuple[Experiment, ...]:
        """Strings of one's own, and longer and longer ones."""
        return Generate(self), Memory(self)

    def claims(self, answer: Answer, seed: int) -> dict[str, float]:
        """The same, and whether the last but one symbol of 3,000 unseen strings is known: of T and P the likelier.

        Each string is also asked about with T for P and P for T, so who has forgotten it is right half of the time.
        """
        data = unseen(self.make, REMEMBERED, seed)
        right = np.mean([self.remembers(answer, asked) for asked in (data, self.swapped(data))], axis=0)
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

    def remembers(self, answer: Answer, data: SequenceData) -> np.ndarray:
        """(N,) bool: of T and P the right one is said to be likelier as the last symbol but one."""
        branches = [SYMBOLS.index(branch) for branch in "TP"]
        said = answer(data)[np.arange(len(data)), data.lengths - 2][:, branches]
        return said.argmax(-1) == data.x[:, 1, branches].argmax(-1)


@dataclass(frozen=True)
class Generate(Experiment):
    """Strings as somebody would go on from B, each next symbol drawn from those said to be possible."""

    title: ClassVar[str] = "Strings of its own"
    summary: ClassVar[str] = (
        "It begins with B, and draws each next symbol from those that it says may come. Does the grammar allow that?"
    )
    few: ClassVar[int] = 8
    many: ClassVar[int] = GENERATED

    task: Reber

    def run(self, answer: Answer, n: int, seed: int) -> Strings:
        """n strings."""
        texts = tuple(self.task.generated(answer, n, seed))
        return Strings(texts, tuple(fault(text, self.task.graph) for text in texts))


@dataclass(frozen=True)
class Memory(Experiment):
    """Whether the second symbol is still known where it comes back, in longer and longer strings."""

    title: ClassVar[str] = "Memory by length"
    summary: ClassVar[str] = (
        "How long may a string be, and the second symbol is still known where it comes back? "
        "Unless a model was trained otherwise, it has seen 30 symbols at most."
    )
    many: ClassVar[int] = 300
    side_by_side: ClassVar[bool] = True

    task: EmbeddedReber

    def run(self, answer: Answer, n: int, seed: int) -> Shares:
        """n strings of each length, each once more with T for P and P for T: half of them are right by chance."""
        rng = np.random.default_rng(seed)
        right = []
        for symbols in MEMORY:
            x = np.stack([encode(of_length(rng, symbols, EMBEDDED)[:-1]) for _ in range(n)])
            nothing = np.zeros((*x.shape[:2], self.task.output_size))
            asked = SequenceData(x, nothing, np.full(n, x.shape[1]), "labels")
            right.append(np.mean([self.task.remembers(answer, some) for some in (asked, self.task.swapped(asked))]))
        return Shares(
            what="second symbol known", by="symbols of the string", groups=tuple(map(str, MEMORY)),
            right=np.array(right), counts=np.full(len(MEMORY), 2 * n), chance=0.5,
        )  # fmt: skip
