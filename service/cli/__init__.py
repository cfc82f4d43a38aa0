"""The command `myoflag`."""

from service.cli.commands import main

__all__ = ["main"]
