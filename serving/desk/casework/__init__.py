"""Work on cases: claims, notes, dispositions, measures, undo, lists, and checks of the desk."""
