"""Why a refuted claim is wrong: named repairs of the right side, and the first that is proven."""


def diagnosed(verdict, left, right, given):
    return verdict
