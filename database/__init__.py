"""What we remember: tables, named queries, the one unit of work, the vault and the blobs."""
