"""Crosstalk, linearity, defects, interpolation, brighter-fatter and cosmic rays against numpy, scipy and astroscrappy.

The calibrations are written as lsst.ip.isr writes them: tables of astropy with the names that its fromTable reads.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import astroscrappy
import numpy as np
import pytest
import scipy.interpolate
import scipy.signal
from astropy.io import fits
from astropy.table import Table

from summit_notebook.engine import Engine, FitsError, IsrResult

Array = np.ndarray[Any, Any]
EPS = float(np.finfo(np.float32).eps)
# In the order of a raw's HDUs: the upper half first. Half, column.
SEGMENTS = ("10", "11", "01", "00")
GAINS = (1.1, 0.9, 1.3, 1.7)
READ_NOISE = 8.0


def blocks(image: Array) -> list[Array]:
    """Views of an image's four amplifiers in readout order: the upper half upside down, column 1 mirrored."""
    height, width = image.shape[0] // 2, image.shape[1] // 2
    views = []
    for half, column in SEGMENTS:
        rows = slice(height, None) if half == "1" else slice(height)
        view = image[rows, width * int(column) : width * (int(column) + 1)]
        views.append(view[:: -1 if half == "1" else 1, :: -1 if column == "1" else 1])
    return views


def raw_of(image: Array) -> bytes:
    """A raw of an instrument that the camera table does not know; its image area is all that there is."""
    height, width = image.shape[0] // 2, image.shape[1] // 2
    hdus: list[Any] = [fits.PrimaryHDU()]
    hdus[0].header["INSTRUME"] = "TestCam"
    hdus[0].header["DETSIZE"] = f"[1:{2 * width},1:{2 * height}]"
    for name, gain, pixels in zip(SEGMENTS, GAINS, blocks(image), strict=True):
        hdu = fits.ImageHDU(np.ascontiguousarray(pixels, dtype=np.float32))
        hdu.header["EXTNAME"] = f"Segment{name}"  # astropy's `name` would be in capitals
        first, last = width * int(name[1]) + 1, width * (int(name[1]) + 1)
        x = f"{last}:{first}" if name[1] == "1" else f"{first}:{last}"
        hdu.header["DATASEC"] = f"[1:{width},1:{height}]"
        hdu.header["DETSEC"] = f"[{x},1:{height}]"
        hdu.header["GAIN"] = gain
        hdu.header["RDNOISE"] = READ_NOISE
        hdus.append(hdu)
    return file_of(hdus)


def file_of(hdus: Sequence[Any]) -> bytes:
    content = io.BytesIO()
    fits.HDUList(hdus).writeto(content)
    return content.getvalue()


def calib_of(*tables: Table, **cards: Any) -> bytes:
    tables[0].meta.update(cards)
    return file_of([fits.PrimaryHDU(), *(fits.table_to_hdu(table) for table in tables)])


def run(
    engine: Engine, image: Array, calibs: dict[str, bytes], *steps: str, recipe: str = "rapid"
) -> IsrResult:
    result = engine.isr(raw_of(image), calibs, steps=("assemble", *steps), recipe=recipe, geometry="header")
    done = {step["name"] for step in result.report["steps"] if step["done"]}
    assert {*steps} <= done, result.report["steps"]
    return result


def has(result: IsrResult, plane: str) -> Array:
    assert result.mask is not None
    bit = 1 << result.report["mask_planes"][plane]
    return (result.mask & bit) != 0


def test_crosstalk(engine: Engine) -> None:
    rng = np.random.default_rng(1)
    image = rng.normal(300, 10, (60, 80)).astype(np.float32)
    image[rng.random(image.shape) < 0.02] = 60000
    linear, quadratic = rng.normal(0, 3e-4, (4, 4)), rng.normal(0, 1e-9, (4, 4))
    np.fill_diagonal(linear, 0)
    valid = rng.random((4, 4)) < 0.8
    table = Table(
        [{"CT_COEFFS": linear.ravel(), "CT_VALID": valid.ravel(), "CT_COEFFS_SQR": quadratic.ravel()}]
    )
    cards = {"HAS_CROSSTALK": True, "NAMP": 4, "CROSSTALK_VERSION": 1.2, "CROSSTALK_RATIOS_UNITS": "adu"}
    result = run(engine, image, {"crosstalk": calib_of(table, **cards)}, "crosstalk")
    c = np.where(valid, linear, 0)
    q = np.where(valid & (linear != 0), quadratic, 0)
    count = 0
    sources = np.array([block.astype(np.float64) for block in blocks(image)])
    for target, (before, after, masked) in enumerate(
        zip(sources, blocks(result.image), blocks(has(result, "CROSSTALK")), strict=True)
    ):
        subtrahend = np.tensordot(c[:, target], sources, 1) + np.tensordot(q[:, target], sources**2, 1)
        # Products and sums in float32: at most eight terms of 60000 * 1e-3.
        np.testing.assert_allclose(after, before - subtrahend, rtol=2 * EPS, atol=8 * EPS * 60)
        distance = np.abs(subtrahend - np.median(subtrahend))
        sure = np.abs(distance - 1) > 1e-4
        np.testing.assert_array_equal(masked[sure], (distance >= 1)[sure])
        count += int(masked.sum())
    assert 100 < count < image.size / 4


