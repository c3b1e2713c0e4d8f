"""The names of months and days of the week in languages that spreadsheets are written in, whole and cut short."""

_SPELLINGS = (  # English, German, French, Spanish, Italian, Portuguese, Dutch; no word is another month elsewhere
    "january jan januar jänner jän janvier janv enero ene gennaio gen janeiro januari",
    "february feb februar février fevrier févr fevr fév febrero febbraio fevereiro fev februari",
    "march mar märz maerz mär mrz mars marzo março marco maart mrt",
    "april apr avril avr abril abr aprile",
    "may mai mayo maggio mag maio mei",
    "june jun juni juin junio giugno giu junho",
    "july jul juli juillet juil julio luglio lug julho",
    "august aug août aout agosto ago augustus",
    "september sept sep septembre septiembre setiembre settembre set setembro",
    "october oct oktober okt octobre octubre ottobre ott outubro out",
    "november nov novembre noviembre novembro",
    "december dec dezember dez décembre decembre déc diciembre dic dicembre dezembro",
)
_EASTERN = (  # Polish, Czech, Russian, Turkish and of the north what is not above
    "styczeń styczen stycznia sty leden ledna январь января янв ocak",
    "luty lutego lut únor února февраль февраля февр фев şubat",
    "marzec marca březen března март марта мар mart marts",
    "kwiecień kwiecien kwietnia kwi duben dubna апрель апреля апр nisan",
    "maj maja květen května май мая mayıs",
    "czerwiec czerwca cze červen června июнь июня июн haziran",
    "lipiec lipca lip červenec července июль июля июл temmuz",
    "sierpień sierpien sierpnia sie srpen srpna август августа авг ağustos augusti",
    "wrzesień wrzesien września wrzesnia wrz září сентябрь сентября сент сен eylül",
    "październik pazdziernik października pazdziernika paź říjen října октябрь октября окт ekim",
    "listopad listopada lis listopadu ноябрь ноября нояб ноя kasım",
    "grudzień grudzien grudnia gru prosinec prosince декабрь декабря дек aralık",
)
MONTH_OF = {
    word: number
    for spellings in (_SPELLINGS, _EASTERN)
    for number, words in enumerate(spellings)
    for word in words.split()
}
"""From a name in lower case to how many months it comes after January."""

_DAYS = (  # of the week, before a date; what they say is not needed
    "monday mon tuesday tues tue wednesday wednes weds wed thursday thurs thur thu friday fri",
    "saturday satur sat sunday sun",
    "montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag mo di mi do fr sa so",
    "lundi mardi mercredi jeudi vendredi samedi dimanche lun mar mer jeu ven sam dim",
    "lunes martes miércoles jueves viernes sábado domingo mié jue vie sáb dom",
    "lunedì martedì mercoledì giovedì venerdì sabato domenica gio sab",
    "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag ma wo vr za zo",
)
WEEKDAY = rf"(?:(?:{'|'.join(sorted({day for days in _DAYS for day in days.split()}, key=len, reverse=True))})[.,]* +)?"
"""A regular expression: the day of the week that may stand before a date."""
