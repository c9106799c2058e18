"""What a report is held to by the banks: is a true cause named, and is the trigger said?"""

import re

from functional_bp.checking import Report


def cause_named(report: Report, kinds: set[str] | frozenset[str]) -> bool:
    """A true kind is the first or second cause of each argument that is wrong."""
    wrong = [verdict for verdict in report.verdicts if not verdict.ok]
    return bool(wrong) and all(kinds & {cause.kind for cause in verdict.causes[:2]} for verdict in wrong)


def trigger_said(report: Report, pattern: str) -> bool:
    """In what is said of the fault, below the first line, which also counts points and seconds."""
    return re.search(pattern, "\n".join(str(report).splitlines()[1:]), re.IGNORECASE) is not None


def causes(report: Report) -> str:
    return "; ".join(f"{name}: {[c.kind for c in found[:2]]}" for name, found in report.diagnoses.items()) or "none"
