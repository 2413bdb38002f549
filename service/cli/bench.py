"""`xunzhen bench`: benchmark instances solved with the same solver that plans a live day."""

import typer

from service.cli import bench_day, bench_uhhc, bench_vrptw

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def bench() -> None:
    """算例基准：求解公开算例与生成的一天  (solve public instances and generated days)."""


app.command()(bench_day.day)
app.command()(bench_uhhc.uhhc)
app.command()(bench_vrptw.vrptw)
