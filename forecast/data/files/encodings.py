"""In which encoding a text is that is no UTF-8: by what its letters would be in each.

    bytes        94 4e 8c 8e 2c 94 84 8f e3
    Shift-JIS    年月,売上          characters that tables are full of
    Windows-1252 ”NŒŽ,”„.ã        signs within words: no

General detectors need a page of text; a table has a header and a few names. So its characters are weighed by how usual
they are in tables of the languages that an encoding is used for.
"""

import codecs
import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import partial

from forecast.data.target_names import is_known_word
from forecast.errors import UsageError, did_you_mean

LABELS = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-32": "UTF-32",
    "cp1252": "Windows-1252",
    "cp1250": "Windows-1250",
    "cp1251": "Windows-1251",
    "cp1253": "Windows-1253",
    "cp1254": "Windows-1254",
    "cp1257": "Windows-1257",
    "iso8859-2": "ISO-8859-2",
    "iso8859-5": "ISO-8859-5",
    "iso8859-7": "ISO-8859-7",
    "koi8-r": "KOI8-R",
    "cp866": "CP866",
    "cp850": "CP850",
    "mac-roman": "Mac Roman",
    "cp932": "Shift-JIS",
    "euc_jp": "EUC-JP",
    "gb18030": "GBK",
    "big5hkscs": "Big5",
    "cp949": "EUC-KR",
}
USUAL = "cp1252"  # taken where nothing tells
CLEARLY = 0.1  # by so much the letters of another must be more usual
SAMPLE_BYTES = 1 << 16
LAST_ALPHABET = "\u2e80"  # from here on signs are words
FEWEST = 3  # letters that make a word of Cyrillic or Greek
ZEROS = 0.2  # share of zero bytes at every other place of UTF-16

JAPANESE = (
    "年月日時分秒売上高数量金額価格単商品名店舗番号顧客地域都道府県市区町村東京大阪名古屋北海福岡神奈川横浜札幌仙台広島本支"
    "合計平均最小前期後値始終出来率予測実績天気温度湿降水雨晴曇雪祝休土曜火木人件回訪注文入在庫仕割引販促種類担当部門会社電力"
    "消費需要発使用円個"
)
SIMPLIFIED = (
    "日期年月时间销售额量数价格单商品产名称门店编号客户地区省市北京上海广州深圳南东西中成都重庆天津合计总平均最大小高低开盘收交涨跌幅"
    "温度湿气雨晴多云节假周一二三四五六城类别型订库存入本利润人次流用电负荷预测实际元个件铺促活动"
)
TRADITIONAL = (
    "日期年月時間銷售額量數價格單商品產名稱門店編號客戶地區縣市台北高雄中南新竹桃園合計總平均最大小開盤收成交漲跌溫度濕氣雨晴節假"
    "週一二三四五六類別型訂庫存入本利潤人次流用電負荷預測實際元個件舖促活動"
)
KOREAN = (
    "날짜일자년월시간매출액판량수금가격단상품제명점포장번호고객지역서울부산대구인천광주전경기합계총평균최소저종거래온도습비맑흐휴공화목토"
    "요주문재입용이익원방력사예측실개건행할유형분류한국남북동중강"
)
CYRILLIC, GREEK = "оеаинтсрвлкмдпу", "αοιετσνηυρπκμλςωάέήίόύώ"
LATIN: Mapping[str, tuple[str, ...]] = {
    "western": ("äöüß", "éèêëàâçùûôîïœ", "áéíóúñü", "ãõçáéíóúâêôà", "àèéìòù", "åäöéæø", "ëïéöü"),
    "central": ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíľĺňóôŕšťúýž", "áéíóöőúüű", "ăâîşţ", "čćđšž", "äöüß"),
    "turkish": ("çğıöşüâî",),
    "baltic": ("ąčęėįšųūž", "āčēģīķļņšūž", "äõöüšž"),
}
MARKS = frozenset("°€£¥§©®«»„“”‘’‚–—…²³%‰№·±×µ¼½¾¿¡№、。・「」（）：％￥　／－")

Rating = Callable[[str], float]


def decoded(data: bytes, asked: str | None = None) -> tuple[str, str] | None:
    """Returns bytes that are no UTF-8 as text, and what their encoding is called; None where they are no text.

    Args:
        data: Without zero bytes, unless they are UTF-16.
        asked: The encoding that somebody asked for.

    Raises:
        UsageError: What was asked for is no encoding.
        UnicodeDecodeError: It is another than that of the bytes.
    """
    if asked is not None:
        name = find_encoding(asked)
        return data.decode(name).removeprefix("\ufeff"), label_of(name)
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return data.decode("utf-32"), "UTF-32"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16"), "UTF-16"
    if b"\0" in data:
        wide = _wide(data)
        return (data.decode(wide), LABELS[wide]) if wide else None
    name = detect(data)
    return data.decode(name, errors="replace"), LABELS[name]


