"""Sweeps: every setting of a stage, or a list of configurations, with several seeds.

lab.sweep(stage, seeds=3)                                   # here, one process a core
lab.sweep(stage, seeds=3, scheduler="tcp://host:8786")      # there
going = lab.sweep(stage, background=True)                   # returns at once; lab.watch(going) draws it
"""

from gru_lab.config import RunConfig
from gru_lab.study.many import Sweep
from gru_lab.study.results import Results
from gru_lab.study.runs import bind, curves_of, names_of
from gru_lab.study.stage import Stage
from gru_lab.study.store import Store


def train_missing(configs, series, store, workers=None, device="auto", names=None):
    """Train here what the store lacks of `configs` on `series`, with a progress bar; returns how many runs that was.

    `names` maps a run's key to what the bar calls it. Raises SweepFailed after the rest is done if runs failed.
    """
    return Sweep(configs, series, store, workers, device, names).run()


def run_names(stage, seeds=None):
    """Return what a progress bar calls each run of a stage, by key."""
    return {
        config.key: f"stage {stage.number}, {setting.name}, seed {config.seed}"
        for setting, config in stage.configs(seeds)
    }


def sweep(
    stage,
    seeds=None,
    store=None,
    workers=None,
    device="auto",
    scheduler=None,
    series=None,
    background=False,
):
    """Train every setting of a stage, or RunConfigs on their `series`, as far as the store lacks them.

    Returns the Results of a stage, or the curves of the configurations as one tidy DataFrame; in the `background` at
    once a Sweep, which has them later. `seeds` is how many seeds each gets: by default the profile's, or the
    configurations as they are.

    Here runs train in `workers` processes of one thread, by default one a core, reachable from this machine only; runs
    on a GPU share one process. `scheduler` is the address of a Dask scheduler, or a distributed.Client, to train on
    its workers instead. Their gru_lab, torch and data must be those of this process. An interrupted run goes on from
    its checkpoint where its worker sees the folder beside the store, or comes back to the same home folder.

    Raises ValueError for wrong settings or unlike workers before anything is trained, SweepFailed after the rest is
    done if runs failed, StoreFailed if the store cannot be written.
    """
    store = Store.of(store)
    if isinstance(stage, Stage):
        if series is not None:
            raise ValueError("series must be left out with a stage, which has its own: stage.bind gives it another")
        series, configs, names = stage.series, [config for _, config in stage.configs(seeds)], run_names(stage, seeds)
    else:
        configs = bind([stage] if isinstance(stage, RunConfig) else stage, series, seeds)
        names = names_of(configs)

    def collect():
        return Results.collect(stage, seeds, store) if isinstance(stage, Stage) else curves_of(configs, store)

    one = Sweep(configs, series, store, workers, device, names, scheduler, collect)
    if background:
        return one.start()
    one.run()
    return collect()
