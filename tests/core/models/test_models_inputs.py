"""What `--input` says, what the model says, and the rows that come of both."""

from __future__ import annotations

import errno
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infer_compare.environment import memory
from infer_compare.errors import InputError, StorageFull
from infer_compare.interfaces import TensorSpec
from infer_compare.models import input_rows as module
from infer_compare.models.arrays import typed
from infer_compare.models.fill_text import parse_fill
from infer_compare.models.fills import CONSTANTS, DTYPES, Constant, FromFile, Normal, RandInt, Uniform
from infer_compare.models.given import GivenInput, parse_input
from infer_compare.models.input_plan import InputPlan, row_bytes
from infer_compare.models.input_rows import write_pool
from infer_compare.models.inputs import other_input, resolve_inputs

IMAGE = TensorSpec("image", "float32", ("batch", 3, 8, 8))
IDS = TensorSpec("ids", "int64", ("batch", "seq"))
MASK = TensorSpec("mask", "int64", ("batch", "seq"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "image:f32[batch,3,224,224]=normal(0,1)",
            GivenInput("image", "float32", ("batch", 3, 224, 224), Normal(0, 1)),
        ),
        ("ids:i64[batch,128]=randint(0,30522)", GivenInput("ids", "int64", ("batch", 128), RandInt(0, 30522))),
        ("mask=ones", GivenInput("mask", None, None, CONSTANTS["ones"])),
        ("rate=16000", GivenInput("rate", None, None, Constant(16000))),
        ("scale:f32[]=0.125", GivenInput("scale", "float32", (), Constant(0.125))),
        ("state=zeros", GivenInput("state", None, None, CONSTANTS["zeros"])),
        ("image=uniform(-1, 1)", GivenInput("image", None, None, Uniform(-1, 1))),
        ("image=@images.npz", GivenInput("image", None, None, FromFile(Path("images.npz")))),
        ("image[batch,3,8,8]", GivenInput("image", None, ("batch", 3, 8, 8))),
        ("image:float16", GivenInput("image", "float16")),
        ("input:0[batch,4]", GivenInput("input:0", None, ("batch", 4))),
        ("input:0:f32[batch,4]", GivenInput("input:0", "float32", ("batch", 4))),
        ("a/b.c=@folder/x=1.npz", GivenInput("a/b.c", None, None, FromFile(Path("folder/x=1.npz")))),
        ("x:f32[20,batch,5]", GivenInput("x", "float32", (20, "batch", 5))),
        ("past[batch,2,0,4]", GivenInput("past", None, ("batch", 2, 0, 4))),
        ("rate:i64[]=randint(8000,8001)", GivenInput("rate", "int64", (), RandInt(8000, 8001))),
    ],
)
def test_an_input_is_parsed(text, expected):
    """Everything but the name may be left out."""
    assert parse_input(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not in the form name:dtype"),
        ("[batch]", "not in the form name:dtype"),
        ("x[batch", "not in the form name:dtype"),
        ("x:f33[batch]", "unknown dtype 'f33'"),
        (":f32[batch]", "names no input"),
        ("x[batch,batch]", "two batch axes"),
        ("x[batch,]", "the size ''"),
        ("x[batch,-1]", "the size '-1'"),
        ("x=normal", "is not a fill; write normal"),
        ("x=normal(1)", "needs two numbers"),
        ("x=normal(a,b)", "needs two finite numbers"),
        ("x=normal(0,inf)", "needs two finite numbers"),
        ("x=randint(0,1.5)", "needs two whole numbers"),
        ("x=poisson(1,2)", "is not a fill; write normal"),
        ("x=@", "is not a fill; write normal"),
    ],
)
def test_what_is_no_input_is_refused_in_a_sentence(text, reason):
    """Each mistake has its own."""
    with pytest.raises(InputError) as caught:
        parse_input(text)
    assert reason in str(caught.value)
    assert str(caught.value).endswith(".")


fills = st.one_of(
    st.builds(Normal, st.integers(-5, 5), st.integers(1, 5)),
    st.builds(Uniform, st.integers(-5, 0), st.integers(1, 5)),
    st.builds(RandInt, st.integers(-100, 0), st.integers(1, 10**6)),
    st.sampled_from(list(CONSTANTS.values())),
)


