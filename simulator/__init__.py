"""A small mail world as a program of its own: simulated providers, and the people who write to them.

What belongs here: the post office, the provider surfaces that speak as the real ones do, faults on a dial,
a control API, and a page for a person. What never: an import from the rest of the house, or the other way
round; this program is only spoken to over HTTP.
"""
