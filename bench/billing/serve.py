"""Serves one contender of the settling benchmark: `python -m bench.billing.serve ours|bare PORT`."""

import asyncio
import sys

from bench.api import serve
from bench.billing import bare

CONTENDERS = {"ours": serve.ours, "bare": bare.build}

if __name__ == "__main__":
    asyncio.run(serve.main(CONTENDERS[sys.argv[1]], int(sys.argv[2])))
