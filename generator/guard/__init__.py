"""What to believe of a night's answers: pure, values in and values out.

`judge` decides, `losses` measures what is gone, `merge` holds a table against the last known good,
and `findings` names what there is to tell a reviewer. No file, no network, no clock.
"""
