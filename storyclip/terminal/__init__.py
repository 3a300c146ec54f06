"""Publishing and watching from a terminal, over the service's API like anybody else."""
