"""core.unband: the program's bytes, any order, all formats, and its refusals."""

import json
import random
import re
import subprocess

import numpy as np
import pytest
from conftest import PROGRAM, ROOT, clip_of, core, decoded, dtype, planes, run_program, same, size_of, sizes

import vapoursynth as vs

IMAGES = [
    ("Deband", {}, []),
    ("Deband", {"depth": 16}, ["--depth", "16"]),
    ("Deband", {"method": "smooth", "strength": 2.0}, ["-m", "smooth", "--strength", "2"]),
    ("Deband", {"method": "unband-lite"}, ["-m", "unband-lite"]),
    ("Deband", {"band_step": 4.0, "dither": "none"}, ["--band-step", "4", "--dither", "none"]),
    ("Deband", {"method": "f3kdb:range=20,y=80"}, ["-m", "f3kdb:range=20,y=80"]),
    ("F3kdb", {}, ["-m", "f3kdb"]),
    (
        "F3kdb",
        {"range": 20, "y": 80, "sample_mode": 4, "opt": 1},
        ["-m", "f3kdb:range=20,y=80,sample_mode=4"],
    ),
    ("F3kdb", {"output_depth": 16}, ["-m", "f3kdb:output_depth=16", "--depth", "16"]),
    ("Gradfun", {"strength": 2.0, "radius": 20}, ["-m", "gradfun:strength=2,radius=20"]),
    ("FFmpegDeband", {"thr1": 0.03}, ["-m", "ffmpeg-deband:1thr=0.03"]),
    ("Placebo", {}, ["-m", "libplacebo:planes=1,threshold=4,grain=6"]),
    (
        "Placebo",
        {"planes": 7, "iterations": 2, "dither": 0},
        ["-m", "libplacebo:iterations=2,threshold=4,grain=6,dither=none"],
    ),
    (
        "Placebo",
        {"threshold": 3.0, "grain": 4.0, "dither_algo": 1},
        ["-m", "libplacebo:planes=1,dither=ordered"],
    ),
    ("AdaDeband", {}, ["-m", "adadeband"]),
    ("FCDR", {"th1": 2.0}, ["-m", "fcdr:th1=2"]),
]


@pytest.mark.parametrize(("function", "arguments", "options"), IMAGES, ids=lambda case: str(case))
def test_images_have_the_programs_bytes(example, tmp_path, function, arguments, options):
    path, source = example
    got = getattr(clip_of([source], vs.RGB24).unband, function)(**arguments).get_frame(0)
    run_program(path, "-o", tmp_path / "made.png", *options)
    pixels = "gbrp" if got.format.bits_per_sample == 8 else "gbrp16le"
    want = decoded(tmp_path / "made.png", pixels, got.format, *size_of(path))[0]
    assert same(planes(got), want)
    if "sunset" in str(path) and got.format.bits_per_sample == 8:
        assert not same(want, source), "nothing was repaired"


VIDEOS = [
    ("Deband", {"lossy": 0}, []),
    ("Deband", {"lossy": 0, "temporal": "off"}, ["--temporal", "off"]),
    ("Deband", {"lossy": 0, "temporal": "still"}, ["--temporal", "still"]),
    ("Deband", {"lossy": 0, "depth": 10}, ["--depth", "10"]),
    ("F3kdb", {"frames": 1, "dynamic_grain": 1}, ["-m", "f3kdb:dynamic_grain=1"]),
    ("Gradfun", {}, ["-m", "gradfun"]),
]


@pytest.mark.parametrize(("function", "arguments", "options"), VIDEOS, ids=lambda case: str(case))
def test_videos_have_the_programs_bytes(video, tmp_path, function, arguments, options):
    path, source = video
    got = getattr(clip_of(source, vs.YUV420P8).unband, function)(**arguments)
    made = tmp_path / "made.mkv"
    depth = [] if "--depth" in options else ["--depth", "8"]
    run_program(path, "-o", made, "--lossless", "--dither", "blue-noise", *depth, *options)
    pixels = "yuv420p" if got.format.bits_per_sample == 8 else "yuv420p10le"
    want = decoded(made, pixels, got.format, 320, 240)
    for n, frame in enumerate(got.frames()):
        assert same(planes(frame), want[n]), f"frame {n}"


