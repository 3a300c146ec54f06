"""Real processes, really killed, judged by the sandbox's ledger."""