def find_encoding(name: str) -> str:
    """Returns the name by which Python knows an encoding of text.

    Raises:
        UsageError: There is no such.
    """
    try:
        found = codecs.lookup(name.strip())
        "".encode(found.name)
    except (LookupError, ValueError):
        known = [*LABELS.values(), *LABELS]
        hint = "--encoding with one such as utf-8, cp1252, cp1250, cp1251, koi8-r, shift_jis, euc-jp, gbk, big5, euc-kr"
        raise UsageError(f"There is no encoding '{name}'.{did_you_mean(name, known)}", hint) from None
    return found.name


def label_of(name: str) -> str:
    """Returns what people call an encoding."""
    usual = {codecs.lookup(known).name: label for known, label in LABELS.items()}
    more = {"shift_jis": "Shift-JIS", "gbk": "GBK", "gb2312": "GBK", "big5": "Big5", "euc_kr": "EUC-KR"}
    return usual.get(name) or more.get(name) or name.upper()


def detect(data: bytes) -> str:
    """Returns the encoding in which the letters of a text are the most usual; its beginning tells."""
    sample = _sample(data)
    ratings = {name: _rate(sample, name, rate) for name, rate in _RATINGS.items()}
    best = max(ratings, key=lambda name: ratings[name])
    is_clear = ratings[best] > max(ratings[USUAL], 0.0) + CLEARLY
    return best if is_clear and _decodes(data, best) else USUAL


def reads_better(data: bytes, name: str) -> bool:
    """Returns whether a text that could be UTF-8 is rather in another encoding, by its letters in both."""
    if data.isascii():
        return b"\x1b" in data or b"~{" in data  # encodings that write all with ASCII
    sample = _sample(data)
    try:
        other = sample.decode(name)
    except UnicodeDecodeError:
        return False
    return _plausibility(other) > _plausibility(sample.decode(errors="replace"))


def _plausibility(text: str) -> float:
    """Returns how usual the letters of a text are that are not ASCII, about 1 for a text and below 0 for none."""
    return max(rate(text) for rate in _RATINGS.values())


def _sample(data: bytes) -> bytes:
    """Returns the lines that have more than ASCII, as far as they are needed to tell."""
    lines, size = [], 0
    for line in re.finditer(rb"[^\r\n]*[\x80-\xff][^\r\n]*", data):
        lines.append(line[0][:4096] if line.end() - line.start() > 4096 else line[0])
        size += len(lines[-1])
        if size > SAMPLE_BYTES:
            break
    return b"\n".join(lines)


def _decodes(data: bytes, name: str) -> bool:
    try:
        data.decode(name)
    except UnicodeDecodeError:
        return False
    return True


def _rate(sample: bytes, name: str, rate: Rating) -> float:
    try:
        text = sample.decode(name)
    except UnicodeDecodeError as error:
        if len(sample) < SAMPLE_BYTES or error.start < len(sample) - 4096:
            return -9.0
        text = sample[: error.start].decode(name)
    return rate(text)


