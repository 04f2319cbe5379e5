"""What is said very often is told less often, and all of it at the end."""

from dolly_widget.runtime import Progress
from dolly_widget.widget.session.publisher import MIN_INTERVAL_S, PROGRESS_INTERVAL_S, ProgressReporter, Publisher


def test_the_publisher_shows_at_most_twenty_times_a_second_and_all_at_the_end():
    now, shown = [0.0], []
    publisher = Publisher(shown.append, clock=lambda: now[0])
    for count, piece in enumerate("abcdefghij"):
        now[0] = count * MIN_INTERVAL_S / 4
        publisher.push(piece)
    publisher.flush()
    publisher.flush()
    assert shown == ["a", "abcde", "abcdefghi", "abcdefghij"]


def test_progress_comes_ten_times_a_second_and_news_at_once():
    now, shown = [0.0], []
    report = ProgressReporter(lambda progress, notes: shown.append((progress.fraction, notes)), clock=lambda: now[0])
    for count in range(9):
        now[0] = count * PROGRESS_INTERVAL_S / 4
        report(Progress("download", count / 10))
    report(Progress("export"))
    report(Progress("export", 0.1, message="A pickle."))
    report(Progress("export", 0.2, message="A pickle."))
    assert shown == [(0.0, ()), (0.4, ()), (0.8, ()), (None, ()), (0.1, ("A pickle.",))]
