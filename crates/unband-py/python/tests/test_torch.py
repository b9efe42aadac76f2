"""PyTorch parts: the layer, networks, degradations in loaders."""

from __future__ import annotations

import copy
import itertools
import json
import multiprocessing
import shutil

import numpy as np
import pytest

import unband

torch = pytest.importorskip("torch")
deform_conv2d = pytest.importorskip("torchvision").ops.deform_conv2d

from unband.torch import BandedDeformConv2d, Degrade, PairDataset, Restorer, nets  # noqa: E402

KERNELS = {"3x3": 3, "3x5": (3, 5), "5x3": (5, 3)}
LIMITS = {"none": (None, None), "0.5_3": (0.5, 3), "0.5_2": (0.5, 2)}
CASES = list(itertools.product(KERNELS, LIMITS, [0, 17.5, 30, 45, 90, -20], [True, False], [1, 2]))


@pytest.fixture(scope="module")
def golden(root):
    """Results of the authors' layer, made by tools/make_banded_layer.py."""
    safetensors = pytest.importorskip("safetensors.torch")
    return {
        key: value.double()
        for key, value in safetensors.load_file(root / "golden/nets/banded_layer.safetensors").items()
    }


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_layer_is_that_of_its_authors(golden, case):
    kernel, limits, angle, rescale, groups = case
    least, largest = LIMITS[limits]
    name = f"{kernel}.{limits}.{angle}.{'rescale' if rescale else 'fixed'}.g{groups}"
    layer = BandedDeformConv2d(
        4,
        4,
        KERNELS[kernel],
        groups=groups,
        bias=False,
        max_sscale=largest,
        min_sscale=least,
        isReScale=rescale,
        init_angle=angle,
    ).double()
    assert torch.allclose(layer.conv_rotation.bias, golden[f"{name}.rotation"], atol=1e-6)
    assert torch.allclose(layer.conv_stretch.bias, golden[f"{name}.stretch"], atol=1e-6)
    with torch.no_grad():
        layer.conv.weight.copy_(golden[f"conv.{kernel}.g{groups}"])
        assert torch.allclose(layer(golden["x"]), golden[f"{name}.start"], atol=1e-6)
        layer.conv_rotation.weight.copy_(golden["rotation.weight"])
        layer.conv_stretch.weight.copy_(golden["stretch.weight"])
        # Stored in 32 bits, as the authors' layer had them.
        layer.conv_rotation.bias.copy_(golden[f"{name}.rotation"])
        layer.conv_stretch.bias.copy_(golden[f"{name}.stretch"])
        if rescale:
            layer.conv_whole.weight.copy_(golden["whole.weight"])
            layer.conv_whole.bias.copy_(golden["whole.bias"])
    x = golden["x"].clone().requires_grad_()
    y = layer(x)
    assert torch.allclose(y, golden[f"{name}.forward"], atol=1e-6)
    (y * golden["probe"]).sum().backward()
    assert torch.allclose(x.grad, golden[f"{name}.grad.x"], atol=2e-6)
    for key, parameter in layer.named_parameters():
        assert torch.allclose(parameter.grad, golden[f"{name}.grad.{key}"], atol=2e-6), key


def test_the_layer_has_the_names_of_its_authors(root):
    lines = (root / "golden/nets/bdconv_c4_3_k3x5.state.tsv").read_text().splitlines()
    layer = BandedDeformConv2d(4, 3, (3, 5))
    state = [
        (key, "x".join(map(str, value.shape)), str(value.dtype)) for key, value in layer.state_dict().items()
    ]
    assert state == [
        tuple(line.replace("float32", "torch.float32").replace("int64", "torch.int64").split("\t")[1:])
        for line in lines
    ]


