"""Reports to authorities and to the public, computed from the lake and the record alone."""
