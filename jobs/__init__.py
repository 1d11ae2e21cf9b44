"""Work done later: read, network, decide, one transaction. table.py lists every job."""
