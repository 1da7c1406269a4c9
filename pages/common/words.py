"""The symbols in one line each, the same on every page; and a person's own words."""

K = "k: how many LSTMs stand side by side. With k = 1 it is a plain LSTM."
TAU = "tau, temperature of the Gumbel-softmax: high blends the LSTMs, low picks nearly one. In use, one is picked."
Q = "q: the probability of each LSTM at a step, computed from the input and the last hidden state."
Z = "z: the LSTM that is listened to. In use it is the most probable one."
Q_AND_Z = f"{Q} {Z}"
CURSOR = "Move over the picture to read any step, click to pin one, or press play and let the steps come in one by one."
BETA = "beta: how strongly training rewards an undecided q (its entropy). Used by the objective ER alone."
HIDDEN = "m, hidden size: numbers in the memory of each LSTM."
LAYERS = "L: layers, one above the other. Each has its own k LSTMs and its own z."
OBJECTIVE = (
    "What training minimises. MLE: cross-entropy. ER: minus beta times the entropy of q. VB: the same with beta = 1."
)
TAU0 = "tau0: the temperature in the first epoch."
RATE = "Each epoch multiplies tau by exp(-rate). 0 keeps it constant."
FLOOR = "tau never falls below this floor."
EPOCHS = "How often training goes through all training sequences."
LEARNING_RATE = "Step size of the optimiser, Adam. With one-cycle it is the largest one."
SCHEDULE = (
    "constant: the same step size throughout. one-cycle: it rises for a quarter of training, then falls to nothing."
)
WEIGHT_DECAY = "Draws all weights towards 0, against learning by heart: this share a step, times the learning rate."
DROPOUT = (
    "Share of hidden units that are left out at random between layers, against learning by heart. Needs two layers."
)
BALANCE = (
    "How strongly training rewards a choice that is firm (each step sure of its LSTM) but fair (all LSTMs used alike "
    "over many sequences), so that none is forgotten."
)
AUGMENT = (
    "Training sees new sequences in every epoch: new waves, or the same digits moved, turned and stretched a little."
)
CELL = "mrnn is the k-LSTM. The others have one network and nothing to choose."
SPAN = (
    "For long sequences: gates begin such that each unit keeps what it holds for a while of its own, from one step to "
    "this many. 0: all alike, for short ones."
)
EMBEDDING = (
    "Symbols come in one-hot, a one among zeros. With an embedding each becomes so many numbers first, which are learned. "
    "0: they are read as they are."
)
CARRY = "mixed: all LSTMs go on from one mixed state, as published. own: each goes on from its own."
SEED = "Fixes every random draw: the same seed on the same device gives the same model."
PRECISION = "How exact matrix products are while training. bfloat16 keeps 8 of float32's 24 binary digits, and is faster on some processors; auto takes it where it is measured to be."
DEVICE = "What computes: auto takes a CUDA GPU, else Apple's MPS, else the CPU."
LAYER = "Which layer's LSTMs are shown. The last one feeds the answer."
HARD = "Hard: the most probable LSTM is listened to at each step, as in use. Soft: all are blended by q."


def number(count: int, one: str) -> str:
    """1 hand-over, 2 hand-overs: a number with its noun."""
    return f"{count:,} {one}{'' if count == 1 else 's'}"


def plain(text: str) -> str:
    """A person's words, within a line, none of whose signs are Markdown there."""
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]<>#|$~:" else sign for sign in text)
