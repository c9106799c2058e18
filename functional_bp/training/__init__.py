"""Training: data, the step, the loop, what is measured, and the folder that a run leaves."""

from functional_bp.training.data.digits import digits, with_negatives
from functional_bp.training.data.labelled import Data, ordered, stratified
from functional_bp.training.loop import Fit, Hook, fit
from functional_bp.training.measures import evaluation
from functional_bp.training.metrics import classes, confusion_matrix, correct
from functional_bp.training.step import State, start, train_step

__all__ = [
    "Data",
    "Fit",
    "Hook",
    "State",
    "classes",
    "confusion_matrix",
    "correct",
    "digits",
    "evaluation",
    "fit",
    "ordered",
    "start",
    "stratified",
    "train_step",
    "with_negatives",
]
