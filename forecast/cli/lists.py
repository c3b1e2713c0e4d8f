"""Flags that take several names with commas between them: ``--target a,b``."""

from forecast.errors import UsageError


def split_names(text: str | None) -> tuple[str, ...]:
    """Returns the names of a comma-separated list, without blanks."""
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())


def require_names(flag: str, text: str | None) -> None:
    """Refuses a list that is given and has no name in it.

    Raises:
        UsageError: it is such a list.
    """
    if text is not None and not split_names(text):
        raise UsageError(f"{flag} '{text}' names nothing.", f"{flag} with a name, or no {flag}")
