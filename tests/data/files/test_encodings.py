import pytest

from forecast.data.files.encodings import decoded, detect, find_encoding, label_of, reads_better
from forecast.data.files.source import read_source
from forecast.data.reading.reader import ReadOptions, read_panel
from forecast.errors import DataError, UsageError

SMALL = [
    ("shift_jis", "年月,売上\n2015年1月,100\n2015年2月,101\n2015年3月,102\n"),
    ("euc_jp", "年月,売上\n2015年1月,100\n2015年2月,101\n2015年3月,102\n"),
    ("gbk", "日期,销售额\n2015-01-01,100\n2015-01-02,100\n"),
    ("big5", "日期,銷售額,地區\n2015-01-01,100,台北\n2015-01-02,100,高雄\n"),
    ("euc_kr", "날짜,매출\n2015-01-01,100\n2015-01-02,100\n"),
    ("cp1251", "Дата,Продажи\n2015-01-01,100\n2015-01-02,100\n"),
    ("koi8_r", "Дата,Продажи\n2015-01-01,100\n2015-01-02,100\n"),
    ("cp866", "Дата,Продажи\n2015-01-01,100\n2015-01-02,100\n"),
    ("cp1250", "data,sprzedaż,miesiąc\n2015-01-01,100,styczeń\n2015-01-02,100,luty\n"),
    ("iso8859_2", "data,sprzedaż,miesiąc\n2015-01-01,100,styczeń\n2015-01-02,100,luty\n"),
    ("cp1253", "Ημερομηνία,Πωλήσεις\n2015-01-01,100\n2015-01-02,100\n"),
    ("cp1254", "tarih,satış,şehir\n2015-01-01,100,İstanbul\n2015-01-02,100,Muğla\n"),
    ("cp1252", "Datum,Umsätze,Städte\n2015-01-01,100,Köln\n2015-01-02,100,Düsseldorf\n"),
    ("cp1250", "Měsíc,Tržby\n2015-01-01,1\n"),
    ("cp1250", "Ilość,x\n1,1\n"),
    ("cp1250", "Időszak,Érték\n2015,1\n"),
    ("cp1254", "Müşteri,Satış\n"),
    ("cp1254", "tarih,satış\n2015,1\n"),
    ("cp1252", "Größe,x\n"),
    ("cp1252", "Année,Chiffre d’affaires (€)\n"),
    ("cp1252", "Período,Previsão,Produção\n"),
    ("cp1252", "Måned,Omsætning,Beløb\n"),
    ("cp1252", "temp °C,x\n"),
    ("cp1252", "fecha,año\n"),
    ("cp1252", "Préfecture,Été\n"),
    ("mac_roman", "Größe,Umsätze,München\n"),
    ("cp850", "Umsätze,Größe,Köln\n"),
    ("cp1251", "Месяц,Выручка,Город\n2015-01-01,100,Москва\n"),
    ("koi8_r", "месяц,выручка\n"),
    ("cp866", "Месяц,Продажи\n"),
    ("iso8859_5", "Дата,Продажи\n"),
    ("cp1251", "дата;продажи;магазин\n01.02.2020;5;Центр\n"),
    ("cp1251", "ДАТА,ПРОДАЖИ\n"),
    ("cp1253", "Μήνας,Πωλήσεις\n"),
    ("iso8859_7", "Ημερομηνία,Αξία\n"),
    ("cp1253", "ΜΗΝΑΣ,ΠΩΛΗΣΕΙΣ\n"),
    ("cp932", "日付,店舗,売上高\n2020/1/1,東京店,100\n"),
    ("euc_jp", "日付,店舗,売上高\n2020/1/1,東京店,100\n"),
    ("cp932", "日時,気温(℃)\n"),
    ("cp932", "月,ビール販売\n"),
    ("euc_jp", "月,ビール販売\n"),
    ("cp932", "年月,東京\n"),
    ("euc_jp", "年月日,値\n"),
    ("gbk", "时间,门店,销量\n"),
    ("gb18030", "月份,营业额\n"),
    ("gbk", "年月,数量\n"),
    ("big5", "月份,營業額\n"),
    ("big5", "時間,氣溫,降雨量\n"),
    ("euc_kr", "년월,판매량\n"),
    ("euc_kr", "일자,기온,강수량\n"),
    ("cp949", "날짜,상품,매출\n2015,똠방,1\n"),
    ("cp1252", "Température (°C),Débit (m³/s)\n"),
    ("cp1252", "Zürich,£,x\n"),
    ("cp1252", "São Paulo,Ceará,Pará\n"),
    ("cp1250", "Łódź,Kraków,Gdańsk\n"),
    ("cp1252", "Price £,x\n"),
    ("cp1252", "Prix € TTC\n"),
    ("cp932", "ｳﾘｱｹﾞ,年月\n"),
    ("cp932", "店コード,カテゴリ,販売数\n"),
    ("euc_jp", "店コード,カテゴリ,販売数\n"),
    ("gbk", "省份,新增确诊,累计死亡\n湖北,5,2\n"),
    ("gbk", "站点,客流\n西湖,5\n"),
    ("big5", "站名,進站,出站\n西門,5,3\n"),
    ("euc_kr", "역명,승차,하차\n강남,5,3\n"),
    ("cp1251", "Продажба,месец\n"),
    ("cp1251", "Продажі,Дата,Київ\n"),
    ("cp1250", "Prodej,Období,Česká Lípa\n"),
    ("cp1252", "Verkäufe,Straße,Öffnung\n"),
    ("cp1252", "Kävijät,Päivä,Myynti\n"),
    ("cp1252", "Försäljning,År,Månad\n"),
    ("cp1252", "città,quantità\n"),
    ("cp1252", "señal,día,año\n"),
    ("koi8_r", "ДАТА,ПРОДАЖИ\n"),
    ("koi8_r", "Дата;Выручка;Магазин\n01.01.2020;5;Север\n"),
    ("cp1253", "Έτος,Μήνας,Αξία\n"),
    ("cp1254", "Ürün,Şube,Miktar,Fiyat\nAyçiçeği,Kadıköy,5,2\n"),
    ("cp1252", "Größe,Menge\nÜberzieher,5\n"),
    ("mac_roman", "Année,Quantité,Région\n"),
    ("cp850", "Año,Cantidad,Región\n"),
    ("cp1257", "Mėnuo,Pardavimai,Šiauliai\n"),
    ("iso8859_2", "Měsíc,Tržby,šířka\n"),
    ("cp1250", "mesiac,tržby,môže\n"),
    ("cp1250", "lună,vânzări,oraş\n"),
]


