"""How likely a column is the target by its name alone: a score for each name, and why not.

    Weekly_Sales   sales, after another word          1.1
    Units          a quantity                         2
    unit_price     what things are listed at          4.1
    wind speed     what helps to forecast             6
    sales_lag_7    made of another column             7

Names are compared without case, accents, signs and units in brackets: ``Chiffre d'affaires (€)``, ``weeklySales``,
``Absatz-Menge``. What a name is of stands last in it (``sales price`` is a price), or before *of* and *per*.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

EXPLICIT, SALES, CLOSE, TOTAL, INCOME, VALUE, AMOUNT, ORDERS, PRICE, VISITS = (
    0.0,
    1.0,
    1.2,
    1.4,
    1.5,
    1.9,
    2.0,
    2.4,
    2.5,
    3.0,
)
LISTED, MEASURED, UNKNOWN, AID, DERIVED, NEVER = 4.0, 4.5, 5.0, 6.0, 7.0, 8.0
"""How soon a column is what is forecast: the lower the sooner."""
COMPOUND, PART = 0.1, 0.4  # what a name loses that says more than the word, or has it elsewhere than at its head

_WORDS: dict[float, str] = {
    EXPLICIT: "y target actual actuals observed zielwert zielgroesse zielgrosse",
    SALES: (
        "sales demand absatz absaetze absatze verkauf verkaeufe verkaufe "
        "nachfrage ventas venta demanda vendas ventes demande vendite domanda verkoop verkopen "
        "afzet vraag sprzedaz popyt prodeje poptavka eladas ertekesites kereslet satis satislar "
        "talep forsaljning efterfragan salg myynti kysynta vanzari продажи сбыт спрос 売上 売り上げ 販売 "
        "売れ行き 需要 销售 销量 銷售 銷量 需求 매출 판매 수요 "
    ),
    INCOME: "umsatz umsaetze umsatze",
    CLOSE: (
        "close closing settle settlement schlusskurs schluss cierre cloture chiusura fechamento "
        "encerramento zamkniecie slotkoers zaverecna закрытие 終値 收盘 收盤 종가"
    ),
    TOTAL: "total gesamt insgesamt totaal totale summe suma итого 合計 合计 总计 합계",
    VALUE: "value values wert valor valore valeur waarde wartosc hodnota vaerdi varde значение 値 值 값",
    AMOUNT: (
        "revenue revenues turnover pieces amount amt quantity quantities qty units sold count cnt counts "
        "passengers births deaths cases confirmed recovered trips rides rentals bookings reservations "
        "arrivals departures admissions shipments deliveries consumption usage load generation production "
        "output kwh mwh gwh mw kw takings receipts menge mengen stueck stuck stueckzahl stuckzahl erloes "
        "erlos erloese erlose anzahl betrag verbrauch erzeugung produktion einnahmen passagiere "
        "fahrgaeste fahrgaste geburten lieferungen cantidad cantidades unidades ingresos facturacion "
        "importe consumo pasajeros quantidade quantidades unidade receita faturamento passageiros "
        "quantite quantites unites affaires recette recettes montant consommation passagers quantita "
        "fatturato ricavi ricavo incasso importo consumi passeggeri pezzi omzet aantal hoeveelheid stuks "
        "verbruik bedrag ilosc sztuki przychod przychody obrot zuzycie liczba kwota mnozstvi trzby obrat "
        "mennyiseg forgalom miktar adet ciro antal omsattning omsaetning maara liikevaihto cantitate "
        "выручка количество объем оборот потребление сумма 数量 金額 件数 個数 売上高 消費 "
        "金额 销售额 销售量 수량 금액 "
    ),
    PRICE: (
        "price prices preis preise kurs kurse precio precios preco precos prix cours prezzo prezzi prijs "
        "prijzen koers cena ceny kurz arak fiyat pris priser hinta pret цена цены курс 価格 値段 单价 價格 价格 가격 "
        "nav vwap quote"
    ),
    ORDERS: (
        "orders transactions bestellungen pedidos encomendas commandes ordini bestellingen "
        "zamowienia заказы 注文 注文数 订单 주문 "
    ),
    VISITS: (
        "volume vol volumen volumes wolumen volym visits visitors sessions users clicks views pageviews "
        "impressions likes comments shares calls tickets customers guests downloads signups leads "
        "footfall traffic requests hits besuche besucher sitzungen nutzer kunden klicks aufrufe anrufe "
        "visitas visitantes sesiones usuarios clientes sessoes visites visiteurs utilisateurs clients "
        "appels visite visitatori sessioni utenti clienti bezoeken bezoekers sessies gebruikers klanten "
        "wizyty sesje uzytkownicy klienci odwiedziny визиты посетители клиенты 訪問 来客 客数 访问 방문 出来高 成交量 "
    ),
    LISTED: (
        "cost costs profit margin income cogs kosten gewinn coste costo custo cout beneficio lucro benefice "
        "guadagno winst koszt zysk earnings inventory stock bestand lager inventario existencias estoque "
        "voorraad"
    ),
    MEASURED: (
        "pm aqi ozone pollution flow level occupancy speed duration latency utilization power energy strom leistung"
    ),
    AID: (
        "temp temps temperature temperatur temperatura temperaturen humidity rh wind pressure rain rainfall "
        "rainy precipitation precip snow snowfall cloud clouds cloudiness weather wetter sun sunshine sunny "
        "radiation irradiance dew dewpoint visibility regen niederschlag feuchte luftfeuchtigkeit luftdruck "
        "holiday holidays isholiday promo promos promotion promotions onpromotion discount discounts "
        "markdown deal deals feat feature featured display ad ads advert advertising marketing spend "
        "campaign event events open closed is has flag dummy cpi unemployment fuel inflation gdp interest "
        "rate ratio pct percent "
        "percentage percentuale prozent anteil share bounce conversion index rating "
        "ratings score latitude longitude lat lon lng age size sqft weight distance weekend weekday workday "
        "workingday dayofweek school tax taxes shipping fee fees feiertag feiertage ferien aktion aktionen "
        "rabatt rabatte festivo descuento feriado desconto promocao promocion remise soldes ferie sconto "
        "korting rabat promocja swieto label anomaly outlier праздник скидка акция 気温 湿度 降水 祝日 割引 温度 折扣"
    ),
    DERIVED: (
        "lag lagged prev previous ly py yoy mom wow budget plan planned forecast forecasts forecasted "
        "predicted prediction predictions pred yhat fitted expected estimate estimated estimates lower "
        "upper change chg chng diff difference delta growth cum cumul cumulative ytd std stdev stddev "
        "variance ma rolling moving ema sma prior baseline residual error vorjahr vorwoche vormonat "
        "veraenderung veranderung aenderung anderung prognose previsto variacion variacao variation "
        "variazione zmiana trend seasonal smoothed"
    ),
}
_CLOSE = _WORDS[CLOSE]
_OPEN = "open opening eroffnung eroffn eroeffnung erster apertura ouverture ouv abertura otwarcie 始値 开盘 開盤 시가"
_HIGH = "high hoch hochst hoechst hochstkurs maximo maxima massimo haut max hoog najwyzszy 高値 最高 고가"
_LOW = "low tief tiefst tiefstkurs minimo minima minimo bas min laag najnizszy 安値 最低 저가"
_LAST = "last latest ltp zuletzt letzter ultimo dernier laatste ostatnio senast siste последняя"
_IDS = "id ids number nr num no code codes key sku zip postal plz phone uuid ean upc barcode nummer numero codigo"
_UNITS = "eur usd gbp chf jpy cny inr sek nok dkk pln czk brl mwh kwh gwh mw kw gw pcs stk tsd mio kg t m h"
_COUNTED = "number no nr num count total sum amount volume anzahl nombre numero liczba aantal cantidad numeri"
_LISTS = (
    "unit list sell selling sale sales retail base shelf item product regular einzel stueck stuck verkaufs unitario "
    "unitaire unitario unitaria unitarie venta vente stuk jednostkowa"
)
_BORROWED = "amount value total count sum cost costs price prices level speed duration quantity preis precio prix cena"
_TOTALS = "total totals gesamt all overall sum grand totaal totale"
_LINKS = frozenset(("of", "per", "der", "des", "de", "von", "pro", "par", "por", "di", "da", "do", "d", "du", "van"))
_ARTICLES = frozenset(("the", "les", "la", "el", "los", "las", "l", "i", "in"))
_SPANS = frozenset(("year", "week", "month", "quarter", "day", "yr", "jahr", "woche", "monat", "ano", "annee"))
_TURNOVER = frozenset((("ca",), ("ca", "ht"), ("ca", "ttc"), ("ca", "net")))  # chiffre d'affaires, cut short
_NO_HEADS = frozenset(("account", "discount", "viscount", "forecast", "disclose", "override"))
_CURRENCY = re.compile(r"[$€£¥]|(?<![^\W\d_])(usd|eur|gbp|chf|jpy|cny|inr|dollars?|euros?)(?![^\W\d_])", re.IGNORECASE)
_WIDE = re.compile("[\u0e00-\u0e7f\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")  # written without blanks
_LONG = 5  # letters of a word that may be the end of a longer one: Tagesumsatz, weeklysales
_LETTERS = str.maketrans({"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ı": "i"})


@dataclass(frozen=True)
class NameScore:
    """What a name says.

    Attributes:
        score: How soon the column is what is forecast; ``UNKNOWN`` where the name says nothing.
        word: Of all its words that which says so.
        words: All of them.
        is_listed: A price that is set and stays, such as a unit price.
        is_total: Of several alike it is their sum.
    """

    score: float
    word: str
    words: tuple[str, ...]
    is_listed: bool = False
    is_total: bool = False


@cache
def plain_words(name: str) -> tuple[str, ...]:
    """Returns the words of a name in small letters without accents, units in brackets left out."""
    bare = re.sub(r"[(\[{（].*?[)\]}）]", " ", name)
    text = bare if re.search(r"[^\W\d_]", bare) else name
    text = re.sub(r"(?<![^\W\d_])[kMGT]W(h?)(?![^\W\d_])", lambda match: match[0].lower(), text)
    text = re.sub(r"(?<=[^\W\d_A-Z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text.translate(_LETTERS))
    letters = unicodedata.normalize("NFKD", text.casefold())
    return tuple(re.findall(r"[^\W\d_]+", "".join(sign for sign in letters if not unicodedata.combining(sign))))


@cache
def _table() -> dict[str, float]:
    table: dict[str, float] = {}
    for score, words in _WORDS.items():
        table |= {_plain(word): score for word in words.split() if _plain(word) not in table}
    return table


@cache
def _set(words: str) -> frozenset[str]:
    return frozenset(map(_plain, words.split()))


def _plain(word: str) -> str:
    return "".join(plain_words(word))


@cache
def score_name(name: str) -> NameScore:
    """Returns what the name of a column says of its being what is forecast."""
    words = tuple(word for word in plain_words(name) if word not in _ARTICLES)
    if not words or words in _TURNOVER:
        return NameScore(INCOME if words else UNKNOWN, "".join(words[:1]), words)
    known = [_known(word) for word in words]
    head = _head(words)
    if _is_derived(words):
        return NameScore(DERIVED, "", words)
    if words[head] in _set(_IDS) and len(words) > 1:
        return NameScore(NEVER, words[head], words)
    word, score = known[head]
    is_total = bool(_set(_TOTALS) & set(words))
    if score == EXPLICIT and len(words) > 1:  # actual load, observed sales
        word, score = next(((w, s) for w, s in known if EXPLICIT < s < UNKNOWN), (word, UNKNOWN))
    if score == UNKNOWN:
        word, score = min(known, key=lambda pair: pair[1] if pair[1] != EXPLICIT else UNKNOWN)
        score = score + PART if EXPLICIT < score < UNKNOWN else max(score, UNKNOWN)
        score = MEASURED if word in _set(_TOTALS) else score
        return NameScore(score, word, words, is_total=is_total)
    others = [other for place, (_, other) in enumerate(known) if place != head]
    if word in _set(_BORROWED) and AID in others:  # shipping cost, fuel price
        return NameScore(AID, word, words)
    is_listed = score == PRICE and bool(_set(_LISTS) & {*words, words[head].removesuffix(word)})
    score = INCOME if score == SALES and _CURRENCY.search(name) else _of_compound(score, words, others)
    return NameScore(score + COMPOUND * (len(words) > 1), word, words, is_listed, is_total)


def _is_derived(words: tuple[str, ...]) -> bool:
    """Returns whether a column is made of another: of last year, planned, smoothed."""
    is_plan = len(words) > 1 and bool({"target", "ziel", "objetivo"} & set(words))
    is_last = "last" in words and bool(_SPANS & set(words))
    return is_plan or is_last or any(_known(word)[1] == DERIVED for word in words)


def _of_compound(score: float, words: tuple[str, ...], others: list[float]) -> float:
    """Returns the score of the word at the head of a name with what the other words make of it."""
    if score == TOTAL and len(words) > 1:
        return AMOUNT
    if score == PRICE and (_set(_LAST) & set(words) or CLOSE in others):
        return CLOSE
    if score == PRICE and TOTAL in others:
        return AMOUNT
    is_end = bool({"min", "max", "low", "high", "minimum", "maximum"} & set(words))
    return score + PART * is_end


def role_in_market(name: str) -> str:
    """Returns which of a day's prices a column is by its name: open, high, low, close, last or price; else nothing."""
    words = plain_words(name)
    if not words or any(_known(word)[1] == DERIVED for word in words):
        return ""
    aids = [word for word in words if _known(word)[1] == AID and word not in _set(_OPEN)]
    if aids or _set(_IDS) & set(words):
        return ""
    ends = _ends(words)
    for role, known in (("close", _CLOSE), ("open", _OPEN), ("high", _HIGH), ("low", _LOW), ("last", _LAST)):
        if ends & _set(known):
            return role
    return "price" if any(_known(word)[1] == PRICE for word in words) else ""


