"""A second settlement of a billing case, by another hand than the kernel: docs/billing-case.md and nothing else."""
