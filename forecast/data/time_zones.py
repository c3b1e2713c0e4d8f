"""Time zones as they stand behind a time: z, utc, +02:00, -0530, GMT+0100, CET, (CEST)."""

_HOURS: dict[str, float] = dict.fromkeys(("z", "utc", "gmt", "wet"), 0)
_HOURS |= dict.fromkeys(("west", "bst", "cet", "mez"), 1)
_HOURS |= dict.fromkeys(("cest", "mesz", "eet"), 2)
_HOURS |= dict.fromkeys(("jst", "kst"), 9)
_HOURS |= {"eest": 3, "msk": 3, "ist": 5.5, "awst": 8, "acst": 9.5, "acdt": 10.5, "aest": 10, "aedt": 11}
_HOURS |= {"nzst": 12, "nzdt": 13, "nst": -3.5, "ndt": -2.5, "ast": -4, "adt": -3, "est": -5, "edt": -4}
_HOURS |= {"cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7, "akst": -9, "akdt": -8, "hst": -10}
"""That the clocks of a zone are ahead of UTC."""
AMBIGUOUS_ZONES = {"CST", "IST", "BST", "AST", "MST"}  # of several places, unless summer time stands beside them
_NAMES = "|".join(sorted((name for name in _HOURS if name != "z"), key=len, reverse=True))
ZONE = rf"\(?(?P<zone>(?:utc|gmt)?[+-]\d{{2}}(?::?\d{{2}})?|{_NAMES}|z)\)?(?: \([^()]*\))?"
"""A regular expression for a zone, in lower case; JavaScript writes its name in brackets behind it."""


def offset_of(zone: str) -> int:
    """Returns the seconds that a zone is ahead of UTC."""
    if zone in _HOURS:
        return int(_HOURS[zone] * 3600)
    sign, digits = zone.removeprefix("utc").removeprefix("gmt")[0], zone.lstrip("utcgm")[1:]
    minutes = int(digits[:2]) * 60 + int(digits[2:].lstrip(":") or 0)
    return (-60 if sign == "-" else 60) * minutes
