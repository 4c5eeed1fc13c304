"""One module a step. A step that has been released is never changed; a new one is added behind it."""
