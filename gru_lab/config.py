"""What determines a run: `RunConfig`, and the sizes a study is run at: `Profile`.

A run is one network trained once. Everything that changes its curve is a field of `RunConfig`, so
the digest of the fields is the run's name in the store: same key, same curve.
"""

import dataclasses
import difflib
import hashlib
import json
import math
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from numbers import Integral, Real
from typing import Any

TRAINING_VERSION = 1  # raised when the trainer changes so that old curves no longer hold


def one_of(name: str, value: Any, choices: Iterable) -> Any:
    """Return `value` if it is one of `choices`; otherwise raise ValueError naming what was near."""
    if value in list(choices):  # a list, since a dict cannot look for a value it cannot hash
        return value
    known = {str(choice): choice for choice in choices}
    near = difflib.get_close_matches(str(value), known, n=1)
    hint = f" Did you mean {known[near[0]]!r}?" if near else ""
    shown = (word if any(map(str.isalnum, word)) else repr(word) for word in known)
    raise ValueError(f"{name} must be one of {', '.join(shown)}, not {value!r}.{hint}")


@dataclass(frozen=True)
class Rule:
    """The values a setting may take: its type, its range, and the same in words."""

    kind: type
    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False
    words: str = ""

    def fix(self, name: str, value: Any) -> Any:
        """Return `value` as `kind`; ValueError with parameter, rule and value otherwise."""
        if self.kind is bool:
            good = isinstance(value, bool | Integral) and value in (0, 1)
        else:
            wanted = Integral if self.kind is int else Real
            good = (
                isinstance(value, wanted) and not isinstance(value, bool) and math.isfinite(value)
            )
            good = good and (self.low < value if self.open_low else self.low <= value)
            good = good and (value < self.high if self.open_high else value <= self.high)
        if not good:
            raise ValueError(f"{name} must be {self.words}, not {value!r}")
        return self.kind(value)


COUNT = Rule(int, low=1, words="a whole number of at least 1")
SWITCH = Rule(bool, words="True or False")
RULES = {
    "mask_input": SWITCH,
    "hidden_size": COUNT,
    "num_layers": COUNT,
    "dropout": Rule(float, 0, 1, open_high=True, words="at least 0 and below 1"),
    "missing_weight": Rule(float, 0, words="a finite number of at least 0"),
    "learning_rate": Rule(float, 0, open_low=True, words="a finite number above 0"),
    "batch_size": COUNT,
    "epochs": COUNT,
    "seed": Rule(int, 0, 2**31 - 1, words="a whole number from 0 to 2147483647"),
    "window": Rule(
        int, 2, words="a whole number of at least 2 (a window's first step is never hidden)"
    ),
    "missing_rate": Rule(float, 0, 1, open_low=True, open_high=True, words="above 0 and below 1"),
    "train_share": Rule(float, 0, 1, open_low=True, words="above 0 and at most 1"),
    "bidirectional": SWITCH,
    "residual": SWITCH,
}
PATTERNS = ("points",)
LABELS = {  # what the settings are called where people read them
    "dropout": "dropout",
    "num_layers": "layers",
    "missing_weight": "loss weight",
    "mask_input": "mask as input",
    "hidden_size": "hidden size",
    "learning_rate": "learning rate",
    "batch_size": "batch size",
    "window": "window",
    "missing_rate": "missing rate",
    "train_share": "share of the training rows",
    "pattern": "pattern",
    "bidirectional": "both directions",
    "residual": "residual",
    "epochs": "epochs",
    "seed": "seed",
}


def in_words(settings: Mapping[str, object]) -> str:
    """Return settings, {name: value}, as text.

    >>> in_words({"dropout": 0.25, "num_layers": 3})
    'dropout 0.25, layers 3'
    """
    known = {LABELS[name]: settings[name] for name in LABELS if name in settings}
    return ", ".join(
        f"{label} {value:.4g}" if isinstance(value, float) else f"{label} {value}"
        for label, value in known.items()
    )


