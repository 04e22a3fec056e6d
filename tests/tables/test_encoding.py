"""Encodings beyond UTF-8: told from a header alone, and the same bytes again."""

import pytest

from gru_lab.repairs.sheet import Sheet
from gru_lab.tables.encoding import encoding_of, unsure_encoding

HEADERS = [
    ("时间,温度,湿度", "gb18030"),
    ("time,温度", "gb18030"),
    ("时间;气压;风速;风向", "gb18030"),
    ("時刻,気温,湿度", "cp932"),
    ("日付,センサー1,センサー2", "cp932"),
    ("時間,溫度,濕度", "big5"),
    ("시간,온도,습도", "cp949"),
    ("čas,teplota,vlhkost,tlak,přetlak", "cp1250"),
    ("Čas;Průtok;Teplota °C", "cp1250"),
    ("dátum,hőmérséklet,légnyomás", "cp1250"),
    ("czas,ciśnienie,wilgotność,źródło", "iso8859_2"),
    ("время,температура,влажность", "cp1251"),
    ("Дата;Давление;Темп. °C", "cp1251"),
    ("время,температура", "koi8_r"),
    ("Zeit,Größe °C,Wärme", "cp1252"),
    ("time,T °C", "cp1252"),
    ("time,PM µg/m³", "cp1252"),
    ("date,température,humidité", "cp1252"),
    ("tid,vindstyrka,nederbörd på 2 m", "cp1252"),
    ("Zeit;Größe;Höhe über Grund", "cp850"),
    ("date,température", "mac_roman"),
    ("χρόνος,θερμοκρασία", "cp1253"),
    ("tarih,sıcaklık,basınç", "cp1254"),
    ("เวลา,อุณหภูมิ", "cp874"),
    ("時刻,気温,湿度", "euc_jp"),
    ("время,температура", "cp866"),
    ("Moment,Głębokość studni,Opór właściwy,Źródło zasilania", "cp852"),
    ("Razítko,Hloubka vrtu,Šířka řečiště,Napětí článku", "cp852"),
    ("Отсчёт,Глубина скважины,Напряжение батареи", "iso8859_5"),
    ("Початок,Глибина свердловини,Напруга батареї", "koi8_u"),
    ("Έναρξη,Βάθος γεώτρησης,Τάση μπαταρίας", "cp737"),
    ("t,T (°C),v (m/s)", "mac_roman"),  # in big5 the sign would take the C with it
    ("זמן,טמפרטורה", "cp1255"),
    ("الوقت,درجة الحرارة", "cp1256"),
]


@pytest.mark.parametrize("header, encoding", HEADERS)
def test_an_encoding_is_told_from_a_header_said_and_kept(header, encoding, tmp_path):
    names = header.replace(";", ",").split(",")
    rows = [",".join(str(row + c) for c in range(len(names))) for row in range(20)]
    rows[5] = rows[5].rpartition(",")[0] + ","
    path, out = tmp_path / "table.csv", tmp_path / "out.csv"
    path.write_bytes("\n".join([",".join(names), *rows]).encode(encoding))
    sheet = Sheet.open(path)
    assert list(sheet.table) == names and f"text, {encoding}," in sheet.file.about
    sheet.write(out, sheet.table.fillna(7.0), sheet.holes)
    rows[5] += "7"
    assert out.read_bytes() == "\n".join([",".join(names), *rows]).encode(encoding)


@pytest.mark.parametrize(
    "header, encoding, other",
    [("vítr,tlak,čas", "cp1250", "cp1257"), ("laikas,temperatūra,drėgmė", "cp1257", "cp1252")],
)
def test_words_that_two_encodings_read_alike_well_are_refused_with_both(
    header, encoding, other, tmp_path
):
    path = tmp_path / "table.csv"
    path.write_bytes("\n".join([header, *["1,2,3"] * 20]).encode(encoding))
    (doubt,) = Sheet.open(path).doubts
    word = next(word for word in header.split(",") if not word.isascii())
    assert f"{encoding} gives {word!r}" in doubt and f"--encoding {other}" in doubt
    settled = Sheet.open(path, encoding=encoding)
    assert settled.doubts == [] and list(settled.table) == header.split(",")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_byte_order_mark_is_seen(encoding):
    assert encoding_of("time,T\n1,2\n3,4\n5,6\n".encode(encoding)) == encoding


def test_an_encoding_that_is_asked_for_is_taken_if_it_gives_the_same_bytes(tmp_path):
    raw = "t,T °C\n1,\n2,3\n".encode("cp1252")
    (tmp_path / "a.csv").write_bytes(raw)
    sheet = Sheet.open(tmp_path / "a.csv", encoding="cp1250")
    assert "text, cp1250," in sheet.file.about and sheet.file.rebuilt({}) == raw
    for wrong in ("utf-8", "utf-8-sig", "no such one", "rot13"):
        with pytest.raises(ValueError, match=f"encoding must be the file's own.*'{wrong}'"):
            Sheet.open(tmp_path / "a.csv", encoding=wrong)
    (tmp_path / "a.npy").write_bytes(b"")
    with pytest.raises(ValueError, match="encoding must be left out for 'a.npy'"):
        Sheet.open(tmp_path / "a.npy", encoding="utf-8")


def test_bytes_that_are_no_text_in_any_encoding_still_come_back_and_are_named():
    raw = bytes(range(1, 256)) * 3
    assert raw.decode(encoding_of(raw)).encode(encoding_of(raw)) == raw
    assert "latin-1; say which by --encoding NAME" in unsure_encoding(raw, "latin-1")[0]