@given(
    st.from_regex(r"[A-Za-z_][A-Za-z0-9_./]{0,10}", fullmatch=True),
    st.sampled_from(sorted(DTYPES.values())),
    st.lists(st.integers(1, 10**4), max_size=4).map(tuple),
    fills,
)
def test_a_plan_reads_back_as_it_is_written(name, dtype, sample, fill):
    """The text of a plan is an `--input` that gives the same plan."""
    plan = InputPlan(name=name, dtype=dtype, sample=sample, fill=fill)
    assert parse_input(str(plan)) == GivenInput(name, dtype, ("batch", *sample), fill)


def test_without_a_word_floats_are_normal_and_integers_are_guessed_with_a_warning():
    """An embedding's range is not in the file."""
    ids = TensorSpec("ids", "int64", ("batch", 5))
    flags = TensorSpec("flags", "bool", ("batch",))
    image, words, switch = resolve_inputs([IMAGE, ids, flags], [], {})
    assert (image.fill, image.sample, image.warning) == (Normal(0, 1), (3, 8, 8), "")
    assert words.fill == RandInt(0, 2)
    assert words.warning.startswith("The range of the integer input 'ids' is not known")
    assert (switch.fill, switch.sample, switch.warning) == (RandInt(0, 2), (), "")


@pytest.mark.parametrize(
    ("name", "dtype", "fill", "warned"),
    [
        ("pixels", "uint8", RandInt(0, 256), False),
        ("levels", "int8", RandInt(-128, 128), False),
        ("attention_mask", "int64", CONSTANTS["ones"], True),
        ("count", "int32", RandInt(0, 2), True),
        ("mask", "bool", RandInt(0, 2), False),
    ],
)
def test_integers_of_which_nothing_is_said_get_what_is_usual_for_their_kind(name, dtype, fill, warned):
    """Bytes come from their whole range; a mask hides nothing."""
    (plan,) = resolve_inputs([TensorSpec(name, dtype, ("batch", 5))], [], {})
    assert plan.fill == fill
    assert bool(plan.warning) == warned


@pytest.mark.parametrize("shape", [(), (1,)])
def test_a_single_integer_without_a_range_is_one(shape):
    """A rate or a length of zero would hide all other inputs."""
    rate, _ = resolve_inputs([TensorSpec("rate", "int64", shape), TensorSpec("x", "float32", ("batch", 4))], [], {})
    assert rate.fill == CONSTANTS["ones"]
    assert rate.warning.endswith("it is filled with ones. Set another range with --input 'rate=16000'.")


@pytest.mark.parametrize(
    ("dtype", "text", "words"),
    [
        ("int64", "0.5", "0.5 is a fraction, but the input is int64"),
        ("uint8", "300", "300 does not fit uint8"),
        ("float16", "1e6", "1000000.0 reaches beyond 65504, the largest number of float16"),
    ],
)
def test_a_number_that_does_not_fit_its_input_is_refused(dtype, text, words):
    """Before anything is made of it."""
    with pytest.raises(InputError, match=re.escape(words)):
        resolve_inputs([TensorSpec("x", dtype, ("batch", 4))], [f"x={text}"], {})


@pytest.mark.parametrize("fill", ["normal(0,1)", "uniform(0,1)", "randint(0,9)", "ones", "3"])
def test_a_scalar_is_drawn_as_an_array_without_axes(fill):
    """A number of numpy's is no array, and frameworks do not take it for one."""
    drawn = parse_fill(fill).draw(np.random.default_rng(0), (), "float32")
    assert isinstance(drawn, np.ndarray)
    assert (drawn.shape, drawn.dtype) == ((), np.float32)


@pytest.mark.parametrize("text", ["zeros", "ones", "16000", "-3", "0.125", "1e-06"])
def test_a_constant_fill_is_written_as_it_is_read(text):
    """A stored run is repeated by its texts."""
    assert str(parse_fill(text)) == text
    assert parse_fill(str(parse_fill(text))) == parse_fill(text)


