"""For all rooms: no example of Hypothesis is held against the clock, for how fast something is stands in bench/.

Under `make mutants` it draws the same examples each time, so that what survives once survives again.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
settings.register_profile("mutants", settings.get_profile("untimed"), derandomize=True)
