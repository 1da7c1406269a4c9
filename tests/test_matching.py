"""Sizes: the formulas say what the models have, and matched networks are as near as they can be."""

from dataclasses import replace

import pytest

from mrnn import ModelConfig, SequenceModel
from mrnn.config import CELLS, Carry, Cell
from mrnn.matching import MATCHES, count_products, count_weights, matched

D, C, M = 3, 5, 11
KINDS: list[tuple[Cell, int, Carry]] = [
    ("mrnn", 1, "mixed"), ("mrnn", 7, "mixed"), ("mrnn", 7, "own"),
    *((cell, 1, "mixed") for cell in CELLS if cell != "mrnn"),
]  # fmt: skip
SHAPES = [
    ModelConfig(input_size=D, output_size=C, hidden_size=M, num_layers=layers, cell=cell, k=k, carry=carry)
    for layers in (1, 3)
    for cell, k, carry in KINDS
]
COUNTS = {"weights": count_weights, "work": count_products}


def named(config: ModelConfig) -> str:
    return f"{config.cell}-{config.k}-{config.carry}-{config.num_layers}"


@pytest.mark.parametrize("config", SHAPES, ids=named)
def test_weights_are_counted_as_the_model_has_them(config):
    assert count_weights(config) == SequenceModel(config).num_weights


@pytest.mark.parametrize("config", SHAPES, ids=named)
def test_products_multiply_each_weight_of_a_matrix_once_a_step(config):
    matrices = [p for p in SequenceModel(config).layers.parameters() if p.ndim == 2]
    assert count_products(config) == sum(p.numel() for p in matrices)


@pytest.mark.parametrize("by", MATCHES)
@pytest.mark.parametrize("config", SHAPES, ids=named)
def test_no_other_hidden_size_comes_nearer(config, by):
    like = ModelConfig(input_size=D, output_size=C, hidden_size=23, k=4)
    count = COUNTS[by]
    found = matched(config, like, by)
    assert replace(found, hidden_size=M) == config, "nothing but the hidden size changes"
    off = [abs(count(replace(config, hidden_size=m)) - count(like)) for m in range(1, 200)]
    assert abs(count(found) - count(like)) == min(off)


@pytest.mark.parametrize("by", MATCHES)
def test_a_network_matches_itself(by):
    config = ModelConfig(input_size=D, output_size=C, hidden_size=M, k=4)
    assert matched(config, config, by) == config


def test_the_smallest_network_is_taken_where_even_that_is_larger():
    tiny = ModelConfig(input_size=D, output_size=C, hidden_size=1, cell="elman")
    assert matched(replace(tiny, cell="mrnn", k=16), tiny, "weights").hidden_size == 1
