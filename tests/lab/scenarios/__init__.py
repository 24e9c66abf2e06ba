"""Importing this registers every scenario. To add one: a decorated function in the file of its topic."""
from scenarios import advice, audit, captures, churn, close_wait, command, dangerous, files, first_look, forecast, harmless  # noqa: F401
from scenarios import history, incidents_of_peers, incidents_of_ports, listeners, local_port, mixtures, nat, older_kernels  # noqa: F401
from scenarios import owners, places, ports, preconditions, privileges, queues, reuse, sharing, silence, socket_options  # noqa: F401
from scenarios import states, straddles, two_hosts, verdicts  # noqa: F401
