"""Levenberg and Marquardt's least squares (Marquardt 1963, SIAM J. Appl. Math. 11, 431)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .statistics import Array

# Values and derivatives (a row each datum), or None where the parameters make no sense.
Model = Callable[[Array], "tuple[Array, Array] | None"]

_MOST_STEPS = 200


@dataclass(frozen=True)
class Fit:
    parameters: Array
    covariance: Array
    chi_square: float
    converged: bool


def inverse_of(matrix: Array) -> Array | None:
    """Of a positive definite matrix, or None."""
    try:
        np.linalg.cholesky(matrix)
        return np.asarray(np.linalg.inv(matrix), dtype=np.float64)
    except np.linalg.LinAlgError:
        return None


def _curvature(model: Model, data: Array, weights: Array, at: Array) -> tuple[Array, Array, float] | None:
    modelled = model(at)
    if modelled is None:
        return None
    values, derivatives = modelled
    residual = data - values
    weighted = derivatives * weights[:, None]
    chi_square = float((weights * residual**2).sum())
    if not np.isfinite(chi_square):
        return None
    return weighted.T @ derivatives, weighted.T @ residual, chi_square


def fit_model(model: Model, data: Array, weights: Array, start: Array) -> Fit | None:
    parameters = start
    here = _curvature(model, data, weights, parameters)
    if here is None:
        return None
    damping, converged = 1e-3, False
    for _ in range(_MOST_STEPS):
        if converged or damping >= 1e12:
            break
        matrix, gradient, chi_square = here
        inverse = inverse_of(matrix + damping * np.diag(np.diag(matrix)))
        if inverse is None:
            damping *= 10
            continue
        trial = parameters + inverse @ gradient
        there = _curvature(model, data, weights, trial)
        if there is not None and there[2] <= chi_square:
            converged = chi_square - there[2] <= 1e-9 * chi_square
            parameters, here = trial, there
            damping = max(damping / 10, 1e-9)
        else:
            damping *= 10
    covariance = inverse_of(here[0])
    if covariance is None:
        return None
    return Fit(parameters, covariance, here[2], converged or damping >= 1e12)
