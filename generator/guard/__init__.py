"""What to believe of a night's answers: pure, values in and values out.

`judge` decides; `source` holds one source against the last known good, by `merge` and `measure`;
`rules` lists what may hold it, `holds` holds it, and `memory` is what one build leaves to the next.
`findings` names what there is to tell a reviewer. No file, no network, no clock.
"""
