import base64
import io
import zipfile
import zlib
from datetime import date, datetime, timedelta

import numpy as np
import openpyxl
import pytest
import xlsxwriter
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from forecast.data.files import source as files
from forecast.data.files.free_memory import VARIABLE
from forecast.data.files.source import read_source
from forecast.data.files.workbooks import archive, workbook
from forecast.data.read_options import PriorReading, ReadOptions
from forecast.data.reading.reader import read_panel
from forecast.errors import DataError, DependencyError, QuestionError, UsageError

DAYS = [date(2024, 1, 1) + timedelta(days) for days in range(30)]
ROWS = [("Date", "Sales"), *((day, 10 + i * 1.5) for i, day in enumerate(DAYS))]
CSV = b"Date,Sales\n" + b"".join(b"%s,%g\n" % (str(day).encode(), value) for day, value in ROWS[1:])
XLS = (
    r"c-rmQTSyd97zglg_P(oo({<I|+(gRKE>J-QWm}R7K~nipSWuQ5gk`b$VnJEvOA!P?(B-A5hY0NQ&_ye{5mAw0P+$~V&_hB{R79!McmBI)Qagb{"
    r"1;&2MoH={ucfL6~GiPS!NxQ%6#D!2d4T*VVrheT?wgGJ#FHZTzN4#CvMOCgHyy&SIRpE5-fwWnv&HczOj-fc--DINkmRnpBz2;>#ZKaAWb+P<^"
    r"7^N6PwI;?;!lg#Xxy3`d7*z(!^(Zq@o`bxGaz0uPpe$kArBzXTw4!)+@+@9yD!?`miM*H5rxPvHD2wikvv}7*En%&+AilAB(<s{zv82-};saV9"
    r"tBb|OcQ2hL7f}Ppl+Bx`)YNoQfDiU5`mE;@eUex8&HPmRzirou+rJKOxBsTy!3S|@`yrEssFC!wxJa7GO}bfZu~KFArr5S#%Ep;37KRI}>tj|*"
    r"Y;uX|9GAau(B<#OWs%Nh4S7-bqq~py-+Sgm$C7nRqifL8h$%mDV;C>SK|1XgJ-D+6TgIXkwix9klzWghjCu%VfXB=0!lhZs%AzKiz1UjF`<a1w"
    r"8l5npK9TFqJ<F~{n%_i=xZYCUy*<$KJbHo(_(oO3{l%w=CTo+mqenzsjmou_oJ3xt%>89TahQC`vFpjZpO^Z?CB)%JnfNCDJ6h6fL;Q8#hlc6u"
    r";vEyaVt64<3YnPLE<t|xOKDa}Gh{2|Oe3d7AuW(MAkPM+v?`<(@-}3tk<+G-HpqLBtHM&+719p*0J6f!=}<@q<YUORd?}p@>4fZntTJ-C6w(Fx"
    r"46<#UlxYf?2H6R@!N{4ekm-=GAZv@HbStDA@-<}K$mvl?59C|O@Kh<i3h9M>2f5S8=~GA_<a@}6)1~w)q#yDl<US*3hC*gQeu3OEOUg`z%!K>~"
    r"dDzGqP{;seKjfsjQf4V+R^qmQSICn_&Y(gDA#IQ^=1ZBaklBzf$QC1KjzZ=@dLZ|gNtvsVxsVx<twzp}LWUrNkaHGG8CJ+JWC-$}k#mefj)9Co"
    r"_Ebojr;vG&1&|#^&WJ)rAPXUnRSG%J#PgJxuJ}>wXSgU8sYpdCQZZ^mOFo{P6Tc7e7$_d_?8)~!eZ2IiUX%Q{v7EN>r=EXQmQfwA<J2&s^Cw7F"
    r"P3F>u*+;%F6tRN$9;aGbhjG-7`26KZLT%vRGwhDOKX(a@bpQP$8RuW#{|}gkN8A"
)
"""A workbook of Excel 97 with the same rows."""
XLSB = (
    r"c-oCt2{>E%77uEzC6!nPHMBaU)K-+*8l`9u+gQ3#B$n7hw9;a1QPo<4vBut7%2=zG+M0-6M|Go?+N&x<6fJ6*(D$Co%$xU;@BiI<?sw1ce&?Lu"
    r"@0?=_V>$!|003;XBMwj_9UEX}1OUv~0RTbT6Rd}vzqhYD#ubV5!^rJj6l5LUydvH};UFlOmAXTzsdf#`6SK^fW!KSBBA!zcGSas+)zag+-KUTa"
    r"APRF3omLYmqxY>1ZiQl3gg+48o<S}tH>Y@f-g22elWD9nx^<1(*1K6GQNgwv+4H5Nz?ReQbrvz#Ejxck0oL)=TuXU5Uw5^^sSftRpe4P{J?o^M"
    r"+<;_wP&n&xmM+y1L(PYd>;i7Bi)FEqp_IbGI%QzvFs^;`wfxit5p@F}zsDKU$@h;`+X%qgGuJSs6Ag6(ms;c2!SAaljflk#KW<wE)vv=Yd)l=S"
    r"_3l|UmQmjUn~gLUE>5fin{^sVO{A~q*N#vAyucS*GhIT~ud~MfR3Bi}*bber^8M{dIi{RiHtm(UCdC?|-nE2N)y4}g8ZKn<wsb)!>Zh?6G&K56"
    r"Z`%8Q$ygI)jhJd49~9I2y@_<XYxM9WNCfP4LO)V<N7J=Yy8ba)QcY^aFgAreHTEkhAYnFZ?0pXPif^r9;N5W2*Mwnfa-o`(NZL5oc$51JN1sHW"
    r"X7)r5TDm^qd|+}osUczb)a24u4q8&JCTeWPZbGvQ)3@kjij}PofCa|xA^4N0?p>L%0g9-ThexC}5;evuv$;&933@VLcV4$(0=KOK+sI98xr;2b"
    r"ZZF8TPo4;WtOE75J+Kd7zEqSQ{%9v8hlgv{xwUxa$15cL@D|hmkOu<&<?7%Pm9Lg&9c2Ijj{k)`_P$7u?<pj^YkT$)O<LtSS;p1jN7hY7eb0d|"
    r"sYEfEm%9dp;Ojhfo%DThL$&r^^5bj68`?b`%gI*DdV2ROB68=6zyS7mm%{@+!&3~=RvpAr62d_;VtH<2&7`EH^ggT?B}76wJXCHGE4G(X`$Ga$"
    r"`%L0Q{g7jtg8I&!GpVpSxc$@15c{GZ!Xp%KGxQ?+R#@Tv0%mEb*%P@&7ArfIb*1I;SKsP$S1b1<r4>iSElxat3>aLP8nrGIJ{Wg%c!n$YZrrpZ"
    r"`j@zAp*r~9H1t9sv3qg9Ot=PMWCn(^6eubH00)sW7mUjlY1zXv0RSM{)63_*z5I|~e)g6((MZfyS*)i=QX&*i%UHzX=3Oc4SBR+)VBRppZ89@n"
    r"aFUY$?$RmaJk{vWV^cLD=Nu!l^2m!#eKo(9AT2KYJT*x2ug@q+1AmB?J6YQ^v%I0wfDhxXWBkoOwTItORzT8vUPX*uMZFuDW?uIy-6%>K|B2zK"
    r"b&b{={F;#e*^sxb+^cUrZj{CNvtR8tPZ3w6u+&mfi8jicT7FdzGr$Ak6;3m}Iu%KwWMmLJq8QTJp7XQiv7g#l?vxf2bz6KZDm!_{!CUHLdHLFG"
    r"+OwTn&ZZQKvZYn1i7lG5KPeWZ6~oiGWy2>WDqav!WLqFyG8Q=E-8kkS9`nFxl+0G@pSVENEhQz5eFwm~HCoR|FceJwTp%Dsz?r+p7ff@<_V@B0"
    r"<A*~&m8bG=jShnRc6|6352iR|eyzWfW}T#^`7rJJjh1_4jOinChwYNF0baQx%f!<z$Rgl0`T7G>uh}(*AtZsrdodQJf%O>Lalia#S?Mn8#<ess"
    r"*p{2I3+?pK0^KAspbivAp;kI^9Q>T7)+L{!@5e$wx8}nP*qE7vqP^sh@|q@R5fr?6AyRuT_2QUe;j<j|UkMsx7k9j#3Y;{FVGKrb08`o~v{h?M"
    r"m9f__+4#x0qxK-fH_fd@*F<L$x6n?aRfH4xIl=WM$5qCIk$pJZD`iQGN{H6KdG=}O=<V&k%e$*)nlL6PFzC?*=@Zt5K(Kb-$<%xPhOcyV*=^Xu"
    r"_@Owo0>mWDl~?>2X`NxnO){@Q;Bs)(&N(RF?{ir5=rWTc)p@L!()>14lMk10Arg`obrR?PW{va7+)K2AaW*k#g`1#*0BMGmsgm4#jODM8WmL>M"
    r"M3p}x=8Mpt;{ai5<-L%8Eslaqj-x7!6+lr*lWogFw#co!gG7GRE5A;jxzkj<4mS*O+Mvol%PhG!Kh9UpH%_DLsx1E<FdU`XG5ttY@u<?-XYKW="
    r"(hxg{k<Hlw{lNabTQC-7w^b%M1J#R(S@ZFa?sjal%>IhS$G7qX%~}<^J<9d#+o6`vY|0MFad>lhBDdg5Rn`$*o1NZZ$-9B5r-@uyrAuyFX?@}w"
    r"mc^+@G5znwr;bB|76X2u4s}a(lV@8ymM^+px9b?L<0INcYv0j_Aw*olybl&YUS4g?omPO;H1%?QD*(ptrUw$UoBn)rnA~|Y;PyfjXhEkg#z00_"
    r"q6qiqKJQ`aJlF%nQw?T(=~9LkybT+yR-2&(?s28TdFtMtG6rnofta!jdSHdb)2Cg2KNE*}PZ_KORx;ppn5)gbn=y<Ih|Xe*=|fK{j6~18Gj%y)"
    r"eEoS!80g5oJE6_IGd1ZlFN=h*kA)$H@^O3*;&qeFL-}K?1-=%DR@4&1Mx!^A?}?c(cWg70%(&1$ZK}E?gduJO=b)8Bc3dFrzi-a-#G0@9n{8xX"
    r"m#tfEjcgp6%wip3FViJw1ZAwbe1yEh%1l9iS$bM*^`gif`nKHJP9-F;dCLNoFLqnqQo460y-g@GULo9ehP8-I^ynWPaPF+k)Jq!)7+r}dTU`;g"
    r"$yezU7k%*a(Q$&7(G6VAy{~f$<}Oc0_Bb4J!umWvm2tLPc42fIwNbY&a2V&(!XAV+^XYGOEo2^CMvv<$J$a^-;(T~$2yV-*NeSq!a-ZTlSQTxS"
    r"B#{xCb%rJjp>I|Brupy1v8Vsi_`P9tdokc{r+@kl1Ge0P1|x%p*d>6t55d)ww@vhUtt6uopOQGYy6uhW#T{@h;fou%JhiJMC+8swC}>oz#mSMy"
    r"6L;o|*q!SYx1t&NdJQV(to{(ye};_AfJ<;l;2AqIL?1{@p<h_G;c^>S6yWJF0&7~e+DC?&CuNHWJH>GUOUiFyjgPqQv}RDXse@nMjjN=;#D&Ts"
    r"I%`worh)b6u8ZRNGV~?1VHQnmfT{+mN6iJCOB%^z8ic^r;I=V4<#%(@pQA8pt1leYwv%lif9hyz;4wY0=6y9LK%{7Qva|#K7gJpwe31wXKVLU5"
    r"mp#G~`Z|f^r%wSSQX{9#x$X$@_*|TL5;QeCl&_PE#TOGY;&_`mnv*uc7#P7!|9yr0_b-G2@DB^+_b7k2OYEa)GX7ti1wA1BklqJWX8K<vn;wgP"
    r"Oz&d_GyUz*rU#%OLi+%dhYpM+dPn*mzwg+{{FjbT?@ZsHzRM{qUALllr5Dk@>r1wOk`z5T=!v(FGt2(>G&F@Vv+TaXPW#)_z7FNswf+PV)+#U"
)
"""One of Excel's binary ones."""


