"""What a test leaves changed in the state of its process, whatever runs the tests.

`marks.State` is the state before a test; what differs from it later are marks, each of which can be undone. `reader` tells
where another test reads a part of it. Python 3.8 and the standard library are enough.
"""
