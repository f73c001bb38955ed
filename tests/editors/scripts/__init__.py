"""Scripts of 2.10's kind that the tests install as plug-ins; they run inside GIMP only."""
