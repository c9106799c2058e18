"""`functional_bp.train`: what the command does, as a function; in a notebook with a bar, and pictures of its result."""

from pathlib import Path
from typing import Any

from functional_bp.runs.config import from_python
from functional_bp.runs.experiment import compare_with_autodiff, experiment
from functional_bp.runs.interruption import Interrupted, Interruption
from functional_bp.runs.loading import Trained, load
from functional_bp.runs.naming import claimed
from functional_bp.runs.run import begin, conduct
from functional_bp.runs.run_folder import RunFolder
from functional_bp.runs.showing import Progress
from functional_bp.training.saving.stores import store

__all__ = ["train"]


def train(out: str | Path | None = None, *, quiet: bool = False, **options: Any) -> Trained:
    """Trains on the bundled digits or on `data=`, and gives the network with its parameters and its result.

    The options are those of `functional-bp train`: `train(task="ten", hidden=(64, 32), epochs=20)`. The run folder is
    `out`, or a new one in runs/; `functional_bp.load` reads it again. An interrupt finishes the step and saves.
    Raises InputError for options or data that cannot be used.
    """
    config = from_python(options)
    of, kept_in = experiment(config), store(config.checkpoints, None)
    folder = RunFolder(out or claimed(Path("runs"), config.task))
    with folder.created(), Interruption() as interruption:
        folder.save_config(config, of.of.facts)
        stands = begin(of, None)
        differences = compare_with_autodiff(of, stands.state.params)
        about = {"max_gradient_difference": max(differences.values()), "gradient_differences": differences}
        try:
            with Progress(of.steps, 0, quiet) as progress, interruption.patiently():
                told = lambda: interruption.number > 0  # noqa: E731
                conduct(of, folder, stands, kept_in, progress.show, about, None, told)
        except Interrupted as stopped:
            raise KeyboardInterrupt(str(stopped)) from None
    return load(folder.path)
