"""What the plug-in does with GIMP and with Impasto: layers read and added, paintings asked for and watched.

A package beside the script, so that the script says only what it registers. `samples` and `layers` know GIMP's pixels,
`placing` what a painting becomes, `preview` the canvas while it grows, and none of them Impasto; `order` knows the
bridge, and `settings` files, and neither of them GIMP. `style` makes a style of what GIMP has, `chooser` is the dialog,
`window` where one watches: there all meet.
"""