@pytest.mark.parametrize("kernel", [3, (3, 5), (1, 3)])
@pytest.mark.parametrize(("inc", "outc", "groups"), [(16, 32, 1), (5, 7, 1), (12, 8, 4)])
def test_own_kernels_have_the_values_and_gradients_of_torchvision(kernel, inc, outc, groups):
    torch.manual_seed(3)
    layer = BandedDeformConv2d(inc, outc, kernel, groups=groups, init_angle=20, fix_rescale=True)
    for name, parameter in layer.named_parameters():
        if name.endswith("weight") and name != "conv.weight":
            torch.nn.init.normal_(parameter, std=0.05)
    twin = BandedDeformConv2d(inc, outc, kernel, groups=groups, init_angle=20, fix_rescale=True).double()
    twin.load_state_dict(layer.state_dict())
    x = torch.randn(2, inc, 19, 23)
    # Not contiguous: channels innermost.
    ours = x.to(memory_format=torch.channels_last).requires_grad_()
    theirs = x.double().requires_grad_()
    weights = torch.randn(2, outc, 19, 23)
    made, want = layer(ours), twin(theirs)
    assert type(made.grad_fn).__name__.startswith("_Banded") and "Banded" not in type(want.grad_fn).__name__
    # As near to double precision as torchvision in single precision, whose positions are as rough.
    with torch.no_grad():
        padding = tuple(side // 2 for side in layer.conv.kernel_size)
        rough = deform_conv2d(x, layer.offsets(x), layer.conv.weight, padding=padding)
        assert (made - want).abs().max() <= max(1.5 * (rough - want).abs().max(), 1e-5)
    (made * weights).sum().backward()
    (want * weights.double()).sum().backward()
    for name, (own, other) in {
        "x": (ours.grad, theirs.grad),
        **{
            name: (parameter.grad, dict(twin.named_parameters())[name].grad)
            for name, parameter in layer.named_parameters()
        },
    }.items():
        scale = other.abs().max()
        assert torch.allclose(own.double(), other, rtol=1e-3, atol=float(2e-5 * scale + 1e-7)), name
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        assert torch.equal(layer(x), made)
    finally:
        torch.set_num_threads(before)
    with torch.no_grad():
        assert torch.equal(layer(x), made)
    assert layer(x[:0]).shape == (0, outc, 19, 23)


def test_growth_learns_only_when_it_is_mended():
    for mended in (False, True):
        layer = BandedDeformConv2d(2, 2, fix_rescale=mended)
        layer(torch.randn(1, 2, 8, 8)).square().sum().backward()
        assert bool(layer.conv_whole.weight.grad.abs().sum() > 0) == mended


@pytest.mark.parametrize(
    "options",
    [
        {"stride": 2},
        {"bias": True},
        {"kernel_size": 4},
        {"kernel_size": (3, 2)},
        {"groups": 3},
        {"min_sscale": 5},
        {"init_angle": float("nan")},
    ],
    ids=str,
)
def test_the_layer_refuses_other_arguments(options):
    (name,) = options
    with pytest.raises(unband.UnbandError) as caught:
        BandedDeformConv2d(4, 4, **options)
    assert caught.value.argument == name


@pytest.mark.parametrize("name", nets.NAMES)
def test_every_network_is_built(name):
    assert nets.parameters(nets.build(name, small=True)) > 0


def rule(channels, height, width):
    """The image of `crates/unband-nets/src/state/fill.rs`."""
    k, y, x = (torch.arange(n) for n in (channels, height, width))
    y, x = y[:, None], x[None, :]
    codes = (7 * y + 13 * x + 31 * k[:, None, None] + (x * y) % 17) % 256
    return codes.double()[None] / 255


def test_networks_give_the_results_stored_with_their_files(root):
    """Those of tools/make_checkpoints.py, in double precision."""
    folder = root / "golden" / "checkpoints"
    stored = pytest.importorskip("safetensors.torch").load_file(folder / "expected.safetensors")
    expected = json.loads((folder / "expected.json").read_text())
    beside = {
        "indi": lambda *_: (torch.ones(1, 1).double(),),
        "unband-lite": lambda *size: (rule(9, *size), torch.arange(1, 13).double()[None] / 16),
        "unband-jpeg": lambda *size: (rule(8, *size), torch.arange(1, 7).double()[None] / 16),
    }
    for file, facts in expected["files"].items():
        about = expected["results"][facts["result"]]
        net, _ = nets.load(folder / file)
        assert nets.parameters(net) == about["parameters"], file
        (channels, *size), (low, high) = about["input"], about["span"]
        image = low + rule(channels, *size) * (high - low)
        with torch.no_grad():
            outputs = net.double()(image, *beside.get(about["network"], lambda *_: ())(*size))
        for i, output in enumerate(outputs if isinstance(outputs, tuple) else (outputs,)):
            assert list(output.shape[1:]) == about["shapes"][i], file
            want = stored[f"{facts['result']}.{i}"].double()
            apart = (output.flatten()[:: about["step"]] - want).abs().max()
            assert apart <= 2e-6 * want.abs().max(), (file, apart)


def test_networks_learn_and_can_be_copied(tmp_path):
    net = nets.build("rrdbnet:x2", small=True)
    net(torch.rand(1, 3, 8, 9)).square().mean().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in net.parameters())
    image = torch.rand(1, 3, 6, 5)
    twin = copy.deepcopy(net)
    assert torch.equal(twin(image), net(image))
    with torch.no_grad():
        twin.conv_last.bias.add_(1)
    assert not torch.equal(twin(image), net(image))
    torch.save(net, tmp_path / "net.pth")
    assert torch.equal(torch.load(tmp_path / "net.pth", weights_only=False)(image), net(image))
    assert torch.equal(nets.load(tmp_path / "net.pth")[0](image), net(image))
    assert torch.allclose(torch.jit.trace(net, image)(image), net(image))
    assert torch.equal(torch.fx.symbolic_trace(net)(image), net(image))


