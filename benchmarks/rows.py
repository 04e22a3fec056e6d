"""What the benchmarks share: the rows that they print, and the choice of figures on the command
line.
"""

import os
import sys


def figure(name, value, target, unit=""):
    """Print one row of the table; `target` is '<= 1.05' or the like, or '' where there is none."""
    print(f"| {name} | {value:.3g}{unit} | {target} |", flush=True)


def main(*functions):
    """Measure with the functions that the command line names, by default all of them, below the
    head of the table.
    """
    os.environ["TQDM_DISABLE"] = "1"
    every = {function.__name__: function for function in functions}
    unknown = set(sys.argv[1:]) - set(every)
    if unknown:
        sys.exit(f"no such figure: {', '.join(unknown)}; there are {', '.join(every)}")
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"{os.cpu_count()} cores{load}, Python {sys.version.split()[0]}\n")
    print("| figure | measured | target |\n|---|---|---|")
    for chosen in sys.argv[1:] or every:
        every[chosen]()
