"""Tables from files: which columns are channels, and one clear error for each that is unusable."""

import gzip
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import gru_lab as lab
from gru_lab.tables.read import read_table


@pytest.fixture
def values(rng):
    return rng.random((40, 3)).round(6)


@pytest.fixture
def frame(values):
    return pd.DataFrame(values, columns=["a", "b", "c"])


def write_npz(frame, path):
    np.savez_compressed(path, values=frame.to_numpy(), rate=np.float64(1.5))


WRITERS = {
    "comma.csv": lambda frame, path: frame.to_csv(path, index=False),
    "semicolon.csv": lambda frame, path: frame.to_csv(path, index=False, sep=";"),
    "pipe.txt": lambda frame, path: frame.to_csv(path, index=False, sep="|"),
    "tab.tsv": lambda frame, path: frame.to_csv(path, index=False, sep="\t"),
    "tab.csv": lambda frame, path: frame.to_csv(path, index=False, sep="\t"),
    "comma.csv.gz": lambda frame, path: frame.to_csv(path, index=False),
    "tab.tsv.gz": lambda frame, path: frame.to_csv(path, index=False, sep="\t"),
    "CAPITALS.CSV": lambda frame, path: frame.to_csv(path, index=False),
    "table.parquet": lambda frame, path: frame.to_parquet(path),
    "array.npy": lambda frame, path: np.save(path, frame.to_numpy()),
    "array.npz": write_npz,
    "sheet.xlsx": lambda frame, path: frame.to_excel(path, index=False),
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_kind_of_file_gives_the_same_values(name, frame, tmp_path):
    path = tmp_path / name
    WRITERS[name](frame, path)
    series = read_table(path)
    np.testing.assert_allclose(series.values, frame.to_numpy(), rtol=1e-12)
    assert series.channels == (
        ("c00", "c01", "c02") if name.startswith("array") else ("a", "b", "c")
    )
    assert series.name == name and series.set_aside == {}
    assert read_table(str(path)).digest == series.digest


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-8-sig", "utf-16"])
def test_text_is_read_in_the_encoding_it_is_in(encoding, tmp_path):
    (tmp_path / "table.csv").write_bytes("größe;a\n1,5;2\n3,5;4\n".encode(encoding))
    series = read_table(tmp_path / "table.csv")
    assert series.channels == ("größe", "a") and series.values.tolist() == [[1.5, 2], [3.5, 4]]


def test_a_data_frame_is_read_like_a_file(frame):
    np.testing.assert_array_equal(read_table(frame).values, frame)


def test_single_precision_stays_single_precision(frame, tmp_path):
    frame.astype(np.float32).to_parquet(tmp_path / "narrow.parquet")
    assert read_table(tmp_path / "narrow.parquet").values.dtype == np.float32


def test_a_one_dimensional_array_is_one_channel(tmp_path):
    np.save(tmp_path / "one.npy", np.arange(30.0))
    assert read_table(tmp_path / "one.npy").values.shape == (30, 1)


class Evil:
    """Unpickling it would make a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_pickled_arrays_are_refused_and_nothing_in_them_is_executed(suffix, tmp_path):
    trace, path = tmp_path / "executed", tmp_path / f"evil.{suffix}"
    array = np.array([[Evil(trace), 1.0]], dtype=object)
    if suffix == "npy":
        np.save(path, array, allow_pickle=True)
    else:
        np.savez(path, values=array)
    with pytest.raises(ValueError, match="evil.* could not be read: .*allow_pickle=False"):
        read_table(path)
    assert not trace.exists()
    np.load(path, allow_pickle=True)["values"] if suffix == "npz" else np.load(
        path, allow_pickle=True
    )
    assert trace.exists()  # so the trap was a real one


TIMES = {
    "stamps": pd.date_range("2024-05-01", periods=40, freq="s"),
    "stamps with a zone": pd.date_range("2024-05-01", periods=40, freq="s", tz="Europe/Berlin"),
}


@pytest.mark.parametrize("times", TIMES.values(), ids=TIMES)
def test_a_time_column_is_told_by_its_type_whatever_its_name(times, frame, tmp_path):
    frame.insert(1, "x", times)
    frame.to_parquet(tmp_path / "timed.parquet")
    series = read_table(tmp_path / "timed.parquet")
    assert series.channels == ("a", "b", "c") and series.set_aside == {"x": "time"}


@pytest.mark.parametrize(
    "name, times",
    [
        ("Timestamp", [f"2022-10-26T08:17:{second:02d}.5Z" for second in range(40)]),
        ("date", pd.date_range("2024-01-01 10:00", periods=40).strftime("%Y-%m-%d %H:%M")),
        ("Zeit", range(1_700_000_000, 1_700_000_400, 10)),
        ("elapsed_time", np.linspace(0, 5, 40)),
    ],
)
def test_a_time_column_is_told_by_its_name_and_content(name, times, frame, tmp_path):
    frame.insert(0, name, times)
    frame.to_csv(tmp_path / "timed.csv", index=False)
    series = read_table(tmp_path / "timed.csv")
    assert series.channels == ("a", "b", "c") and series.set_aside == {name: "time"}


def test_a_measurement_with_time_in_its_name_stays_a_channel(frame):
    frame["response_time"] = np.tile([0.1, 0.3], 20)
    assert "response_time" in read_table(frame).channels


def test_row_numbers_and_text_and_empty_columns_are_set_aside_with_the_reason(frame):
    frame = frame.assign(number=range(7, 47), note="ok", nothing=np.nan, z=1j)
    series = read_table(frame)
    assert series.channels == ("a", "b", "c")
    reasons = {
        "number": "row number",
        "note": "text",
        "nothing": "no values at all",
        "z": "complex numbers",
    }
    assert series.set_aside == reasons


def test_flags_and_whole_numbers_are_channels(frame):
    frame = frame.assign(
        flag=frame["a"] > 0.5, count=np.tile([3, 1], 20), empty=pd.array([1, None] * 20, "Int64")
    )
    series = read_table(frame)
    assert series.channels[3:] == ("flag", "count", "empty")
    assert set(series.values[:, 3]) == {0, 1} and np.isnan(series.values[1, 5])


def test_nan_are_kept_and_refused_only_where_a_complete_series_is_needed(frame, tmp_path):
    frame.loc[3, "b"] = np.nan
    frame.to_csv(tmp_path / "gap.csv", index=False)
    series = read_table(tmp_path / "gap.csv")
    assert np.isnan(series.values[3, 1]) and np.isnan(series.values).sum() == 1
    with pytest.raises(
        ValueError, match=r"gap.csv: .* complete series, but channel 'b' has 1 nan .* row 3"
    ):
        lab.stage("dropout", "tiny", data=tmp_path / "gap.csv")


@pytest.mark.parametrize("header", ["a;b;c;", "a;b;c"])
def test_a_separator_at_the_end_of_each_line_moves_no_column(header, values, tmp_path):
    lines = [";".join(map(str, row)) + ";" for row in values]
    (tmp_path / "trailing.csv").write_text("\n".join([header, *lines]))
    series = read_table(tmp_path / "trailing.csv")
    assert series.channels == ("a", "b", "c")
    np.testing.assert_allclose(series.values, values)


def interleaved(frame):
    """Three runs of 12 to 15 rows, their rows taken in turns; time starts anew in each."""
    rows = sorted(
        (row, run) for run, count in zip("yxz", (15, 12, 13), strict=True) for row in range(count)
    )
    return frame.assign(run=[run for _, run in rows], time=[row for row, _ in rows])


def test_rows_of_one_run_are_brought_together_and_no_window_crosses(frame):
    frame = interleaved(frame)
    series = read_table(frame, split_by="run")
    assert series.channels == ("a", "b", "c")
    assert series.set_aside == {"run": "tells 3 runs apart", "time": "time"}
    pieces = [frame[frame["run"] == run] for run in frame["run"].unique()]
    np.testing.assert_array_equal(series.values, pd.concat(pieces)[["a", "b", "c"]])
    assert series.starts == (0, *np.cumsum([len(piece) for piece in pieces])[:-1])
    whole = [piece[["a", "b", "c"]].to_numpy()[: len(piece) // 5 * 5] for piece in pieces]
    np.testing.assert_array_equal(series.windows(5), np.concatenate(whole).reshape(-1, 5, 3))


@pytest.mark.parametrize("number", ["of the table", "of the run"])
def test_row_numbers_are_told_in_interleaved_runs_too(number, frame):
    frame = interleaved(frame).rename(columns={"time": "number"})
    if number == "of the table":
        frame["number"] = range(100, 140)
    series = read_table(frame, split_by="run")
    assert series.channels == ("a", "b", "c") and series.set_aside["number"] == "row number"


def test_rows_without_a_label_are_a_run_of_their_own(frame):
    frame["run"] = ["one"] * 15 + [None] * 25
    series = read_table(frame, split_by="run")
    assert series.starts == (0, 15)


def test_an_unknown_run_label_lists_the_columns_and_the_nearest(frame):
    with pytest.raises(
        ValueError, match="split_by must be one of a, b, c, machine, not 'machin'. Did you mean"
    ):
        read_table(frame.assign(machine="m"), split_by="machin")


@pytest.mark.parametrize("name", ["absent.csv", "absent.xyz", "."])
def test_a_file_that_is_not_there_is_named(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="data must be a file that exists, not '"):
        read_table(name)


def test_a_folder_is_called_a_folder(tmp_path):
    with pytest.raises(ValueError, match=r"data must be a file that exists, not .* \(a folder\)"):
        read_table(tmp_path)


def test_an_unknown_suffix_lists_the_known_ones(tmp_path):
    (tmp_path / "table.pkl").write_bytes(b"")
    with pytest.raises(
        ValueError, match="data must be one of .csv, .*.parquet.*.npz.*, not 'table.pkl'"
    ):
        read_table(tmp_path / "table.pkl")


UNUSABLE = {
    "empty.csv": ("", "could not be read"),
    "blank.csv": ("\n\n", "could not be read"),
    "header.csv": ("a,b\n", "must have rows, and it has none"),
    "text.csv": (
        "note,word\nx,y\nz,w\n",
        r"at least one numeric channel; it has only 'note' \(text\)",
    ),
    "infinite.csv": (
        "a,b\n1,2\n3,inf\n",
        "must be finite, but channel 'b' has 1 inf values, the first in row 1",
    ),
    "binary.csv": (b"a,b\n1,\x00\n", "holds binary data"),
    "short.csv": ("a,b\n" + "1,2.5\n3,4.5\n" * 4, "give a longer series"),
    "empty.npy": (b"", "could not be read"),
    "empty.npz": (b"", "could not be read"),
    "empty.xlsx": (b"", "could not be read"),
    "empty.parquet": (b"", "could not be read"),
    "empty.csv.gz": (b"", "could not be read"),
    "plain.csv.gz": (b"a,b\n1,2\n", "could not be read"),
    "header.csv.gz": (gzip.compress(b"a,b\n"), "must have rows"),
    "other.xlsx": (b"PK\x03\x04 not a workbook", "could not be read"),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_an_unusable_table_is_one_error_that_names_the_file(name, tmp_path):
    content, message = UNUSABLE[name]
    (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(ValueError, match=message) as caught:
        lab.stage("dropout", "tiny", data=tmp_path / name)
    assert name in str(caught.value)


def test_arrays_of_other_shapes_are_refused(tmp_path):
    np.save(tmp_path / "cube.npy", np.zeros((2, 3, 4)))
    with pytest.raises(ValueError, match=r"\(rows, channels\), not \(2, 3, 4\)"):
        read_table(tmp_path / "cube.npy")
    np.savez(tmp_path / "two.npz", one=np.zeros((4, 2)), other=np.zeros((4, 2)))
    with pytest.raises(
        ValueError, match=r"exactly one array .* holds one \(4, 2\), other \(4, 2\)"
    ):
        read_table(tmp_path / "two.npz")


def test_columns_of_the_same_name_are_refused():
    with pytest.raises(ValueError, match="different names, and 'a' is there twice; rename one"):
        read_table(pd.DataFrame(np.zeros((4, 2)), columns=["a", "a"]))


@pytest.mark.parametrize(
    "name", ["comma.csv.gz", "table.parquet", "array.npy", "array.npz", "sheet.xlsx"]
)
def test_a_damaged_file_is_an_error_or_still_a_table_but_never_another_exception(
    name, frame, tmp_path, rng
):
    path = tmp_path / name
    WRITERS[name](frame, path)
    whole = path.read_bytes()
    refused = 0
    for attempt in range(30):
        damaged = bytearray(whole)
        if attempt % 2:
            damaged = damaged[: rng.integers(len(whole) - 1)]
        else:
            damaged[rng.integers(len(whole) // 2)] ^= int(rng.integers(1, 256))
        path.write_bytes(damaged)
        try:
            read_table(path)
        except ValueError as error:
            assert name in str(error)
            refused += 1
    assert refused >= 10


def test_a_zip_that_is_no_workbook_is_an_error(tmp_path):
    with zipfile.ZipFile(tmp_path / "archive.xlsx", "w") as archive:
        archive.writestr("readme.txt", "no workbook")
    with pytest.raises(ValueError, match="archive.xlsx' could not be read"):
        read_table(tmp_path / "archive.xlsx")


def test_the_server_telemetry_is_read_whole_and_in_its_runs(real_table):
    path = real_table("smd_38ch_1min.parquet")
    series = read_table(path, split_by="part")
    raw = pd.read_parquet(path)
    assert series.values.shape == (236_931, 38) and set(series.set_aside) == {"part"}
    assert len(series.starts) == raw["part"].nunique()
    np.testing.assert_array_equal(series.values, raw.drop(columns="part"))
    labels = raw["part"].to_numpy()
    assert all(len(set(labels[part])) == 1 for part in series.parts)
    stage = lab.stage("dropout", "tiny", data=series)
    assert stage.series.values.shape[1] == 38 and len(stage.series.starts) == len(series.starts)


def test_the_robot_arm_is_read_with_its_gaps_and_its_time(real_table):
    series = read_table(real_table("ur3_cobotops_20ch_1s.csv.gz"))
    assert len(series) == 7_409 and series.set_aside["Timestamp"] == "time"
    assert series.set_aside["Num"] == "row number"
    assert np.isnan(series.values).any(axis=1).sum() >= 54
    with pytest.raises(ValueError, match="complete series, but channel 'Current_J0' has"):
        series.require_complete()
