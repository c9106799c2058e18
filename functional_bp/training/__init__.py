"""Training: data, the step, the loop, what is measured, and the folder that a run leaves."""

from functional_bp.training.data import Data, digits, ordered, stratified, with_negatives
from functional_bp.training.loop import Fit, fit
from functional_bp.training.metrics import accuracy, classes, confusion_matrix
from functional_bp.training.step import State, start, train_step

__all__ = [
    "Data",
    "Fit",
    "State",
    "accuracy",
    "classes",
    "confusion_matrix",
    "digits",
    "fit",
    "ordered",
    "start",
    "stratified",
    "train_step",
    "with_negatives",
]