def test_the_file_may_say_how_an_input_is_filled():
    """Then nothing is guessed; what is typed goes before it."""
    ids = TensorSpec("ids", "int64", ("batch", 5))
    metadata = {"infer_compare.input.ids": "randint(0,30522)"}
    (plan,) = resolve_inputs([ids], [], metadata)
    assert (plan.fill, plan.warning) == (RandInt(0, 30522), "")
    (plan,) = resolve_inputs([ids], ["ids=randint(0,7)"], metadata)
    assert plan.fill == RandInt(0, 7)
    with pytest.raises(InputError, match="from a file"):
        resolve_inputs([ids], [], {"infer_compare.input.ids": "@/etc/hostname"})


def test_a_size_for_an_axis_holds_wherever_the_file_uses_its_name():
    """A mask is as long as the ids."""
    ids, mask = resolve_inputs([IDS, MASK], ["ids:i64[batch,16]=randint(0,9)", "mask=ones"], {})
    assert (ids.sample, mask.sample) == ((16,), (16,))


def test_the_batch_may_be_any_axis_or_none():
    """Rows are written one after the other; an input without a batch has one."""
    frames = TensorSpec("frames", "float32", ("seq", "batch", 5))
    rate = TensorSpec("rate", "int64", ())
    plans = resolve_inputs([frames, rate], ["frames:f32[20,batch,5]", "rate=randint(7,8)"], {})
    assert [(plan.sample, plan.axis) for plan in plans] == [((20, 5), 1), ((), None)]
    assert list(map(str, plans)) == ["frames:f32[20,batch,5]=normal(0,1)", "rate:i64[]=randint(7,8)"]


def test_rows_of_a_file_are_along_its_first_axis_wherever_the_model_has_the_batch(tmp_path):
    """And an input without a batch is the file's array."""
    np.savez(tmp_path / "x.npz", frames=np.zeros((9, 20, 5), np.float32), table=np.arange(6.0).reshape(2, 3))
    frames = TensorSpec("frames", "float32", ("seq", "batch", 5))
    table = TensorSpec("table", "float64", (2, 3))
    given = [f"{name}=@{tmp_path / 'x.npz'}" for name in ("frames", "table")]
    plans = resolve_inputs([frames, table], given, {})
    assert [(plan.sample, plan.axis) for plan in plans] == [((20, 5), 1), ((2, 3), None)]
    paths = write_pool(plans, 12, 0, tmp_path / "pool")
    assert [np.load(path).shape for path in paths] == [(12, 20, 5), (1, 2, 3)]


def test_axes_without_a_name_are_each_their_own():
    """Their places say nothing of each other."""
    one, two = (TensorSpec(name, "float32", ("batch", "axis1")) for name in "ab")
    with pytest.raises(InputError, match="of input 'b' has no fixed size"):
        resolve_inputs([one, two], ["a[batch,3]"], {})
    plans = resolve_inputs([one, two], ["a[batch,3]", "b[batch,4]"], {})
    assert [plan.sample for plan in plans] == [(3,), (4,)]


def test_a_free_axis_without_a_size_is_refused_with_what_to_type():
    """Input and axis are named, and what is offered is accepted."""
    with pytest.raises(InputError) as caught:
        resolve_inputs([IDS, MASK], [], {})
    assert "The axis 'seq' of input 'ids' has no fixed size" in str(caught.value)
    offered = str(caught.value).split("--input '")[1].split("'")[0]
    assert offered == "ids:i64[batch,128]"
    assert [plan.sample for plan in resolve_inputs([IDS, MASK], [offered], {})] == [(128,), (128,)]
    free = TensorSpec("image", "float32", ("batch", 3, "h", "w"))
    with pytest.raises(InputError, match=r"--input 'image:f32\[batch,3,224,224\]'"):
        resolve_inputs([free], [], {})


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (["imgae=ones"], "no input 'imgae'. Did you mean 'image'? Its inputs: image, ids"),
        (["qqq=ones"], "no input 'qqq'. Its inputs: image, ids"),
        (["image=ones", "image:f32"], "names 'image' twice"),
        (["image:f16"], "as f32, not as f16"),
        (["image[batch,3,8,9]"], "as [batch,3,8,8], not as [batch,3,8,9]"),
        (["image[batch,3,8]"], "as [batch,3,8,8], not as [batch,3,8]"),
        (["image=normal(0,0)"], "would be a constant"),
        (["image=uniform(1,1)"], "is empty"),
        (["ids=normal(0,1)"], "makes fractions, but the input is int64"),
        (["ids=randint(5,5)"], "is empty"),
        (["small=randint(0,300)"], "does not fit uint8, which goes from 0 to 255"),
        (["flags=randint(0,3)"], "does not fit bool"),
    ],
)
def test_what_does_not_fit_the_model_is_refused(texts, reason):
    """The sentence says what does."""
    specs = [
        IMAGE,
        TensorSpec("ids", "int64", ("batch", 5)),
        TensorSpec("small", "uint8", ("batch",)),
        TensorSpec("flags", "bool", ("batch",)),
    ]
    with pytest.raises(InputError) as caught:
        resolve_inputs(specs, texts, {})
    assert reason in str(caught.value)


