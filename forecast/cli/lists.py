"""Flags that take several names with commas between them: ``--target a,b``."""

from forecast.errors import UsageError
from forecast.name_lists import split_names


def as_given(text: str | None) -> tuple[str, ...]:
    """Returns a list of names as it was given, for those to take apart who know which names there are."""
    return (text,) if text is not None else ()


def require_names(flag: str, text: str | None) -> None:
    """Refuses a list that is given and has no name in it.

    Raises:
        UsageError: it is such a list.
    """
    if text is not None and not split_names(text):
        raise UsageError(f"{flag} '{text}' names nothing.", f"{flag} with a name, or no {flag}")
