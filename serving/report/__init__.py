"""The HTML report of a night with dossiers and charts."""
