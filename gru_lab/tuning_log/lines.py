"""One line of figures, read and written: an epoch's training and validation loss.

The recorded log has three formats: `train valid` (5 decimals), `epoch steps train valid` (6) and
`epoch train valid` (7). Other people's lines are read too: 9e-05, .25, thousands, decimal commas,
figures that a console names among others ('Epoch 48/50 - 12s - loss: 0.0012 - val_loss: 0.0013'),
NaN. Losses are mean squared errors of values scaled to [0, 1]. All patterns are bounded, so that a
long line takes no longer than its length.
"""

import math
import re
from dataclasses import dataclass, field

from gru_lab.tuning_log.figures import number, number_pattern, plain

DECIMALS = {"train valid": 5, "epoch steps train valid": 6, "epoch train valid": 7}
LONGEST = 500  # characters that a line of figures, a label or a heading may have
FIGURE = re.compile(r"\d|nan|inf|diverg|发散|∞|oom", re.IGNORECASE)  # none of them, no figures
DIVERGED = re.compile(r"(?:(?:nan|oom|diverg[a-zé]{0,5}|发散)[\s.!。]{0,3}){1,2}", re.IGNORECASE)
STAMP = re.compile(  # what stands before a console's own words
    r"\W{0,3}(?:(?=\d{1,4}[:/-]|\d{2,4}\.\d\d\.)[\d:T/.,-]{8,30}\W{1,3}){0,2}(?:INFO\W{1,4})?(?:\d{1,3}%\|[^|]{0,60}\|)?\W{0,3}"
)
ROLES = {  # what the words in a line say of the figure after them, Latin and Chinese
    "valid": (
        r"val(?:id(?:ation|ierung|aci[oó]n)?)?s?|eval|validierungs(?:verlust|fehler)",
        "验证集?",
    ),
    "train": (
        r"train(?:ing)?(?:s(?:verlust|fehler)?)?|entra[iî]nement|apprentissage|entrenamiento",
        "训练集?",
    ),
    "loss": (r"loss(?:es)?|r?mse|mae|errors?|verlust|fehler|perte|erreur|p[ée]rdida", "损失"),
    "epoch": (r"epoch(?:en?|s)?|[ée]po(?:que|ca)s?|ep", "第"),
    "steps": (r"steps?|batch(?:es)?|iter(?:ations?)?|schritte?", "步数"),
    "skip": ("on|and|und|et|de|of|auf|sur|set|the|y", "[轮次步和上的在为]"),
}


def _token_pattern(decimal):
    figure = number_pattern(decimal)
    return re.compile(
        r"(?P<bar>\d{1,9}/\d{1,9} ?\[[=>. ]{1,60}\])"  # batches, as Keras draws them
        r"|(?P<of>\d{1,9}) ?(?:/|of|von|sur|de) ?\d{1,9}(?![.,\d])"
        rf"|(?P<number>{figure})(?![A-Za-z_\d%]|[.,]\d)"
        + "".join(
            rf"|(?P<{role}>(?:{latin})(?![A-Za-zà-ÿ])|{chinese})"
            for role, (latin, chinese) in ROLES.items()
        )
        + r"|(?P<gap>[\s_,;|=–—>→()\[\]*`#/]|\.(?!\d)|(?<!\d):|:(?!\d)"
        + r"|-(?![\d.]))",
        re.IGNORECASE,
    )


TOKENS = {decimal: _token_pattern(decimal) for decimal in ".,"}
PAIRS = {  # 'val_loss: 0.0013'
    decimal: re.compile(
        r"(?<![\w.])(?P<name>[^\W\d][\w ./]{0,40}?)['\"]?[\s=:]{1,4}"
        rf"(?P<number>{number_pattern(decimal)})(?![\w%]|[.,]\d)(?P<rest>/?)",
        re.IGNORECASE,
    )
    for decimal in ".,"
}

BARE = {  # two losses without a name, or a name right behind a figure: another line begins there
    decimal: re.compile(
        rf"\d[{decimal}]\d+(?:e-\d+)?[\s,;/|]{{1,3}}\d*[{decimal}]\d+(?![\w%])"
        r"|\d(?:train|val|loss)",
        re.IGNORECASE,
    )
    for decimal in ".,"
}


@dataclass(frozen=True)
class Line:
    """One line of figures: an epoch's training and validation loss as the log prints them."""

    train: float
    validation: float
    epoch: int | None = None
    steps: int | None = None
    decimals: int | None = field(default=None, compare=False, repr=False)  # as written

    @property
    def format(self) -> str:
        """The name of the line's format, a key of DECIMALS."""
        counts = {"epoch": self.epoch, "steps": self.steps}
        return " ".join([*(name for name in counts if counts[name] is not None), "train valid"])

    @property
    def finite(self) -> bool:
        """False for the line of a run that diverged."""
        return math.isfinite(self.train) and math.isfinite(self.validation)

    def __str__(self):
        decimals = DECIMALS.get(self.format, 6) if self.decimals is None else self.decimals
        counts = [str(count) for count in (self.epoch, self.steps) if count is not None]
        return " ".join([*counts, f"{self.train:.{decimals}f}", f"{self.validation:.{decimals}f}"])


def _tokens(text, decimal):
    """Return a line's numbers (value, decimals) and roles in order; None if more is there."""
    place, tokens = 0, []
    while place < len(text):
        match = TOKENS[decimal].match(text, place)
        if match is None:
            return None
        place, kind = match.end(), match.lastgroup
        if kind in ("number", "of"):
            tokens.append(number(match[kind], decimal))
        elif kind in ROLES and kind != "skip":
            tokens.append(kind)
    return tokens


