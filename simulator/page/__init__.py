"""The page on which a person plays everybody: reads each mailbox, writes, answers, turns the dials.

Server-rendered HTML with one style sheet and one small script; it shows the post office and uses
`simulator.people`, as the control API does. Nothing here knows how a provider speaks.
"""