@dataclass(frozen=True, repr=False)
class RunConfig:
    """One run: the network, its training and the gaps it is trained on. The defaults are the log's.

    The training loss is (A + w·M)/(1 + w): A is the mean squared error over all entries, M over the
    hidden ones, w is `missing_weight`. Raises one ValueError that lists every setting out of its
    range.

    >>> config = RunConfig(num_layers=1, epochs=20)
    >>> config.replace(dropout=0).key == config.key  # one layer has no dropout to lose
    True
    >>> RunConfig(dropout=1.5)
    Traceback (most recent call last):
    ...
    ValueError: dropout must be at least 0 and below 1, not 1.5
    """

    mask_input: bool = False  # give the network the mask beside the values: 2 x channels inputs
    hidden_size: int = 256
    num_layers: int = 2
    dropout: float = 0.5  # between layers, so it does nothing in a one-layer GRU
    missing_weight: float = 0.0
    learning_rate: float = 1e-3  # of Adam
    batch_size: int = 100  # windows
    epochs: int = 50
    seed: int = 0  # of the weights, the order of the batches, the dropout and the training gaps
    window: int = 10  # steps
    # share of entries hidden, each independently, never in a window's first step
    missing_rate: float = 0.2
    train_share: float = 1.0  # share of the training rows that is used
    pattern: str = "points"  # how entries are hidden
    bidirectional: bool = False
    residual: bool = False  # predict a correction to the filled input instead of the values
    data: str = ""  # name and digest of the series, set by `on`
    data_digest: str = ""

    def __post_init__(self):
        problems = []
        fixes = {name: rule.fix for name, rule in RULES.items()}
        fixes["pattern"] = partial(one_of, choices=PATTERNS)
        for name, fix in fixes.items():
            try:
                object.__setattr__(self, name, fix(name, getattr(self, name)))
            except ValueError as error:
                problems.append(str(error))
        if problems:
            raise ValueError("; ".join(problems))

    def __repr__(self):
        fields = ", ".join(
            f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self)
        )
        return textwrap.fill(
            f"RunConfig({fields})", width=100, subsequent_indent=" " * len("RunConfig(")
        )

    def replace(self, **changes: Any) -> "RunConfig":
        """Return a copy with some fields changed, validated again."""
        known = [field.name for field in dataclasses.fields(self)]
        for name in changes:
            one_of("a setting", name, known)
        return dataclasses.replace(self, **changes)

    def on(self, series: Any) -> "RunConfig":
        """Return this configuration bound to a series, by its name and digest."""
        return self.replace(data=series.name, data_digest=series.digest)

    @property
    def key(self) -> str:
        """16 hex digits that name the run: a digest of every field but `epochs`.

        Dropout acts only between layers, so one layer with dropout is the same run as one layer
        without.
        """
        fields = _effective(self) | {"training_version": TRAINING_VERSION}
        del fields["epochs"]
        return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:16]

    def difference(self, other: "RunConfig", *leaving_out: str) -> dict[str, Any]:
        """Return the settings in which this run differs from `other`, {name: value of this one}.

        The series is no setting, and one layer has no dropout, whatever is set.

        >>> RunConfig(num_layers=1).difference(RunConfig(num_layers=2), "epochs")
        {'dropout': 0.0, 'num_layers': 1}
        """
        ours, theirs = (_effective(config) for config in (self, other))
        names = [name for name in LABELS if name not in leaving_out]
        return {name: ours[name] for name in names if ours[name] != theirs[name]}

    @property
    def hidden_share(self) -> float:
        """r: the expected share of hidden entries; a window's first step is never hidden."""
        return self.missing_rate * (self.window - 1) / self.window


def _effective(config):
    """Return the fields of a RunConfig as they act: dropout acts only between layers."""
    fields = dataclasses.asdict(config)
    return fields | ({"dropout": 0.0} if config.num_layers == 1 else {})
