"""The processes: settings, wiring, api, worker, and the command line."""
