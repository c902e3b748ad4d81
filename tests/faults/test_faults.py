"""Whatever breaks under load, acknowledged messages are there, once, in one order for everybody.

Guests and admins write, answer, take, close and reopen through our proxy; others read by stream and
by polling. Something breaks in the middle, and at the end everything is read back through the API and from SQL.
On SQLite one process serves, on PostgreSQL several workers. `make faults` runs the long round (plans.py).
"""

from __future__ import annotations

import statistics

import pytest

from .breaking import Fault, Site, the_disk_is_full
from .check import violations
from .crowd import every_stream_is_alive
from .plans import REACHES_WITHIN, UNFELT, Plan, plans

pytestmark = pytest.mark.faults
BACK_WITHIN = 15  # seconds, on a machine that is busy with other work; the figure itself is printed


@pytest.mark.parametrize("plan", plans(), ids=str)
def test_nothing_is_lost_or_doubled_when(plan: Plan, new_site):
    site = new_site(plan)
    why = site.ground.cannot_fill
    possible = [fault for fault in plan.faults if fault is not the_disk_is_full or not why]
    if not possible:
        pytest.skip(f"No small disk can be mounted here: {why}")
    for fault in site.in_order(possible):
        break_once(site, fault)
    see_that_all_is_well(site, plan)
    assert site.server.stop() == 0


def break_once(site: Site, fault: Fault) -> None:
    """Break something under load; afterwards all streams are open again, and everything continues and reaches them."""
    load, history = site.load, site.load.history
    load.doing = fault.__name__
    load.goes_on()
    before = history.lost + history.unavailable
    if load.crowd is not None:
        load.crowd.come_and_go(now=True)
    fault(site)
    if load.crowd is not None:
        load.crowd.come_and_go(now=False)
    load.wait(load.streams, "all streams are back")
    site.note("what was written was on every stream", every_stream_is_alive(load, REACHES_WITHIN))
    site.felt += history.lost + history.unavailable > before or fault in UNFELT


def see_that_all_is_well(site: Site, plan: Plan) -> None:
    """Read everything back; summarise it in a line."""
    evidence = site.load.finish()
    found = violations(evidence)
    assert found == [], f"{len(found)} violations, the first ones:\n" + "\n".join(found[:20])
    print(
        f"\n{len(plan.faults)} × {plan}: {site.load}; {len(evidence.entries)} entries, all is well"
    )
    for what, seconds in site.measured.items():
        middle, most = statistics.median(seconds), max(seconds)
        print(f"    {what} after {middle:.2f} s (median), {most:.2f} s (at most)")
        assert most < max(BACK_WITHIN, REACHES_WITHIN)
    assert site.felt > len(plan.faults) / 2, "hardly anybody noticed"
