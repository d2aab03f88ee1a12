"""The clock of the machine."""

import asyncio
import time


class SystemClock:
    """Monotonic time, wall time and sleeping, as the operating system has them."""

    def now(self) -> float:
        """Seconds of a clock that never goes back."""
        return time.monotonic()

    def wall(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Wait; other tasks go on."""
        await asyncio.sleep(seconds)
