"""Tests mirror the folders of the house; stories/ is the tutorial, samples/ the recorded inputs."""
