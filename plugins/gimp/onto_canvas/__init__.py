"""What the plug-in does with GIMP and with Impasto: layers read and added, paintings asked for and watched.

A package beside the script, so that the script says only what it registers. `layers` knows GIMP's pixels and nothing
of Impasto, `order` knows the bridge and nothing of GIMP, `live` is the window in which both meet.
"""
