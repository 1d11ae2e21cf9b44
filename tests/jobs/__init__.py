"""Jobs against a real PostgreSQL, the simulated Google over HTTP, real blobs and real parsing children."""