@pytest.mark.parametrize(("codec", "text"), SMALL, ids=[f"{codec}-{text[:20].strip()}" for codec, text in SMALL])
def test_small_tables_are_read_in_the_encoding_they_are_in(codec, text):
    assert decoded(text.encode(codec))[0] == text


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_known_without_a_mark(codec):
    text = "日付,売上\n2024-01-01,100\n"
    assert decoded(text.encode(codec)) == (text, "UTF-16")
    assert decoded(b"date,v\n2024-01-01,\0\0\0\n") is None
    assert decoded(text.encode("utf-32")) == (text, "UTF-32")


def test_signs_without_letters_tell_nothing():
    assert detect("temp °C; ½; £".encode("cp1252")) == "cp1252"


@pytest.mark.slow
def test_long_texts_are_told_by_their_beginning():
    text = "Дата,Продажи\n" + "".join(f"2024,{i},Москва\n" for i in range(30_000))
    assert decoded(text.encode("cp1251")) == (text, "Windows-1251")


@pytest.mark.parametrize(
    ("name", "label"), [("cp1251", "Windows-1251"), ("SJIS", "Shift-JIS"), ("gb2312", "GBK"), ("latin-1", "ISO8859-1")]
)
def test_encodings_go_by_all_their_names(name, label):
    assert label_of(find_encoding(name)) == label


@pytest.mark.parametrize("name", ["klingon", "base64", "", "rot13"])
def test_what_is_no_encoding_is_refused(name):
    with pytest.raises(UsageError, match="There is no encoding"):
        find_encoding(name)


def test_what_is_asked_for_goes_before_what_is_likely(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("Größe,x\n1,2\n".encode("cp1252"))
    assert read_source(path).encoding == "Windows-1252"
    asked = read_source(path, "cp1250")
    assert (asked.encoding, asked.data.decode()) == ("Windows-1250", "Größe,x\n1,2\n")
    with pytest.raises(DataError, match=r"a\.csv is not in EUC-JP: line 1 can't be read\.") as error:
        read_source(path, "euc-jp")
    assert error.value.hint == "leave out --encoding, or name another"


def test_newer_data_that_was_saved_as_utf_8_is_read_as_that(tmp_path):
    path = tmp_path / "a.csv"
    for text, encoding in (("Дата,Продажи\n", "UTF-8"), ("\ufeffDate,Sales\n", "UTF-8"), ("date,sales\n", "UTF-8")):
        path.write_bytes(text.encode())
        assert read_source(path, "cp1251").encoding == encoding
    assert reads_better("联通".encode("gbk"), "gbk")  # also valid as UTF-8, by accident


def test_a_version_keeps_the_encoding_that_was_asked_for(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("\n".join(["dzień,Łódź", *(f"2024-01-{i:02},{i * i % 7}" for i in range(1, 29))]).encode("cp1250"))
    reading = read_panel(path, ReadOptions(encoding="cp1250"))
    assert (reading.columns.target, reading.encoding) == (("Łódź",), "Windows-1250")
    assert reading.settled.encoding == "cp1250"
