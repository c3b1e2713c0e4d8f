"""Which column is forecast: headers as shops, markets, grids and web pages have them, each with values of its kind."""

import numpy as np
import pytest

from forecast.data.columns.target import choose_target
from forecast.data.files.source import Source
from forecast.data.files.table import Table
from forecast.data.target_names import plain_words
from forecast.errors import QuestionError

ROWS = 120
RNG = np.random.default_rng(7)
VALUES = {
    "n": lambda: RNG.poisson(80, ROWS),  # counts, amounts, measurements
    "m": lambda: np.round(100 + RNG.standard_normal(ROWS).cumsum(), 2),  # prices of a market
    "a": lambda: np.round(RNG.uniform(2, 4, ROWS), 4),  # average prices, and all else that is noise
    "l": lambda: np.round(np.repeat(RNG.choice([1.99, 2.49, 2.99], ROWS // 6), 6), 2),  # set prices
    "f": lambda: RNG.integers(0, 2, ROWS),
    "c": lambda: np.full(ROWS, 7),
    "i": lambda: np.arange(1, ROWS + 1),
    "t": lambda: RNG.choice(list("abc"), ROWS),
}


def table_of(columns):
    """Returns a table of ``name=kind | name=kind``, the kinds as in VALUES."""
    pairs = [column.rsplit("=", 1) for column in columns.split(" | ")]
    cells = [VALUES[kind]().tolist() for _, kind in pairs]
    quoted = ",".join(f'"{name}"' for name, _ in pairs)
    text = "\n".join([quoted, *(",".join(map(str, row)) for row in zip(*cells, strict=True))])
    return Table(Source("x.csv", "x", None, text.encode(), "", "UTF-8"))


def target_of(columns):
    """Returns the target, or those between which nobody but the person can choose."""
    try:
        return choose_target(table_of(columns), [])[0]
    except QuestionError as error:
        return set(error.answers)


MARKETS = [
    ("Close/Last=m | Volume=n | Open=m | High=m | Low=m", "Close/Last"),
    ("Open=m | High=m | Low=m | Close*=m | Adj Close**=m | Volume=n", "Close*"),
    ("Open=m | High=m | Low=m | Closing Price=m | Volume=n", "Closing Price"),
    ("volume=n | last_price=m | open=m | high=m | low=m", "last_price"),
    ("Volume=n | Price (USD)=m | Open=m | High=m | Low=m", "Price (USD)"),
    ("Price=m | Open=m | High=m | Low=m | Vol.=n | Change %=a", "Price"),
    ("Adj Close=m | Close=m | High=m | Low=m | Open=m | Volume=n", "Close"),
    ("series=t | OPEN=m | HIGH=m | LOW=m | PREV. CLOSE=m | ltp=m | close=m | vwap=m | VOLUME=n | VALUE=n", "close"),
    ("OPEN=m | HIGH=m | LOW=m | close=m | VALUE=n | No of trades=n", "close"),
    ("Erster=m | Hoch=m | Tief=m | Schlusskurs=m | Stuecke=n | Volumen=n", "Schlusskurs"),
    ("Zuletzt=m | Eröffn.=m | Hoch=m | Tief=m | Vol.=n | +/- %=a", "Zuletzt"),
    ("Dernier=m | Ouv.=m | Plus Haut=m | Plus Bas=m | Vol.=n | Variation %=a", "Dernier"),
    ("Último=m | Apertura=m | Máximo=m | Mínimo=m | Vol.=n | % var.=a", "Último"),
    ("Otwarcie=m | Najwyzszy=m | Najnizszy=m | Zamkniecie=m | Wolumen=n", "Zamkniecie"),
    ("始値=m | 高値=m | 安値=m | 終値=m | 出来高=n", "終値"),
    ("openPrice=m | highPrice=m | lowPrice=m | closePrice=m | tradeCount=n", "closePrice"),
    ("1. open=m | 2. high=m | 3. low=m | 4. close=m | 5. volume=n", "4. close"),
    ("AAPL.Open=m | AAPL.High=m | AAPL.Low=m | AAPL.Close=m | AAPL.Volume=n | AAPL.Adjusted=m", "AAPL.Close"),
    ("Volume BTC=n | Volume USD=n | open=m | high=m | low=m | close=m", "close"),
    ("Open=m | High=m | Low=m | Settle=m | Volume=n | Open Interest=n", "Settle"),
    ("Closing Price=m | Volume=n", "Closing Price"),
    ("last_price=m | volume=n", "last_price"),
    ("volume=n | price_usd=m", "price_usd"),
    ("price=m | market_cap=m | total_volume=n", "price"),
    ("Price=m | Vol.=n | Change %=a", "Price"),
    ("Adj Close=m | Volume=n", "Adj Close"),
    ("Last=m | Change=a | Vol=n", "Last"),
]
SHOPS = [
    ("store=t | brand=t | units=n | price=l | deal=f", "units"),
    ("price=l | units=n", "units"),
    ("units=n | price=a", {"units", "price"}),
    ("price=a | quantity=n | temperature=a", {"quantity", "price"}),
    ("quantity=n | unit_price=a", "quantity"),
    ("UnitPrice=l | Quantity=n | CustomerID=n", "Quantity"),
    ("Store=n | Dept=n | Weekly_Sales=n | IsHoliday=f", "Weekly_Sales"),
    ("Temperature=a | Fuel_Price=a | MarkDown1=a | CPI=a | Unemployment=a | Weekly_Sales=n", "Weekly_Sales"),
    ("Store=n | DayOfWeek=n | Sales=n | Customers=n | Open=f | Promo=f | SchoolHoliday=f", "Sales"),
    ("Customers=n | Sales=n | Open=f", "Sales"),
    ("id=i | store_nbr=n | unit_sales=n | onpromotion=n", "unit_sales"),
    ("id=i | family=t | onpromotion=n | sales=n", "sales"),
    ("item_id=t | sell_price=l | snap_CA=f | sales=n", "sales"),
    ("Unit price=a | Quantity=n | Tax 5%=a | Total=n | cogs=n | gross margin percentage=c | Rating=a", "Total"),
    ("Sales=n | Quantity=n | Discount=a | Profit=n | Shipping Cost=n", "Sales"),
    ("Quantity=n | Quantity_YoY=n | Import=n | Import_YoY=n | Avg_CO2=n | Quantity_Diesel=n", "Quantity"),
    ("units=n | revenue=n", {"units", "revenue"}),
    ("revenue=n | orders=n | sessions=n", {"revenue", "orders"}),
    ("Sales Amount=n | Sales Qty=n", {"Sales Amount", "Sales Qty"}),
    ("Sales ($)=n | Units=n", {"Sales ($)", "Units"}),
    ("sales_usd=n | visitors=n", "sales_usd"),
    ("Gross Sales=n | Discounts=n | Net Sales=n | Total Sales=n", "Total Sales"),
    ("Sales Price=l | Sales Volume=n", "Sales Volume"),
    ("gross_sales=n | net_sales=n", {"gross_sales", "net_sales"}),
    ("online_sales=n | store_sales=n | total_sales=n", "total_sales"),
    ("sales=n | sales_last_year=n | sales_forecast=n | sales_budget=n", "sales"),
    ("sales_lag_1=n | sales_lag_7=n | rolling_mean_7=a | sales=n", "sales"),
    ("sales_target=n | actual_sales=n", "actual_sales"),
    ("AveragePrice=a | Total Volume=n | 4046=n | 4225=n | Total Bags=n", {"AveragePrice", "Total Volume"}),
    ("order_number=i | units_sold=n", "units_sold"),
    ("Number of orders=n | discount_amount=a", "Number of orders"),
    ("discount=a | demand=n | inventory=n", "demand"),
    ("weeklySales=n | isHoliday=f", "weeklySales"),
    ("temp=a | atemp=a | hum=a | windspeed=a | casual=n | registered=n | cnt=n", "cnt"),
    ("passengers=n | flights=n", "passengers"),
    ("confirmed=n | deaths=n | recovered=n", {"confirmed", "deaths", "recovered"}),
    ("births=n | deaths=n", {"births", "deaths"}),
    ("min_price=a | max_price=a | modal_price=a", "modal_price"),
    ("promo=f | footfall=n", "footfall"),
    ("sales=c | returns=n", "returns"),
]
LANGUAGES = [
    ("Filiale=t | Preis=l | Absatz=n", "Absatz"),
    ("Filiale=t | Umsatz=n | Kunden=n", "Umsatz"),
    ("Aktion=f | Tagesumsatz=n", "Tagesumsatz"),
    ("Umsatz=n | Absatz=n", {"Umsatz", "Absatz"}),
    ("Umsatz=n | Menge=n", {"Umsatz", "Menge"}),
    ("Stückpreis=a | Menge=n", "Menge"),
    ("Verkaufspreis=l | Verkaufte Stückzahl=n", "Verkaufte Stückzahl"),
    ("Temperatur=a | Bestellmenge=n", "Bestellmenge"),
    ("Temperatur=a | Stromverbrauch (kWh)=n", "Stromverbrauch (kWh)"),
    ("Vorjahr Umsatz=n | Umsatz (EUR)=n", "Umsatz (EUR)"),
    ("Anzahl Bestellungen=n | Wetter=f", "Anzahl Bestellungen"),
    ("precio=l | ventas=n", "ventas"),
    ("descuento=a | cantidad=n", "cantidad"),
    ("vendas=n | preço=a | feriado=f", "vendas"),
    ("promoção=f | faturamento=n", "faturamento"),
    ("prix=l | quantité=n", "quantité"),
    ("remise=a | Chiffre d'affaires (€)=n", "Chiffre d'affaires (€)"),
    ("prezzo=l | vendite=n", "vendite"),
    ("korting=a | omzet=n", "omzet"),
    ("prijs=l | aantal=n", "aantal"),
    ("cena=l | sprzedaż=n", "sprzedaż"),
    ("Ilość=n | Temperatura=a", "Ilość"),
    ("Цена=l | Продажи=n", "Продажи"),
    ("価格=l | 売上=n | 気温=a", "売上"),
    ("単価=l | 販売数量=n", "販売数量"),
    ("价格=l | 销售额=n", "销售额"),
    ("가격=l | 매출=n", "매출"),
]
OTHERS = [
    ("y=n | price=a", "y"),
    ("things=n | list_price=l", {"things", "list_price"}),
    ("rating=t | price=l | brent=m", "price"),
    ("volume_sold=n | avg_price=m", {"volume_sold", "avg_price"}),
    ("Day-ahead Price=m | Load=n", {"Load", "Day-ahead Price"}),
    ("CA HT=n | Nb clients=n | Panier moyen=a", "CA HT"),
    ("pieces=n | list_price=l", "pieces"),
    ("open=m | high=m | low=m | close=m | y=m", "y"),
    ("feature_1=a | feature_2=a | target=n", "target"),
    ("value=n | label=f", "value"),
    ("value=n | quality=n", "value"),
    ("value=n | quantity=n", {"value", "quantity"}),
    ("load=n | temperature=a | humidity=a", "load"),
    ("temperature=a | load=n | price=a", {"load", "price"}),
    ("Price, EUR/MWh=a | Load, MW=n", {"Load, MW", "Price, EUR/MWh"}),
    ("NSWPrice=a | NSWDemand=n", "NSWDemand"),
    ("Prices=a | Grid load forecast=n | Wind power forecast=n", "Prices"),
    ("actual load=n | forecast load=n", "actual load"),
    ("temperature=a | wind_generation=n", "wind_generation"),
    ("temp=a | kwh=n", "kwh"),
    ("sessions=n | users=n | bounce rate=a", {"sessions", "users"}),
    ("bounce_rate=a | pageviews=n", "pageviews"),
    ("CO(GT)=n | PT08.S1(CO)=n | NMHC(GT)=n | T=a | RH=a | AH=a", "CO(GT)"),
    ("No=i | pm2.5=n | DEWP=a | TEMP=a | PRES=a", "pm2.5"),
    ("temp=a | humidity=a | pm10=n", "pm10"),
    ("meantemp=a | humidity=a | wind_speed=a | meanpressure=a", "meantemp"),
    ("DFF=a | CPIAUCSL=a | Real Fed Funds=a | USRECM=f", "DFF"),
    ("flag=f | ice=n", "ice"),
    ("row=i | a=n | b=n", "a"),
    ("setpoint=c | b=n", "b"),
    ("high=a | low=a | precipitation=a | visitors=n", "visitors"),
    ("temp_max=a | temp_min=a | open=f | sales=n", "sales"),
    ("account=n | discount=a | kiosk_total=n", "kiosk_total"),
]
CASES = [*MARKETS, *SHOPS, *LANGUAGES, *OTHERS]


@pytest.mark.parametrize(("columns", "target"), CASES, ids=[columns for columns, _ in CASES])
def test_what_is_forecast_is_the_column_a_person_would_take_or_a_question(columns, target):
    assert target_of(columns) == target


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Price, EUR/MWh", ("price", "eur", "mwh")),
        ("weeklySales", ("weekly", "sales")),
        ("GDPGrowth_2020", ("gdp", "growth")),
        ("Chiffre d\u2019affaires (\u20ac)", ("chiffre", "d", "affaires")),
        ("Größe", ("grosse",)),
        ("Ilos\u0301c\u0301", ("ilosc",)),
        ("(kWh)", ("kwh",)),
        ("2023", ()),
    ],
)
def test_names_are_compared_without_case_accents_and_units(name, words):
    assert plain_words(name) == words


def test_the_question_names_the_file_the_columns_and_a_flag_for_each():
    with pytest.raises(QuestionError) as error:
        choose_target(table_of("units=n | revenue=n | price=l"), [])
    assert error.value.message == "x.csv has two columns that may be what is to be forecast: 'units' and 'revenue'."
    assert error.value.hint == "--target units, or --target revenue"
    assert (error.value.flag, tuple(error.value.answers)) == ("--target", ("units", "revenue"))
    assert all(shown.endswith(" …") and shown.count(",") == 2 for shown in error.value.answers.values())


def test_a_price_stays_by_series_and_time_not_by_line():
    rng = np.random.default_rng(0)
    weeks = [(week, shop) for week in range(40) for shop in range(30)]
    rows = [f"{1 + shop + (week // 4) / 16},{rng.poisson(50)}" for week, shop in weeks]
    table = Table(Source("x.csv", "x", None, "\n".join(["price,units", *rows]).encode(), "", "UTF-8"))
    order = np.arange(1200).reshape(40, 30).T.ravel()
    with pytest.raises(QuestionError):
        choose_target(table, [])
    assert choose_target(table, [], lambda: order)[0] == "units"


@pytest.mark.parametrize("period", ["Settlement Period", "settlementPeriod", "SETTLEMENT_PERIOD", "Delivery Hour"])
def test_number_of_a_part_of_the_day_is_no_target(period):
    assert target_of(f"{period}=n | load=n") == "load"
