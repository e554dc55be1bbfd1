"""Go sources: downloaded all at once, compiled one after another, and claimed from the beginning."""

import sys
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial

from e2e.cluster import build
from e2e.cluster.build import Toolchain, find_toolchain
from e2e.cluster.progress import Progress
from e2e.cluster.sources import Source
from e2e.cluster.steps import Steps
from e2e.prebuild.task import Task

Hindrance = Callable[[], str | None]
DOWNLOADS = 16
"""How many sources are downloaded at once, which waits for the network."""


@dataclass(frozen=True)
class GoQueue:
    """Compiles sources one after another: Go's compiler uses all cores by itself.

    Attributes:
        environment: of this process; says where the cache is.
        steps: gets the lines.
    """

    environment: Mapping[str, str]
    steps: Steps
    _compiler: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "compiler"), repr=False)
    _downloads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(DOWNLOADS, "go"), repr=False)

    def put(self, wanted: Iterable[tuple[Source, Hindrance]]) -> "list[Future[bool]]":
        """Have sources built, each unless it cannot be on this machine; for each, whether nothing went wrong.

        All are claimed before this returns. A test that needs one waits for it rather than building it beside the one
        that is compiled now: it shares packages with it, and what two compile at once is compiled twice.
        """
        claims = []
        for source, hindrance in wanted:
            claim = ExitStack()
            ours = claim.enter_context(build.claim(source, self.environment))
            claims.append((source, hindrance, claim, ours))
        return [self._put(*each) for each in claims]

    def then(self, task: Task) -> "Future[bool]":
        """Run a task after the sources; whether nothing went wrong."""
        return self._compiler.submit(task.run, self.steps)

    def _put(self, source: Source, hindrance: Hindrance, claim: ExitStack, ours: bool) -> "Future[bool]":  # noqa: FBT001
        # Another process that builds it is waited for: its result is what the tests get.
        make = partial(self._compile, self._downloads.submit(self._download, source))
        task = Task(
            f"{source.title} {source.version}",
            make if ours else partial(build.ensure, source, self.environment),
            hindrance,
        )
        return self._compiler.submit(self._run, task, claim)

    def _run(self, task: Task, claim: ExitStack) -> bool:
        with claim:
            return task.run(self.steps)

    def _download(self, source: Source) -> Toolchain:
        toolchain = find_toolchain(self.environment, source)
        toolchain.download(Progress(sys.stderr))
        return toolchain

    def _compile(self, downloaded: "Future[Toolchain]") -> None:
        build.build_claimed(downloaded.result(), Progress(sys.stderr))
