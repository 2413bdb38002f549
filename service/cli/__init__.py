"""`xunzhen …`: one module per command; bad input is one sentence on stderr and exit code 2, never a traceback."""

from service.cli.app import main

__all__ = ["main"]
