"""Run a file's code where it can do nothing, and say what it tried."""

from __future__ import annotations

from dataclasses import dataclass, field

from safeload import installed, record
from safeload.sandbox import here, parent
from safeload.sandbox.contained import descriptor_of, loader_of, modules_of, with_late_imports
from safeload.sandbox.limits import ChildLimits
from safeload.tensors.source import Source


@dataclass(frozen=True, slots=True)
class Detonation:
    """What one file did.

    Attributes:
        format: what the file is.
        attempts: each thing that its code tried and was refused, with how often; in their order.
        problem: why it did not run to its end; empty if it did.
        missing: modules that it names and that are not here: their code was not seen.
        layers: the walls that stood around it.
        ran: whether its code ran at all; not where a file names none.
    """

    format: str
    attempts: tuple[tuple[str, int], ...] = ()
    problem: str = ""
    missing: dict[str, str] = field(default_factory=dict)
    layers: dict[str, str] = field(default_factory=dict)
    ran: bool = True

    @property
    def behaved(self) -> bool:
        """Whether it ran to its end and tried nothing."""
        return not self.attempts and not self.problem


def detonate(source: Source, limits: ChildLimits) -> Detonation:
    """Run one file and watch.

    Raises:
        SandboxError: it cannot be run here.
        TensorsError: it is nothing that could be run.
    """
    here.need()
    skeleton = source.skeleton()
    if not skeleton.uses:
        return Detonation(skeleton.format, ran=False)
    loader = loader_of(skeleton.format)
    from safeload.sandbox.observe import Observer

    tried_in_all: dict[str, int] = {}

    def run(modules: tuple[str, ...]) -> parent.Ended:
        observer = Observer(installed.folders())
        try:
            return parent.run(file, loader, modules, limits, observer=observer)
        finally:
            observer.close()
            for attempt, times in observer.attempts.items():
                tried_in_all[str(attempt)] = max(times, tried_in_all.get(str(attempt), 0))

    with descriptor_of(source) as file:
        ended = with_late_imports(run, modules_of(skeleton.uses))
    parent.closed(ended)
    attempts = tuple(tried_in_all.items())
    tried = [attempt for attempt, _ in attempts]
    record.emit("sandbox.detonated", path=source.name, loader=loader, attempts=tried, problem=ended.problem)
    return Detonation(skeleton.format, attempts, ended.problem, ended.missing, ended.layers)
