"""Metrics of image quality and of banding."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from . import _unband
from ._arrays import as_numpy, is_path, like
from ._call import job
from ._image import Image, Source
from .errors import InputError, OptionError

if TYPE_CHECKING:
    from collections.abc import Iterable


class MetricInfo(NamedTuple):
    """A metric of `list_metrics`."""

    name: str
    title: str
    purpose: str
    """Purpose and limits."""
    lower_better: bool
    compared_with: str | None
    """The second image: None, "reference" (the clean image) or "input" (the image before its repair)."""
    range: str
    """Possible values, in words."""
    unit: str
    source: str
    """Paper or file that defines it."""
    ready: bool
    """False for a metric whose network must be imported first, with `unband.models.import_`."""


def list_metrics(*, reference: bool | None = None) -> list[MetricInfo]:
    """All metrics; with `reference` True or False only those that need a second image, or none."""
    metrics = [MetricInfo(**row) for row in _unband.metrics()]
    return [m for m in metrics if reference is None or (m.compared_with is not None) == reference]


class Metric:
    """A metric; calling it scores images. Made by `create_metric`; it can be pickled."""

    __slots__ = ("info", "threads")

    info: MetricInfo
    threads: int | None

    def __init__(self, name: str, threads: int | None = None) -> None:
        known = {metric.name: metric for metric in list_metrics()}
        if name not in known:
            hint = f"the metrics are {', '.join(known)}"
            raise OptionError(f"there is no metric `{name}`", hint, "name")
        self.info = known[name]
        self.threads = threads

    @property
    def name(self) -> str:
        """Its name."""
        return self.info.name

    @property
    def lower_better(self) -> bool:
        """Is a lower value better?"""
        return self.info.lower_better

    @property
    def reference(self) -> bool:
        """Does it need a second image?"""
        return self.info.compared_with is not None

    @property
    def range(self) -> str:
        """Possible values, in words."""
        return self.info.range

    def __call__(self, image: Any, other: Any = None, *, channel_axis: int | None = None) -> Any:
        """The value of an image, against `other` for a metric with a second image.

        One image, as for `deband`: a float. A batch, N × C × H × W (`channel_axis` names another axis of the
        channels): an array of N values, a tensor for a tensor. No gradients. Raises `InputError` where the
        metric has no value.
        """
        if is_path(image) or isinstance(image, Image):
            return self._one(image, other, channel_axis)
        array = as_numpy(image, "image")
        if array.ndim != 4:
            return self._one(image, other, channel_axis)
        import numpy as np

        if len(array) == 0:
            raise InputError(f"`image` has no images: shape {array.shape}", argument="image")
        axis = _batch_axis(channel_axis)
        others = [None] * len(array) if other is None else as_numpy(other, "other")
        if len(others) != len(array):
            message = f"`other` must hold {len(array)} images as `image` does, got {len(others)}"
            raise InputError(message, argument="other")
        values = [self._one(x, y, axis) for x, y in zip(array, others, strict=True)]
        return like(np.array(values), None if isinstance(image, np.ndarray) else type(image))

    def _one(self, image: Any, other: Any, channel_axis: int | None) -> float:
        if self.info.compared_with is not None and other is None:
            clean = self.info.compared_with == "reference"
            what = "the clean image" if clean else "the image before its repair"
            raise OptionError(f"{self.name} needs `other`, {what}", argument="other")
        first = Source(image, "image", channel_axis).native
        second = None if other is None else Source(other, "other", channel_axis).native
        with job(self.threads, None, strict=True) as options:
            (value,) = _unband.score([self.name], first, second, second, options)
        assert value is not None
        return value[0]

    def __reduce__(self) -> tuple[Any, ...]:
        return Metric, (self.name, self.threads)

    def __repr__(self) -> str:
        return f"<unband.Metric {self.name}>"


def _batch_axis(channel_axis: int | None) -> int:
    """The axis of the channels within an image of a batch."""
    if channel_axis is None:
        return 0
    if not isinstance(channel_axis, int) or not -3 <= channel_axis <= 3 or channel_axis == 0:
        message = f"`channel_axis` of a batch must be 1 to 3 or -3 to -1, got {channel_axis!r}"
        raise OptionError(message, argument="channel_axis")
    return channel_axis - 1 if channel_axis > 0 else channel_axis


def create_metric(name: str, *, threads: int | None = None, as_loss: bool = False) -> Metric:
    """The metric of that name: `cambi = create_metric("cambi"); cambi(image)`.

    `as_loss=True` is refused: the metrics have no gradients.
    """
    if as_loss:
        message = "`as_loss` is not supported: the metrics have no gradients"
        raise OptionError(message, "train with a metric of pyiqa, and score with this one", "as_loss")
    return Metric(name, threads)


def _scores(
    names: Iterable[str] | None,
    defaults: list[str],
    images: tuple[Source, Source | None, Source | None],
    threads: int | None,
) -> dict[str, float]:
    if isinstance(names, str):
        raise OptionError(f"`metrics` must be a list of names, got {names!r}", argument="metrics")
    chosen = list(defaults if names is None else names)
    image, reference, before = images
    with job(threads, None, strict=names is not None) as options:
        values = _unband.score(
            chosen,
            image.native,
            None if reference is None else reference.native,
            None if before is None else before.native,
            options,
        )
    return {name: math.nan if value is None else value[0] for name, value in zip(chosen, values, strict=True)}


def score(
    image: Any,
    metrics: Iterable[str] | None = None,
    *,
    channel_axis: int | None = None,
    bits: int | None = None,
    threads: int | None = None,
) -> dict[str, float]:
    """Values of metrics of one image, by name. `image` as for `deband`.

    By default CAMBI, CAMBI at a quarter of the size, and BBAND; one that has no value for the image is NaN.
    Metrics that are named and have no value raise `InputError`. `inspect(image).grade` is the verdict.
    """
    defaults = _unband.default_metrics(False, False)
    return _scores(metrics, defaults, (Source(image, "image", channel_axis, bits), None, None), threads)


def compare(
    reference: Any,
    result: Any,
    metrics: Iterable[str] | None = None,
    *,
    before: Any = None,
    channel_axis: int | None = None,
    bits: int | None = None,
    threads: int | None = None,
) -> dict[str, float]:
    """Values of metrics of a result, by name, compared with the clean image `reference`.

    Images as for `deband`, of one size; depths may differ. `before` is the image before its repair, for
    metrics that compare with it. By default the metrics of `unband compare`; errors as for `score`.
    """
    sources = (
        Source(result, "result", channel_axis, bits),
        Source(reference, "reference", channel_axis, bits),
        None if before is None else Source(before, "before", channel_axis, bits),
    )
    defaults = _unband.default_metrics(True, before is not None)
    return _scores(metrics, defaults, sources, threads)
