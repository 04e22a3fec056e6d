"""What the lesson profile must show, run by run: the log's order on its own ruler, and what made
the gain of stage 2.

    python benchmarks/orders.py        # about eight minutes the first time; the runs are kept in
    the store

Prints each stage's order in every seed by the recorded ruler, and how far stage 2's settings differ
by the corrected one. Ends with exit code 1 if the log's order of stages 1 to 4 fails in a seed, or
stage 2 differs by 1 % or more.
"""

import sys

import gru_lab as lab

LOGGED = {
    "mask_input": ["not included", "included"],
    "missing_weight": ["weight=1", "weight=0.5", "weight=0"],
    "num_layers": ["1 layer", "2 layers", "3 layers", "4 layers"],
    "dropout": ["dropout=0", "dropout=0.1", "dropout=0.2", "dropout=0.5"],
}


def main():
    failed = False
    for name, order in LOGGED.items():
        results = lab.sweep(lab.stage(name))
        read = results.finals.pivot(index="setting", columns="seed", values="validation").loc[order]
        for seed in read:
            found = read[seed].sort_values().index.tolist()
            failed |= found != order
            print(
                f"{name:15} seed {seed}: "
                f"{' < '.join(found)}{'' if found == order else '   NOT the order of the log'}"
            )
        if name == "missing_weight":
            error = results.summary("trained")["corrected ruler"]
            spread = error.max() / error.min() - 1
            failed |= spread >= 0.01
            print(
                f"{name:15} error on hidden entries of the three settings as trained differs by "
                f"{spread:.3%}"
            )
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
