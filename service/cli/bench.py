"""`xunzhen bench`: public benchmark instances solved with the same solver that plans a live day."""

import typer

from service.cli import bench_uhhc, bench_vrptw

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def bench() -> None:
    """公开算例基准：求解并按算例自己的口径计价  (solve public benchmark instances)."""


app.command()(bench_uhhc.uhhc)
app.command()(bench_vrptw.vrptw)