def _ends(words: tuple[str, ...]) -> set[str]:
    """Returns the words, and those that a longer one begins with: closeprice, openprice."""
    found = set(words)
    for word in words:
        for role in (_CLOSE, _OPEN, _HIGH, _LOW, _LAST):
            found |= {known for known in _set(role) if _is_inside(known, word)}
    return found


def _is_inside(known: str, word: str) -> bool:
    if _WIDE.search(known):
        return known in word
    rest = word.removeprefix(known) if word.startswith(known) else word.removesuffix(known)
    return rest != word and len(known) > 2 and rest in {"price", "prices", "adj", "preis", "kurs", "value", "px"}


def _head(words: tuple[str, ...]) -> int:
    """Returns the place of the word that a name is of: the last, or that before *of*, unless it only counts."""
    while len(words) > 1 and words[-1] in _set(_UNITS) and any(_known(word)[1] < UNKNOWN for word in words[:-1]):
        words = words[:-1]
    link = next((place for place, word in enumerate(words) if word in _LINKS and place > 0), None)
    if link is None or link == len(words) - 1:
        return len(words) - 1
    if words[link - 1] in _set(_COUNTED) or _known(words[link - 1])[1] == UNKNOWN:
        return len(words) - 1
    return link - 1


def _known(word: str) -> tuple[str, float]:
    """Returns the word of the lists that a word is or ends in, and what that says."""
    table = _table()
    if word in table:
        return word, table[word]
    if word in _NO_HEADS:
        return word, UNKNOWN
    return next(_longer(word, table), (word, UNKNOWN))


