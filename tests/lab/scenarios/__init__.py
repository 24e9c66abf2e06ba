"""Importing this registers every scenario. To add one: a decorated function in the file of its topic."""
from scenarios import advice, churn, close_wait, command, dangerous, forecast, harmless, history, listeners  # noqa: F401
from scenarios import mixtures, older_kernels, owners, ports, reuse, sharing, socket_options, states, two_hosts, verdicts  # noqa: F401
