"""A verdict in words: the claim, how two settings compare, what was found, what to look out for."""

import pandas as pd

from gru_lab.digits import percent
from gru_lab.evidence.paired import MOST_SEEDS
from gru_lab.tuning_log.stage import Stage

# the whole range of n differences holds their median with 1 - 2^(1-n): 75 % for 3, 94 % for 5
MIN_SEEDS = 5
CLAIMS = {  # what the log says, in a few words
    "mask_input": "leave the mask out",
    "missing_weight": "set the weight to 1",
    "num_layers": "keep 2 layers",
    "dropout": "train without dropout",
    "loss_ratio": "take 1:3",
}


def claim_of(stage: Stage, adopted: str) -> str:
    """Return the claim that is judged, as a sentence."""
    if adopted == stage.adopted and stage.name in CLAIMS:
        return f"The log says: {CLAIMS[stage.name]}."
    return f"The claim: no other setting is better than '{adopted}'."


def beside(setting: str, adopted: str, table: pd.DataFrame, seeds: int) -> str:
    """Return how a setting's error compares with the adopted one's, and how sure that is."""
    share, low, high = (float(table.at[setting, name]) for name in ("difference", "low", "high"))
    if share >= 1:
        words = f"is {1 + share:.1f} times that of '{adopted}'"
        between = f"{1 + low:.1f} to {1 + high:.1f} times"
    else:
        words = f"is {percent(share)} {'lower' if share < 0 else 'higher'} than that of '{adopted}'"
        near, far = sorted([low, high], key=abs)
        between = f"{percent(near).removesuffix(' %')} to {percent(far)}"
        if low < 0 < high:
            between = f"from {percent(low)} lower to {percent(high)} higher"
    sure = f" (95 % interval {between}, {seeds} seeds)" if seeds > 1 else ""
    return f"the error of '{setting}' {words}{sure}"


def explain(
    label: str,
    tables: list[pd.DataFrame],
    adopted: str,
    seeds: int,
    needed: int | None,
    smallest_difference: float,
    way: str = "as the log did",
) -> str:
    """Return what was found, from the `compare` by the recorded ruler, called `way`, and ours."""
    recorded, corrected = tables
    lowest, farthest = corrected["difference"].idxmin(), corrected["difference"].abs().idxmax()

    def lies(setting, table=corrected):
        return beside(setting, adopted, table, seeds)

    least = f"{100 * smallest_difference:g} %"
    hidden = f"on hidden values {lies(lowest)}"
    if corrected["high"].min() >= -smallest_difference:
        share = abs(corrected.loc[farthest, "difference"])
        most = "less than 0.01 %" if share < 0.0001 else percent(share)
        hidden = (
            f"on hidden values no setting differs from '{adopted}' by {least} or more (95 % "
            f"intervals, {seeds} seeds); '{farthest}' differs most, by {most}"
        )
    if label == "cannot tell":
        enough = f"about {needed}" if needed else f"more than {MOST_SEEDS}"
        text = f"{seeds} seeds leave it open: {lies(lowest)}. To tell, {enough} would be needed"
        if seeds < MIN_SEEDS:
            count = "1 seed is" if seeds == 1 else f"{seeds} seeds are"
            text = f"{count} too few to tell, {MIN_SEEDS} are needed. So far, {lies(lowest)}"
        return f"{text}."
    if label == "supported":
        text = lies(farthest)
        return f"{text[0].upper()}{text[1:]}, and no setting is better by {least} or more."
    if label == "not supported":
        return f"But {hidden}."
    worst = recorded["difference"].idxmax()
    return (
        f"Measured {way}, {lies(worst, recorded)}. But {hidden}. "
        "The gain comes only from how the error was measured."
    )


def listed(words: list[str]) -> str:
    """Return words as a list in a sentence: 'a, b and c'."""
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def checks_in_words(best: str, at: str, changed: dict[str, bool]) -> tuple[str, ...]:
    """Return the checks as sentences; `changed` says by each cause whether it changes the order."""
    words = [f"The best setting is '{best}'."]
    if at:
        words = [
            f"The best value is the {at} one tried ('{best}'), so a better one may lie beyond."
        ]
    differs = [cause for cause, change in changed.items() if change]
    same = [cause for cause, change in changed.items() if not change]
    if differs:
        words.append(f"The settings rank differently {listed(differs)}.")
    if same:
        words.append(f"{'They' if differs else 'The settings'} rank the same {listed(same)}.")
    return tuple(words)
