"""How much memory a process holds."""

import os
import subprocess
from pathlib import Path


def resident_kilobytes(process: int | None = None) -> int:
    """The memory of a process, by default this one, that is in use, C's included."""
    number = os.getpid() if process is None else process
    statm = Path(f"/proc/{number}/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024
    command = ["ps", "-o", "rss=", "-p", str(number)]
    return int(subprocess.run(command, check=True, capture_output=True).stdout)
