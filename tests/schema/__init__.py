"""Tests of the schema folder."""
