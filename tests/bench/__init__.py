"""The benchmark: how fast, how small and where the time goes, measured beside others on the same files.

`python -m tests.bench` measures all and prints it. The test suite times nothing: its machine may be busy.
"""
