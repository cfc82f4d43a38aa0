"""Worker processes, as uvicorn starts, watches and replaces them."""

from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess


class Workers(Multiprocess):
    """Worker processes that share one socket, opened before any of them."""

    def keep_subprocess_alive(self) -> None:
        """Replace the workers that died.

        With their ends of the pipes still open here, too, one that ends while it is asked for a
        sign of life would be waited for until that is given up.
        """
        for process in self.processes:
            process.child_conn.close()
        super().keep_subprocess_alive()

    def terminate_all(self) -> None:
        """Tell the workers to drain, as uvicorn does, and take no new connection from then on.

        With the socket still open here, callers would connect and wait for nobody.
        """
        for listener in self.sockets:
            listener.close()
        super().terminate_all()

    def failed(self) -> bool:
        """Whether they ended because one of them could not start."""
        return any(process.exitcode == STARTUP_FAILURE for process in self.processes)
