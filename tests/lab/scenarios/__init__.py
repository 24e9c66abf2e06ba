"""Importing this registers every scenario. To add one: a decorated function in the file of its topic."""
from scenarios import advice, audit, captures, churn, close_wait, command, dangerous, files, forecast, harmless  # noqa: F401
from scenarios import history, listeners, mixtures, older_kernels, owners, ports, privileges, reuse, sharing, silence, socket_options  # noqa: F401
from scenarios import states, two_hosts, verdicts  # noqa: F401
