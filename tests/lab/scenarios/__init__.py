"""Importing this registers every scenario. To add one: a decorated function in the file of its topic."""
from scenarios import close_wait, command, listeners, owners, ports, reuse, states, verdicts  # noqa: F401