def _figures(tokens):
    """Return (role or None, value, decimals) of each number. Its words stand before it, or behind
    it where the line begins with a number and ends with words; [] where they stand on both sides.
    """
    words, numbers = [[]], []
    for token in tokens:
        if isinstance(token, str):
            words[-1].append(token)
        else:
            numbers.append(token)
            words.append([])
    behind = words.pop() if words[-1] != ["loss"] else words.pop() and []
    if not numbers or (behind and words[0]):
        return []
    if behind:
        words = [group[::-1] for group in [behind, *words[:0:-1]]]
        numbers = numbers[::-1]
    figures, waiting = [], []
    for group, figure in zip(words, numbers, strict=True):
        group = [word for word in group if word != "loss"] or group[:1]  # 'train loss' is one
        waiting = ["train" if word == "loss" else word for word in group] or waiting
        figures.append((waiting.pop(0) if waiting else None, *figure))
    return figures[::-1] if behind else figures


def roles_of(text: str) -> list[str] | None:
    """Return the roles ('epoch', 'train', …) of a line without figures, None if it has more."""
    tokens = _tokens(plain(text[:LONGEST]), ".") or [None]
    if not all(isinstance(token, str) for token in tokens):
        return None
    plainly = {"train", "valid"} & {*tokens}  # 'train loss' is one figure
    roles = ["train" if token == "loss" else token for token in tokens]
    return [
        role for role, token in zip(roles, tokens, strict=True) if token != "loss" or not plainly
    ]


def looks_like_losses(text: str) -> bool:
    """Tell whether a line holds losses in whatever manner: nothing but names and several figures,
    or first a loss by name, such as 'loss:0 0'.
    """
    tokens = _tokens(plain(text[:LONGEST]), ".") or ()
    figures = [token for token in tokens if not isinstance(token, str) and token[1] != 0]
    pair = PAIRS["."].match(text[:LONGEST])
    named = pair and re.search("[:=]", text[pair.end("name") : pair.start("number")])
    return len(figures) > 1 or bool(named) and "loss" in (_tokens(pair["name"], ".") or ())


def parse_line(text: str, decimal: str = ".") -> tuple[Line, str | None] | None:
    """Return the Line in `text` and the label in brackets behind it, or None.

    `decimal` is the log's decimal mark. A line that says only 'diverged', 'OOM' or 'nan' is NaN
    twice. A line of a console, which begins with its epoch or a loss, may name other figures too.

    >>> parse_line("48 300 0.000016 0.000009")[0].validation
    9e-06
    """
    text, label = text.strip(), None
    if len(text) > LONGEST or not FIGURE.search(text):
        return None
    if DIVERGED.fullmatch(text):
        return Line(math.nan, math.nan), None
    if text.endswith("]") and not text.startswith("["):
        head, _, inside = text[:-1].rpartition("[")
        if inside.strip() and not _names_loss(inside, decimal):
            text, label = head, inside.strip()
    tokens = _tokens(plain(text, decimal), decimal)
    figures = _figures(tokens) if tokens else None
    line = figures and _line(figures) or _of_console(plain(text, decimal), decimal)
    return (line, label) if line else None


def _names_loss(text, decimal):
    """Whether a loss by name is among the figures of a text; what a bar shows is no label."""
    names = [pair["name"] for pair in PAIRS[decimal].finditer(plain(text, decimal))]
    return any({"train", "valid"} & {*(roles_of(name) or ())} for name in names)


def _of_console(text, decimal):
    """Return the Line of figures that have names, beside whatever else has one."""
    text = text[STAMP.match(text).end() :]
    first = TOKENS[decimal].match(text)
    if not first or first.lastgroup not in {*ROLES, "of", "bar"}:  # it is the label of a run
        return None
    if BARE[decimal].search(PAIRS[decimal].sub(r"\g<name>;", text)):  # another line's, run into it
        return None
    slots, names = {}, set()
    for pair in PAIRS[decimal].finditer(text):
        name = pair["name"].lower()
        role = (roles_of(name) or [None])[-1]
        value, decimals = number(pair["number"], decimal)
        if role not in ("epoch", "train", "valid") or (role == "epoch" and decimals != 0):
            continue
        # of two lines, two parts or two networks, or '0.0120' and '10/10' written as one
        if name in names or role in slots and "loss" in name or decimals and pair["rest"] == "/":
            return None
        names.add(name)
        slots.setdefault(role, (value, decimals))
    return _line([(role, *figure) for role, figure in slots.items()])


def _line(figures):
    """Return the Line that (role, value, decimals) make, by their words or their place."""
    named = {role for role, *_ in figures if role}
    slots, places = {}, {False: ["epoch", "steps"], True: ["train", "valid"]}
    for role, value, decimals in figures:
        is_loss = decimals != 0 or not math.isfinite(value)
        losses = slots.keys() & {"train", "valid"}
        if role is None:
            free = [slot for slot in places[is_loss] if slot not in slots and slot not in named]
            # a count stands before the losses; of two losses the first has a name, or none has, and
            # in 'loss:0 0.0120' the name may have a number and no loss
            if (
                not free
                or (losses and not is_loss)
                or (is_loss and not losses and {*free} != {*places[True]})
                or any(slots[name][1] == 0 for name in losses)
            ):
                return None
            role = free[0]
        if role in slots or (role in ("epoch", "steps") and value % 1):  # 20.0 is whole
            return None
        slots[role] = (value, decimals)
    if not {"train", "valid"} <= slots.keys() or ("steps" in slots and "epoch" not in slots):
        return None
    counts = {name: int(slots[name][0]) for name in ("epoch", "steps") if name in slots}
    written = [slots[name][1] for name in ("train", "valid") if slots[name][1] is not None]
    return Line(slots["train"][0], slots["valid"][0], **counts, decimals=max(written, default=None))
