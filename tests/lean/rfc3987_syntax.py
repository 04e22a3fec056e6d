"""Stands in the place of the package of this name, for the tests and all that they start.

jsonschema would import it, and it compiles a grammar of addresses for more than a second, in each
process that shows a figure or reads a notebook. No schema here asks whether an address is one.
"""

raise ImportError("left out of the tests")