def _longer(word: str, table: dict[str, float]) -> Iterator[tuple[str, float]]:
    """Yields the known words that a longer one has at its end or, as German ones, at its beginning."""
    if _WIDE.search(word):
        inside = [known for known in table if _WIDE.search(known) and known in word]
        if inside:
            best = max(inside, key=lambda known: (word.endswith(known), len(known)))
            yield best, table[best]
        return
    ends = [
        known for known in table if len(known) >= _LONG and word.endswith(known) and known not in {"count", "index"}
    ]
    if ends:
        best = max(ends, key=len)
        yield best, table[best]
    for known in ("umsatz", "absatz", "verkauf", "sprzedaz"):
        if word.startswith(known):
            yield known, table[known]


def is_known_word(word: str) -> bool:
    """Returns whether a word, with its accents, is one of those that names of columns have."""
    return _plain(word) in _table()


_LEVELS = (
    "temp temps temperature temperatur temperatura temperaturen humidity feuchte luftfeuchtigkeit rh "
    "pressure luftdruck wind rate ratio pct percent "
    "percentage percentuale prozent anteil share index rating ratings score level levels "
    "occupancy speed aqi pm ozone utilization latency cpi unemployment inflation interest age power stock bestand "
    "inventory lager visibility dewpoint dew mean average avg durchschnitt 気温 湿度 温度"
)


def adds_up(name: str) -> bool | None:
    """Returns whether sums over time of a column mean something by its name; None where that says nothing.

    Those of sales do, those of a temperature or a price don't.
    """
    words = plain_words(name)
    if _set(_LEVELS) & set(words):
        return False
    found = score_name(name)
    if found.word in _set(_WORDS[CLOSE] + " " + _WORDS[PRICE]) and found.score not in {AMOUNT, AMOUNT + COMPOUND}:
        return False
    return True if SALES <= found.score < MEASURED else None
