"""Measurements: `python -m benchmarks` runs the ``bench_*`` modules and writes ``results.md``."""
