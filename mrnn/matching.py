"""Networks of one size: how many weights a shape has, how much work a step of it is, and how to make two alike."""

from collections.abc import Callable
from dataclasses import replace
from typing import Literal, get_args

from mrnn.config import ModelConfig

Match = Literal["weights", "work"]
MATCHES: tuple[Match, ...] = get_args(Match)

# Blocks of m units that read the input and the last hidden state, of a cell that has one network.
_BLOCKS = {"lstm": 4, "gru": 3, "elman": 1, "peephole": 4}


def count_weights(config: ModelConfig) -> int:
    """How many numbers a model of this shape learns, its head included."""
    m = config.hidden_size

    def layer(D: int) -> int:
        if config.cell == "mrnn":
            return config.num_lstms * (4 * m + 1) * (D + m + 1)
        if config.cell == "peephole":
            return 4 * m * (D + m + 1) + 3 * m
        return _BLOCKS[config.cell] * m * (D + m + 2)  # torch's cells have two biases

    return config.input_size * config.embedding + _over_layers(config, layer) + (m + 1) * config.output_size


def count_products(config: ModelConfig) -> int:
    """Multiplications in the matrix products of one step of one sequence while training, all layers, without the head.

    While training all k LSTMs are run; in use only the one that is picked.
    """
    m = config.hidden_size
    width = config.num_lstms * (4 * m + 1) if config.cell == "mrnn" else _BLOCKS[config.cell] * m
    return config.input_size * config.embedding + _over_layers(config, lambda D: (D + m) * width)


def _over_layers(config: ModelConfig, layer: Callable[[int], int]) -> int:
    """The sum over layers of what a layer with D inputs has."""
    return layer(config.first_size) + (config.num_layers - 1) * layer(config.hidden_size)


def matched(config: ModelConfig, like: ModelConfig, by: Match) -> ModelConfig:
    """`config` with the hidden size at which it comes nearest to `like`.

    by  "weights": in how many numbers it learns; "work": in `count_products`
    """
    count = {"weights": count_weights, "work": count_products}[by]
    goal = count(like)

    def of_size(m: int) -> ModelConfig:
        return replace(config, hidden_size=m)

    least, most = 1, 8_192  # what ModelConfig allows; both counts grow with m
    while least < most:
        middle = (least + most) // 2
        least, most = (middle + 1, most) if count(of_size(middle)) < goal else (least, middle)
    return min((of_size(m) for m in {max(least - 1, 1), least}), key=lambda found: abs(count(found) - goal))
