"""Run a recipe: from a folder of code and documents to a specialised checkpoint, judged and reported."""