def test_settings_build_other_widths():
    wide = nets.build("uformer-t", small=True, width=8, side=128, heads=(1,) * 9)
    assert wide.state_dict()["input_proj.proj.0.weight"].shape == (8, 3, 3, 3)
    assert nets.build("bdinn:small-unet")(torch.rand(1, 3, 16, 16)).shape == (1, 3, 16, 16)
    indi = nets.build("indi", small=True, norm=None)
    assert indi(torch.rand(2, 3, 9, 12), t=torch.ones(2, 1)).shape == (2, 3, 9, 12)
    with pytest.raises(KeyError):
        nets.build("resnet")
    with pytest.raises(unband.OptionError, match="depth"):
        nets.build("uformer-t", depth=3)


def test_files_are_loaded_by_their_tensors(root, tmp_path):
    net, facts = nets.load(root / "weights" / "unband-lite.safetensors")
    assert facts["network"] == "unband-lite" and not net.training
    for name in ("ggdbn", "bdinn", "rrdbnet:x2", "indi", "uformer-t", "deepdeband-f"):
        torch.manual_seed(4)
        made = nets.build(name, small=True).eval()
        file = tmp_path / f"{name.replace(':', '_')}.pth"
        torch.save(made.state_dict(), file)
        again, facts = nets.load(file)
        assert facts["network"] == name.partition(":")[0]
        for key, value in made.state_dict().items():
            assert torch.equal(again.state_dict()[key], value), key
    with pytest.raises(unband.FileError):
        nets.load(tmp_path / "none.pth")
    with pytest.raises(unband.InputError) as caught:
        nets.load(root / "examples" / "sunset.png")
    assert caught.value.argument == "file"


def test_tensors_come_back_as_tensors(sky):
    tensor = torch.from_numpy(np.ascontiguousarray(np.moveaxis(sky, -1, 0)))
    smooth = unband.deband(tensor, channel_axis=0)
    assert isinstance(smooth, torch.Tensor) and smooth.dtype == torch.uint8
    assert np.array_equal(np.moveaxis(smooth.numpy(), 0, -1), unband.deband(sky))
    strided = torch.from_numpy(sky).permute(2, 0, 1)
    assert torch.equal(unband.deband(strided, channel_axis=0), smooth)
    with pytest.raises(unband.InputError, match="detach"):
        raise_hint(lambda: unband.deband((tensor / 255).requires_grad_(), channel_axis=0))
    values = unband.create_metric("bband")(torch.stack([tensor, smooth]))
    assert isinstance(values, torch.Tensor) and values.shape == (2,)


def raise_hint(call):
    try:
        call()
    except unband.InputError as error:
        raise unband.InputError(f"{error} {error.hint}") from error


