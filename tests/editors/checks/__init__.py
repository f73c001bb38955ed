"""Checks that run inside GIMP, by room of the API; each names what it shows."""