def _wide(data: bytes) -> str | None:
    """Returns which UTF-16 a text without a mark is in: its ASCII signs have a zero byte each."""
    head = data[: SAMPLE_BYTES & ~1]
    pairs = max(len(head) // 2, 1)
    shares = {"utf-16-be": head[::2].count(0) / pairs, "utf-16-le": head[1::2].count(0) / pairs}
    name = max(shares, key=lambda each: shares[each])
    if shares[name] < ZEROS or min(shares.values()) > 0.01 or len(data) % 2 or not _decodes(data, name):
        return None
    if re.search(r"[\x01-\x08\x0e-\x1f]", head.decode(name, errors="ignore")):  # no text steers a terminal
        return None
    return None if "\0" in head.decode(name, errors="ignore") else name


def _by_words(text: str, letter: Callable[[str], float]) -> float:
    """Returns the mean of what each sign beyond ASCII is worth: less within words and as a misplaced capital.

    Known words raise it a little: they tell where letters alone do not.
    """
    total, count = 0.0, 0
    for place, sign in enumerate(text):
        if sign.isascii():
            continue
        count += 1
        before, after = text[place - 1 : place] if place else "", text[place + 1 : place + 2]
        if sign.isalpha():
            total += _of_letter(sign, before, after, letter)
        elif unicodedata.category(sign)[0] in "CZ" and sign not in "\u00a0\u202f\u3000":
            total -= 3.0
        else:
            total += _of_mark(sign, before, after)
    words = [word for word in re.findall(r"[^\W\d_]+", text) if not word.isascii()]
    known = sum(map(is_known_word, words)) / max(len(words), 1)
    return total / max(count, 1) + 0.3 * known


def _of_letter(sign: str, before: str, after: str, letter: Callable[[str], float]) -> float:
    if sign.isupper() and before.islower():
        return -1.0
    is_alone = not before.isalpha() and not after.isalpha() and sign < LAST_ALPHABET
    return min(letter(sign), 0.3) if is_alone else letter(sign)


def _of_mark(sign: str, before: str, after: str) -> float:
    if before.isalpha() and after.isalpha():
        return -1.0
    if sign in MARKS:
        return 0.3 if before.isalpha() or after.isalpha() else 0.6
    return -0.3 if before.isalpha() or after.isalpha() else 0.0


def _latin(text: str, languages: tuple[str, ...], less: float) -> float:
    text = re.sub("õ(?!e)", "¶", text) if "ãõçáéíóúâêôà" in languages else text
    crowded = bool(re.search(r"[^\W\d_a-zA-Z]{3,}", text))
    return max(_by_words(text, partial(_of_alphabet, own)) for own in languages) - less - 0.5 * crowded


def _of_alphabet(own: str, sign: str) -> float:
    return 1.0 if sign.lower() in own else -0.3


def _script(text: str, first: str, last: str, common: str) -> float:
    def letter(sign: str) -> float:
        if not first <= sign.lower() <= last:
            return -1.0
        return 1.0 if sign.lower() in common else 0.3

    if sum(not sign.isascii() for sign in text) < FEWEST:
        return -1.0
    mixed = re.search(rf"[a-z][{first}-{last}]|[{first}-{last}][a-z]", text, re.IGNORECASE)
    return _by_words(text, letter) - 0.5 * bool(mixed)


def _characters(text: str, common: str, narrow: str) -> float:
    """Rates Chinese, Japanese or Korean; ``narrow`` is an encoding that holds the usual characters only."""

    def letter(sign: str) -> float:
        if sign in common:
            return 1.0
        if "\u3041" <= sign <= "\u30fc":
            return 0.8 if narrow == "euc_jp" else -0.5
        if "\uff66" <= sign <= "\uff9f":
            return 0.3
        if not ("\u4e00" <= sign <= "\u9fff" or "\uac00" <= sign <= "\ud7a3" or "\uff10" <= sign <= "\uff5a"):
            return -0.8
        try:
            lead = sign.encode(narrow)[0]
        except UnicodeEncodeError:
            return -0.5
        return 0.2 if lead <= _USUAL_LEAD[narrow] else -0.4

    torn = len(re.findall(r"[a-z][^\x00-\x7f][a-z]", text))
    return _by_words(text, letter) - 0.5 * bool(torn)


_USUAL_LEAD = {"euc_jp": 0xCF, "gb2312": 0xD7, "big5": 0xC6, "euc_kr": 0xC8}
"""Up to this first byte an encoding has its usual characters: those of the first level."""
_western = partial(_latin, languages=LATIN["western"])
_central = partial(_latin, languages=LATIN["central"], less=0.05)
_cyrillic = partial(_script, first="а", last="ґ", common=CYRILLIC)
_greek = partial(_script, first="ά", last="ώ", common=GREEK)
_RATINGS: dict[str, Rating] = {
    "cp1252": partial(_western, less=0.0),
    "cp1250": _central,
    "iso8859-2": partial(_latin, languages=LATIN["central"], less=0.06),
    "cp1254": partial(_latin, languages=LATIN["turkish"], less=0.05),
    "cp1257": partial(_latin, languages=LATIN["baltic"], less=0.1),
    "mac-roman": partial(_western, less=0.2),
    "cp850": partial(_western, less=0.25),
    "cp1251": _cyrillic,
    "koi8-r": _cyrillic,
    "cp866": _cyrillic,
    "iso8859-5": _cyrillic,
    "cp1253": _greek,
    "iso8859-7": _greek,
    "cp932": partial(_characters, common=JAPANESE, narrow="euc_jp"),
    "euc_jp": partial(_characters, common=JAPANESE, narrow="euc_jp"),
    "gb18030": partial(_characters, common=SIMPLIFIED, narrow="gb2312"),
    "big5hkscs": partial(_characters, common=TRADITIONAL, narrow="big5"),
    "cp949": partial(_characters, common=KOREAN, narrow="euc_kr"),
}