def test_a_module_restores_batches(sky):
    batch = torch.from_numpy(np.stack([sky, sky[::-1]])).permute(0, 3, 1, 2)
    done = Restorer("smooth", threads=1)(batch)
    assert done.shape == batch.shape and done.dtype == batch.dtype
    assert np.array_equal(done[0].permute(1, 2, 0).numpy(), unband.deband(sky, method="smooth"))
    half = Restorer("smooth")((batch / 255).bfloat16())
    assert half.dtype == torch.bfloat16


def test_a_batch_is_degraded_by_index(sky):
    batch = torch.from_numpy(np.stack([sky, sky])).permute(0, 3, 1, 2).contiguous()
    degrade = Degrade("rgb", seed=3)
    bad = degrade(batch, [4, 9])
    for i, index in enumerate([4, 9]):
        expected = unband.Degrade("rgb", seed=3).pair(sky, index)[0]
        assert np.array_equal(bad[i].permute(1, 2, 0).numpy(), expected)
    assert torch.equal(degrade(batch)[1], degrade(batch, [0, 1])[1])
    floating = degrade.pair(batch / 255, torch.tensor([1, 2]))[0]
    assert floating.dtype == torch.float32 and 0 <= floating.min() and floating.max() <= 1
    for wrong, argument in [(batch[0], "batch"), (batch[:, :2], "batch")]:
        with pytest.raises(unband.InputError) as caught:
            degrade(wrong)
        assert caught.value.argument == argument


@pytest.fixture(scope="module")
def photos(root, tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for i in range(3):
        shutil.copy(root / "examples" / "sunset.png", folder / f"{i}.png")
    return folder


@pytest.mark.parametrize("workers", [0, 1, 2])
@pytest.mark.parametrize("start", ["fork", "spawn", "forkserver"])
def test_loaders_give_the_same_pairs(photos, workers, start):
    if workers != 2 and start != "fork":
        pytest.skip("started once for each method")
    data = PairDataset(f"{photos}/*.png", "default", patch=48, repeat=2, seed=5)
    assert len(data) == 6
    # The parent has used its threads before.
    unband.deband(np.zeros((64, 64), np.uint8), threads=2, everywhere=True)
    expected = [data[i] for i in range(6)]
    loader = torch.utils.data.DataLoader(
        data,
        batch_size=2,
        num_workers=workers,
        multiprocessing_context=multiprocessing.get_context(start) if workers else None,
        timeout=60 if workers else 0,
    )
    pairs = [pair for bad, clean in loader for pair in zip(bad, clean, strict=True)]
    for (bad, clean), (want_bad, want_clean) in zip(pairs, expected, strict=True):
        assert torch.equal(bad, want_bad) and torch.equal(clean, want_clean)
    assert pairs[0][0].shape == (3, 48, 48) and pairs[0][0].dtype == torch.float32
    data.set_epoch(1)
    assert not torch.equal(data[0][0], expected[0][0])


def test_forked_loaders_never_hang(photos):
    data = PairDataset(f"{photos}/*.png", "rgb", patch=32, seed=1)
    for epoch in range(20):
        unband.deband(np.full((40, 40), epoch, np.uint8), threads=2, everywhere=True)
        data.set_epoch(epoch)
        loader = torch.utils.data.DataLoader(data, num_workers=2, multiprocessing_context="fork", timeout=60)
        assert len(list(loader)) == 3


def test_scaled_recipes_give_larger_clean_sides(photos):
    bad, clean = PairDataset(f"{photos}/*.png", "bsrgan", patch=24, seed=2)[0]
    assert bad.shape == (3, 24, 24) and clean.shape == (3, 96, 96)


def test_datasets_refuse_what_they_cannot_use(photos, tmp_path):
    for files, options, argument in [
        (f"{tmp_path}/*.png", {}, "files"),
        ([], {}, "files"),
        (f"{photos}/*.png", {"patch": 0}, "patch"),
        (f"{photos}/*.png", {"repeat": 1.5}, "repeat"),
    ]:
        with pytest.raises(unband.OptionError) as caught:
            PairDataset(files, "rgb", **options)
        assert caught.value.argument == argument
    with pytest.raises(IndexError):
        PairDataset(f"{photos}/*.png", "rgb")[3]
