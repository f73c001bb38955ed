"""The classic Python-Fu API of GIMP 2.10 on GIMP 3: `from gimpfu import *` in scripts that were written for it."""