def test_two_sizes_for_one_axis_are_refused():
    """The model would refuse them too, less clearly."""
    with pytest.raises(InputError, match="'seq' is given the sizes 8 and 9"):
        resolve_inputs([IDS, MASK], ["ids[batch,8]", "mask[batch,9]"], {})


def test_a_type_that_cannot_be_generated_is_refused():
    """Such as eight-bit floats, of which nobody says how they are filled."""
    with pytest.raises(InputError, match="float8_e4m3fn, which cannot be generated"):
        resolve_inputs([TensorSpec("x", "float8_e4m3fn", ("batch", 4))], [], {})


def test_rows_of_a_file_are_cycled_and_tell_the_free_sizes(tmp_path):
    """The array is found by the input's name, or because it is the only one."""
    rows = np.arange(15, dtype=np.int64).reshape(3, 5)
    np.savez(tmp_path / "both.npz", ids=rows, mask=np.ones_like(rows))
    np.savez(tmp_path / "one.npz", anything=rows)
    np.save(tmp_path / "plain.npy", rows)
    for name in ("both.npz", "one.npz", "plain.npy"):
        (plan,) = resolve_inputs([IDS], [f"ids=@{tmp_path / name}"], {})
        assert (plan.sample, plan.warning) == ((5,), "")
        (path,) = write_pool([plan], 7, 0, tmp_path / "pool")
        assert np.array_equal(np.load(path), rows[[0, 1, 2, 0, 1, 2, 0]])


def test_files_that_do_not_serve_are_refused(tmp_path):
    """Missing, of another kind, without the array, of another dtype or shape, empty, or with objects."""

    def refuse(text, reason, spec=IDS):
        with pytest.raises(InputError, match=reason):
            resolve_inputs([spec], [f"{spec.name}{text}"], {})

    rows = np.zeros((3, 5), np.int64)
    refuse(f"=@{tmp_path / 'gone.npz'}", r"no file .*gone\.npz")
    (tmp_path / "text.npz").write_text("no array")
    refuse(f"=@{tmp_path / 'text.npz'}", "cannot be read")
    (tmp_path / "cut.npz").write_bytes(b"PK\x03\x04 cut short")
    refuse(f"=@{tmp_path / 'cut.npz'}", "cannot be read")
    np.savez(tmp_path / "two.npz", a=rows, b=rows)
    refuse(f"=@{tmp_path / 'two.npz'}", "holds the arrays a, b; one must be called 'ids'")
    np.save(tmp_path / "float.npy", rows.astype(np.float32))
    refuse(f"=@{tmp_path / 'float.npy'}", "as int64, and .* holds float32")
    np.save(tmp_path / "rows.npy", rows)
    refuse(f"[batch,6]=@{tmp_path / 'rows.npy'}", r"holds rows of \[batch,5\], and --input says \[batch,6\]")
    refuse(
        f"=@{tmp_path / 'rows.npy'}", r"as \[batch,4\], not as \[batch,5\]", TensorSpec("ids", "int64", ("batch", 4))
    )
    np.save(tmp_path / "empty.npy", rows[:0])
    refuse(f"=@{tmp_path / 'empty.npy'}", "holds no rows")
    np.save(tmp_path / "objects.npy", np.array([{}], object), allow_pickle=True)
    refuse(f"=@{tmp_path / 'objects.npy'}", r"cannot be read as a .npz or .npy file \(it holds no arrays of numbers\)")


