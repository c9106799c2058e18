"""What the checker does not see, name or say yet: these cases may fail, all others must not."""

RIGHT_CALLED_WRONG: set[str] = set()

MUSEUM_MISSED: set[str] = set()
MUSEUM_UNNAMED: set[str] = set()
MUSEUM_UNSAID: set[str] = set()

TRIGGERED_MISSED: set[str] = set()
TRIGGERED_UNSAID: set[str] = set()

# network: mistakes without a true cause for each argument that they make wrong
MISTAKES_UNNAMED: dict[str, set[str]] = {}

ESTIMATORS_UNNAMED: set[str] = set()