NODES = np.array([0.0, 800, 2500, 9000, 30000, 90000])
VALUES = np.array([0.0, 3, -7, 20, 11, -40])


def spline(x: Array, nodes: Array, values: Array, margin: float) -> Array:
    curve = scipy.interpolate.Akima1DInterpolator(nodes, values, method="akima")
    return x - curve(np.clip(x, nodes[0], nodes[-1] - margin))


def linearity_calib(kind: str, coefficients: Array, *more: Table) -> bytes:
    rows = [{"AMPLIFIER_NAME": f"C{name}", "TYPE": kind, "COEFFS": coefficients} for name in SEGMENTS]
    cards = {"HAS_LINEARITY": True, "LINEARITY_UNITS": "adu"}
    return calib_of(Table(rows), *more, **cards)


@pytest.mark.parametrize("recipe", ["rapid", "full"])
@pytest.mark.parametrize("kind", ["Spline", "Spline not anchored", "DoubleSpline", "Polynomial", "Squared"])
def test_linearity(engine: Engine, kind: str, recipe: str) -> None:
    image = np.random.default_rng(2).uniform(-500, 120000, (40, 60)).astype(np.float32)
    rng = np.random.default_rng(3)
    nodes, values = NODES, VALUES
    if kind == "Spline not anchored":
        nodes, values = NODES + 50, VALUES + 9
    if kind == "DoubleSpline":
        other = rng.normal(0, 5, NODES.size) * (NODES > 0)
        coefficients = np.concatenate([[NODES.size, NODES.size], NODES, VALUES, NODES, other])
    elif kind == "Polynomial":
        coefficients = np.array([2e-7, -1e-12])
    elif kind == "Squared":
        coefficients = np.array([2e-7, 3])
    else:
        coefficients = np.concatenate([nodes, values])
    calib = linearity_calib(kind.split(" ")[0], coefficients)
    steps = ("linearity",) if recipe == "rapid" else ("gain", "linearity")
    result = run(engine, image, {"linearity": calib}, *steps, recipe=recipe)
    for before, after, amplifier_gain in zip(blocks(image), blocks(result.image), GAINS, strict=True):
        # In electrons the curve is scaled with the gain, as lsst.ip.isr does it for splines.
        gain = 1.0 if recipe == "rapid" else amplifier_gain
        x = (before * np.float32(gain)).astype(np.float64)
        if kind == "DoubleSpline":
            once = spline(x, gain * NODES, gain * VALUES, 0.01).astype(np.float32).astype(np.float64)
            expected = spline(once, gain * NODES, gain * other, 0.01)
        elif kind == "Polynomial":
            expected = x + gain * (2e-7 * (x / gain) ** 2 - 1e-12 * (x / gain) ** 3)
        elif kind == "Squared":
            expected = x * (1 + 2e-7 * x / gain)
        else:
            anchored = nodes[0] == 0
            xs = gain * (nodes if anchored else np.concatenate([[0], nodes]))
            ys = gain * (values if anchored else np.concatenate([[0], values - values[0]]))
            expected = spline(x, xs, ys, 0.1)
        np.testing.assert_allclose(after, expected, rtol=EPS, atol=1e-9)


def test_linearity_by_lookup_table(engine: Engine) -> None:
    image = np.random.default_rng(4).uniform(-20, 120, (20, 30)).astype(np.float32)
    table = np.random.default_rng(5).normal(0, 2, (2, 100)).astype(np.float32)
    calib = linearity_calib("LookupTable", np.array([1, 10.5]), Table({"LOOKUP_VALUES": table}))
    result = run(engine, image, {"linearity": calib}, "linearity")
    column = np.clip((np.float32(10.5) + image).astype(np.int64), 0, 99)
    np.testing.assert_array_equal(result.image, image + table[1][column])


def defects_as_boxes(boxes: Sequence[tuple[int, int, int, int]]) -> Table:
    return Table(rows=boxes, names=("x0", "y0", "width", "height"))


