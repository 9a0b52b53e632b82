"""Of an upload people hear in time: what waits, that it gets less, and that it is over."""

from __future__ import annotations

from edge.handheld.backlog import SHOWN_FROM, Backlog
from edge.handheld.outcome import Notice

NEWS, WARNING = Notice("HUB_SAYS"), Notice("FINISH_THIS_LINE", look="WARN")


def test_a_few_events_are_gone_before_anybody_could_read_of_them():
    backlog = Backlog()
    assert backlog.watch(SHOWN_FROM - 1, NEWS, came_back=True) is NEWS
    assert not backlog.is_draining
    assert backlog.watch(0, None, came_back=False) is None


def test_mere_news_make_room_for_it_and_a_warning_stays():
    assert Backlog().watch(SHOWN_FROM, NEWS, came_back=True) is None
    assert Backlog().watch(SHOWN_FROM, WARNING, came_back=True) is WARNING


def test_its_end_is_told_once_unless_something_else_is_to_be_read():
    for standing, told in ((None, Notice("BACKLOG_GONE")), (WARNING, WARNING)):
        backlog = Backlog()
        backlog.watch(SHOWN_FROM, None, came_back=True)
        assert backlog.watch(1, None, came_back=False) is None
        assert backlog.is_draining
        assert backlog.watch(0, standing, came_back=False) == told
        assert not backlog.is_draining
        assert backlog.watch(0, None, came_back=False) is None
