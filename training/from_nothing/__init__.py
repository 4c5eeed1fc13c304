"""Train a small model from nothing on packages of the registries: how the embedded model was made."""
