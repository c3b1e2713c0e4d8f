"""What the names of columns say: of a time or a part of one, of what is forecast, of what tells series apart."""

import re

TIME_NAMES = (
    *("ds", "date", "datetime", "timestamp", "time", "day", "week", "month", "quarter", "year", "period"),
    *("ts", "unix", "epoch", "unixtime", "datum", "fecha"),
    *("yearmonth", "ym", "yyyymm", "yyyymmdd"),
)
TARGET_NAMES = (
    *("y", "target", "sales", "value", "close", "demand", "price", "revenue", "turnover", "total", "amount"),
    *("quantity", "qty", "count", "units", "orders", "visits", "passengers", "births", "volume"),
)
ID_NAMES = (
    *("unique_id", "series_id", "item_id", "id", "series", "store", "shop", "item", "sku", "product"),
    *("symbol", "ticker", "branch", "dept", "department", "category", "region", "country", "city", "entity"),
    *("name", "code"),
)
SURE_IDS = ("unique_id", "series_id", "item_id")  # ids even where there is only one series
CLOCK_NAMES = ("year", "quarter", "month", "week", "day", "weekday", "hour", "minute", "time")
PARTS = {
    "year": ("year", "yr", "yyyy", "jahr", "annee", "année", "año", "anio", "anno", "ano", "rok", "年"),
    "quarter": ("quarter", "qtr", "quartal", "q"),
    "month": ("month", "mon", "mnth", "mo", "mm", "monat", "mes", "mois", "mês", "miesiąc", "period", "月"),
    "week": (
        "week",
        "wk",
        "woche",
        "isoweek",
        "weekofyear",
        "weeknumber",
        "weeknr",
        "kw",
        "kalenderwoche",
        "semaine",
        "semana",
        "settimana",
        "tydzień",
    ),
    "day": (
        "day",
        "dd",
        "dom",
        "mday",
        "dayofmonth",
        "tag",
        "dy",
        "dia",
        "día",
        "jour",
        "giorno",
        "dzień",
        "dag",
        "日",
    ),
    "hour": (
        "hour",
        "hours",
        "hr",
        "hh",
        "he",
        "stunde",
        "hourofday",
        "hourending",
        "hourbeginning",
        "stunden",
        "hournumber",
        "deliveryhour",
        "hora",
        "uur",
        "godzina",
    ),
    "slot": (
        "slot",
        "settlementperiod",
        "sp",
        "quarterhour",
        "qh",
        "halfhour",
        "interval",
        "mtu",
        "deliveryperiod",
        "viertelstunde",
    ),
    "minute": ("minute", "min", "minuten"),
    "clock": (
        "time",
        "clock",
        "timeofday",
        "uhrzeit",
        "zeit",
        "heure",
        "from",
        "start",
        "starttime",
        "begin",
        "von",
        "timefrom",
        "hourfrom",
    ),
}


def rank(name: str, words: tuple[str, ...]) -> int:
    """Returns how soon a name comes in a list of words: as a whole, then as one of its parts, then not at all."""
    if name.lower() in words:
        return words.index(name.lower())
    parts = re.findall(r"[a-z]{2,}", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower())
    return len(words) + min((words.index(part) for part in parts if part in words), default=len(words))


def is_named(name: str, words: tuple[str, ...]) -> bool:
    """Returns whether a name is one of the words, or has one as a part."""
    return rank(name, words) < 2 * len(words)


def part_of(name: str) -> str | None:
    """Returns the part of a time that a column is named after, if it is."""
    spellings = {re.sub(r"[^a-zñ]", "", name.lower()), name.strip().lower()}
    return next((part for part, words in PARTS.items() if spellings & set(words)), None)
