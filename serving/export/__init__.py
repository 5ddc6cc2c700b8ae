"""Files for other parties: evidence packages, signatures, lists of measures."""
