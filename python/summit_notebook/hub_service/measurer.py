"""Starts, asks and ends the process that measures raws; see ``measuring_process``."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

PROMPT = (sys.executable, "-m", "summit_notebook.hub_service.measuring_process")
"""For what somebody waits for."""
BACKGROUND = (*PROMPT, "--background")
START_SECONDS = 60.0
"""The engine is compiled in about one."""
MEASURE_SECONDS = 120.0
"""A raw takes one or two; this is for a machine that has much else to do."""
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 300.0
ANSWER_BYTES = 4 << 20
# Neither secrets of the service nor more than one core.
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "PYTHONPATH", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS")}


class NotMeasured(Exception):
    """The message is a sentence; `again` tells whether another try may succeed."""

    def __init__(self, message: str, *, again: bool) -> None:
        super().__init__(message)
        self.again = again


class MeasurerAway(Exception):
    """There is no process now; the message says why. No raw is at fault."""


class Measurer:
    """One process for all repositories, started when it is first needed and again, with growing pauses, when it has
    ended. Asked from one event loop; questions wait for each other."""

    def __init__(self, command: tuple[str, ...] = BACKGROUND) -> None:
        self._command = command
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._pause_seconds = FIRST_PAUSE_SECONDS
        self._not_before = 0.0

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    async def ready(self) -> None:
        """Returns when there is a process that can measure; waits out the pause after one that ended. Raises
        MeasurerAway."""
        async with self._turn:
            if self._process is not None and self._process.returncode is None:
                return
            if self._process is not None:
                await self._end("it ended by itself")
            await asyncio.sleep(max(0.0, self._not_before - time.monotonic()))
            await self._start()

    async def measure(self, path: Path, observation_type: str) -> dict[str, Any]:
        """Raises NotMeasured, also where the process did not survive the raw, and MeasurerAway."""
        return await self._answered({"path": str(path), "observationType": observation_type}, "measures")

    async def preview(self, path: Path, masters: Mapping[str, Path]) -> dict[str, Any]:
        """As ``raw_preview`` makes it. Raises as `measure` does."""
        named = {kind: str(master) for kind, master in masters.items()}
        return await self._answered({"path": str(path), "masters": named}, "preview")

    async def close(self) -> None:
        """Ends the process, also in the middle of a raw."""
        await self._kill()

    async def _start(self) -> None:
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=environment | ONE_THREAD,
            limit=ANSWER_BYTES,
        )
        try:
            answer = await self._line(START_SECONDS)
        except (TimeoutError, ValueError, OSError) as error:
            await self._end("it did not start")
            raise MeasurerAway(f"The process that measures raws did not start ({error}).") from error
        except BaseException:
            await self._kill()
            raise
        if answer.get("ready") is not True:
            await self._end("it cannot work")
            raise MeasurerAway(f"Raws cannot be measured: {answer.get('problem')}")

    async def _answered(self, request: dict[str, Any], name: str) -> dict[str, Any]:
        async with self._turn:
            if self._process is None:
                raise MeasurerAway("The process that measures raws is not running.")
            answer = await self._asked(request)
        if name not in answer:
            raise NotMeasured(str(answer.get("problem")), again=answer.get("again") is True)
        self._pause_seconds = FIRST_PAUSE_SECONDS
        named: dict[str, Any] = answer[name]
        return named

    async def _asked(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._process is not None and self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            await self._process.stdin.drain()
            return await self._line(MEASURE_SECONDS)
        except TimeoutError as error:
            await self._end("it took too long")
            raise NotMeasured(
                f"Measuring the raw took more than {MEASURE_SECONDS:g} s.", again=True
            ) from error
        except (ValueError, OSError) as error:
            await self._end("it ended in the middle of a raw")
            raise NotMeasured("The process that measures raws ended over this one.", again=True) from error
        except BaseException:
            # Its answer would be taken for that to the next question.
            await self._kill()
            raise

    async def _line(self, seconds: float) -> dict[str, Any]:
        """Raises TimeoutError, and ValueError where the process says nothing or no JSON."""
        assert self._process is not None and self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), seconds)
        answer = json.loads(line) if line else None
        if not isinstance(answer, dict):
            raise ValueError("it ended" if not line else "it answered something else")
        return answer

    async def _end(self, why: str) -> None:
        await self._kill()
        log.warning(
            "The process that measures raws is gone (%s); the next in %g s at the earliest",
            why,
            self._pause_seconds,
        )
        self._not_before = time.monotonic() + self._pause_seconds
        self._pause_seconds = min(LONGEST_PAUSE_SECONDS, self._pause_seconds * 2)

    async def _kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
