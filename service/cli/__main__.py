"""`python -m service.cli …` is `xunzhen …`."""

from service.cli.app import main

main()