def test_an_archive_that_does_not_fit_into_memory_is_refused_before_it_is_read(tmp_path, monkeypatch):
    """The size that counts is that of the array, not that of the compressed file; a `.npy` file is mapped instead."""
    rows = np.zeros((10_000, 5), np.int64)
    np.savez_compressed(tmp_path / "rows.npz", ids=rows, other=rows[:1])
    np.save(tmp_path / "rows.npy", rows)
    monkeypatch.setattr(memory, "own_share", lambda: 100_000)
    with pytest.raises(InputError, match=r"rows\.npz takes about .* save its arrays as \.npy files"):
        resolve_inputs([IDS], [f"ids=@{tmp_path / 'rows.npz'}"], {})
    (plan,) = resolve_inputs([IDS], [f"ids=@{tmp_path / 'rows.npy'}"], {})
    assert plan.sample == (5,)


def plan(name="x", dtype="float32", sample=(4,), fill="normal(0,1)") -> InputPlan:
    """A plan for the tests of the pool."""
    return InputPlan(name=name, dtype=dtype, sample=tuple(sample), fill=parse_fill(fill))


@pytest.mark.parametrize("dtype", sorted(DTYPES.values()))
def test_a_pool_has_the_dtype_and_shape_of_its_input(dtype, tmp_path):
    """In C order, readable without pickle, mappable."""
    (path,) = write_pool([plan(dtype=dtype, sample=(2, 3), fill="randint(0,2)")], 5, 0, tmp_path)
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    # A file does not name `bfloat16`: it holds raw bytes, and whoever reads them is told what they are.
    assert (typed(array, dtype).dtype.name, array.shape) == (dtype, (5, 2, 3))
    assert array.flags.c_contiguous
    assert set(np.unique(typed(array, dtype).astype(np.float64))) <= {0, 1}


@pytest.mark.parametrize("fill", ["normal(0,1)", "uniform(0,1)", "randint(0,1000)"])
def test_rows_depend_on_the_seed_and_the_name_alone(fill, tmp_path):
    """A larger pool begins like a smaller one, across the borders of chunks."""

    def rows(count, seed=0, name="x"):
        (path,) = write_pool([plan(name, fill=fill)], count, seed, tmp_path)
        return np.load(path)

    assert np.array_equal(rows(1000)[:300], rows(300))
    assert np.array_equal(rows(300)[:1], rows(1))
    assert not np.array_equal(rows(300), rows(300, seed=1))
    assert not np.array_equal(rows(300), rows(300, name="y"))
    assert len(np.unique(rows(1000), axis=0)) > 990


def test_an_inputs_rows_do_not_depend_on_its_neighbours(tmp_path):
    """Nor on its place among them."""
    alone = np.load(write_pool([plan("b")], 9, 0, tmp_path / "alone")[0])
    beside = np.load(write_pool([plan("a"), plan("b")], 9, 0, tmp_path / "beside")[1])
    assert np.array_equal(alone, beside)


@pytest.mark.parametrize(
    ("fill", "low", "high", "mean", "deviation"),
    [
        ("normal(3,2)", -np.inf, np.inf, 3, 2),
        ("uniform(-1,3)", -1, 3, 1, 4 / 12**0.5),
        ("randint(0,11)", 0, 10, 5, 10**0.5),
    ],
)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_draws_have_the_distribution_that_was_asked_for(fill, low, high, mean, deviation, dtype, tmp_path):
    """Bounds, mean and standard deviation."""
    (path,) = write_pool([plan(dtype=dtype, fill=fill, sample=(100,))], 400, 0, tmp_path)
    array = np.load(path).astype(np.float64)
    assert low <= array.min() <= array.max() <= high
    assert array.mean() == pytest.approx(mean, abs=0.06)
    assert array.std() == pytest.approx(deviation, rel=0.03)


def test_an_integer_range_is_used_to_its_ends(tmp_path):
    """The lower end is included, the upper is not."""
    (path,) = write_pool([plan(dtype="int64", fill="randint(-2,3)")], 200, 0, tmp_path)
    assert set(np.unique(np.load(path))) == {-2, -1, 0, 1, 2}
    (path,) = write_pool([plan(dtype="uint64", fill=f"randint({2**64 - 3},{2**64})")], 50, 0, tmp_path)
    assert set(np.unique(np.load(path))) == {2**64 - 3, 2**64 - 2, 2**64 - 1}