def test_any_order_and_threads_give_the_same_frames(video):
    _, source = video
    source = (source * 4)[:100]
    clip = clip_of(source, vs.YUV420P8)
    make = lambda **more: clip.unband.Deband(cuts=[30, 60], **more)  # noqa: E731
    in_order = [planes(frame) for frame in make().frames()]
    for order in (list(range(99, -1, -1)), random.Random(1).sample(range(100), 100)):
        other = make(threads=2)
        for n in order:
            got = planes(other.get_frame(n))
            assert same(got, in_order[n]), f"frame {n}"
    before = core.num_threads
    core.num_threads = 1
    try:
        alone = make()
        got = [planes(alone.get_frame(n)) for n in (0, 29, 30, 61, 99)]
    finally:
        core.num_threads = before
    for n, frame in zip((0, 29, 30, 61, 99), got, strict=True):
        assert same(frame, in_order[n]), f"frame {n}"


def test_cuts_part_shots(video):
    _, source = video
    dark = [
        [plane // 4 * 0 + 16 if p == 0 else plane * 0 + 128 for p, plane in enumerate(frame)]
        for frame in source
    ]
    clip = clip_of(source + dark, vs.YUV420P8)
    cut = clip.unband.Deband(cuts=[len(source)])
    alone = clip_of(source, vs.YUV420P8).unband.Deband(cuts=[0])
    for n in (0, len(source) - 1):
        assert same(planes(cut.get_frame(n)), planes(alone.get_frame(n)))
    assert same(planes(cut.get_frame(45)), dark[15]), "a flat shot stays"


FORMATS = [
    vs.GRAY8, vs.GRAY10, vs.GRAY16, vs.GRAYS, vs.RGB24, vs.RGB30, vs.RGB48, vs.RGBS,
    vs.YUV420P8, vs.YUV422P8, vs.YUV444P8, vs.YUV410P8, vs.YUV411P8, vs.YUV440P8,
    vs.YUV420P9, vs.YUV420P10, vs.YUV422P12, vs.YUV444P14, vs.YUV420P16, vs.YUV420PS, vs.YUV444PS,
]  # fmt: skip
SIZES = [(1, 1), (1, 7), (5, 3), (16, 16), (33, 17), (130, 67)]


def banded(form: vs.VideoFormat, width: int, height: int, shift: int) -> list[np.ndarray]:
    made = []
    for p, (rows, columns) in enumerate(sizes(form, width, height)):
        codes = (np.add.outer(np.arange(rows), np.arange(columns) + shift) // 8 * 8) % 200 + 20
        if form.sample_type == vs.FLOAT:
            values = codes / 255 - (0.5 if form.color_family == vs.YUV and p else 0)
            made.append(values.astype(np.float32))
        else:
            made.append((codes << (form.bits_per_sample - 8)).astype(dtype(form)))
    return made


FILTERS = [
    "Deband",
    "F3kdb",
    "Gradfun",
    "FFmpegDeband",
    "Placebo",
    "FCDR",
    "AdaDeband",
    "Inspect",
    "ContourMask",
    "BBand",
]


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_every_format_and_size(form):
    form = core.get_video_format(form)
    for width, height in SIZES:
        # VapourSynth has whole chroma samples only.
        width += -width % (1 << form.subsampling_w)
        height += -height % (1 << form.subsampling_h)
        clip = clip_of([banded(form, width, height, n) for n in range(3)], form.id)
        for name in FILTERS:
            try:
                made = getattr(clip.unband, name)()
                frames = [planes(frame) for frame in made.frames()]
            except vs.Error as error:
                assert str(error).startswith(f"unband.{name}: "), error
                # Methods with formats of their own, and floating point where they need codes.
                assert name in ("AdaDeband", "FCDR", "F3kdb", "Gradfun", "BBand", "ContourMask"), error
                continue
            assert all(np.isfinite(plane).all() for frame in frames for plane in frame), name
            if name not in ("ContourMask",):
                assert made.format.id == form.id and (made.width, made.height) == (width, height)


def test_planes_and_depth(video):
    _, source = video
    clip = clip_of(source[:3], vs.YUV420P8)
    both = clip.unband.F3kdb(y=80).get_frame(1)
    luma = clip.unband.F3kdb(y=80, planes=[0]).get_frame(1)
    assert np.array_equal(luma[0], both[0])
    assert np.array_equal(luma[1], source[1][1]) and np.array_equal(luma[2], source[1][2])
    deep = clip.unband.Deband(planes=0, depth=16).get_frame(1)
    assert deep.format.id == vs.YUV420P16
    assert np.array_equal(np.asarray(deep[1]), source[1][1].astype(np.uint16) << 8)
    assert clip.unband.Deband(depth=32).get_frame(0).format.id == vs.YUV420PS


def test_properties_stay(video):
    _, source = video
    kept = {"_Matrix": 1, "_DurationNum": 7, "_SceneChangePrev": 1, "note": "here"}
    clip = clip_of(source[:2], vs.YUV420P8, kept)
    for made in (clip.unband.Deband(), clip.unband.F3kdb(), clip.unband.Inspect(), clip.unband.Cambi()):
        found = made.get_frame(0).props
        assert {name: found[name] for name in kept} == kept


def told(*arguments) -> dict:
    """The program's answer as JSON."""
    show = [PROGRAM, *map(str, arguments), "--json"]
    return json.loads(subprocess.run(show, check=True, capture_output=True, text=True).stdout)


def test_findings_and_scores_are_the_programs(example):
    path, source = example
    clip = clip_of([source], vs.RGB24)
    scored = told("score", path, "--metrics", "cambi,bband")["files"][0]
    assert clip.unband.Cambi().get_frame(0).props["CAMBI"] == pytest.approx(
        scored["values"]["cambi"], rel=1e-9
    )
    assert clip.unband.BBand(prop="B").get_frame(0).props["B"] == pytest.approx(
        scored["values"]["bband"], rel=1e-9
    )
    inspected = told("inspect", path)
    found = clip.unband.Inspect().get_frame(0).props
    assert found["UnbandBanding"] == scored["banding"]["grade"]
    assert found["UnbandCause"] == scored["banding"]["cause"]
    assert found["UnbandShare"] == pytest.approx(scored["banding"]["share"], rel=1e-6)
    assert found["UnbandStep"] == pytest.approx(
        [plane["step_codes"] for plane in inspected["planes"]], rel=1e-6
    )
    shares = np.asarray(clip.unband.Inspect(map=True).get_frame(0)[0])
    squares = shares[::64, ::64].ravel()
    assert shares.shape == source[0].shape and squares == pytest.approx(inspected["map"]["share"], abs=6e-4)
    attached = clip.unband.Cambi(scores=True, prop="C").get_frame(0).props
    assert (
        attached["C_SCALE0"].format.id == vs.GRAYS and attached["C_SCALE4"].width < attached["C_SCALE0"].width
    )


def test_mask_is_where_contours_are():
    flat = np.full((96, 256), 90, np.uint8)
    step = flat.copy()
    step[:, 128:] += 2
    chroma = np.full((48, 128), 128, np.uint8)
    mask = lambda luma, **more: np.asarray(  # noqa: E731
        clip_of([[luma, chroma, chroma]], vs.YUV420P8).unband.ContourMask(**more).get_frame(0)[0]
    )
    assert not mask(flat).any()
    wide, narrow = mask(step), mask(step, radius=2)
    assert set(np.unique(wide)) == {0, 255}
    columns = np.flatnonzero(narrow.any(axis=0))
    assert 124 <= columns.min() and columns.max() <= 131
    assert wide[48, 115] == 255 and wide[48, 100] == 0 and (wide >= narrow).all()


def test_upscale(example):
    _, source = example
    crop = [plane[:40, :60] for plane in source]
    clip = clip_of([crop], vs.RGB24)
    assert (clip.unband.Upscale(scale=2).width, clip.unband.Upscale(width=150).height) == (120, 100)
    made = clip.unband.Upscale(scale=2, depth=16).get_frame(0)
    assert made.format.id == vs.RGB48 and (made.width, made.height) == (120, 80)
    small = np.asarray(made[0])[::2, ::2].astype(float) / 257
    assert abs(small - crop[0]).mean() < 4
    yuv = clip.resize.Bicubic(format=vs.YUV420P8, matrix=1)
    made = yuv.unband.Upscale(scale=2).get_frame(0)
    assert made.format.id == vs.RGB24 and made.props["_Matrix"] == 0


def test_net_runs_a_checkpoint(video):
    weights = sorted((ROOT / "weights").glob("**/*lite*.safetensors"))
    if not weights:
        pytest.skip("no weights file")
    _, source = video
    clip = clip_of(source[:1], vs.YUV420P8)
    made = clip.unband.Net(str(weights[0])).get_frame(0)
    assert made.format.id == vs.YUV420P8
    with pytest.raises(vs.Error, match="steps"):
        clip.unband.Net(str(weights[0]), steps=3)


REFUSED = [
    ("Deband", {"method": "nosuch"}, "unband.Deband: .*nosuch"),
    ("Deband", {"depth": 7}, "`depth` must be 8 to 16"),
    ("Deband", {"strength": 9.0}, "strength must be 0 to 4, got 9"),
    ("Deband", {"planes": [3]}, "`planes` must be 0 to 2, got 3"),
    ("Deband", {"dither": "x"}, "`dither` must be one of"),
    ("Deband", {"temporal": "x"}, "`temporal` must be one of off, still, motion"),
    ("Deband", {"threads": 0}, "`threads` must be 1 to 1024"),
    ("Deband", {"band_step": [1.0, 2.0]}, "`band_step` must be one number of codes, or three"),
    ("F3kdb", {"y": 70000}, "`y` must be 0 to 65535, got 70000"),
    ("Placebo", {"dither_algo": 9}, "`dither_algo` must be 0 to 3"),
    ("Net", {"weights": "/nowhere.pth"}, "/nowhere.pth"),
    ("Upscale", {"scale": -1.0}, "`scale` must be 0.05 to 64, got -1"),
    ("Upscale", {"scale": 2.0, "width": 9}, "`scale` must be omitted"),
    ("Cambi", {"topk": 7.0}, "`topk` must be"),
    ("Cambi", {"scaling": -1.0}, "`scaling` must be 0 or more, got -1"),
    ("ContourMask", {"radius": -1}, "`radius` must be 0 to 1024"),
    ("ContourMask", {"step": 65.0}, "`step` must be 0 to 64, got 65"),
    ("Deband", {"method": "f3kdb", "strength": 2.0}, "strength must be omitted for a method of others"),
    ("Deband", {"band_step": [float("nan")]}, "`band_step` must be 0.25 to 64 codes, got NaN"),
    ("Deband", {"cuts": [5, -1]}, "`cuts` must be numbers of frames, from 0, got -1"),
    ("Deband", {"cuts": [5], "window": 2}, "`window` must be omitted"),
    ("F3kdb", {"output_depth": 7}, "`output_depth` must be 8 to 16, or 0 for the clip's, got 7"),
    ("BBand", {"prop": "a b"}, "`prop` must be letters"),
    ("Cambi", {"prop": ""}, "`prop` must be letters"),
]


@pytest.mark.parametrize(("function", "arguments", "message"), REFUSED, ids=lambda case: str(case))
def test_wrong_arguments_are_refused_at_once(video, function, arguments, message):
    _, source = video
    with pytest.raises(vs.Error, match=message):
        getattr(clip_of(source[:2], vs.YUV420P8).unband, function)(**arguments)


def test_arguments_are_in_the_originals_order(video):
    _, source = video
    clip = clip_of(source[:1], vs.YUV420P8)
    named = clip.unband.F3kdb(
        range=12, y=60, cb=40, cr=50, grainy=0, grainc=0, sample_mode=1, seed=3, blur_first=0
    )
    placed = clip.unband.F3kdb(12, 60, 40, 50, 0, 0, 1, 3, 0)
    assert same(planes(named.get_frame(0)), planes(placed.get_frame(0)))
    signature = core.unband.F3kdb.signature
    original = "range y cb cr grainy grainc sample_mode seed blur_first dynamic_grain opt mt dither_algo"
    assert [part.split(":")[0] for part in signature.split(";")[1:14]] == original.split()
    signature = core.unband.Placebo.signature
    original = "planes iterations threshold radius grain dither dither_algo log_level"
    assert [part.split(":")[0] for part in signature.split(";")[1:9]] == original.split()


def test_a_clip_without_cuts_is_one_shot(video):
    _, source = video
    clip = clip_of(source, vs.YUV420P8)
    whole, cut = clip.unband.Deband(cuts=[]).get_frame(7), clip.unband.Deband(cuts=[0, 900, 0]).get_frame(7)
    assert same(planes(whole), planes(cut))


def test_endless_clips(video):
    _, source = video
    clip = core.std.Loop(clip_of(source[:2], vs.YUV420P8), 0)
    for function in ("F3kdb", "Deband", "Inspect"):
        getattr(clip.unband, function)().get_frame(clip.num_frames - 1)


@pytest.mark.parametrize(
    ("matrix", "works"), [(1, True), (2, True), (6, True), (9, True), (8, False), (10, False)]
)
def test_matrices(video, matrix, works):
    _, source = video
    clip = clip_of(source[:1], vs.YUV420P8, {"_Matrix": matrix})
    if works:
        clip.unband.Upscale(scale=1.2).get_frame(0)
        return
    for function in ("Deband", "Upscale", "Inspect"):
        with pytest.raises(vs.Error, match=f"the matrix {matrix} is not supported"):
            getattr(clip.unband, function)().get_frame(0)


def test_rgb_in_limited_range_is_refused(example):
    _, source = example
    clip = clip_of([source], vs.RGB24).std.SetFrameProps(_Range=0)
    with pytest.raises(vs.Error, match="RGB in limited range"):
        clip.unband.Deband().get_frame(0)


def test_interlaced_and_half_float_are_refused(video):
    _, source = video
    clip = clip_of(source[:2], vs.YUV420P8, {"_FieldBased": 2})
    with pytest.raises(vs.Error, match=r"unband.Deband: frame 0: .*interlaced"):
        clip.unband.Deband().get_frame(0)
    half = core.std.BlankClip(format=vs.RGBH, length=2)
    with pytest.raises(vs.Error, match="16-bit floating-point"):
        half.unband.Deband()
    changing = core.std.Splice(
        [core.std.BlankClip(width=64, length=1), core.std.BlankClip(width=32, length=1)], mismatch=1
    )
    with pytest.raises(vs.Error, match="one format and size"):
        changing.unband.Deband()


GOLDEN = [
    ("crop420", 8, "crop420_mode1_fs8", {"sample_mode": 1}),
    ("crop420", 8, "crop420_mode2_fs8", {}),
    ("crop420", 8, "crop420_mode3_fs8", {"sample_mode": 3}),
    ("crop420", 8, "crop420_mode4_fs8", {"sample_mode": 4}),
    ("crop420", 8, "crop420_mode5_t320_fs8", {"sample_mode": 5, "y": 320, "cb": 320, "cr": 320}),
    ("crop420", 8, "crop420_mode6_t320_fs8", {"sample_mode": 6, "y": 320, "cb": 320, "cr": 320}),
    ("crop420", 8, "crop420_mode7_t320_fs8", {"sample_mode": 7, "y": 320, "cb": 320, "cr": 320}),
    ("crop420", 8, "crop420_mode2_bf0_t160_fs8", {"blur_first": 0, "y": 160, "cb": 160, "cr": 160}),
    ("crop420", 8, "crop420_mode2_nograin_fs8", {"grainy": 0, "grainc": 0}),
    ("crop420", 8, "crop420_mode2_trunc8", {"dither_algo": 1}),
    ("crop420", 8, "crop420_mode2_ordered8", {"dither_algo": 2}),
    ("crop420", 8, "crop420_mode2_od16", {"output_depth": 16}),
    ("crop420", 8, "crop420_mode2_od10_tv", {"output_depth": 10, "keep_tv_range": 1}),
    ("crop420", 8, "crop420_mode2_gauss", {"random_algo_ref": 2, "random_algo_grain": 2}),
    ("crop420", 8, "crop420_mode2_oldrng", {"random_algo_ref": 0, "random_algo_grain": 0}),
    ("crop420p10", 10, "crop420p10_mode2_fs10", {}),
    ("radial444", 8, "radial444_mode2_fs8", {"range": 31, "y": 80, "cb": 80, "cr": 80, "seed": 7}),
    (
        "radial444",
        8,
        "radial444_mode4_nograin_od16",
        {"sample_mode": 4, "grainy": 0, "grainc": 0, "output_depth": 16},
    ),
]


def golden(name: str, bits: int, halved: int, width: int, height: int) -> list[np.ndarray]:
    pixels = "gray" if bits == 8 else "gray16le"
    command = [
        "ffmpeg",
        "-v",
        "error",
        "-i",
        str(ROOT / f"golden/f3kdb/{name}.png"),
        "-f",
        "rawvideo",
        "-pix_fmt",
        pixels,
        "-",
    ]
    codes = np.frombuffer(
        subprocess.run(command, check=True, capture_output=True).stdout, np.uint8 if bits == 8 else np.uint16
    )
    chroma = (height >> halved, width >> halved)
    ends = np.cumsum([width * height, chroma[0] * chroma[1], chroma[0] * chroma[1]])
    parts = np.split(codes[: ends[2]], ends[:2])
    shapes = [(height, width), chroma, chroma]
    return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]


@pytest.mark.parametrize(("source", "bits", "result", "arguments"), GOLDEN, ids=[case[2] for case in GOLDEN])
def test_f3kdb_has_the_originals_bytes(source, bits, result, arguments):
    halved, width, height = (1, 480, 320) if source.startswith("crop") else (0, 256, 192)
    form = core.query_video_format(vs.YUV, vs.INTEGER, bits, halved, halved)
    clip = clip_of([golden(source, bits, halved, width, height)], form.id, {"_Matrix": 1})
    made = clip.unband.F3kdb(**arguments).get_frame(0)
    want = golden(result, made.format.bits_per_sample, halved, width, height)
    assert same(planes(made), want)


def page_code(part: str, **names):
    """The names that the guide's code with that part defines."""
    page = (ROOT / "docs/guide/vapoursynth.md").read_text()
    code = next(code for code in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if part in code)
    exec(code, names)
    return names


def test_the_guides_mask_limits_a_filter():
    codes = np.add.outer(np.zeros(240, np.uint8), np.arange(320) // 40 * 2 + 90).astype(np.uint8)
    codes[:, 200:] = 200
    chroma = np.full((120, 160), 128, np.uint8)
    clip = clip_of([[codes, chroma, chroma]], vs.YUV420P8)
    names = page_code("ContourMask", core=core, clip=clip)
    merged, filtered = names["merged"].get_frame(0), names["filtered"].get_frame(0)
    mask = np.asarray(clip.unband.ContourMask().get_frame(0)[0])
    assert np.array_equal(np.asarray(merged[0]), np.where(mask > 0, np.asarray(filtered[0]), codes))
    assert mask[120, 80] == 255 and not mask[:, 250:].any()


def test_the_guides_function_is_jetpacks(video):
    names = page_code("def f3k_deband", core=core)
    _, source = video
    clip = clip_of(source[:2], vs.YUV420P8).resize.Point(format=vs.YUV420P16)
    made = names["f3k_deband"](clip, 16, [160, 96, 96], 0, planes=[0, 1]).get_frame(1)
    want = clip.unband.F3kdb(range=16, scale=1, y=160, cb=96, cr=96, grainy=0, grainc=0).get_frame(1)
    assert np.array_equal(made[0], want[0]) and np.array_equal(made[1], want[1])
    assert np.array_equal(made[2], clip.get_frame(1)[2])
    if hasattr(core, "vszip"):
        other = core.vszip.Deband(clip, range=16, thr=[160 * 255 / 65535, 0, 0], grain=[0, 0]).get_frame(1)
        assert abs(np.asarray(made[0]).astype(int) - np.asarray(other[0])).mean() < 20, (
            "1/13 of an 8-bit code"
        )
