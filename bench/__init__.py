"""Numbers against real peers on this machine: `python -m bench`. Method and results: docs/performance.md.

Everything runs in one private directory and on loopback, side by side in one run, and ends when the run ends.
"""
