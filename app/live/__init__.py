"""Live fan-out: one bell, one hub a workspace, one execution per event and group."""