def test_a_pool_that_is_mapped_survives_its_replacement(tmp_path):
    """Workers keep the old file until they are told."""
    (path,) = write_pool([plan()], 64, 0, tmp_path)
    mapped = np.load(path, mmap_mode="r")
    before = np.array(mapped)
    write_pool([plan()], 1, 1, tmp_path)
    assert np.array_equal(mapped, before)
    assert np.load(path).shape == (1, 4)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["input0.npy"]


def test_a_row_larger_than_a_chunk_is_written_row_by_row(tmp_path, monkeypatch):
    """The memory that is needed stays bounded."""
    monkeypatch.setattr(module, "CHUNK_BYTES", 64)
    (path,) = write_pool([plan(sample=(100,))], 3, 0, tmp_path)
    array = np.load(path)
    assert array.shape == (3, 100)
    assert not np.array_equal(array[0], array[1])


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int64", "uint8", "bool"])
@pytest.mark.parametrize("count", [1, 3, 40])
def test_rows_are_the_same_however_they_are_drawn(dtype, count, tmp_path, monkeypatch):
    """Each chunk of rows as one array of one stream: what is drawn in pieces of an odd length is equal to that."""
    monkeypatch.setattr(module, "CHUNK_ROWS", 16)
    monkeypatch.setattr(module, "PIECE_ELEMENTS", 37)
    fills = ["randint(0,2)"] if dtype in {"bool", "uint8"} else ["randint(0,200)", "randint(-3,5)"]
    if dtype.startswith("float"):
        fills += ["normal(1,2)", "uniform(-1,1)"]
    for fill in fills:
        one = plan(dtype=dtype, sample=(5, 3), fill=fill)
        (path,) = write_pool([one], count, 7, tmp_path)
        chunks = [
            one.fill.draw(np.random.default_rng([7, index, *b"x"]), (16, 5, 3), dtype)
            for index in range(-(-count // 16))
        ]
        assert np.array_equal(np.load(path), np.concatenate(chunks)[:count])


def test_the_memory_that_making_rows_takes_does_not_grow_with_them(tmp_path):
    """One row of 256 MiB, drawn by a process of its own: it holds a few pieces of it at a time."""
    program = (
        "import pathlib\n"
        "from infer_compare.environment.memory import peak_resident\n"
        "from infer_compare.models.fill_text import parse_fill\n"
        "from infer_compare.models.input_plan import InputPlan\n"
        "from infer_compare.models.input_rows import write_pool\n"
        "import numpy.random, os\n"
        "plan = lambda elements: InputPlan(name='x', dtype='float32', sample=(elements,), fill=parse_fill('uniform(0,1)'))\n"
        "write_pool([plan(10)], 1, 0, pathlib.Path('.'))\n"
        "before = peak_resident(os.getpid())\n"
        "write_pool([plan(1 << 26)], 1, 0, pathlib.Path('.'))\n"
        "print(peak_resident(os.getpid()) - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
    )
    assert int(done.stdout) < 64 * 2**20
    assert (tmp_path / "input0.npy").stat().st_size > 2**28
    (tmp_path / "input0.npy").unlink()


def test_a_full_disk_is_told_as_such_and_leaves_nothing_half_written(tmp_path, monkeypatch):
    """The earlier pool stays."""
    (path,) = write_pool([plan()], 2, 0, tmp_path)
    before = path.read_bytes()

    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np.lib.format, "write_array_header_1_0", full)
    with pytest.raises(StorageFull, match="no room"):
        write_pool([plan()], 4, 0, tmp_path)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["input0.npy"]


def test_a_row_has_the_bytes_of_its_elements():
    """Of one row, whatever the batch."""
    assert row_bytes(plan(sample=(3, 8, 8))) == 3 * 8 * 8 * 4
    assert row_bytes(plan(sample=(), dtype="bool")) == 1


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ((IMAGE,), "image=uniform(0,255)"),
        ((IDS, IMAGE), "image=uniform(0,255)"),
        ((IDS,), "ids=randint(0,1000)"),
        ((TensorSpec("pixels", "uint8", ("batch", 8)),), "pixels=randint(0,256)"),
        ((), "NAME=uniform(0,255)"),
    ],
)
def test_advice_to_use_other_values_fits_the_dtype_of_the_input(inputs: tuple[TensorSpec, ...], expected: str) -> None:
    """A fill of numbers with a fraction would be refused for whole numbers."""
    assert other_input(inputs) == expected