def unpacked(text):
    return zlib.decompress(base64.b85decode(text))


def book(sheets, path=None, *, epoch=None, change=None):
    """Returns the bytes of a workbook with a sheet for each list of rows."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    if epoch:
        made.epoch = epoch
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    if change:
        change(made)
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def ods(rows, more=""):
    """Returns the bytes of a workbook of LibreOffice, as short as it may be."""
    kinds = {
        str: 'office:value-type="string"><text:p>{0}</text:p>',
        float: 'office:value-type="float" office:value="{0}">',
    }
    kinds[date] = 'office:value-type="date" office:date-value="{0}">'
    cells = [[f"<table:table-cell {kinds[type(c)].format(c)}</table:table-cell>" for c in row] for row in rows]
    lines = "".join(f"<table:table-row>{''.join(row)}</table:table-row>" for row in cells)
    margin = '<table:table-cell table:number-columns-repeated="16384"/>'
    margin = f'<table:table-row table:number-rows-repeated="1048000">{margin}</table:table-row>'
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    body = f'<table:table table:name="Sales">{lines}{more}{margin}</table:table>'
    content = (
        f"<office:document-content {names}><office:body><office:spreadsheet>{body}</office:spreadsheet></office:body>"
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        file.writestr("content.xml", f'<?xml version="1.0" encoding="UTF-8"?>{content}</office:document-content>')
        file.writestr("META-INF/manifest.xml", "<manifest/>")
    return buffer.getvalue()


def read(tmp_path, data, name="sales.xlsx", **options):
    (tmp_path / name).write_bytes(data)
    return read_panel(tmp_path / name, ReadOptions(**options))


@pytest.mark.parametrize(
    ("kind", "name"), [("xlsx", "a.xlsx"), ("xls", "a.xls"), ("xlsb", "a.xlsb"), ("ods", "a.csv"), ("xls", "a")]
)
def test_a_workbook_is_read_as_the_csv_of_its_rows_whatever_it_is_called(tmp_path, kind, name):
    data = {"xlsx": lambda: book({"Sales": ROWS}), "xls": lambda: unpacked(XLS), "xlsb": lambda: unpacked(XLSB)}
    found = read(tmp_path, data.get(kind, lambda: ods(ROWS))(), name)
    wanted = read(tmp_path, CSV, "wanted.csv")
    assert (found.sheet, found.rows, found.columns) == ("Sales", 30, wanted.columns)
    np.testing.assert_array_equal(found.panel.values, wanted.panel.values)
    np.testing.assert_array_equal(found.panel.timestamps(0), wanted.panel.timestamps(0))


def test_dates_of_1904_with_and_without_their_format_are_the_same_days(tmp_path):
    serials = [("Date", "Sales"), *(((day - date(1904, 1, 1)).days, value) for day, value in ROWS[1:])]
    for rows in (ROWS, serials):
        reading = read(tmp_path, book({"S": rows}, epoch=CALENDAR_MAC_1904))
        assert reading.days == ("2024-01-01", "2024-01-30")


def test_dates_as_numbers_are_days(tmp_path):
    rows = [("Date", "Sales"), *(((day - date(1899, 12, 30)).days, value) for day, value in ROWS[1:])]
    assert read(tmp_path, book({"S": rows})).days == ("2024-01-01", "2024-01-30")


def test_hours_that_were_added_up_are_whole_hours(tmp_path):
    start = datetime(2024, 1, 1)
    rows = [("Time", "Load"), *((start + timedelta(days=1) * (i / 24), i % 7) for i in range(100))]
    reading = read(tmp_path, book({"S": rows}))
    assert (reading.panel.frequency.code, reading.panel.values.size) == ("h", 100)


def styled(made):
    sheet = made["Report"]
    sheet.insert_rows(1, 3)
    sheet["A1"] = "Sales of 2024"
    sheet.merge_cells("A1:D1")
    for row in range(5, 35):
        sheet.cell(row, 1).number_format = "dd.mm.yyyy"
        sheet.cell(row, 2).number_format = '"€"#,##0.00'
        sheet.cell(row, 3).number_format = "0%"
    sheet.column_dimensions["C"].hidden = True
    sheet["B7"], sheet["D8"] = "#N/A", "#DIV/0!"
    sheet.append(("Total", "=SUM(B5:B34)"))
    sheet.append(())
    sheet.append(("Source: ERP",))


def test_a_report_as_people_make_them_is_read_as_its_rows(tmp_path):
    rows = [
        ("Date", "Revenue", "Share", "Promo"),
        *((day, 1000.5 + i, i / 100, i % 2 == 0) for i, day in enumerate(DAYS)),
    ]
    reading = read(tmp_path, book({"Report": rows, "Notes": [("made by", "Anna")]}, change=styled), target=("Revenue",))
    values = reading.panel.values
    assert reading.days == ("2024-01-01", "2024-01-30")
    assert (values[0], values[29], reading.panel.observed.sum()) == (1000.5, 1029.5, 29)  # #N/A has no value
    assert {"title", "comments"} <= {finding.topic for finding in reading.findings}
    assert reading.sheet == "Report"


def test_an_error_names_the_row_of_the_sheet(tmp_path):
    rows = [("Report",), (), *ROWS]
    rows[9] = (rows[9][0], "seven")
    with pytest.raises(DataError, match=r"sales.xlsx row 10: 'seven' in column Sales is not a number"):
        read(tmp_path, book({"S": rows}), target=("Sales",))


def hide_all(made):
    made["Sales"].sheet_state = "hidden"


@pytest.mark.parametrize(
    ("sheets", "change", "found"),
    [
        ({"Cover": [("Report of sales",)], "Data": ROWS, "Empty": []}, None, "Data"),
        ({"Rates": [("Shop", "Rate"), ("a", 1.0), ("b", 2.0), ("c", 3.0)], "Data": ROWS}, None, "Data"),
        ({"Sales": ROWS, "Other": ROWS}, hide_all, "Other"),
        ({"Sales": ROWS, "Cover": [("Report",)]}, hide_all, "Sales"),
        ({"Parameters": [("alpha", 0.1), ("beta", 0.2)], "Data": ROWS}, None, "Data"),
    ],
)
def test_the_sheet_that_holds_the_table_is_found(tmp_path, sheets, change, found):
    assert read(tmp_path, book(sheets, change=change)).sheet == found


def test_of_several_tables_one_is_asked_for(tmp_path):
    data = book({"North": ROWS, "South shops": ROWS, "Notes": [("x",)]})
    with pytest.raises(QuestionError, match=r"sales.xlsx has 2 sheets with a table: North, South shops") as asked:
        read(tmp_path, data)
    assert asked.value.hint == "--sheet North, or --sheet 'South shops'"
    for name in ("South shops", "south shops ", "2"):
        assert read(tmp_path, data, sheet=name).sheet == "South shops"


def test_a_sheet_that_is_not_there_is_named_with_those_that_are(tmp_path):
    with pytest.raises(UsageError, match=r"sales.xlsx has no sheet 'Sale'. Did you mean 'Sales'\?") as error:
        read(tmp_path, book({"Sales": ROWS, "Empty": []}), sheet="Sale")
    assert error.value.hint == "--sheet with one of: Sales, Empty"
    with pytest.raises(DataError, match=r"Sheet Empty of sales.xlsx is empty") as error:
        read(tmp_path, book({"Sales": ROWS, "Empty": []}), sheet="Empty")
    assert error.value.hint == "--sheet Sales"


def test_newer_data_may_have_another_sheet_or_none(tmp_path):
    (tmp_path / "new.xlsx").write_bytes(book({"2025": ROWS}))
    (tmp_path / "new.csv").write_bytes(CSV)
    for name, sheet in (("new.xlsx", "2025"), ("new.csv", None)):
        reading = read_panel(tmp_path / name, ReadOptions(sheet="2024"), prior=PriorReading(is_settled=True))
        assert reading.sheet == reading.settled.sheet == sheet


def test_the_sheet_is_settled(tmp_path):
    assert read(tmp_path, book({"Cover": [("x",)], "Data": ROWS})).settled.sheet == "Data"


@pytest.mark.parametrize("option", ["sheet", "encoding"])
def test_a_flag_that_can_not_apply_is_refused(tmp_path, option):
    (tmp_path / "a.csv").write_bytes(CSV)
    (tmp_path / "a.xlsx").write_bytes(book({"S": ROWS}))
    name = {"sheet": "a.csv", "encoding": "a.xlsx"}[option]
    with pytest.raises(UsageError, match=f"{name} is .*workbook") as error:
        read_source(tmp_path / name, **{option: "cp1252"})
    assert error.value.hint == f"leave out --{option}"


def picture(made):
    from openpyxl.chart import LineChart

    made["Chart"].add_chart(LineChart(), "B2")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (lambda: book({"Chart": []}, change=picture), "holds no table: no cell of its 1 sheet holds anything"),
        (lambda: b"\xd0\xcf\x11\xe0" + bytes(600) + workbook.ENCRYPTED + bytes(600), "is protected by a password"),
        (lambda: b"\xd0\xcf\x11\xe0" + bytes(600), "is a document of Office, but not a workbook"),
        (lambda: unpacked(XLS).replace(workbook.GLOBALS, workbook.GLOBALS + bytes(12) + b"\x2f\0"), "by a password"),
        (lambda: unpacked(XLS)[:2000], "damaged or cut-off workbook|not a workbook"),
        (lambda: book({"S": ROWS})[:-900], "is a damaged or cut-off workbook"),
        (lambda: book({"S": [("Date", "Sales")]}), "has a header but no rows"),
    ],
)
def test_what_holds_no_rows_is_refused_in_a_sentence(tmp_path, data, message):
    with pytest.raises(DataError, match=f"sales.xlsx .*({message})") as error:
        read(tmp_path, data())
    assert error.value.hint


def test_without_the_library_a_workbook_names_what_mends_it(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "python_calamine", None)
    with pytest.raises(DependencyError, match=r"sales.xlsx is a workbook, which python-calamine reads") as error:
        read(tmp_path, book({"S": ROWS}))
    assert error.value.hint == workbook.INSTALL


def test_cells_far_apart_are_refused_before_they_take_the_memory(tmp_path, monkeypatch):
    def far(made):
        made["S"]["XFD1048576"] = 1

    monkeypatch.setenv(VARIABLE, "8GB")
    with pytest.raises(DataError, match="holds cells over 1,048,576 rows and 16,384 columns"):
        read(tmp_path, book({"S": ROWS}, change=far))


@pytest.mark.parametrize(
    "row",
    [
        '<table:table-row table:number-rows-repeated="1000000"><table:table-cell '
        'table:number-columns-repeated="16000" {}',
        '<table:table-row table:number-rows-repeated="1000000"/><table:table-row><table:table-cell '
        'table:number-columns-repeated="16000"/><table:table-cell {}',
    ],
)
def test_a_cell_of_libreoffice_that_stands_for_millions_is_refused(tmp_path, monkeypatch, row):
    monkeypatch.setenv(VARIABLE, "8GB")
    cell = row.format('office:value-type="float" office:value="1"/></table:table-row>')
    with pytest.raises(DataError, match=r"sales.xlsx holds cells over 1,000,0\d\d rows and 16,00\d columns"):
        read(tmp_path, ods(ROWS, cell))


def test_a_binary_sheet_is_believed_where_it_ends(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, "8GB")
    with zipfile.ZipFile(io.BytesIO(unpacked(XLSB))) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    name = next(name for name in parts if name.startswith("xl/worksheets/") and name.endswith(".bin"))
    at = parts[name].index(archive.DIMENSION) + 3
    far = (0).to_bytes(4, "little") + (1_048_575).to_bytes(4, "little") + bytes(4) + (16_383).to_bytes(4, "little")
    parts[name] = parts[name][:at] + far + parts[name][at + 16 :]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, data in parts.items():
            file.writestr(name, data)
    with pytest.raises(DataError, match="holds cells over 1,048,576 rows and 16,384 columns"):
        read(tmp_path, buffer.getvalue())


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
            "an XML spreadsheet of 2003",
        ),
        (b"MIME-Version: 1.0\nX-Document-Type: Workbook\n\nx", "a web archive .MHTML."),
    ],
)
def test_what_programs_export_under_the_name_of_a_workbook_is_told(tmp_path, data, message):
    with pytest.raises(DataError, match=f"export.xls is {message}") as error:
        read(tmp_path, data, "export.xls")
    assert error.value.hint == "open it in Excel or LibreOffice, and save it as .xlsx or CSV"
    assert read(tmp_path, CSV.replace(b",", b"\t").decode().encode("utf-16"), "export.xls").rows == 30


def test_far_cells_that_have_a_format_but_nothing_in_them_do_not_count(tmp_path):
    def far(made):
        made["S"]["XFD1048576"].number_format = "0.00"

    assert read(tmp_path, book({"S": ROWS}, change=far)).rows == 30


def test_a_workbook_that_unpacks_to_far_more_than_it_is_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("forecast.data.files.workbooks.archive.HARMLESS", 1 << 12)
    large = book({"S": [("x",) * 60] * 60})
    monkeypatch.setattr("forecast.data.files.workbooks.archive.BOMB", 5)
    with pytest.raises(DataError, match=r"sales.xlsx unpacks to more than \d+ times its size"):
        read(tmp_path, large)


def test_a_size_that_an_archive_lies_about_is_not_believed(tmp_path, monkeypatch):
    monkeypatch.setattr("forecast.data.files.workbooks.archive.HARMLESS", 1 << 12)
    monkeypatch.setattr("forecast.data.files.workbooks.archive.BOMB", 5)
    honest = book({"S": [("x",) * 60] * 60})
    with zipfile.ZipFile(io.BytesIO(honest)) as file:
        size = file.getinfo("xl/worksheets/sheet1.xml").file_size
    lying = honest.replace(size.to_bytes(4, "little"), (100).to_bytes(4, "little"))
    assert lying != honest
    with pytest.raises(DataError, match="times its size"):
        read(tmp_path, lying)


@pytest.mark.parametrize("packer", ["gzip", "bz2", "zip"])
def test_a_packed_workbook_is_unpacked_first(tmp_path, packer):
    data, buffer = book({"S": ROWS}), io.BytesIO()
    if packer == "zip":
        with zipfile.ZipFile(buffer, "w") as file:
            file.writestr("deep/sales.xlsx", data)
            file.writestr("__MACOSX/deep/._sales.xlsx", b"x")
    else:
        buffer.write(__import__(packer).compress(data))
    assert read(tmp_path, buffer.getvalue(), "sales.zip").sheet == "S"


def test_a_workbook_on_standard_input_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(files.sys, "stdin", io.TextIOWrapper(io.BytesIO(book({"S": ROWS}))))
    assert read_source("-").sheet == "S"


def hidden_book(columns=(), rows=(), is_filtered=False, name="Sales & more"):
    """A workbook of three columns, as XlsxWriter writes it."""
    buffer = io.BytesIO()
    made = xlsxwriter.Workbook(buffer, {"in_memory": True})
    sheet = made.add_worksheet(name)
    sheet.write_row(0, 0, ["Report"])
    sheet.write_row(2, 0, ["Date", "Sales", "Margin"])
    day = made.add_format({"num_format": "yyyy-mm-dd"})
    for i in range(20):
        sheet.write_datetime(3 + i, 0, datetime(2024, 1, 1) + timedelta(i), day)
        sheet.write_row(3 + i, 1, [i, 2 * i])
    for column in columns:
        sheet.set_column(column, column, None, None, {"hidden": True})
    for row in rows:
        sheet.set_row(row, None, None, {"hidden": True})
    if is_filtered:
        sheet.autofilter(2, 0, 22, 2)
    made.close()
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({}, ()),
        ({"columns": [2]}, ("Margin is hidden in the workbook, and read as other columns are",)),
        ({"columns": [1, 2]}, ("Sales, Margin are hidden in the workbook, and read as other columns are",)),
        ({"columns": [3, 9]}, ()),
        ({"rows": [5]}, ("1 row that is hidden in the workbook is read as others are",)),
        ({"rows": [0, 5, 6, 40], "is_filtered": True},
         ("2 rows that are hidden in the workbook by a filter are read as others are",)),
        ({"is_filtered": True}, ()),
    ],
)  # fmt: skip
def test_what_a_workbook_hides_is_read_and_said(tmp_path, how, told):
    (tmp_path / "a.xlsx").write_bytes(hidden_book(**how))
    reading = read_panel(tmp_path / "a.xlsx", ReadOptions(target=("Sales",)))
    assert reading.panel.values.ravel().tolist() == list(range(20))
    assert tuple(each.text for each in reading.findings if each.topic == "hidden") == told
