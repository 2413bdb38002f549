"""Loaded by the runs against planted bugs (`-p tests.mutants.unshrunk`): a bug is found, its example not made small."""

from hypothesis import Phase, settings

settings.register_profile("unshrunk", phases=[Phase.explicit, Phase.generate], database=None, print_blob=False)
settings.load_profile("unshrunk")
