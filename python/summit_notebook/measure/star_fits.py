"""Elliptical Gaussian and Moffat (1969, A&A 3, 455) profiles.

I = peak (1 + (2^u - 1) Q)^(-1/u) with u = 1 / beta and Q = 1 on the ellipse of half the peak; u = 0 is the Gaussian.
The model is averaged over the pixel by 2 x 2 Gauss-Legendre points.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from .least_squares import Model, fit_model
from .statistics import Array

_POINTS = (-0.5 / math.sqrt(3), 0.5 / math.sqrt(3))
_LEAST_U, _MOST_U = 0.01, 1.0


@dataclass(frozen=True)
class StarFit:
    """`sky` is what the fit adds to the sky that was subtracted; `beta` is None for the Gaussian."""

    x: float
    y: float
    x_error: float
    y_error: float
    peak: float
    sky: float
    fwhm_px: float
    fwhm_error_px: float
    fwhm_major_px: float
    fwhm_minor_px: float
    beta: float | None
    beta_error: float | None
    chi_square_per_dof: float
    converged: bool


def _model(x: Array, y: Array, held_u: float | None) -> Model:
    def model(parameters: Array) -> tuple[Array, Array] | None:
        peak, x0, y0, xx, xy, yy, sky = (float(value) for value in parameters[:7])
        u = float(parameters[7]) if held_u is None else held_u
        if not (xx > 0 and xx * yy - xy * xy > 0 and 0 <= u <= 2):
            return None
        scale = 2**u - 1
        value = np.zeros(x.shape)
        derivatives = np.zeros((x.size, 8))
        for px in _POINTS:
            for py in _POINTS:
                dx, dy = x + px - x0, y + py - y0
                q = xx * dx * dx + 2 * xy * dx * dy + yy * dy * dy
                base = 1 + scale * q
                f = np.exp(-np.log(base) / u) if u > 0 else np.exp(-math.log(2) * q)
                by_q = peak * (-scale / u * (f / base) if u > 0 else -math.log(2) * f) / 4
                value += f / 4
                derivatives[:, 1] -= 2 * by_q * (xx * dx + xy * dy)
                derivatives[:, 2] -= 2 * by_q * (xy * dx + yy * dy)
                derivatives[:, 3] += by_q * dx * dx
                derivatives[:, 4] += 2 * by_q * dx * dy
                derivatives[:, 5] += by_q * dy * dy
                if held_u is None:
                    by_u = f * (np.log(base) / (u * u) - q * (scale + 1) * math.log(2) / (u * base))
                    derivatives[:, 7] += peak * by_u / 4
        derivatives[:, 0] = value
        derivatives[:, 6] = 1
        return peak * value + sky, derivatives[:, : parameters.size]

    return model


def fit_star(
    x: Array,
    y: Array,
    light: Array,
    sky_variance: float,
    electron_per_unit: float | None,
    profile: Literal["gaussian", "moffat"],
    guess: tuple[float, float, float, float],
) -> StarFit | None:
    """`guess` is x, y, peak and FWHM."""
    guess_x, guess_y, guess_peak, guess_fwhm = guess
    q = 4 / guess_fwhm**2
    held_u = 0.0 if profile == "gaussian" else None
    parameters = np.array([guess_peak, guess_x, guess_y, q, 0, q, 0] + ([1 / 3] if held_u is None else []))
    fit = None
    for number in range(3):
        model = _model(x, y, held_u)
        start = model(parameters)
        if start is None:
            return None
        modelled = start[0] - (0 if number == 0 else parameters[6])
        photons = 0 if electron_per_unit is None else np.maximum(0, modelled) / electron_per_unit
        weights = 1 / (sky_variance + photons + np.zeros(x.shape))
        fit = fit_model(model, light, weights, parameters)
        if fit is None:
            return None
        parameters = fit.parameters
        if number < 2 and parameters.size == 8 and not _LEAST_U <= parameters[7] <= _MOST_U:
            held_u = _LEAST_U if parameters[7] < _LEAST_U else _MOST_U
            parameters = parameters[:7]
    dof = light.size - parameters.size
    if fit is None or dof < 1:
        return None
    # A profile that does not describe the star is not known better than it describes it.
    covariance = max(1.0, fit.chi_square / dof) * fit.covariance
    xx, xy, yy = (float(value) for value in parameters[3:6])
    determinant = xx * yy - xy * xy
    fwhm = 2 * determinant**-0.25
    slope = np.array([yy, -2 * xy, xx]) * (-0.25 * fwhm / determinant)
    half, spread = (xx + yy) / 2, math.sqrt(((xx - yy) / 2) ** 2 + xy**2)
    u = float(parameters[7]) if held_u is None else held_u
    return StarFit(
        x=float(parameters[1]),
        y=float(parameters[2]),
        x_error=math.sqrt(covariance[1, 1]),
        y_error=math.sqrt(covariance[2, 2]),
        peak=float(parameters[0]),
        sky=float(parameters[6]),
        fwhm_px=fwhm,
        fwhm_error_px=math.sqrt(float(slope @ covariance[3:6, 3:6] @ slope)),
        fwhm_major_px=2 / math.sqrt(half - spread),
        fwhm_minor_px=2 / math.sqrt(half + spread),
        beta=1 / u if profile == "moffat" else None,
        beta_error=math.sqrt(covariance[7, 7]) / u**2 if held_u is None else None,
        chi_square_per_dof=fit.chi_square / dof,
        converged=fit.converged,
    )


def profile_of_fit(fit: StarFit, radius_px: Array) -> Array:
    q = (2 * radius_px / fit.fwhm_px) ** 2
    if fit.beta is None:
        return np.asarray(fit.peak * 2**-q, dtype=np.float64)
    return np.asarray(fit.peak * (1 + (2 ** (1 / fit.beta) - 1) * q) ** -fit.beta, dtype=np.float64)


def fraction_within(fit: StarFit, radius_px: float) -> float:
    q = (2 * radius_px / fit.fwhm_px) ** 2
    if fit.beta is None:
        return float(1 - 2**-q)
    return float(1 - (1 + (2 ** (1 / fit.beta) - 1) * q) ** (1 - fit.beta))
