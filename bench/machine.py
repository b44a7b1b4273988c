"""What the figures were measured on, and how noisy it was (Linux: /proc is read)."""

import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Memory:
    """Resident memory of a process with all its children, in MB of 10**6 bytes.

    `resident` counts shared pages once per process, `proportional` shares them out.
    """

    resident: float
    proportional: float


def processor_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def children(pid: int) -> list[int]:
    """All descendants of a process."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    direct = [int(child) for task in tasks for child in task.read_text().split()]
    return direct + [below for child in direct for below in children(child)]


def memory(pid: int) -> Memory:
    """Memory of the process tree under `pid` now."""
    rollups = [_rollup(each) for each in (pid, *children(pid))]
    return Memory(sum(rollup["Rss"] for rollup in rollups), sum(rollup["Pss"] for rollup in rollups))


def _rollup(pid: int) -> dict[str, float]:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    return {line.split(":")[0]: int(line.split()[1]) * 1024 / 1e6 for line in lines}


def disk_usage(folder: Path) -> float:
    """MB (10**6) that the files under `folder` occupy on the disk, hard links counted once, as `du` does."""
    blocks: dict[int, int] = {}
    for parent, _, files in os.walk(folder):
        for name in files:
            entry = os.lstat(os.path.join(parent, name))
            blocks[entry.st_ino] = entry.st_blocks
    return sum(blocks.values()) * 512 / 1e6


def spin_milliseconds() -> float:
    """Time of a fixed piece of arithmetic: how fast the machine is right now."""
    start = time.perf_counter()
    total = 0
    for number in range(3_000_000):
        total += number * number
    return (time.perf_counter() - start) * 1000