def defects_as_regions(boxes: Sequence[tuple[int, int, int, int]]) -> Table:
    """As toFitsRegionTable has them: centres counted from 1."""
    rows = [
        {
            "X": x + (width - 1) / 2 + 1,
            "Y": y + (height - 1) / 2 + 1,
            "SHAPE": "POINT" if (width, height) == (1, 1) else "BOX",
            "R": np.array([width, height], dtype=np.float64),
            "ROTANG": 0.0,
        }
        for x, y, width, height in boxes
    ]
    return Table(rows)


@pytest.mark.parametrize("layout", [defects_as_boxes, defects_as_regions])
def test_defects_and_interpolation(engine: Engine, layout: Any) -> None:
    rng = np.random.default_rng(6)
    image = rng.normal(1000, 30, (50, 70)).astype(np.float32)
    boxes = [(int(x), int(y), int(w), int(h)) for x, y, w, h in rng.integers(0, (70, 50, 6, 6), (30, 4)) + 1]
    boxes += [(12, 30, 1, 1), (0, 5, 3, 40), (0, 45, 70, 1), (68, 0, 9, 3)]
    bad = np.zeros(image.shape, dtype=bool)
    for x, y, width, height in boxes:
        bad[y : y + height, x : x + width] = True
    result = run(engine, image, {"defects": calib_of(layout(boxes))}, "defects", "interpolate")
    np.testing.assert_array_equal(has(result, "BAD"), bad)
    expected = image.astype(np.float64)
    for row, values in zip(bad, expected, strict=True):
        if not row.all():
            values[row] = np.interp(np.flatnonzero(row), np.flatnonzero(~row), values[~row])
    np.testing.assert_array_equal(has(result, "INTRP"), bad & ~bad.all(axis=1, keepdims=True))
    np.testing.assert_array_equal(result.image[~bad], image[~bad])
    np.testing.assert_allclose(result.image, expected, rtol=3 * EPS)


def coulton(image: Array, kernel: Array) -> Array:
    """The correction of Coulton et al. 2018 by FFT and numpy's differences, zero where they would cross the edge."""
    edge = kernel.shape[0] // 2 + 1
    inside = (slice(edge, -edge), slice(edge, -edge))
    correction = np.zeros_like(image)
    for _ in range(10):
        signal = image + correction
        potential = scipy.signal.fftconvolve(signal, kernel, mode="same")
        gradients = zip(np.gradient(signal), np.gradient(potential), strict=True)
        curvature = sum(np.gradient(potential, axis=axis) * 0 for axis in (0, 1))
        curvature[1:-1, :] += np.diff(potential, 2, axis=0)
        curvature[:, 1:-1] += np.diff(potential, 2, axis=1)
        change = np.zeros_like(image)
        change[inside] = (0.5 * (sum(a * b for a, b in gradients) + signal * curvature))[inside]
        done = np.abs(change - correction).sum() < 1000
        correction = change
        if done:
            break
    return correction


@pytest.mark.parametrize("level", ["AMP", "DETECTOR"])
@pytest.mark.parametrize("recipe", ["rapid", "full"])
def test_brighter_fatter(engine: Engine, recipe: str, level: str) -> None:
    rng = np.random.default_rng(7)
    y, x = np.mgrid[:90, :110]
    image = rng.normal(2000, 40, (90, 110))
    for cy, cx in rng.uniform(0, 1, (12, 2)) * (90, 110):
        image += 40000 * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 12)
    image = image.astype(np.float32)
    reach = np.arange(-8, 9)
    kernel = -2e-7 / (1 + reach[:, None] ** 2 + reach[None, :] ** 2)
    amplifiers = [kernel * (1 + 0.1 * n) for n in (-1, 0, 1)] + [np.full_like(kernel, np.nan)]
    table = Table(
        {
            "AMPLIFIER": [f"C{name}" for name in SEGMENTS],
            "KERNEL": [each.ravel() for each in amplifiers],
            "VALID": [1, 1, 1, 0],
        }
    )
    tables = [table]
    if level == "DETECTOR":
        kernel = 2 * kernel
        tables.append(Table({"DETECTOR": ["R22_S11"], "KERNEL": [kernel.ravel()]}))
    calib = calib_of(*tables, LEVEL=level, KERNEL_DX=17, KERNEL_DY=17)
    steps = ("brighter-fatter",) if recipe == "rapid" else ("gain", "brighter-fatter")
    result = run(engine, image, {"brighter-fatter": calib}, *steps, recipe=recipe)
    gain = np.zeros_like(image)
    for block, value in zip(blocks(gain), GAINS, strict=True):
        block[:] = value
    electrons = image * gain
    correction = coulton(electrons.astype(np.float64), kernel)
    scale = gain if recipe == "rapid" else np.float32(1)
    np.testing.assert_array_equal(
        result.image[correction == 0], (electrons / scale if recipe == "full" else image)[correction == 0]
    )
    expected = electrons / scale + correction / scale
    np.testing.assert_allclose(result.image, expected, rtol=0, atol=17 * EPS * electrons.max())
    assert np.abs(correction).max() > 100


