"""The journal of a run: it stores records, and provides the run so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.results import AnyRecord, Note, Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from infer_compare.phases.events import Observer


class Journal:
    """Passes every record to a sink at once, and computes the run from all records on demand."""

    def __init__(self, sink: Callable[[AnyRecord], None], earlier: Iterable[AnyRecord] = ()) -> None:
        """Begins a journal, or continues that of a resumed run.

        Args:
            sink: stores a record; exceptions that it raises end the run.
            earlier: records that are already stored, if a run is resumed.
        """
        self._sink = sink
        self._run: Run | None = None
        """The run as last computed."""
        self._added: list[AnyRecord] = list(earlier)
        """Records that it does not contain yet."""
        self.resumed = bool(self._added)
        """Whether the run was begun before."""

    def add(self, record: AnyRecord) -> None:
        """Store a record."""
        self._sink(record)
        self._added.append(record)

    def tell(self, observer: Observer, topic: str, text: str) -> None:
        """Store a note for the reader of the report, once, and show it now."""
        note = Note(topic=topic, text=text)
        # A resumed run may arrive at the same note again.
        if note not in self.run.notes:
            self.add(note)
        observer.note(topic, text)

    @property
    def begun(self) -> bool:
        """Whether the run has its header."""
        return self._run is not None or bool(self._added)

    @property
    def run(self) -> Run:
        """The run so far.

        Raises:
            ValueError: the run has not begun.
        """
        if self._run is None:
            self._run = Run.fold(self._added)
        elif self._added:
            self._run = self._run.extended(self._added)
        self._added.clear()
        return self._run
