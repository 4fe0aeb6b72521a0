"""Samples and what is said of them."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass


@dataclass(frozen=True)
class Samples:
    """Milliseconds, of one kind, in the order in which they were taken."""

    ms: tuple

    def at(self, share):
        """Return the smallest sample that so large a share of them does not exceed (nearest rank)."""
        ranked = sorted(self.ms)
        return ranked[max(0, math.ceil(share * len(ranked)) - 1)]

    @property
    def p50(self):
        return self.at(0.50)

    @property
    def p99(self):
        return self.at(0.99)

    @property
    def worst(self):
        return max(self.ms)

    def __len__(self):
        return len(self.ms)


def middle(values):
    """Return "median (least-most)" of repeated runs, in the precision that such figures bear."""
    values = list(values)
    if len(values) == 1:
        return number(values[0])
    return f"{number(statistics.median(values))} ({number(min(values))}-{number(max(values))})"


def number(value):
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"
