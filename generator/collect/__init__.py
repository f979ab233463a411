"""All sources at once → answers: the only step that uses the network.

Nothing here knows what is believed of the answers, or which files are made of them.
"""