def simulated_sky(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Array, Array]:
    """Electrons, and where a cosmic ray adds more than five sigma."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    sky = np.full(shape, 250.0)
    for cy, cx, brightness in rng.uniform(0, 1, (120, 3)) * (*shape, 1):
        reach = (np.abs(y - cy) < 15) & (np.abs(x - cx) < 15)
        distance = (x[reach] - cx) ** 2 + (y[reach] - cy) ** 2
        sky[reach] += 100 / (brightness + 0.002) * np.exp(-distance / (2 * 1.8**2))
    rays = np.zeros(shape)
    for cy, cx, angle, size, level in rng.uniform(0, 1, (250, 5)):
        for step in np.arange(1 + 15 * size**3):
            row = int(cy * shape[0] + step * np.sin(6.3 * angle))
            column = int(cx * shape[1] + step * np.cos(6.3 * angle))
            if 0 <= row < shape[0] and 0 <= column < shape[1]:
                rays[row, column] = 300 + 5000 * level
    sigma = np.sqrt(sky + READ_NOISE**2)
    return rng.normal(sky, sigma) + rng.poisson(rays), rays > 5 * sigma


def grown(flags: Array) -> Array:
    return scipy.signal.convolve2d(flags, np.ones((3, 3)), mode="same") > 0


@pytest.mark.parametrize("seed", [8, 9])
def test_cosmic_rays(engine: Engine, seed: int) -> None:
    rng = np.random.default_rng(seed)
    electrons, truth = simulated_sky(rng, (360, 400))
    gain = np.zeros_like(electrons)
    for block, value in zip(blocks(gain), GAINS, strict=True):
        block[:] = value
    result = run(engine, electrons / gain, {}, "gain", "cosmic-rays", recipe="full")
    found = has(result, "CR")
    oracle, cleaned = astroscrappy.detect_cosmics(
        electrons.astype(np.float32),
        sigclip=4.5,
        sigfrac=0.3,
        objlim=5.0,
        niter=4,
        gain=1.0,
        readnoise=READ_NOISE,
        satlevel=np.inf,
        sepmed=False,
        cleantype="medmask",
        fsmode="median",
    )
    # Nearer to the edge astroscrappy's medians leave pixels as they are; here they go on beyond it.
    inside = (slice(6, -6), slice(6, -6))
    differing = (found ^ oracle)[inside].sum()
    assert differing <= 0.01 * oracle[inside].sum(), differing
    both = np.zeros_like(found)
    both[inside] = (found & oracle)[inside]
    # Of an even number of neighbours astroscrappy takes the lower one of the two in the middle, here it is their mean.
    sigma = np.sqrt(np.abs(cleaned) + READ_NOISE**2)
    assert (np.abs(result.image - cleaned)[both] < 0.5 * sigma[both]).mean() > 0.98
    np.testing.assert_array_equal(found, has(result, "INTRP"))
    # Of what was put in nine tenths and more are found, and nothing else but their neighbours.
    assert found[truth].mean() > 0.9
    assert (found & ~grown(truth)).sum() < 0.03 * found.sum()


def test_cosmic_rays_by_the_variance_are_those_by_the_model(engine: Engine) -> None:
    electrons, _ = simulated_sky(np.random.default_rng(10), (200, 240))
    with_model = run(engine, electrons, {}, "cosmic-rays")
    with_variance = run(engine, electrons, {}, "variance", "cosmic-rays")
    # The variance is that of the image before a ray is taken away: near rays the two differ a little.
    one, other = has(with_model, "CR"), has(with_variance, "CR")
    assert one.sum() > 200
    assert (one ^ other).sum() < 0.05 * one.sum()


def test_tables_of_another_kind_are_refused(engine: Engine) -> None:
    image = np.zeros((8, 8))
    table = calib_of(Table({"SOMETHING": [1.0]}))
    for kind in ("crosstalk", "linearity", "defects", "brighter-fatter"):
        for content in (table, file_of([fits.PrimaryHDU()])):
            with pytest.raises(FitsError, match="want") as refused:
                engine.isr(raw_of(image), {kind: content}, geometry="header")
            assert refused.value.tag == "UnsupportedFits"
