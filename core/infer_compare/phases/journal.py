"""Where the records of a run go: the store, and the run as known so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.results import AnyRecord, Note, Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from infer_compare.phases.events import Observer


class Journal:
    """Hands every record to a sink before anything else happens, and makes the run of them on demand."""

    def __init__(self, sink: Callable[[AnyRecord], None], earlier: Iterable[AnyRecord] = ()) -> None:
        """Makes a journal.

        Args:
            sink: stores a record; what it raises ends the run.
            earlier: records that are stored already, when a run is resumed.
        """
        self._sink = sink
        self._run: Run | None = None
        """As it was when it was last asked for."""
        self._added: list[AnyRecord] = list(earlier)
        """Records since then."""
        self.resumed = bool(self._added)
        """Whether the run was begun before."""

    def add(self, record: AnyRecord) -> None:
        """Store a record."""
        self._sink(record)
        self._added.append(record)

    def tell(self, observer: Observer, topic: str, text: str) -> None:
        """Store a note for the reader of the report, once, and say it now."""
        note = Note(topic=topic, text=text)
        # A run that is resumed comes to the same.
        if note not in self.run.notes:
            self.add(note)
        observer.note(topic, text)

    @property
    def begun(self) -> bool:
        """Whether the run has its header."""
        return self._run is not None or bool(self._added)

    @property
    def run(self) -> Run:
        """The run as it stands.

        Raises:
            ValueError: it has not begun.
        """
        if self._run is None:
            self._run = Run.fold(self._added)
        elif self._added:
            self._run = self._run.extended(self._added)
        self._added.clear()
        return self._run
