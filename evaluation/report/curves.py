"""Curves with intervals as an SVG file of its own, which opens in any browser, light or dark."""

from __future__ import annotations

from collections.abc import Mapping

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from evaluation.report import geometry, units
from evaluation.report.geometry import Curve
from evaluation.report.page import ASSETS


def curves_svg(title: str, axis: str, curves: Mapping[str, Curve]) -> str:
    """The curves by name over a logarithmic axis that begins at 1. Raises `ValueError` for one that ends there."""
    if any(curve[-1][0] < 2 for curve in curves.values()):
        raise ValueError("a curve needs a point beyond 1")
    environment = Environment(
        loader=FileSystemLoader(ASSETS),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "band": geometry.band,
        "polyline": geometry.polyline,
        "spread": geometry.spread,
        "percent": units.percent,
    }
    steps = geometry.steps([(0, curve) for curve in curves.values()])
    longest = max(curves.values(), key=lambda curve: curve[-1][0])
    places = {k: place for (k, _), (place, _) in zip(longest, geometry.spread(longest), strict=True)}
    return environment.get_template("curves.j2").render(
        title=title, axis=axis, curves=list(curves.items()), steps=[(k, places[k]) for k in steps if k in places]
    )
