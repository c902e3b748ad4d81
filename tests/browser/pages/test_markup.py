"""The Nu HTML checker finds no error on any page in any state, as it is sent and as scripts change it."""

from __future__ import annotations

import pytest

from ..desk_walks import DESK_WALKS
from ..markup import JAR, JAVA, MISSING, Documents, errors_in
from ..walks import WALKS

pytestmark = pytest.mark.skipif(JAVA is None or not JAR.is_file(), reason=MISSING)


@pytest.fixture
def documents(tmp_path):
    """The HTML of one walk."""
    return Documents(tmp_path)


@pytest.mark.parametrize("walk", WALKS + DESK_WALKS, ids=lambda walk: walk.__name__)
def test_the_checker_finds_no_error_in(walk, world, documents):
    world.meets = documents.listen
    walk(world, documents.look)
    assert len(documents.names) >= 2
    told = errors_in(documents)
    assert not told, "\n".join(told)


def test_the_checker_finds_a_known_error(shopper, own_shop, documents):
    documents.listen(shopper.context)
    shopper.visits(own_shop.has('<p id="same"><p id="same"><img src="data:,">'))
    documents.look(shopper.page)
    told = "\n".join(errors_in(documents))
    assert "sent, 200" in told
    assert "shown, " in told
    assert "Duplicate ID" in told
